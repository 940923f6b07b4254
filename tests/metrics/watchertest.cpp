// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "../check/smallserver.h"
#include "../check/testcontext.h"

#include "metrics/heartbeat.h"
#include "metrics/watcher.h"
#include "metrics/watchrequest.h"
#include "plan/planners.h"
#include "system/files.h"
#include "system/json.h"

#include <QCoroTask>
#include <QDateTime>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace cutover;
using namespace Qt::StringLiterals;

/** A service that serves its own counters, growing with each scrape. */
class CountingService
{
public:
    explicit CountingService(quint16 port = 0)
        : server(
              [this](const QByteArray &) {
                  requests += perScrape;
                  errors += errorsPerScrape;
                  return SmallServer::Answer{200,
                                             "http_requests_total " + QByteArray::number(requests) + "\nhttp_errors_total{code=\"500\"} "
                                                 + QByteArray::number(errors) + "\norders_total " + QByteArray::number(requests / 10)
                                                 + "\nhttp_request_duration_seconds_bucket{le=\"0.1\"} " + QByteArray::number(requests)
                                                 + "\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} " + QByteArray::number(requests) + "\n"};
              },
              port)
    {
    }
    int requests = 0;
    int errors = 0;
    int perScrape = 100;
    int errorsPerScrape = 0;
    SmallServer server;
};

class WatcherTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    void setTarget(const QList<int> &ports)
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_target = Target();
        m_target.name = u"trading"_s;
        m_target.stateDirectory = m_folder->filePath(u"state"_s);
        ServiceSpec service;
        service.name = u"backend"_s;
        service.metricsUrl = u"http://127.0.0.1:{port}/metrics"_s;
        for (const int port : ports) {
            service.instances.append({u"backend-%1"_s.arg(service.instances.size() + 1), port});
        }
        m_target.services = {service};
        m_target.watch.scrapeIntervalMs = 40;
        m_target.watch.windowMs = 2000;
        m_target.watch.durationMs = 800;
        m_target.watch.minimumSamples = 200;
    }
    void scrape(Watcher &watcher, int times) const
    {
        QSignalSpy spy(&watcher, &Watcher::scraped);
        QTRY_VERIFY_WITH_TIMEOUT(spy.size() >= times, 10000);
    }
    QList<MetricPoint> series(const QString &name) const
    {
        auto store = MetricStore::open(m_target.stateDirectory, MetricStore::Mode::ReadOnly);
        return store ? (*store)->series(name, 0, QDateTime::currentMSecsSinceEpoch() + 1000).value_or(QList<MetricPoint>()) : QList<MetricPoint>();
    }
    StepSpec step() const
    {
        PlanningContext context;
        context.target = m_target;
        const auto planned = QCoro::waitFor(planWatch(context, StagedRelease()));
        return planned->value(0);
    }
    static Result<> apply(TestContext &context, const StepSpec &spec, QJsonObject *undoOut = nullptr)
    {
        TRY(const auto step, StepRegistry::create(spec));
        CHECK(QCoro::waitFor(step->observe(context, {})));
        TRY(const QJsonObject undo, QCoro::waitFor(step->prepare(context, {})));
        if (undoOut) {
            *undoOut = undo;
        }
        return QCoro::waitFor(step->apply(context, undo, {}));
    }

private Q_SLOTS:
    void recordsSeries()
    {
        CountingService one, two;
        two.errorsPerScrape = 10;
        setTarget({one.server.serverPort(), two.server.serverPort(), freePort()});
        QCOMPARE(watcherSilence(m_target), -1);
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 12);
        QVERIFY(watcherIsAlive(m_target));
        QCOMPARE(series(u"up"_s).last().value, 2.0);
        QVERIFY2(std::abs(series(u"errors"_s).last().value - 0.05) < 0.02, qPrintable(QString::number(series(u"errors"_s).last().value)));
        // One that came late is lower.
        const auto most = [this](const QString &name) { return std::ranges::max(series(name), {}, &MetricPoint::value).value; };
        QVERIFY(most(u"requests"_s) > 500);
        QVERIFY(most(u"orders"_s) > 3000);
        QCOMPARE(series(u"latency_p95"_s).last().value, 95.0);
        QVERIFY(series(u"raw:backend-1:http_requests_total"_s).last().value >= 1000);
        const Heartbeat beat = Heartbeat::read(m_target.stateDirectory);
        QCOMPARE(beat.down.keys(), QStringList{u"backend-3"_s});
        QCOMPARE(beat.down.first().code, u"probe.refused"_s);

        Watcher second(m_target);
        const auto refused = second.start();
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"watch.already_running"_s);
    }

    void goodVersion()
    {
        CountingService service;
        setTarget({service.server.serverPort()});
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 1);
        TestContext context(m_target);
        const auto result = apply(context, step());
        QVERIFY2(result, qPrintable(result ? QString() : result.error().text()));
        QVERIFY(context.lastProgress.total == 800 && context.lastProgress.done == 800);
        QCOMPARE(context.results[u"verdict"_s][u"kind"_s].toString(), u"good"_s);
    }

    void climbingErrorsAreBad()
    {
        CountingService service;
        setTarget({service.server.serverPort()});
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 3);
        TestContext context(m_target);
        context.baseline = {{u"errors"_s, 0.001}};
        m_target.watch.durationMs = 60000; // It must not take that long.
        QTimer::singleShot(200, this, [&service] { service.errorsPerScrape = 12; });
        QElapsedTimer timer;
        timer.start();
        QJsonObject undo;
        const auto result = apply(context, step(), &undo);
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"watch.errors_too_high_since"_s);
        QCOMPARE(result.error().kind, Error::Kind::Permanent);
        QVERIFY(timer.elapsed() < 15000);
        QVERIFY(result.error().args[u"value"_s].toDouble() > 0.05);
        QVERIFY(result.error().args[u"samples"_s].toInt() >= 200);
        QCOMPARE(result.error().args[u"limit"_s].toDouble(), 0.05);
        QVERIFY2(result.error().what().contains(u"http_errors_total"_s) && result.error().what().contains(u"0.10 %"_s),
                 qPrintable(result.error().what()));

        // A run that was killed here finds the same answer, without watching again.
        auto again = StepRegistry::create(step());
        QVERIFY(again);
        QCOMPARE(QCoro::waitFor((*again)->inspect(context, undo)), Inspection::Partial);
        QCOMPARE(QCoro::waitFor((*again)->apply(context, undo, {})).error().code, u"watch.errors_too_high_since"_s);
        QVERIFY(QCoro::waitFor((*again)->revert(context, undo, {})));
        QVERIFY(!QFile::exists(WatchRequest::path(m_target.stateDirectory, context.runId())));
        QVERIFY(QFile::exists(WatchRequest::verdictPath(m_target.stateDirectory, context.runId())));
        QCOMPARE(QCoro::waitFor((*again)->inspect(context, undo)), Inspection::NotStarted);

        // Tried again after the cause is gone, the earlier verdict does not count.
        service.errorsPerScrape = 0;
        m_target.watch.durationMs = 500;
        QVERIFY(apply(context, step()));
        QVERIFY(QCoro::waitFor((*again)->finalize(context, undo)));
        QVERIFY(!QFile::exists(WatchRequest::verdictPath(m_target.stateDirectory, context.runId())));
    }

    void lowTraffic_data()
    {
        QTest::addColumn<int>("noData");
        QTest::addColumn<bool>("passes");
        QTest::addColumn<int>("kind");
        QTest::newRow("hold") << int(WatchSpec::NoData::Hold) << false << int(Error::Kind::Unknown);
        QTest::newRow("rollback") << int(WatchSpec::NoData::Rollback) << false << int(Error::Kind::Permanent);
        QTest::newRow("proceed") << int(WatchSpec::NoData::Proceed) << true << 0;
    }
    void lowTraffic()
    {
        QFETCH(int, noData);
        QFETCH(bool, passes);
        QFETCH(int, kind);
        CountingService service;
        service.perScrape = 1;
        service.errorsPerScrape = 1; // All of them fail, but they are too few to tell.
        setTarget({service.server.serverPort()});
        m_target.watch.noData = WatchSpec::NoData(noData);
        m_target.watch.durationMs = 300;
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 1);
        TestContext context(m_target);
        QJsonObject undo;
        const auto result = apply(context, step(), &undo);
        QCOMPARE(result.has_value(), passes);
        auto again = StepRegistry::create(step());
        QCOMPARE(QCoro::waitFor((*again)->inspect(context, undo)), passes ? Inspection::Done : Inspection::Unknown);
        if (!passes) {
            QCOMPARE(result.error().code, u"watch.not_enough_data"_s);
            QCOMPARE(int(result.error().kind), kind);
        }
    }

    /// One of two stops giving metrics; the other answers everything, and well.
    void silentInstance_data()
    {
        lowTraffic_data();
    }
    void silentInstance()
    {
        QFETCH(int, noData);
        QFETCH(bool, passes);
        QFETCH(int, kind);
        CountingService service;
        auto other = std::make_unique<CountingService>();
        setTarget({service.server.serverPort(), other->server.serverPort()});
        m_target.watch.noData = WatchSpec::NoData(noData);
        m_target.watch.durationMs = 3000;
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 1);
        TestContext context(m_target);
        StepSpec deploy;
        deploy.kind = u"deploy_instance"_s;
        for (const QString &instance : {u"backend-1"_s, u"backend-2"_s}) {
            deploy.id = u"deploy:"_s + instance;
            deploy.params = {{u"instance"_s, instance}};
            context.run.steps.append(deploy);
        }
        context.run.steps.append(step());
        QTimer::singleShot(300, this, [&other] { other.reset(); });
        const auto result = apply(context, step());
        QCOMPARE(result.has_value(), passes);
        QCOMPARE(context.results[u"verdict"_s][u"kind"_s].toString(), u"notEnoughData"_s);
        if (passes) {
            QVERIFY2(context.logged.contains(u"watch.proceeding_silent"_s), qPrintable(context.logged.join(u' ')));
        } else {
            QCOMPARE(result.error().code, u"watch.instance_silent"_s);
            QCOMPARE(int(result.error().kind), kind);
            QVERIFY2(result.error().what().contains(u"backend-2 has given no metrics since"_s), qPrintable(result.error().what()));
        }

        // One that the run has not started anew is none of its business.
        context.run.steps.removeAt(1);
        m_target.watch.durationMs = 500;
        const auto again = apply(context, step());
        QVERIFY2(again, qPrintable(again ? QString() : again.error().text()));
    }

    // What a rolling update does to counters: gone, then from zero again. No false rate, no false error.
    void restartsDoNotLie()
    {
        auto service = std::make_unique<CountingService>();
        CountingService other;
        const quint16 port = service->server.serverPort();
        service->requests = 1'000'000;
        service->errors = 900'000;
        setTarget({port, other.server.serverPort()});
        m_target.watch.windowMs = 5000;
        Watcher watcher(m_target);
        QVERIFY(watcher.start());
        scrape(watcher, 6);
        service.reset();
        scrape(watcher, 4);
        QCOMPARE(series(u"up"_s).last().value, 1.0);
        service = std::make_unique<CountingService>(port);
        QCOMPARE(service->server.serverPort(), port);
        scrape(watcher, 8);
        QCOMPARE(series(u"up"_s).last().value, 2.0);
        const auto errors = series(u"errors"_s);
        QVERIFY(errors.size() > 10);
        for (const MetricPoint &point : errors) {
            QCOMPARE(point.value, 0.0);
        }
        for (const MetricPoint &point : series(u"requests"_s)) {
            QVERIFY2(point.value >= 0 && point.value < 20000, qPrintable(QString::number(point.value)));
        }
    }

    void refusesWithoutWatcher()
    {
        setTarget({freePort()});
        // Nor is there a program to start one.
        const QByteArray programs = qgetenv("CUTOVER_BIN");
        qputenv("CUTOVER_BIN", QFile::encodeName(m_folder->path()));
        const auto restore = qScopeGuard([&programs] { qputenv("CUTOVER_BIN", programs); });
        TestContext context(m_target);
        const auto result = apply(context, step());
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"watch.watcher_dead"_s);

        // A sign of life from before a crash is none: its process is gone.
        Heartbeat beat;
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(beat.write(m_target.stateDirectory));
        QVERIFY(watcherSilence(m_target) >= 0);
        QJsonObject json = QJsonDocument::fromJson(*files::read(m_target.stateDirectory + u"/watcher.json"_s)).object();
        json[u"startTime"_s] = json[u"startTime"_s].toInteger() - 1;
        QVERIFY(files::replace(m_target.stateDirectory + u"/watcher.json"_s, json::canonical(json)));
        QCOMPARE(watcherSilence(m_target), -1);
        QCOMPARE(apply(context, step()).error().code, u"watch.watcher_dead"_s);

        // Alive, but hanging.
        QVERIFY(beat.write(m_target.stateDirectory));
        json = QJsonDocument::fromJson(*files::read(m_target.stateDirectory + u"/watcher.json"_s)).object();
        json[u"bootTime"_s] = json[u"bootTime"_s].toInteger() - 60000;
        QVERIFY(files::replace(m_target.stateDirectory + u"/watcher.json"_s, json::canonical(json)));
        QCOMPARE(apply(context, step()).error().code, u"watch.watcher_silent"_s);
    }

    void withoutMetricsNothingIsPlanned()
    {
        setTarget({});
        m_target.services[0].metricsUrl.clear();
        QVERIFY(step().kind.isEmpty());
        QVERIFY(!hasMetrics(m_target));
    }

    // The watcher as a process of its own: started, killed in the middle of a watch, started again
    // by the step; its watched time goes on. Then target.yaml changes under it.
    void ownProcess()
    {
        CountingService service;
        m_folder = std::make_unique<QTemporaryDir>();
        const QString file = m_folder->filePath(u"target.yaml"_s);
        const auto write = [&](int port) {
            const QString yaml = u"schema: 1\nname: trading\nproduct: trading\nenvironment: demo\nstate: state\nreleases: releases\n"
                                 "repository:\n  url: file:///nowhere\n  keys: [a.pub]\n"
                                 "services:\n  - name: backend\n    instances: [{name: backend-1, port: %1}]\n"
                                 "    command: [bin/backend]\n    health: {tcp: \"127.0.0.1:{port}\"}\n"
                                 "    metrics: \"http://127.0.0.1:{port}/metrics\"\n"
                                 "backup: {directory: backups}\n"
                                 "watch: {window: 2s, duration: 4s, scrape_interval: 100ms, minimum_samples: 100}\n"_s.arg(port);
            return files::replace(file, yaml.toUtf8());
        };
        QVERIFY(write(service.server.serverPort()));
        auto loaded = Target::load(file);
        QVERIFY2(loaded, qPrintable(loaded ? QString() : loaded.error().text()));
        m_target = *loaded;
        qputenv("CUTOVER_BIN", WATCHPROGRAM_FOLDER);
        const auto started = QCoro::waitFor(ensureWatcher(m_target));
        QVERIFY2(started, qPrintable(started ? QString() : started.error().text()));
        const qint64 first = Heartbeat::read(m_target.stateDirectory).pid;
        QVERIFY(first > 0 && first != QCoreApplication::applicationPid());
        QVERIFY(QCoro::waitFor(ensureWatcher(m_target)));
        QCOMPARE(Heartbeat::read(m_target.stateDirectory).pid, first);

        // Dead before the step begins, it is started by it.
        TestContext context(m_target);
        ::kill(pid_t(first), SIGKILL);
        QTRY_COMPARE_WITH_TIMEOUT(watcherSilence(m_target), -1, 5000);
        QVERIFY(QCoro::waitFor(StepRegistry::create(step()).value()->observe(context, {})));
        const qint64 replaced = Heartbeat::read(m_target.stateDirectory).pid;
        QVERIFY(replaced > 0 && replaced != first);

        QTimer::singleShot(1500, this, [replaced] { ::kill(pid_t(replaced), SIGKILL); });
        QElapsedTimer timer;
        timer.start();
        const auto result = apply(context, step());
        QVERIFY2(result, qPrintable(result ? QString() : result.error().text()));
        QVERIFY(timer.elapsed() >= 4000);
        const qint64 second = Heartbeat::read(m_target.stateDirectory).pid;
        QVERIFY(second != replaced);
        QVERIFY(context.logged.contains(u"watch.restarting"_s));

        CountingService moved;
        QVERIFY(write(moved.server.serverPort()));
        QTRY_VERIFY_WITH_TIMEOUT(moved.server.requests > 2, 5000);
        QVERIFY(files::replace(file, "nonsense: ["));
        QTRY_VERIFY_WITH_TIMEOUT(!Heartbeat::read(m_target.stateDirectory).targetError.code.isEmpty(), 5000);
        QVERIFY(watcherIsAlive(m_target));
        ::kill(pid_t(second), SIGTERM);
        QTRY_COMPARE_WITH_TIMEOUT(watcherSilence(m_target), -1, 5000);

        // Alive, but what it can't write is said by what it was told.
        QVERIFY(write(moved.server.serverPort()));
        const QString sign = m_target.stateDirectory + u"/watcher.json"_s;
        QVERIFY(files::remove(sign) && files::makePath(sign + u"/taken"_s));
        const auto silent = QCoro::waitFor(ensureWatcher(m_target));
        QVERIFY(!silent);
        QCOMPARE(silent.error().code, u"watch.not_started_saying"_s);
        // It ends as every other once it can be found.
        QVERIFY(files::removeTree(sign));
        QTRY_VERIFY_WITH_TIMEOUT(watcherIsAlive(m_target), 5000);
        QVERIFY(QCoro::waitFor(stopWatcher(m_target)));
        QVERIFY2(silent.error().text().contains(sign) && silent.error().text().contains(qt_error_string(EISDIR)), qPrintable(silent.error().text()));
    }
};

QTEST_GUILESS_MAIN(WatcherTest)
#include "watchertest.moc"
