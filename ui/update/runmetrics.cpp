// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/runmetrics.h"

#include "chart/chartgroup.h"
#include "chart/runmarkers.h"
#include "chart/seriesfeed.h"
#include "common/ask.h"
#include "common/page.h"
#include "serve/engineclient.h"

#include <QDateTime>
#include <QHBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Doubled while a run outlasts it.
constexpr qint64 SpanMs = 3LL * 60 * 1000;
constexpr qint64 BeforeMs = 30 * 1000;
constexpr auto TickEvery = 1s;

} // namespace

RunMetrics::RunMetrics(EngineClient *engine, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_errors(new Chart(Chart::tr("Failed requests"), Chart::Format::Percent, Theme::Role::Series1))
    , m_group(new ChartGroup(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);
    auto *requests = new Chart(Chart::tr("Requests a second"), Chart::Format::Number, Theme::Role::Series2);
    auto *orders = new Chart(Chart::tr("Orders a minute"), Chart::Format::Number, Theme::Role::Series3);
    for (const auto &[series, chart] : {std::pair{u"errors"_s, m_errors}, std::pair{u"requests"_s, requests}, std::pair{u"orders"_s, orders}}) {
        auto *panel = new Panel;
        panel->body()->addWidget(chart);
        layout->addWidget(panel, chart == m_errors ? 4 : 3);
        chart->setSpan(SpanMs);
        m_group->add(chart);
        // Without an answer the line simply ends; the shell says that the link is lost.
        m_feeds.append(new SeriesFeed(engine, series, chart, this));
    }
    m_timer.setInterval(TickEvery);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (isVisible()) {
            load();
        }
    });
    m_timer.start();
    load();
}

void RunMetrics::setErrorLimit(double limit)
{
    if (limit != m_limit) {
        m_limit = limit;
        m_errors->setThreshold(limit, tr("limit %1").arg(m_errors->valueText(limit)));
    }
}

void RunMetrics::setRun(const RunRecord &run)
{
    m_run = run;
    showMarkers();
    if (wentBack(run.state) && !m_turn.time.isValid()) {
        loadTurn();
    }
}

void RunMetrics::loadTurn()
{
    if (std::exchange(m_asked, true)) {
        return;
    }
    ask<QList<EventRecord>>(this, m_engine->events(m_run.id, 0), [this](const Result<QList<EventRecord>> &events) {
        // Without an answer the next look at the run asks again.
        m_asked = false;
        if (events) {
            m_turn = turnOf(*events).value_or(EventRecord());
            showMarkers();
        }
    });
}

void RunMetrics::showMarkers()
{
    const QList<ChartMarker> markers = runMarkers(m_run, m_turn);
    for (const SeriesFeed *feed : std::as_const(m_feeds)) {
        feed->chart()->setMarkers(markers);
    }
}

void RunMetrics::load()
{
    qint64 span = m_errors->span();
    const qint64 started = m_run.started.isValid() ? m_run.started.toMSecsSinceEpoch() : 0;
    while (started > 0 && span < QDateTime::currentMSecsSinceEpoch() - started + BeforeMs) {
        span *= 2;
    }
    if (span != m_errors->span()) {
        for (SeriesFeed *feed : std::as_const(m_feeds)) {
            feed->setSpan(span);
        }
        return; // Each has asked for its whole span.
    }
    SeriesFeed::tickInTurn(m_feeds);
}

} // namespace cutover
