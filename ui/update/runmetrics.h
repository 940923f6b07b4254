// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

#include <QTimer>
#include <QWidget>

namespace cutover {

class Chart;
class ChartGroup;
class EngineClient;

/** Errors and orders of the last minutes beside each other, live, with the moment the run began. */
class RunMetrics : public QWidget
{
    Q_OBJECT
public:
    explicit RunMetrics(EngineClient *engine, QWidget *parent = nullptr);

    void setErrorLimit(double limit);
    void setStart(const QDateTime &started, const QString &version, bool rollback);

private:
    void load();
    void load(const QString &series, Chart *chart);

    EngineClient *m_engine;
    Chart *m_errors;
    Chart *m_orders;
    ChartGroup *m_group;
    qint64 m_started = 0; ///< ms since the epoch.
    QTimer m_timer;
    double m_limit = -1;
};

} // namespace cutover
