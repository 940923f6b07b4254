// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

#include <QTimer>
#include <QWidget>

namespace cutover {

class Chart;
class ChartGroup;
class EngineClient;
class SeriesFeed;

/** What the monitoring room shows, of the run's time: live, with the limit and the moments at which the run began and turned back. */
class RunMetrics : public QWidget
{
    Q_OBJECT
public:
    explicit RunMetrics(EngineClient *engine, QWidget *parent = nullptr);

    void setErrorLimit(double limit);
    void setRun(const RunRecord &run);

private:
    void load();
    void loadTurn();
    void showMarkers();

    EngineClient *m_engine;
    Chart *m_errors;
    QList<SeriesFeed *> m_feeds;
    ChartGroup *m_group;
    RunRecord m_run;
    EventRecord m_turn; ///< Without a time: it has not turned back.
    bool m_asked = false; ///< For the turn.
    QTimer m_timer;
    double m_limit = -1;
};

} // namespace cutover
