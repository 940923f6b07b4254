// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/seriesfeed.h"

#include "chart/chart.h"
#include "common/ask.h"
#include "serve/engineclient.h"
#include "serve/protocol.h"

namespace cutover {

namespace {

/// What was thinned out is asked for again this often: otherwise the points that came since would lie
/// far closer together than those before them.
constexpr qint64 WholeEveryMs = 60'000;

} // namespace

SeriesFeed::SeriesFeed(EngineClient *engine, const QString &series, Chart *chart, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
    , m_series(series)
    , m_chart(chart)
{
    m_turn.setSingleShot(true);
    connect(&m_turn, &QTimer::timeout, this, &SeriesFeed::tick);
    connect(chart, &Chart::rangeChosen, this, &SeriesFeed::loadDetail);
}

void SeriesFeed::setSpan(qint64 milliseconds)
{
    m_chart->setSpan(milliseconds);
    if (m_thinned) {
        // A shorter span is told in more detail.
        m_loadedFrom = 0;
    }
    tick();
}

void SeriesFeed::tickInTurn(const QList<SeriesFeed *> &feeds)
{
    constexpr int turnMs = 80;
    for (qsizetype i = 0; i < feeds.size(); ++i) {
        if (!feeds[i]->m_turn.isActive()) {
            feeds[i]->m_turn.start(int(i) * turnMs);
        }
    }
}

void SeriesFeed::tick()
{
    if (m_loading) {
        m_again = true;
        return;
    }
    m_loading = true;
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    const qint64 wanted = now - m_chart->span();
    // A longer span needs what is older than what we have: then all of it is asked for again.
    const bool whole = m_loadedFrom == 0 || wanted < m_loadedFrom || (m_thinned && now - m_wholeAt >= WholeEveryMs);
    const qint64 from = whole ? wanted : std::max(m_chart->newest() + 1, wanted);
    if (whole) {
        m_loadedFrom = wanted;
        m_wholeAt = now;
    }
    ask<QList<MetricPoint>>(this, m_engine->metrics(m_series, from, now), [this, whole, now](const Result<QList<MetricPoint>> &points) {
        m_loading = false;
        if (!points) {
            m_again = false;
            m_loadedFrom = whole ? 0 : m_loadedFrom;
            Q_EMIT failed(points.error());
            return;
        }
        take(whole, *points, now);
        Q_EMIT loaded();
        if (std::exchange(m_again, false)) {
            QMetaObject::invokeMethod(this, &SeriesFeed::tick, Qt::QueuedConnection);
        }
    });
}

void SeriesFeed::take(bool whole, const QList<MetricPoint> &points, qint64 now)
{
    if (!whole) {
        if (m_thinned) {
            m_known += points;
        }
        m_chart->append(points, now);
        return;
    }
    // Two points of each span of time; fewer where all are alike.
    m_thinned = points.size() > protocol::MetricPoints / 4;
    m_known = points;
    if (m_thinned && m_chart->isZoomed()) {
        m_chart->setEnd(now);
    } else {
        m_chart->setPoints(points, now);
    }
}

void SeriesFeed::loadDetail()
{
    if (!m_thinned) {
        return;
    }
    if (!m_chart->isZoomed()) {
        m_chart->setPoints(m_known);
        return;
    }
    const qint64 from = m_chart->mapping().from;
    const qint64 to = m_chart->mapping().to;
    ask<QList<MetricPoint>>(this, m_engine->metrics(m_series, from, to), [this, from, to](const Result<QList<MetricPoint>> &detail) {
        if (!detail || !m_chart->isZoomed() || m_chart->mapping().from != from || m_chart->mapping().to != to) {
            return;
        }
        QList<MetricPoint> points;
        std::ranges::copy_if(m_known, std::back_inserter(points), [from](const MetricPoint &point) { return point.time < from; });
        points += *detail;
        std::ranges::copy_if(m_known, std::back_inserter(points), [to](const MetricPoint &point) { return point.time > to; });
        m_chart->setPoints(points);
    });
}

} // namespace cutover
