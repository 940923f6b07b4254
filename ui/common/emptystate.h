// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QPushButton;

namespace cutover {

class IconLabel;
class TextLabel;

/** Where there is nothing to show: one sentence, one action. */
class EmptyState : public QWidget
{
    Q_OBJECT
public:
    /// action: text of the button; empty: none.
    EmptyState(const QString &icon, const QString &sentence, const QString &action = {}, QWidget *parent = nullptr);
    void setSentence(const QString &sentence);
    [[nodiscard]] QPushButton *button() const { return m_button; }

Q_SIGNALS:
    void activated();

private:
    TextLabel *m_sentence;
    QPushButton *m_button;
};

} // namespace cutover
