// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/seriesfeed.h"
#include "chart/runmarkers.h"
#include "common/tableview.h"
#include "common/theme.h"
#include "monitor/monitorroom.h"
#include "serve/protocol.h"
#include "shell/console.h"
#include "ui/scriptedengine.h"
#include "update/runmetrics.h"

#include <QApplication>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Charts are filled without asking for more than they can show, and say when a run turned back. */
class SeriesFeedTest : public QObject
{
    Q_OBJECT

private:
    static constexpr qint64 Hour = 3'600'000;

    /// A point a second of the past day, one of which stands out 10 h ago.
    static QList<MetricPoint> day(qint64 now)
    {
        QList<MetricPoint> points;
        for (qint64 i = 24 * 3600; i >= 0; --i) {
            points.append({now - i * 1000, i == 10 * 3600 ? 0.5 : 0.001 * double(i % 5)});
        }
        return points;
    }
    static EventRecord event(const QString &code, const QDateTime &time)
    {
        EventRecord record;
        record.time = time;
        record.message = {code, {{u"step"_s, u"Watch"_s}}};
        return record;
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void aDayComesThinnedAndAZoomInDetail()
    {
        const qint64 now = QDateTime::currentMSecsSinceEpoch();
        ScriptedEngine engine;
        engine.series.insert(u"errors"_s, day(now));
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        chart.resize(800, 300);
        chart.show();
        SeriesFeed feed(&engine, u"errors"_s, &chart);
        QSignalSpy loaded(&feed, &SeriesFeed::loaded);
        chart.setSpan(24 * Hour);
        feed.tick();
        QTRY_COMPARE(loaded.count(), 1);
        chart.setTableVisible(true);
        const int told = chart.table()->model()->rowCount();
        QVERIFY2(told > 1000 && told <= protocol::MetricPoints, qPrintable(QString::number(told)));
        QVERIFY(chart.mapping().high >= 0.5);

        // Then what is new only.
        feed.tick();
        QTRY_COMPARE(loaded.count(), 2);
        QVERIFY(engine.lastParams(u"metrics"_s)[u"from"].toInteger() > now - 200'000);
        const int all = chart.table()->model()->rowCount();
        QVERIFY(all >= told && all < told + 200);

        // Ten minutes around the peak: every second of them.
        chart.zoom(now - 10 * Hour - 300'000, now - 10 * Hour + 300'000);
        QTRY_VERIFY(chart.table()->model()->rowCount() > 590);
        chart.zoomBack();
        QTRY_COMPARE(chart.table()->model()->rowCount(), all);

        // A shorter span is told anew, whole.
        feed.setSpan(Hour / 4);
        QTRY_COMPARE(loaded.count(), 3);
        QVERIFY2(chart.table()->model()->rowCount() > 850, qPrintable(QString::number(chart.table()->model()->rowCount())));
    }

    void aFailureIsToldAndAskedForAgain()
    {
        ScriptedEngine engine;
        engine.series.insert(u"errors"_s, day(QDateTime::currentMSecsSinceEpoch()));
        engine.failures.insert(u"metrics"_s, Error{u"scripted.unknown"_s, {}, Error::Kind::Transient, {}});
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        SeriesFeed feed(&engine, u"errors"_s, &chart);
        QSignalSpy failed(&feed, &SeriesFeed::failed);
        feed.tick();
        QTRY_COMPARE(failed.count(), 1);
        engine.failures.clear();
        feed.tick();
        QTRY_VERIFY(chart.newest() > 0);
        QVERIFY(engine.lastParams(u"metrics"_s)[u"from"].toInteger() < QDateTime::currentMSecsSinceEpoch() - chart.span() + 10'000);
    }

    void theTurnIsMarked()
    {
        const QDateTime start = QDateTime::currentDateTimeUtc().addSecs(-120);
        const QList<EventRecord> events{event(u"run.started"_s, start), event(u"run.step_started"_s, start.addSecs(60)),
                                        event(u"run.step_failed_reverting"_s, start.addSecs(70)), event(u"run.step_reverting"_s, start.addSecs(71)),
                                        event(u"run.step_reverted"_s, start.addSecs(80)), event(u"run.rolled_back"_s, start.addSecs(90))};
        const auto turn = turnOf(events);
        QVERIFY(turn);
        QCOMPARE(turn->time, start.addSecs(70));
        // A runner that was started again knows the steps only.
        QCOMPARE(turnOf(events.mid(3))->time, start.addSecs(71));
        QVERIFY(!turnOf(events.first(2)));
        QVERIFY(!turnOf({}));

        RunRecord run;
        run.id = u"run"_s;
        run.state = RunState::RolledBack;
        run.plan.kind = u"update"_s;
        run.plan.from = u"1.2.0"_s;
        run.plan.to = u"1.3.1"_s;
        run.started = start;
        run.ended = start.addSecs(90);
        const QList<ChartMarker> markers = runMarkers(run, *turn);
        QCOMPARE(markers.size(), 2);
        QCOMPARE(markers[0].kind, ChartMarker::Kind::Update);
        QCOMPARE(markers[0].label, u"1.3.1"_s);
        QCOMPARE(markers[1].kind, ChartMarker::Kind::Rollback);
        QCOMPARE(markers[1].label, u"1.2.0"_s);
        QCOMPARE(markers[1].time, start.addSecs(70).toMSecsSinceEpoch());
        QCOMPARE(runMarkers(run, {}).size(), 1);
    }

    void bothPagesAskForTheTurn()
    {
        const QDateTime start = QDateTime::currentDateTimeUtc().addSecs(-120);
        ScriptedEngine engine;
        RunView view;
        view.run.id = u"run"_s;
        view.run.state = RunState::RolledBack;
        view.run.plan.kind = u"update"_s;
        view.run.plan.from = u"1.2.0"_s;
        view.run.plan.to = u"1.3.1"_s;
        view.run.started = start;
        engine.runViews = {view};
        engine.eventLists.insert(u"run"_s, {event(u"run.step_failed_reverting"_s, start.addSecs(70))});
        engine.eventLists[u"run"_s].first().sequence = 1;
        const auto marked = [&](const QList<Chart *> &charts) {
            return !charts.isEmpty() && std::ranges::all_of(charts, [&](const Chart *chart) {
                return std::ranges::any_of(chart->markers(), [&](const ChartMarker &marker) {
                    return marker.kind == ChartMarker::Kind::Rollback && marker.time == start.addSecs(70).toMSecsSinceEpoch();
                });
            });
        };
        Console console(&engine);
        MonitorRoom room(&console);
        QCOMPARE(room.charts().size(), 3);
        QTRY_VERIFY(marked(room.charts()));
        RunMetrics metrics(&engine);
        metrics.setRun(view.run);
        QTRY_VERIFY(marked(metrics.findChildren<Chart *>()));
        // The same charts on both.
        QStringList titles[2];
        for (const Chart *chart : room.charts()) {
            titles[0].append(chart->title());
        }
        for (const Chart *chart : metrics.findChildren<Chart *>()) {
            titles[1].append(chart->title());
        }
        titles[0].sort();
        titles[1].sort();
        QCOMPARE(titles[0], titles[1]);
    }
};

QTEST_MAIN(SeriesFeedTest)
#include "seriesfeedtest.moc"
