// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/decisions.h"
#include "run/runlock.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"
#include "tests/system/consoleprocess.h"
#include "tests/system/systemdemo.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace Qt::StringLiterals;
using cutover::testing::SshServer;

/** A run on a control host that is reached by ssh only: two people, two home folders, one sshd, and links that are cut. */
class SshRunsTest : public QObject
{
    Q_OBJECT

    SshServer m_server;
    std::unique_ptr<SystemDemo> m_demo;
    QTemporaryDir m_homes;
    QHash<QString, QString> m_configurations; ///< Of ssh, by person.

    std::unique_ptr<ConsoleProcess> console(const QString &person)
    {
        if (!m_configurations.contains(person)) {
            m_configurations.insert(person, m_server.addPerson(m_homes.filePath(person)));
        }
        return std::make_unique<ConsoleProcess>(m_server.address(), m_demo->targetFile(), person, m_homes.filePath(person), m_configurations[person]);
    }
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
    qint64 runner() const
    {
        const auto owner = cutover::RunLock::owner(m_demo->stateFolder());
        return owner && *owner && (*owner)->lives() ? (*owner)->pid : 0;
    }
    /// Fields of /proc/PID/stat behind the name: state, parent, process group, session, terminal.
    static QList<QByteArray> statOf(qint64 pid)
    {
        const QByteArray stat = SshServer::read(u"/proc/%1/stat"_s.arg(pid));
        return stat.sliced(stat.lastIndexOf(')') + 1).simplified().split(' ');
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SSHD;
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        m_demo = std::make_unique<SystemDemo>();
        QVERIFY2(m_demo->start(2000), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 50, 60000);
    }
    void cleanupTestCase()
    {
        m_server.fail();
        m_demo.reset();
    }

    void runGoesOnWhenItsLinksAreCut()
    {
        auto kim = console(u"kim"_s);
        auto lee = console(u"lee"_s);
        QVERIFY2(kim->waitConnected() && lee->waitConnected(), qPrintable(m_server.log()));
        const QString run = begin(*kim, u"1.2.1"_s, 20000);
        QVERIFY(!run.isEmpty());
        QTRY_VERIFY_WITH_TIMEOUT(lee->topics.contains(u"runs"_s), 60000);
        const QJsonObject status = lee->result(u"status"_s);
        QCOMPARE(status[u"activeRun"], run);
        QVERIFY2(status[u"connHolder"].toString().startsWith(u"kim ("), qPrintable(status[u"connHolder"].toString()));
        QTRY_VERIFY_WITH_TIMEOUT(std::ranges::any_of(lee->told, [](const QJsonObject &what) { return what[u"type"] == u"progress"_s; }), 60000);

        // The runner has nothing of the login that it was started from.
        const qint64 leader = runner();
        QVERIFY(leader > 0);
        QVERIFY(!m_server.descendants().contains(leader));
        const QList<QByteArray> stat = statOf(leader);
        for (const qint64 pid : m_server.descendants()) {
            QVERIFY2(statOf(pid).value(3) != stat.value(3), "the runner is in the session of a login");
            QVERIFY(statOf(pid).value(2) != stat.value(2));
        }
        QCOMPARE(stat.value(4), "0"); // No terminal.
        QCOMPARE(QFile::symLinkTarget(u"/proc/%1/fd/0"_s.arg(leader)), u"/dev/null"_s);
        for (const int descriptor : {1, 2}) {
            QVERIFY(QFile::symLinkTarget(u"/proc/%1/fd/%2"_s.arg(leader).arg(descriptor)).endsWith(u"/runner.log"));
        }

        // Both links at once: sshd's processes are killed, and what they have started gets what a login's end sends.
        const int kims = kim->connects;
        const int lees = lee->connects;
        const QList<qint64> login = m_server.descendants();
        QVERIFY(m_server.dropLinks() >= 2);
        for (const qint64 pid : login) {
            ::kill(pid_t(pid), SIGHUP);
        }
        QTRY_VERIFY_WITH_TIMEOUT(!kim->losses.isEmpty() && !lee->losses.isEmpty(), 20000);
        QCOMPARE(kim->losses.first(), u"ssh.link_lost"_s);
        QTRY_VERIFY_WITH_TIMEOUT(kim->connects > kims && lee->connects > lees, 60000);
        QCOMPARE(runner(), leader);
        QCOMPARE(stateOf(*kim, run), u"running"_s);
        QCOMPARE(kim->result(u"status"_s)[u"connOurs"], true);
        QCOMPARE(lee->result(u"status"_s)[u"connOurs"], false);

        // And again, for as long as it takes to end: the host can't be reached at all.
        m_server.fail();
        const auto journal = cutover::Journal::open(m_demo->stateFolder(), cutover::Journal::Mode::ReadOnly);
        QVERIFY(journal);
        const auto state = [&] {
            const auto record = (*journal)->run(run);
            return record ? cutover::stateName(record->state) : record.error().text();
        };
        QTRY_COMPARE_WITH_TIMEOUT(state(), u"succeeded"_s, 120000);
        QVERIFY(!kim->isConnected());
        QVERIFY2(kim->losses.contains(u"ssh.unreachable"_s), qPrintable(kim->losses.join(u' ')));
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QTRY_VERIFY_WITH_TIMEOUT(kim->isConnected() && lee->isConnected(), 90000);
        for (ConsoleProcess *each : {kim.get(), lee.get()}) {
            QCOMPARE(stateOf(*each, run), u"succeeded"_s);
            QVERIFY(each->result(u"report"_s, {{u"run"_s, run}})[u"html"].toString().contains(u"1.2.1"));
        }
        QCOMPARE(m_demo->servedVersion(), u"1.2.1"_s);
        QCOMPARE(m_demo->failures(), QStringList());
        QCOMPARE(m_demo->strategyOverlap(), QString());
        QCOMPARE(m_demo->lostOrders(), QStringList());
        // One runner from the beginning to the end.
        const auto events = (*journal)->events(run, 0, 100000);
        QVERIFY(events);
        QVERIFY(std::ranges::none_of(*events, [](const cutover::EventRecord &event) { return event.message.code == u"run.runner_restarted"; }));
        QVERIFY(kim->close() && lee->close());
    }

    /// The real window, and the command line, on the same host.
    void windowAndCommandLine()
    {
        (void)console(u"kim"_s);
        QProcessEnvironment environment = ConsoleProcess::environmentOf(u"kim"_s, m_homes.filePath(u"kim"_s));
        environment.insert(u"CUTOVER_SSH_CONFIG"_s, m_configurations[u"kim"_s]);
        environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
        const QStringList where{u"--host"_s, m_server.address(), u"--remote-program"_s, SystemDemo::program(u"cutoverctl"_s), u"--target"_s, m_demo->targetFile()};
        QProcess window;
        window.setProcessEnvironment(environment);
        const QString picture = m_homes.filePath(u"window.png"_s);
        // It draws once the target has told of itself; else only after two minutes.
        window.start(SystemDemo::program(u"cutover"_s), where + QStringList{u"--screenshot"_s, picture});
        QVERIFY2(window.waitForFinished(60000), qPrintable(m_server.log()));
        QVERIFY2(window.exitCode() == 0, window.readAllStandardError());
        QVERIFY(QFileInfo(picture).size() > 10000);

        QProcess ctl;
        ctl.setProcessEnvironment(environment);
        ctl.start(SystemDemo::program(u"cutoverctl"_s), where + QStringList{u"rollback"_s, u"1.2.0"_s, u"--yes"_s, u"--json"_s});
        QVERIFY(ctl.waitForFinished(180000));
        const QByteArray told = ctl.readAllStandardOutput();
        QVERIFY2(ctl.exitCode() == 0, QByteArray(told + ctl.readAllStandardError()).constData());
        QCOMPARE(m_demo->servedVersion(), u"1.2.0"_s);
        // Who it was is told over there.
        const QJsonArray rows = m_demo->ctl({u"audit"_s}).json[u"rows"].toArray();
        QVERIFY(std::ranges::any_of(rows, [](const QJsonValue &row) { return row[u"who"].toString().startsWith(u"kim (") && row[u"what"].toString().startsWith(u"run."); }));
    }
};

QTEST_GUILESS_MAIN(SshRunsTest)
#include "runstest.moc"
