// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QPushButton;

namespace cutover {

class Console;
class IconLabel;
class StatusChip;
class TextLabel;
class ElidedLabel;

/** The top of the window: which system, how dangerous a place it is, what serves, who has the conn, what time it is. */
class FrameBar : public QWidget
{
    Q_OBJECT
public:
    explicit FrameBar(Console *console, QWidget *parent = nullptr);

Q_SIGNALS:
    void connWanted();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refresh();
    void tick();

    Console *m_console;
    TextLabel *m_name;
    TextLabel *m_environment;
    IconLabel *m_databaseIcon;
    ElidedLabel *m_database;
    StatusChip *m_health;
    IconLabel *m_connIcon;
    TextLabel *m_conn;
    QPushButton *m_take;
    TextLabel *m_clock;
};

} // namespace cutover
