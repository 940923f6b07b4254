// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "people/checklistmodel.h"
#include "serve/engineclient.h"

#include <QWidget>

class QLineEdit;
class QPushButton;

namespace cutover {

class InlineMessage;
class TableView;
class TextLabel;

/**
 * The checklist of a plan or a run. What evidence ticks is only shown; what a person has to sign is signed below the table,
 * with a note. Looked at anew when something changes, while somebody sees it.
 */
class ChecklistPanel : public QWidget
{
    Q_OBJECT
public:
    explicit ChecklistPanel(EngineClient *engine, QWidget *parent = nullptr);
    /// digest: of a plan that was not run; run: its id. Both empty: nothing.
    void setSubject(const QString &digest, const QString &run);
    /// For a pane that has no room for a column of evidence.
    void setNarrow();
    [[nodiscard]] const ChecklistView &view() const { return m_view; }
    [[nodiscard]] ChecklistModel *model() { return &m_model; }

Q_SIGNALS:
    void changed(); ///< Something was signed, or the list was read.

protected:
    void showEvent(QShowEvent *event) override;

private:
    void load();
    void display(const ChecklistView &view);
    void refresh();
    void sign(bool done);
    [[nodiscard]] const ChecklistItem *chosen() const;

    EngineClient *m_engine;
    QString m_digest, m_run;
    ChecklistView m_view;
    ChecklistModel m_model;
    bool m_busy = false;
    bool m_stale = false;
    InlineMessage *m_message;
    TextLabel *m_summary;
    TableView *m_table;
    TextLabel *m_what;
    QLineEdit *m_note;
    QPushButton *m_sign;
    QPushButton *m_takeBack;
};

} // namespace cutover
