// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QPushButton;

namespace cutover {

class Console;
class ElidedLabel;
class IconLabel;
class TextLabel;

/** The bottom of the window while a run exists, in every room: what it does, whether it lives, until when one can turn back. */
class RunBar : public QWidget
{
    Q_OBJECT
public:
    explicit RunBar(Console *console, QWidget *parent = nullptr);
    /// "Updating to 1.3.0 · step 7 of 13"
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refresh();
    void tick();

    Console *m_console;
    IconLabel *m_icon;
    TextLabel *m_what;
    ElidedLabel *m_doing;
    TextLabel *m_alive;
    TextLabel *m_turnBack;
    QPushButton *m_open;
};

} // namespace cutover
