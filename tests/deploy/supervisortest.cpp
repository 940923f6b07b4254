// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ctl.h"
#include "deploysystem.h"

#include "check/checklist.h"
#include "config/envfile.h"
#include "deploy/localexchange.h"
#include "deploy/portholder.h"
#include "metrics/instancewatch.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QTcpSocket>

#include <unistd.h>

using namespace cutover;
using namespace cutover::testing;
using namespace Qt::StringLiterals;

namespace {

/** A target of small real services: a web server in two releases, one that dies, one that ignores TERM. */
class SupervisorTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    std::unique_ptr<SupervisorClient> m_client;
    int m_port = 0;

    qint64 supervisorPid() const
    {
        const QByteArray json = readFile(m_target.stateDirectory + u"/supervisor/state.json"_s);
        return QJsonDocument::fromJson(json).object()[u"supervisor"_s].toInteger();
    }
    InstanceState state(const QString &name)
    {
        const auto states = VALUE(QCoro::waitFor(m_client->states()));
        for (const InstanceState &state : states) {
            if (state.name == name) {
                return state;
            }
        }
        qFatal("no instance %s", qPrintable(name));
    }
    QString release(const QString &version) const { return m_target.releaseDirectory(version); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        const QString root = m_folder->path();
        m_port = freePort();
        const QString program = qEnvironmentVariable("CUTOVER_BIN") + u"/cutover-demo-service"_s;
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            writeFile(root + u"/releases/"_s + version + u"/hello.txt"_s, version.toUtf8());
            QVERIFY2(QFile::copy(program, root + u"/releases/"_s + version + u"/serve"_s), qPrintable(program));
        }
        writeFile(root + u"/service.env"_s, "# comment\nGREETING=\"hello there\"\n");
        writeFile(root + u"/secret.env"_s, "FOO_SESAME=behind-the-hill\n");
        writeFile(root + u"/target.yaml"_s, QString::fromUtf8(readFile(QFINDTESTDATA("supervisor.yaml"))).arg(m_port).toUtf8());
        m_target = VALUE(Target::load(root + u"/target.yaml"_s));
        m_client = std::make_unique<SupervisorClient>(m_target);
        OK(QCoro::waitFor(m_client->ensureRunning()));
    }

    void cleanup()
    {
        OK(QCoro::waitFor(m_client->shutdown()));
        m_client.reset();
        m_folder.reset();
    }

    void startsAndStops()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const InstanceState running = state(u"web-1"_s);
        QCOMPARE(running.state, InstanceState::State::Ready);
        QCOMPARE(running.release, u"1.0.0"_s);
        QVERIFY(alive(running.pid));
        QCOMPARE(VALUE(recordedReleases(m_target)).value(u"web-1"_s), u"1.0.0"_s);

        // Again: nothing happens.
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        QCOMPARE(state(u"web-1"_s).pid, running.pid);
        // Another release is refused while this one runs.
        const auto other = QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.1.0"_s)));
        QVERIFY(!other);
        QCOMPARE(other.error().code, u"supervisor.runs_other"_s);

        OK(QCoro::waitFor(m_client->stop(u"web-1"_s)));
        QVERIFY(!alive(running.pid));
        QVERIFY(!portHolder(m_port));
        QCOMPARE(state(u"web-1"_s).state, InstanceState::State::Stopped);
        QVERIFY(!VALUE(recordedReleases(m_target)).contains(u"web-1"_s));
        OK(QCoro::waitFor(m_client->stop(u"web-1"_s)));

        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.1.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        QCOMPARE(state(u"web-1"_s).release, u"1.1.0"_s);
    }

    /// Killed while it waits for an instance that does not end at once.
    void cutRestartIsFinished()
    {
        const QString program = release(u"1.0.0"_s) + u"/serve"_s;
        QVERIFY(QFile::rename(program, program + u"-slowly"_s));
        writeFile(program, "#!/bin/sh\ntrap '' TERM\n\"$0-slowly\" \"$@\" &\nwhile :; do sleep 1000; done\n");
        QVERIFY(QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 first = state(u"web-1"_s).pid;
        const auto isStopping = [this] { return !VALUE(recordedReleases(m_target)).contains(u"web-1"_s); };
        const Told cut = cutRestartOf(m_target, u"web"_s, SIGKILL, isStopping);
        QVERIFY2(cut.exitCode == -SIGKILL, cut.output.constData());
        QTRY_COMPARE_WITH_TIMEOUT(state(u"web-1"_s).state, InstanceState::State::Stopped, 20000);
        const QByteArray told = cutRestartTold(m_target);
        QVERIFY2(told.contains("The restart of web-1 was cut"), told.constData());
        const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"web"_s});
        QVERIFY2(again.exitCode == 0, again.output.constData());
        QVERIFY(alive(state(u"web-1"_s).pid) && state(u"web-1"_s).pid != first);
        QCOMPARE(cutRestartTold(m_target), QByteArray());
    }

    /// Nothing can be started from its release for the moment.
    void restartThatCameToNothingIsFinished()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const QString program = release(u"1.0.0"_s) + u"/serve"_s;
        QVERIFY(QFile::rename(program, program + u"-away"_s));
        const Told failed = ctl(m_target, {u"service"_s, u"restart"_s, u"web"_s});
        QVERIFY2(failed.exitCode > 0 && failed.output.contains("is not back") && failed.output.contains("restart it again"), failed.output.constData());
        QVERIFY(QFile::rename(program + u"-away"_s, program));
        const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"web"_s, u"--instance"_s, u"web-1"_s});
        QVERIFY2(again.exitCode == 0, again.output.constData());
        QCOMPARE(state(u"web-1"_s).state, InstanceState::State::Ready);
    }

    void adoptsAfterKill()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 service = state(u"web-1"_s).pid;
        const qint64 first = supervisorPid();
        QCOMPARE(kill(pid_t(first), SIGKILL), 0);
        QTRY_VERIFY(!alive(first));
        QVERIFY(alive(service));
        OK(QCoro::waitFor(m_client->ensureRunning()));
        QVERIFY(supervisorPid() != first);
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        QCOMPARE(state(u"web-1"_s).pid, service);
        // It notices the death of one that isn't its child, too.
        QCOMPARE(kill(pid_t(service), SIGKILL), 0);
        QTRY_COMPARE_WITH_TIMEOUT(state(u"web-1"_s).restarts, 1, 10000);
        QTRY_COMPARE_WITH_TIMEOUT(state(u"web-1"_s).state, InstanceState::State::Ready, 10000);
        QVERIFY(state(u"web-1"_s).pid != service);
    }

    void adoptsWithoutItsState()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 service = state(u"web-1"_s).pid;
        const qint64 first = supervisorPid();
        QCOMPARE(kill(pid_t(first), SIGKILL), 0);
        QTRY_VERIFY(!alive(first));
        // As if killed between the start of the process and the writing of its pid.
        QVERIFY(QFile::remove(m_target.stateDirectory + u"/supervisor/state.json"_s));
        OK(QCoro::waitFor(m_client->ensureRunning()));
        QCOMPARE(state(u"web-1"_s).pid, service);
        QCOMPARE(state(u"web-1"_s).release, u"1.0.0"_s);
    }

    void startsWhatDiedMeanwhile()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 service = state(u"web-1"_s).pid;
        QCOMPARE(kill(pid_t(supervisorPid()), SIGKILL), 0);
        QCOMPARE(kill(pid_t(service), SIGKILL), 0);
        QTRY_VERIFY(!alive(service));
        OK(QCoro::waitFor(m_client->ensureRunning()));
        QTRY_COMPARE_WITH_TIMEOUT(state(u"web-1"_s).state, InstanceState::State::Ready, 10000);
        QVERIFY(state(u"web-1"_s).pid != service);
    }

    void onlyOne()
    {
        Supervisor second(m_target.path);
        const auto started = second.start();
        QVERIFY(!started);
        QCOMPARE(started.error().code, u"supervisor.already_running"_s);
    }

    void restartsAfterDeath()
    {
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 service = state(u"web-1"_s).pid;
        QCOMPARE(kill(pid_t(service), SIGSEGV), 0);
        // Ready is also what it was before its death was noticed.
        QVERIFY(QTest::qWaitFor(
            [&] {
                const InstanceState now = state(u"web-1"_s);
                return now.pid > 0 && now.pid != service && now.state == InstanceState::State::Ready;
            },
            10000));
        QCOMPARE(state(u"web-1"_s).restarts, 1);
        QCOMPARE(state(u"web-1"_s).lastExit, 128 + SIGSEGV);

        // A watch of it has told of this death once; who retries it knows.
        InstanceWatch watch(m_target, {u"web-1"_s}, 3000);
        const auto died = QCoro::waitFor(watch.look());
        QVERIFY(!died);
        QCOMPARE(died.error().code, u"watch.instance_died"_s);
        InstanceWatch again(m_target, {u"web-1"_s}, 3000, {{u"web-1"_s, 1}});
        QCOMPARE(VALUE(QCoro::waitFor(again.look())), true);

        // As a run that goes on starts it again: that death is not of this start.
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        QCOMPARE(state(u"web-1"_s).restarts, 0);
    }

    void stopThatIsNotWritten_data()
    {
        QTest::addColumn<int>("point");
        // Creating the temporary, writing, syncing it, renaming it, syncing the folder: the new state lies there already.
        for (int point = 1; point <= 5; ++point) {
            QTest::addRow("%d", point) << point;
        }
    }

    /// A stop that is refused since the disk failed has not happened: not for who reads the record either.
    void stopThatIsNotWritten()
    {
        QFETCH(const int, point);
        OK(QCoro::waitFor(m_client->shutdown()));
        const QString armed = m_folder->path() + u"/armed"_s;
        qputenv("CUTOVER_FAULT", QByteArray("eio@").append(QByteArray::number(point)));
        qputenv("CUTOVER_FAULT_ROLE", "supervise");
        qputenv("CUTOVER_FAULT_SWITCH", armed.toLocal8Bit());
        const auto started = QCoro::waitFor(m_client->ensureRunning());
        for (const char *variable : {"CUTOVER_FAULT", "CUTOVER_FAULT_ROLE", "CUTOVER_FAULT_SWITCH"}) {
            qunsetenv(variable);
        }
        OK(started);
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        OK(QCoro::waitFor(m_client->waitReady(u"web-1"_s)));
        const qint64 pid = state(u"web-1"_s).pid;

        writeFile(armed, "");
        QVERIFY(!QCoro::waitFor(m_client->stop(u"web-1"_s)));
        QVERIFY(!QFile::exists(armed));
        QCOMPARE(state(u"web-1"_s).pid, pid);
        QCOMPARE(VALUE(recordedReleases(m_target)).value(u"web-1"_s), u"1.0.0"_s);
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
        QCOMPARE(state(u"web-1"_s).pid, pid);
        OK(QCoro::waitFor(m_client->stop(u"web-1"_s)));
        QVERIFY(!VALUE(recordedReleases(m_target)).contains(u"web-1"_s));
    }

    void whoListens_data()
    {
        QTest::addColumn<QString>("address");
        for (const char *address : {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"}) {
            QTest::newRow(address) << QString::fromLatin1(address);
        }
    }

    void whoListens()
    {
        QFETCH(const QString, address);
        QTcpServer server;
        if (!server.listen(QHostAddress(address))) {
            QSKIP(qPrintable(u"%1 is not to be had here: %2"_s.arg(address, server.errorString())));
        }
        const int port = server.serverPort();
        QCOMPARE(portHolder(port).value_or(PortHolder()).pid, QCoreApplication::applicationPid());
        const auto holders = portHolders({port, m_port});
        QCOMPARE(holders.keys(), QList<int>{port});
        QVERIFY(!holders.first().program.isEmpty());
        // A connection that outlives the listener is none.
        QTcpSocket client;
        client.connectToHost(QHostAddress(address), quint16(port));
        QVERIFY(client.waitForConnected());
        QVERIFY(server.waitForNewConnection(5000));
        server.close();
        QVERIFY(!portHolder(port));
        QVERIFY(portHolders({port}).isEmpty());
    }

    void portTaken()
    {
        QTcpServer squatter;
        QVERIFY(squatter.listen(QHostAddress::LocalHost, quint16(m_port)));
        const auto started = QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s)));
        QVERIFY(!started);
        QCOMPARE(started.error().code, u"supervisor.port_taken"_s);
        QCOMPARE(started.error().args[u"port"_s].toInt(), m_port);
        QVERIFY2(started.error().what().contains(QString::number(QCoreApplication::applicationPid())),
                 qPrintable(started.error().text()));
        squatter.close();
        OK(QCoro::waitFor(m_client->start(u"web-1"_s, release(u"1.0.0"_s))));
    }

    void diesRightAfterStart()
    {
        OK(QCoro::waitFor(m_client->start(u"broken-1"_s, {})));
        QElapsedTimer timer;
        timer.start();
        const auto ready = QCoro::waitFor(m_client->waitReady(u"broken-1"_s));
        QVERIFY(!ready);
        QCOMPARE(ready.error().code, u"supervisor.died"_s);
        QCOMPARE(ready.error().args[u"exit"_s].toInt(), 7);
        const QJsonArray lines = ready.error().args[u"lastLines"_s].toArray();
        QVERIFY(lines.contains(u"it is broken"_s));
        QVERIFY2(lines.contains(u"FOO_SESAME=••••"_s) && lines.contains(u"alone ••••"_s), qPrintable(ready.error().text()));
        QVERIFY(!ready.error().text().contains(u"behind-the-hill"));
        QVERIFY(timer.elapsed() < 5000);
        // It is tried again and again, ever more slowly.
        QTRY_VERIFY_WITH_TIMEOUT(state(u"broken-1"_s).restarts >= 3, 10000);
    }

    void givesServicesTheValuesThatWereWritten()
    {
        // As the configure step writes them, and as people do.
        const QMap<QString, QString> written{{u"DOLLAR"_s, u"a$HOME b"_s}, {u"QUOTE"_s, u"say \"hi\" 'there'"_s}, {u"BACKSLASH"_s, u"C:\\new\\table"_s}, {u"LINES"_s, u"one\ntwo\n"_s}, {u"TAB"_s, u"a\tb"_s}, {u"HASH"_s, u"a # b"_s}, {u"EMPTY"_s, QString()}, {u"UMLAUT"_s, u"grün €"_s}};
        const QString path = m_folder->path() + u"/printed.env"_s;
        EnvFile file = VALUE(EnvFile::parse("# head\nexport PLAIN=x y  # trailing comment\nSINGLE='it $is \\n' # why\nNOTHING= # empty\nWHO=file\n", path));
        for (const auto &[key, value] : written.asKeyValueRange()) {
            file.set(key, value);
        }
        writeFile(path, file.toBytes());
        OK(QCoro::waitFor(m_client->start(u"printer-1"_s, {})));
        const QString log = m_target.stateDirectory + u"/logs/printer-1.log"_s;
        QTRY_VERIFY(readFile(log).contains("CUTOVER_SUPERVISED="));
        QMap<QString, QString> got;
        for (const QByteArray &entry : readFile(log).split('\0')) {
            got.insert(QString::fromUtf8(entry).section(u'=', 0, 0), QString::fromUtf8(entry).section(u'=', 1));
        }
        for (const auto &[key, value] : written.asKeyValueRange()) {
            QVERIFY2(got.contains(key), qPrintable(key));
            QCOMPARE(got[key], value);
        }
        QCOMPARE(got[u"PLAIN"_s], u"x y"_s);
        QCOMPARE(got[u"SINGLE"_s], u"it $is \\n"_s);
        QVERIFY(got.contains(u"NOTHING"_s) && got[u"NOTHING"_s].isEmpty());
        QCOMPARE(got[u"WHO"_s], u"printer-1"_s); // target.yaml's own word is the last.
        OK(QCoro::waitFor(m_client->stop(u"printer-1"_s)));

        // What can't be read the same way by everybody is not guessed at.
        writeFile(path, "A=1\nB='open\n");
        const auto refused = QCoro::waitFor(m_client->start(u"printer-1"_s, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"config.syntax"_s);
        QCOMPARE(refused.error().where, QString(path + u":2:3"_s));
    }

    /// The check of the log reads what instances wrote, where the target names no file.
    void errorsOfInstancesAreCounted()
    {
        CheckScope scope;
        scope.target = m_target;
        for (ServiceSpec &service : scope.target.services) {
            service.managed = service.name == u"moaner" || service.name == u"web";
        }
        scope.only = {u"log"_s};
        scope.afterUpdate = true;
        // Its lines carry no time that is known; the newest count all the same.
        scope.since = QDateTime::currentDateTimeUtc();
        const auto look = [&scope] { return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0); };
        QCOMPARE(look().status, CheckResult::Status::Passed);
        QCOMPARE(look().finding.code, u"check.log_silent"_s);
        OK(QCoro::waitFor(m_client->start(u"moaner-1"_s, {})));
        QTRY_VERIFY(readFile(m_target.stateDirectory + u"/logs/moaner-1.log"_s).contains("no terror"));
        const CheckResult found = look();
        QCOMPARE(found.status, CheckResult::Status::Warning);
        QCOMPARE(found.error.code, u"check.log_errors_instances"_s);
        QCOMPARE(found.error.args[u"errors"_s].toInt(), 6);
        for (const QString &word : {u"moaner-1"_s, u"ERROR 6: no route to "_s}) {
            QVERIFY2(found.error.text().contains(word), qPrintable(found.error.text()));
        }
        QVERIFY2(!found.error.text().contains(u"behind-the-hill"), qPrintable(found.error.text()));
        scope.target.check.maxLogErrors = 6;
        const CheckResult within = look();
        QCOMPARE(within.status, CheckResult::Status::Passed);
        QVERIFY2(within.finding.text().contains(u"6 errors in 7 lines of 1 instance"), qPrintable(within.finding.text()));
        // Nothing of it is what the target's own file tells.
        scope.target.check.logFile = m_folder->filePath(u"own.log"_s);
        writeFile(scope.target.check.logFile, "all well\n");
        QCOMPARE(look().finding.code, u"check.log_ok"_s);
        OK(QCoro::waitFor(m_client->stop(u"moaner-1"_s)));
    }

    void killsWhatIgnoresTerm()
    {
        OK(QCoro::waitFor(m_client->start(u"stubborn-1"_s, {})));
        const qint64 service = state(u"stubborn-1"_s).pid;
        const QString log = m_target.stateDirectory + u"/logs/stubborn-1.log"_s;
        QTRY_VERIFY(readFile(log).contains("hello there stubborn-1"));
        QTRY_VERIFY(readFile(log).contains("/dev/null"));
        // Inherits nothing: of the supervisor's sockets and locks there is no trace.
        QVERIFY(!readFile(log).contains("lock") && !readFile(log).contains("socket:"));
        QCOMPARE(getpgid(pid_t(service)), pid_t(service));
        OK(QCoro::waitFor(m_client->stop(u"stubborn-1"_s)));
        QVERIFY(!alive(service));
        // Its children went with it.
        // One that is dead and that nobody has collected yet, as in a container without an init, is gone, too.
        const QStringList living{u"--pgroup"_s, QString::number(service), u"--runstates"_s, u"D,R,S,T,t"_s};
        QTRY_COMPARE(QProcess::execute(u"pgrep"_s, living), 1);
    }

    void longStateFolder()
    {
        // A socket's path may have 107 bytes; a state folder may have more.
        const QString deep = m_folder->path() + u'/' + QString(60, u'd') + u'/' + QString(60, u'e');
        const QString socket = VALUE(localSocketPath(deep, u"supervisor.sock"_s));
        QVERIFY(socket.size() < 80);
        QCOMPARE(VALUE(localSocketPath(deep, u"supervisor.sock"_s)), socket);
        QVERIFY(VALUE(localSocketPath(deep + u'x', u"supervisor.sock"_s)) != socket);
        const auto open = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
        QCOMPARE(QFile::permissions(QFileInfo(socket).path()) & open, QFile::Permissions());
    }

    void missingReleaseAndInstance()
    {
        auto started = QCoro::waitFor(m_client->start(u"web-1"_s, release(u"9.9.9"_s)));
        QVERIFY(!started);
        QCOMPARE(started.error().code, u"supervisor.no_release"_s);
        started = QCoro::waitFor(m_client->start(u"web-7"_s, release(u"1.0.0"_s)));
        QVERIFY(!started);
        QCOMPARE(started.error().code, u"supervisor.unknown_instance"_s);
        QVERIFY(!started.error().hint().isEmpty());
    }
};

} // namespace

DEPLOY_TEST_MAIN(SupervisorTest)
#include "supervisortest.moc"
