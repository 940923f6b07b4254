// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "monitor/monitorroom.h"

#include "common/ask.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/times.h"
#include "shell/console.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Rooms::Registration registration{{60, u"monitoring"_s, u"office-chart-line"_s, [] { return MonitorRoom::tr("Monitoring"); },
                                        [](Console *console) -> Room * { return new MonitorRoom(console); }}};

constexpr qint64 Minute = 60'000;
constexpr qint64 DefaultSpan = 15 * Minute;
constexpr qint64 WatcherSilenceLimit = 10'000;

Panel *chartPanel(Chart *chart)
{
    auto *panel = new Panel;
    panel->body()->addWidget(chart);
    return panel;
}

} // namespace

MonitorRoom::MonitorRoom(Console *console, QWidget *parent)
    : Room(parent)
    , m_console(console)
    , m_page(new Page(tr("Monitoring")))
    , m_timer(new QTimer(this))
    , m_span(DefaultSpan)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);

    auto *errors = new Chart(tr("Failed requests"), Chart::Format::Percent, Theme::Role::Series1);
    auto *requests = new Chart(tr("Requests a second"), Chart::Format::Number, Theme::Role::Series2);
    auto *orders = new Chart(tr("Orders a minute"), Chart::Format::Number, Theme::Role::Series3);
    m_feeds = {{u"errors"_s, errors}, {u"requests"_s, requests}, {u"orders"_s, orders}};
    for (const Feed &feed : std::as_const(m_feeds)) {
        m_group.add(feed.chart);
        feed.chart->setSpan(m_span);
    }
    auto *lower = new QHBoxLayout;
    lower->setSpacing(space::Group);
    lower->addWidget(chartPanel(requests));
    lower->addWidget(chartPanel(orders));
    m_page->body()->addWidget(chartPanel(errors), 3);
    m_page->body()->addLayout(lower, 2);

    auto *ranges = new QButtonGroup(this);
    ranges->setExclusive(true);
    const std::pair<qint64, QString> spans[]{
        {5 * Minute, tr("5 min")}, {DefaultSpan, tr("15 min")}, {60 * Minute, tr("1 h")}, {6 * 60 * Minute, tr("6 h")}, {24 * 60 * Minute, tr("24 h")}};
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Tight);
    for (const auto &[milliseconds, text] : spans) {
        auto *button = new QPushButton(text);
        button->setCheckable(true);
        button->setAutoDefault(false);
        button->setChecked(milliseconds == m_span);
        button->setAccessibleName(tr("Show the past %1").arg(text));
        button->setProperty("cutoverButton", u"segment"_s);
        ranges->addButton(button);
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this, [this, milliseconds] { setSpan(milliseconds); });
    }
    m_page->actions()->addLayout(row);

    m_timer->setInterval(1000);
    connect(m_timer, &QTimer::timeout, this, &MonitorRoom::tick);
    connect(console, &Console::targetChanged, this, &MonitorRoom::showTarget);
    connect(console, &Console::connectionChanged, this, [this] {
        if (m_console->isConnected()) {
            loadMarkers();
            tick();
        }
    });
    connect(console->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"metrics"_s) && isVisible()) {
            tick();
        }
        if (topics.contains(u"runs"_s)) {
            loadMarkers();
        }
    });
    showTarget();
    if (console->isConnected()) {
        loadMarkers();
    }
}

void MonitorRoom::open(const QString &argument)
{
    Q_UNUSED(argument)
    tick();
}

QList<Chart *> MonitorRoom::charts() const
{
    return m_group.charts();
}

void MonitorRoom::showEvent(QShowEvent *event)
{
    Room::showEvent(event);
    tick();
    m_timer->start();
}

void MonitorRoom::hideEvent(QHideEvent *event)
{
    m_timer->stop();
    Room::hideEvent(event);
}

void MonitorRoom::setSpan(qint64 milliseconds)
{
    m_span = milliseconds;
    for (const Feed &feed : std::as_const(m_feeds)) {
        feed.chart->setSpan(milliseconds);
    }
    tick();
}

void MonitorRoom::tick()
{
    for (qsizetype i = 0; i < m_feeds.size(); ++i) {
        load(i);
    }
}

void MonitorRoom::load(qsizetype feed)
{
    Feed &f = m_feeds[feed];
    if (!m_console->isConnected()) {
        return;
    }
    if (f.loading) {
        f.again = true;
        return;
    }
    f.loading = true;
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    const qint64 wanted = now - m_span;
    // A longer span needs what is older than what we have: then all of it is asked for again.
    const bool whole = f.loadedFrom == 0 || wanted < f.loadedFrom;
    const qint64 from = whole ? wanted : qMax(f.chart->newest() + 1, wanted);
    if (whole) {
        f.loadedFrom = wanted;
    }
    ask<QList<MetricPoint>>(this, m_console->engine()->metrics(f.series, from, now), [this, feed, whole, now](const Result<QList<MetricPoint>> &points) {
        m_feeds[feed].loading = false;
        if (std::exchange(m_feeds[feed].again, false) && points) {
            QMetaObject::invokeMethod(this, [this, feed] { load(feed); }, Qt::QueuedConnection);
        }
        if (!points) {
            m_page->message()->tell(points.error(), InlineMessage::Kind::Caution);
            return;
        }
        m_page->message()->clear();
        if (whole) {
            m_feeds[feed].chart->setPoints(*points, now);
        } else {
            m_feeds[feed].chart->append(*points, now);
        }
    });
}

void MonitorRoom::loadMarkers()
{
    ask<QList<RunRecord>>(this, m_console->engine()->runs(), [this](const Result<QList<RunRecord>> &runs) {
        if (!runs) {
            return;
        }
        QList<ChartMarker> markers;
        for (const RunRecord &run : *runs) {
            if (!run.started.isValid()) {
                continue;
            }
            const bool back = run.plan.kind == "rollback"_L1;
            markers.append({back ? ChartMarker::Kind::Rollback : ChartMarker::Kind::Update, run.started.toMSecsSinceEpoch(), run.plan.to,
                            back ? tr("Rollback to %1 started, %2").arg(run.plan.to, exactTime(run.started))
                                 : tr("Update to %1 started, %2").arg(run.plan.to, exactTime(run.started))});
            if (run.state == RunState::RolledBack && run.ended.isValid()) {
                markers.append({ChartMarker::Kind::Rollback, run.ended.toMSecsSinceEpoch(), run.plan.from,
                                tr("Rolled back to %1, %2").arg(run.plan.from, exactTime(run.ended))});
            }
        }
        for (const Feed &feed : std::as_const(m_feeds)) {
            feed.chart->setMarkers(markers);
        }
    });
}

void MonitorRoom::showTarget()
{
    if (!m_console->target()) {
        return;
    }
    const TargetView &target = *m_console->target();
    const bool alive = target.watcherSilenceMs >= 0 && target.watcherSilenceMs < WatcherSilenceLimit;
    m_page->setCaption(alive ? tr("Measured by the watcher, %1.").arg(aliveText(target.watcherSilenceMs))
                             : tr("The watcher is not running: nothing new is measured. It starts with the next run."));
    Chart *errors = m_feeds.first().chart;
    errors->setThreshold(target.errorLimit, tr("limit %1").arg(errors->valueText(target.errorLimit)));
}

} // namespace cutover
