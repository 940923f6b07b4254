// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "feature/stagedflags.h"
#include "shell/room.h"

class QLineEdit;
class QPushButton;
class QStackedWidget;
class QVBoxLayout;

namespace cutover {

class EmptyState;
class FlagRow;
class InlineMessage;
class Page;
class TextLabel;

/** Who gets which feature: staged, looked at, then applied in one transaction. */
class FeatureRoom : public Room
{
    Q_OBJECT
public:
    explicit FeatureRoom(Console *console, QWidget *parent = nullptr);
    [[nodiscard]] StagedFlags *model() { return &m_model; }
    [[nodiscard]] FlagRow *row(const QString &flag) const;
    [[nodiscard]] QPushButton *applyButton() const { return m_apply; }
    [[nodiscard]] QPushButton *revertButton() const { return m_revert; }
    [[nodiscard]] QLineEdit *reasonField() const { return m_reason; }
    [[nodiscard]] InlineMessage *message() const;

private:
    void load();
    void showRows();
    void refreshBar();
    void apply();
    void kill(const QString &name, int tries);

    Console *m_console;
    StagedFlags m_model;
    Page *m_page;
    QStackedWidget *m_stack;
    QLineEdit *m_search;
    EmptyState *m_unmatched;
    QVBoxLayout *m_rowList;
    QHash<QString, FlagRow *> m_rows;
    QWidget *m_below;
    QWidget *m_bar;
    TextLabel *m_staged;
    TextLabel *m_blocked;
    QLineEdit *m_reason;
    QPushButton *m_revert;
    QPushButton *m_apply;
    bool m_loaded = false;
    bool m_applying = false;
};

} // namespace cutover
