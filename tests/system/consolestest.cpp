// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "consoleprocess.h"
#include "systemdemo.h"

#include "run/decisions.h"
#include "run/runlock.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;

/** Two consoles with two home folders on one control host, and what a run does when either, or its runner, is killed. */
class ConsolesTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<SystemDemo> m_demo;
    QTemporaryDir m_homes;

    std::unique_ptr<ConsoleProcess> console(const QString &person)
    {
        return std::make_unique<ConsoleProcess>(m_demo->targetFile(), person, m_homes.filePath(person));
    }
    /// Plans an update and approves it; the run's id.
    QString begin(ConsoleProcess &console, const QString &version, qint64 watchMs)
    {
        const QJsonObject started = console.result(u"plan.update.start"_s, {{u"to"_s, version}, {u"watchMs"_s, watchMs}});
        const QJsonObject end = console.endOf(started[u"job"].toString());
        if (end[u"state"] != u"done"_s) {
            QTest::qFail(QJsonDocument(end).toJson().constData(), __FILE__, __LINE__);
            return {};
        }
        const QJsonObject applied = console.call(u"apply"_s, {{u"digest"_s, end[u"what"][u"digest"]}, {u"confirm"_s, QString()}});
        if (applied.contains(u"error"_s)) {
            QTest::qFail(QJsonDocument(applied).toJson().constData(), __FILE__, __LINE__);
        }
        return applied[u"result"][u"run"].toString();
    }
    static QString stateOf(ConsoleProcess &console, const QString &run)
    {
        return console.result(u"run"_s, {{u"id"_s, run}})[u"run"][u"state"].toString();
    }
    static bool hasHeard(const ConsoleProcess &console, const QString &run, const QString &type)
    {
        return std::any_of(console.told.cbegin(), console.told.cend(),
                           [&](const QJsonObject &what) { return what[u"run"] == run && what[u"type"] == type; });
    }
    qint64 runner() const
    {
        const auto owner = cutover::RunLock::owner(m_demo->stateFolder());
        return owner && *owner && (*owner)->lives() ? (*owner)->pid : 0;
    }
    void nothingLost(const QString &version)
    {
        QCOMPARE(m_demo->servedVersion(), version);
        QCOMPARE(m_demo->failures(), QStringList());
        QCOMPARE(m_demo->strategyOverlap(), QString());
        QVERIFY(m_demo->acknowledgedOrders().size() > 5);
        QCOMPARE(m_demo->lostOrders(), QStringList());
    }
    static qint64 pidOf(const QByteArray &role, const QByteArray &target)
    {
        const QStringList names = QDir(u"/proc"_s).entryList(QDir::Dirs);
        for (const QString &name : names) {
            QFile file(u"/proc/%1/cmdline"_s.arg(name));
            if (name.toLongLong() > 0 && file.open(QIODevice::ReadOnly)) {
                const QList<QByteArray> words = file.readAll().split('\0');
                if (words.contains(role) && words.contains(target)) {
                    return name.toLongLong();
                }
            }
        }
        return 0;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_demo = std::make_unique<SystemDemo>();
        QVERIFY2(m_demo->start(2000), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 50, 60000);
    }
    void cleanupTestCase() { m_demo.reset(); }

    void oneRunTwoConsoles()
    {
        auto kim = console(u"kim"_s);
        auto lee = console(u"lee"_s);
        QVERIFY(kim->waitConnected() && lee->waitConnected());
        // Whoever looks on sees to it that there is something to see.
        QTRY_VERIFY_WITH_TIMEOUT(lee->result(u"status"_s)[u"watcherSilenceMs"].toInteger(-1) >= 0, 60000);
        lee->topics.clear();

        const QString run = begin(*kim, u"1.2.1"_s, 20000);
        QVERIFY(!run.isEmpty());

        // The other one sees it live.
        QTRY_VERIFY_WITH_TIMEOUT(lee->topics.contains(u"runs"_s) && lee->topics.contains(u"status"_s), 60000);
        const QJsonObject status = lee->result(u"status"_s);
        QCOMPARE(status[u"activeRun"], run);
        QVERIFY2(status[u"connHolder"].toString().startsWith(u"kim ("), qPrintable(status[u"connHolder"].toString()));
        QCOMPARE(status[u"connOurs"], false);
        QCOMPARE(kim->result(u"status"_s)[u"connOurs"], true);
        QTRY_VERIFY_WITH_TIMEOUT(hasHeard(*lee, run, u"progress"_s), 60000);
        QSet<int> places;
        const auto watching = [&] {
            const QJsonObject view = lee->result(u"run"_s, {{u"id"_s, run}});
            places.insert(view[u"current"].toInt());
            const int current = view[u"current"].toInt();
            return current >= 0 && view[u"steps"][current][u"spec"][u"kind"] == u"watch"_s;
        };
        QTRY_VERIFY_WITH_TIMEOUT(watching(), 60000);
        QVERIFY2(places.size() > 1, qPrintable(QString::number(places.size())));
        QVERIFY(!lee->result(u"log"_s, {{u"run"_s, run}, {u"offset"_s, 0}})[u"text"].toString().isEmpty());
        QVERIFY(!lee->result(u"events"_s, {{u"run"_s, run}, {u"after"_s, 0}})[u"events"].toArray().isEmpty());
        QVERIFY(lee->result(u"status"_s)[u"runnerSilenceMs"].toInteger(-1) >= 0);

        // It can't decide, and is told who can.
        const QJsonObject refused = lee->call(u"command"_s, {{u"run"_s, run}, {u"verb"_s, u"hold"_s}, {u"expected"_s, u"running"_s}});
        QCOMPARE(refused[u"error"][u"code"], u"serve.conn_elsewhere"_s);
        QVERIFY(refused[u"error"][u"args"][u"holder"].toString().startsWith(u"kim ("));
        QCOMPARE(lee->refusal(u"conn.take"_s, {{u"force"_s, false}}), u"journal.conn_held"_s);

        // It takes over, by name and with a note; then the first is the one who is refused.
        kim->topics.clear();
        QVERIFY(lee->call(u"conn.take"_s, {{u"force"_s, true}, {u"note"_s, u"kim's train leaves"_s}}).contains(u"result"_s));
        const QJsonObject after = kim->result(u"status"_s);
        QVERIFY(after[u"connHolder"].toString().startsWith(u"lee ("));
        QCOMPARE(after[u"connNote"], u"kim's train leaves"_s);
        QCOMPARE(after[u"connOurs"], false);
        QTRY_VERIFY_WITH_TIMEOUT(kim->topics.contains(u"conn"_s), 15000);
        const QJsonObject late = kim->call(u"command"_s, {{u"run"_s, run}, {u"verb"_s, u"hold"_s}, {u"expected"_s, u"running"_s}});
        QCOMPARE(late[u"error"][u"code"], u"serve.conn_elsewhere"_s);
        QVERIFY(late[u"error"][u"args"][u"holder"].toString().startsWith(u"lee ("));
        const QJsonObject trail = lee->result(u"audit"_s);
        QCOMPARE(trail[u"intact"], true);
        const QJsonObject row = trail[u"rows"].toArray().first().toObject();
        QCOMPARE(row[u"what"], u"conn.taken_over"_s);
        QVERIFY(row[u"who"].toString().startsWith(u"lee ("));
        QVERIFY(row[u"args"][u"from"].toString().startsWith(u"kim ("));

        // The console that began it all is gone from one moment to the next.
        kim->kill();
        QCOMPARE(stateOf(*lee, run), u"running"_s);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(*lee, run), u"succeeded"_s, 60000);
        nothingLost(u"1.2.1"_s);

        // Nothing is lost with it: it comes back, of the same home folder, and finds the whole run.
        kim = console(u"kim"_s);
        QVERIFY(kim->waitConnected());
        QCOMPARE(stateOf(*kim, run), u"succeeded"_s);
        QVERIFY(kim->result(u"report"_s, {{u"run"_s, run}})[u"html"].toString().contains(u"1.2.1"));
        // The other one closes its own: the conn is free, as no run needs it.
        QVERIFY(lee->close());
        QTRY_COMPARE_WITH_TIMEOUT(kim->result(u"status"_s)[u"connHolder"].toString(), QString(), 30000);
    }

    void consoleThatComesBackStillHasTheConn()
    {
        auto kim = console(u"kim"_s);
        QVERIFY(kim->waitConnected());
        QVERIFY(kim->call(u"conn.take"_s, {{u"force"_s, false}, {u"note"_s, u"mine"_s}}).contains(u"result"_s));
        kim->kill();
        kim = console(u"kim"_s);
        QVERIFY(kim->waitConnected());
        QCOMPARE(kim->result(u"status"_s)[u"connOurs"], true);
        QVERIFY(kim->close());
    }

    /// The runner dies in the middle of replacing instances, and no console is there to see it: the run goes on by itself.
    void runnerIsKilledAndNobodyLooks()
    {
        auto kim = console(u"kim"_s);
        QVERIFY(kim->waitConnected());
        const QString run = begin(*kim, u"1.3.0"_s, 3000);
        QVERIFY(!run.isEmpty());
        const auto journal = cutover::Journal::open(m_demo->stateFolder(), cutover::Journal::Mode::ReadOnly);
        QVERIFY(journal);
        const auto deploying = [&] {
            const auto record = (*journal)->run(run);
            const auto steps = (*journal)->steps(run);
            const int current = record && steps ? cutover::currentStep(*record, *steps) : -1;
            return current >= 0 && current < steps->size() && record->plan.steps[current].kind == u"deploy_instance";
        };
        QTRY_VERIFY_WITH_TIMEOUT(deploying(), 90000);
        const qint64 first = runner();
        QVERIFY(first > 0);
        kim->kill();
        kim.reset();
        QCOMPARE(pidOf("serve", m_demo->targetFile().toLocal8Bit()), 0);
        QCOMPARE(::kill(pid_t(first), SIGKILL), 0);

        // One look each time: of two, one may be from before its death and the other from after it.
        QVERIFY(QTest::qWaitFor(
            [&] {
                const qint64 now = runner();
                return now > 0 && now != first;
            },
            90000));
        const auto state = [&] {
            const auto record = (*journal)->run(run);
            return record ? cutover::stateName(record->state) : record.error().text();
        };
        QTRY_VERIFY_WITH_TIMEOUT(QStringList({u"succeeded"_s, u"held"_s, u"rolledBack"_s, u"abandoned"_s}).contains(state()), 120000);
        QVERIFY2(state() == u"succeeded", qPrintable((*journal)->run(run)->reason.text()));
        QCOMPARE(pidOf("serve", m_demo->targetFile().toLocal8Bit()), 0);
        nothingLost(u"1.3.0"_s);
        // Only one runner led it at a time: every step is done once, by the journal.
        const auto steps = (*journal)->steps(run);
        QVERIFY(steps);
        for (const cutover::StepRecord &step : *steps) {
            QCOMPARE(cutover::stateName(step.state), u"done"_s);
        }
        const auto events = (*journal)->events(run, 0, 100000);
        QVERIFY(events);
        QCOMPARE(std::ranges::count_if(*events, [](const cutover::EventRecord &event) { return event.message.code == u"run.runner_restarted"; }), 1);
        // Who comes back sees all of it.
        kim = console(u"kim"_s);
        QVERIFY(kim->waitConnected());
        QCOMPARE(stateOf(*kim, run), u"succeeded"_s);
        QVERIFY(kim->close());
    }

    /// The supervisor hangs, then is gone with all that it owned: a status is quick all the same.
    void statusNeverHangs()
    {
        auto lee = console(u"lee"_s);
        QVERIFY(lee->waitConnected());
        // The best of some: what it takes where others keep the machine busy is not asked.
        const auto quickest = [&lee](qint64 limit) {
            qint64 best = 100000;
            for (int i = 0; i < 5 || (i < 40 && best >= limit); ++i) {
                QElapsedTimer timer;
                timer.start();
                if (lee->result(u"status"_s).isEmpty()) {
                    return qint64(100000);
                }
                best = std::min(best, timer.elapsed());
            }
            return best;
        };
        QCOMPARE(lee->result(u"status"_s)[u"health"], u"healthy"_s);
        const qint64 usual = quickest(300);
        QVERIFY2(usual < 300, qPrintable(QString::number(usual)));

        const qint64 supervisor = pidOf("supervise", m_demo->targetFile().toLocal8Bit());
        QVERIFY(supervisor > 0);
        QCOMPARE(::kill(pid_t(supervisor), SIGSTOP), 0);
        const qint64 hanging = quickest(500);
        // For a moment what was seen last stands in, and says how old it is; then nothing is known.
        const QJsonObject early = lee->result(u"status"_s);
        QJsonObject status = early;
        (void)QTest::qWaitFor(
            [&] {
                status = lee->result(u"status"_s);
                return status[u"health"] == u"unknown"_s;
            },
            15000);
        // A command is asked once: it waits for an answer that is late.
        const auto asked = m_demo->startCtl({u"status"_s});
        QTest::qWait(1500);
        const bool isWaiting = asked->state() == QProcess::Running;
        ::kill(pid_t(supervisor), SIGCONT);
        QVERIFY(isWaiting);
        QCOMPARE(SystemDemo::outcomeOf(*asked).exitCode, 0);
        QVERIFY(early[u"health"] == u"unknown"_s || early[u"lookAgeMs"].toInteger() > 0);
        QVERIFY2(hanging < 500, qPrintable(QString::number(hanging)));
        QCOMPARE(status[u"health"], u"unknown"_s);
        QCOMPARE(status[u"balancer"], u"up"_s);
        QVERIFY(!status[u"problem"][u"code"].toString().isEmpty());

        QCOMPARE(m_demo->ctl({u"demo"_s, u"stop"_s, u"--directory"_s, m_demo->folder()}).exitCode, 0);
        const qint64 gone = quickest(300);
        QVERIFY2(gone < 300, qPrintable(QString::number(gone)));
        QCOMPARE(lee->result(u"status"_s)[u"balancer"], u"down"_s);
        // A console that looks on does not wake the watcher of a system that is down.
        QTest::qWait(4000);
        QCOMPARE(lee->result(u"status"_s)[u"watcherSilenceMs"].toInteger(), -1);
    }
};

QTEST_GUILESS_MAIN(ConsolesTest)
#include "consolestest.moc"
