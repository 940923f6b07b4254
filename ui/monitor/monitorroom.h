// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chart.h"
#include "chart/chartgroup.h"
#include "run/journal.h"
#include "shell/room.h"

class QButtonGroup;
class QTimer;

namespace cutover {

class Page;
class SeriesFeed;
class TextLabel;

/** What the watcher measures, live: error proportion, requests, orders, with the runs marked. */
class MonitorRoom : public Room
{
    Q_OBJECT
public:
    explicit MonitorRoom(Console *console, QWidget *parent = nullptr);
    void open(const QString &argument) override;
    [[nodiscard]] QList<Chart *> charts() const;

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void loadMarkers();
    void showMarkers();
    void setSpan(qint64 milliseconds);
    void showNextChart();
    void tick();
    void showTarget();

    Console *m_console;
    Page *m_page;
    ChartGroup m_group;
    QList<SeriesFeed *> m_feeds;
    QList<RunRecord> m_runs;
    QHash<QString, EventRecord> m_turns; ///< Run → the event with which it turned back.
    QTimer *m_timer;
    qint64 m_span;
};

} // namespace cutover
