// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/runmetrics.h"

#include "chart/chart.h"
#include "common/ask.h"
#include "common/page.h"
#include "serve/engineclient.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QLocale>

namespace cutover {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Doubled while a run outlasts it.
constexpr qint64 SpanMs = 3 * 60 * 1000;
constexpr qint64 BeforeMs = 30 * 1000;
constexpr auto Tick = 1s;

} // namespace

RunMetrics::RunMetrics(EngineClient *engine, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_errors(new Chart(tr("Errors %"), Chart::Format::Percent, Theme::Role::Series1))
    , m_orders(new Chart(tr("Orders a minute"), Chart::Format::PerMinute, Theme::Role::Series2))
    , m_group(new ChartGroup(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);
    for (Chart *chart : {m_errors, m_orders}) {
        auto *panel = new Panel;
        panel->body()->addWidget(chart);
        layout->addWidget(panel, 1);
        chart->setSpan(SpanMs);
        m_group->add(chart);
    }
    m_timer.setInterval(Tick);
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
        m_errors->setThreshold(limit, tr("limit %1 %").arg(QLocale().toString(limit * 100, 'g', 3)));
    }
}

void RunMetrics::setStart(const QDateTime &started, const QString &version, bool rollback)
{
    if (!started.isValid()) {
        return;
    }
    m_started = started.toMSecsSinceEpoch();
    const ChartMarker marker{.kind = rollback ? ChartMarker::Kind::Rollback : ChartMarker::Kind::Update,
                             .time = started.toMSecsSinceEpoch(),
                             .label = version,
                             .description = rollback ? tr("Rollback to %1 started").arg(version) : tr("Update to %1 started").arg(version)};
    m_errors->setMarkers({marker});
    m_orders->setMarkers({marker});
}

void RunMetrics::load()
{
    qint64 span = m_errors->span();
    while (m_started > 0 && span < QDateTime::currentMSecsSinceEpoch() - m_started + BeforeMs) {
        span *= 2;
    }
    if (span != m_errors->span()) {
        m_errors->setSpan(span);
        m_orders->setSpan(span);
    }
    load(u"errors"_s, m_errors);
    load(u"orders"_s, m_orders);
}

void RunMetrics::load(const QString &series, Chart *chart)
{
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    const qint64 from = chart->newest() > 0 ? chart->newest() + 1 : now - SpanMs;
    ask<QList<MetricPoint>>(chart, m_engine->metrics(series, from, now), [chart, now](Result<QList<MetricPoint>> points) {
        // Without an answer the line simply ends; the shell says that the link is lost.
        chart->append(points.value_or(QList<MetricPoint>()), now);
    });
}

} // namespace cutover
