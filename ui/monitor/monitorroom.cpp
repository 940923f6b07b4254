// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "monitor/monitorroom.h"

#include "chart/runmarkers.h"
#include "chart/seriesfeed.h"
#include "common/ask.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/times.h"
#include "monitor/logsdialog.h"
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
constexpr qint64 LongestSpan = 24 * 60 * Minute;
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
    for (const auto &[series, chart] : {std::pair{u"errors"_s, errors}, std::pair{u"requests"_s, requests}, std::pair{u"orders"_s, orders}}) {
        chart->hide(); // Until showNextChart().
        m_group.add(chart);
        auto *feed = new SeriesFeed(console->engine(), series, chart, this);
        m_feeds.append(feed);
        chart->setSpan(m_span);
        connect(feed, &SeriesFeed::loaded, this, [this] { m_page->message()->clear(); });
        connect(feed, &SeriesFeed::failed, this, [this](const Error &error) { m_page->message()->tell(error, InlineMessage::Kind::Caution); });
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
        {5 * Minute, tr("5 min")}, {DefaultSpan, tr("15 min")}, {60 * Minute, tr("1 h")}, {6 * 60 * Minute, tr("6 h")}, {LongestSpan, tr("24 h")}};
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
    auto *logs = new QPushButton(tr("Service logs…"));
    logs->setObjectName(u"serviceLogs"_s);
    logs->setAutoDefault(false);
    m_page->actions()->addWidget(logs);
    connect(logs, &QPushButton::clicked, this, [this] {
        auto *dialog = new LogsDialog(m_console->engine(), m_console->target().value_or(TargetView()), window());
        dialog->show();
    });

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
    showNextChart();
    tick();
    m_timer->start();
}

/// Each in a turn of the event loop of its own: to lay out all of them would take more than a frame.
void MonitorRoom::showNextChart()
{
    for (Chart *chart : charts()) {
        if (chart->isHidden()) {
            QTimer::singleShot(0, chart, [this, chart] {
                chart->show();
                showNextChart();
            });
            return;
        }
    }
}

void MonitorRoom::hideEvent(QHideEvent *event)
{
    m_timer->stop();
    Room::hideEvent(event);
}

void MonitorRoom::setSpan(qint64 milliseconds)
{
    m_span = milliseconds;
    for (SeriesFeed *feed : std::as_const(m_feeds)) {
        feed->setSpan(milliseconds);
    }
}

void MonitorRoom::tick()
{
    if (!m_console->isConnected()) {
        return;
    }
    SeriesFeed::tickInTurn(m_feeds);
}

void MonitorRoom::loadMarkers()
{
    ask<QList<RunRecord>>(this, m_console->engine()->runs(), [this](const Result<QList<RunRecord>> &runs) {
        if (!runs) {
            return;
        }
        m_runs = *runs;
        showMarkers();
        // Of those that went back it is in the journal's events when they turned.
        const QDateTime oldest = QDateTime::currentDateTimeUtc().addMSecs(-LongestSpan);
        for (const RunRecord &run : std::as_const(m_runs)) {
            if (!wentBack(run.state) || m_turns.contains(run.id) || run.started < oldest) {
                continue;
            }
            ask<QList<EventRecord>>(this, m_console->engine()->events(run.id, 0), [this, id = run.id](const Result<QList<EventRecord>> &events) {
                if (events) {
                    m_turns.insert(id, turnOf(*events).value_or(EventRecord()));
                    showMarkers();
                }
            });
        }
    });
}

void MonitorRoom::showMarkers()
{
    QList<ChartMarker> markers;
    for (const RunRecord &run : std::as_const(m_runs)) {
        markers += runMarkers(run, m_turns.value(run.id));
    }
    for (const SeriesFeed *feed : std::as_const(m_feeds)) {
        feed->chart()->setMarkers(markers);
    }
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
    Chart *errors = m_feeds.first()->chart();
    errors->setThreshold(target.errorLimit, tr("limit %1").arg(errors->valueText(target.errorLimit)));
}

} // namespace cutover
