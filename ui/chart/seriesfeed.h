// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

#include <QObject>
#include <QTimer>

namespace cutover {

class Chart;
class EngineClient;

/**
 * Keeps a chart filled with a series of the engine: first its whole span, then what is new at each
 * tick. A long span comes thinned out, so that an answer is read without a stall; what is zoomed
 * into is asked for in detail. GUI thread; the client outlives the feed.
 */
class SeriesFeed : public QObject
{
    Q_OBJECT
public:
    SeriesFeed(EngineClient *engine, const QString &series, Chart *chart, QObject *parent = nullptr);

    [[nodiscard]] Chart *chart() const { return m_chart; }
    /// Asks for what is missing up to now.
    void tick();
    /// Each a moment after the one before, so that no frame has to draw all of their charts.
    static void tickInTurn(const QList<SeriesFeed *> &feeds);
    /// The chart shows this span from now on.
    void setSpan(qint64 milliseconds);

Q_SIGNALS:
    void loaded();
    void failed(const cutover::Error &error);

private:
    void take(bool whole, const QList<MetricPoint> &points, qint64 now);
    void loadDetail();

    EngineClient *m_engine;
    QString m_series;
    Chart *m_chart;
    QList<MetricPoint> m_known; ///< As told, without the detail of a zoomed range.
    QTimer m_turn;
    qint64 m_loadedFrom = 0; ///< The oldest time asked for; 0: all of it is to be asked for.
    qint64 m_wholeAt = 0; ///< When all of it was asked for.
    bool m_thinned = false; ///< There may be more points than were told.
    bool m_loading = false;
    bool m_again = false; ///< Asked for while an answer was on its way.
};

} // namespace cutover
