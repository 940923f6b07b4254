// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends that are units of a template, under the machine's real systemd and under a user's, behind a real HAProxy:
// updated by real runs while somebody asks all the time. Started by tests/support/undersystemd.

#include "check/check.h"
#include "ctl.h"
#include "deploy/servicelogs.h"
#include "deploy/systemdmanager.h"
#include "system/loginsession.h"
#include "systemdsystem.h"
#include "tests/support/hiddenprocesses.h"

#include <QTimer>

#include <sys/mount.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class SystemdTest : public SystemdSystem
{
    Q_OBJECT

    [[nodiscard]] bool isUsers() const override
    {
        QFETCH_GLOBAL(const QString, manager);
        return manager == u"user";
    }
    [[nodiscard]] InstanceState stateOf(const QString &name) const
    {
        const auto states = VALUE(QCoro::waitFor(runtime()->states(20000)));
        return *std::ranges::find(states, name, &InstanceState::name);
    }
    [[nodiscard]] QString fact(const QString &name) const { return VALUE(QCoro::waitFor(FactSource::collect(m_target))).value(QString(u"instance:"_s + name)).toString(u"none"_s); }
    [[nodiscard]] QString checkError() const
    {
        const auto checked = QCoro::waitFor(runtime()->check(u"1.1.0"_s, {u"backend-1"_s, u"backend-2"_s}, {}));
        return checked ? QString() : checked.error().code;
    }

    /// second: unit of the second instance.
    void writeTarget(const QByteArray &second = "demo@2")
    {
        QByteArray instances;
        for (int i = 0; i < 2; ++i) {
            instances += "      - {name: backend-" + QByteArray::number(i + 1) + ", port: " + QByteArray::number(m_ports[i]) + ", unit: " + (i == 0 ? QByteArray("demo@1.service") : second) + "}\n";
        }
        // The system's units are given their program by target.yaml, those of the user name it themselves.
        const QByteArray program = isUsers() ? "" : "    command: [serve, \"{port}\", \"a 100 % \\\"$HOME\\\"\\\\\"]\n";
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: balanced\nproduct: balanced\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: haproxy.sock}\nservices:\n  - name: backend\n    runtime: "
                      + QByteArray(isUsers() ? "systemd_user" : "systemd") + "\n    instances:\n" + instances + program + "    environment_file: secrets.env\n    health: {http: \"http://127.0.0.1:{port}/version\", interval: 50ms, ready_within: 30s}\n"
                                                                                                                          "    balancer_backend: app\n    drain_limit: 3s\n    stop_timeout: 2s\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
    }
    void breakRelease(const QByteArray &serve)
    {
        const QString program = path(u"releases/1.1.0/serve"_s);
        writeFile(program, serve);
        QVERIFY(QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    }
    /// A run that can't be done ends with what was there, and nobody has noticed.
    QString failedRun()
    {
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const auto state = QCoro::waitFor(runToEnd(m_target, run));
        [&] {
            QVERIFY2(state && *state == RunState::RolledBack, qPrintable(story(run)));
            bothServe(u"1.0.0"_s);
            noneFailed(user);
        }();
        return story(run);
    }

private Q_SLOTS:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("manager");
        QTest::newRow("system") << u"system"_s;
        QTest::newRow("user") << u"user"_s;
    }
    void initTestCase()
    {
        NEEDS_SYSTEMD;
    }
    void init()
    {
        makeReleases();
        const QByteArray program = isUsers() ? "ExecStart=/bin/sh -c 'cd $CUTOVER_RELEASE && exec ./serve $CUTOVER_PORT'\n" : "";
        makeUnits(program);
        writeFile(path(u"secrets.env"_s), "API_TOKEN=s3cr3t-of-systemd\n");
        writeTarget();
        // Those of the system have no program yet.
        OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, {u"backend-1"_s, u"backend-2"_s}, {})));
        startUnits();
        startHaproxy();
    }
    void cleanup()
    {
        stopHaproxy();
        removeUnits();
    }

    void rollsForthAndBack()
    {
        updatesForthAndBack();
        QCOMPARE(fact(u"backend-2"_s), u"1.0.0"_s);
    }

    void restarts() { bothAreRestarted(); }

    /// The first that does not come back ends it, and the other one serves on.
    void restartEndsWhereOneDoesNotComeBack()
    {
        const QString program = path(u"releases/1.0.0/serve"_s);
        writeFile(program, "#!/bin/sh\nexit 3\n");
        const qint64 second = mainPid(2);
        User user(m_front);
        const auto restarted = restart();
        noneFailed(user);
        QCOMPARE(restarted.error().code, u"restart.not_back"_s);
        QVERIFY2(restarted.error().what().contains(u"backend-1"_s), qPrintable(restarted.error().what()));
        QCOMPARE(restarted.error().args[u"left"_s].toArray(), QJsonArray{u"backend-2"_s});
        QCOMPARE(mainPid(2), second);
        QVERIFY(!server(u"backend-1"_s).isUp());
        // Nor is the last one that serves stopped.
        const auto last = restart(u"backend-2"_s);
        QCOMPARE(last.error().code, u"restart.refused"_s);
        QCOMPARE(mainPid(2), second);
        QVERIFY(server(u"backend-2"_s).isUp());
    }

    void cutRestart_data()
    {
        QTest::addColumn<int>("signal");
        QTest::addColumn<bool>("updates");
        QTest::newRow("killed, and restarted again") << SIGKILL << false;
        QTest::newRow("killed, and updated") << SIGKILL << true;
        QTest::newRow("terminal gone") << SIGHUP << false;
        QTest::newRow("terminated") << SIGTERM << false;
    }
    /// Who is only asked to end starts again what is stopped; after who can't, the next restart or update does.
    void cutRestart()
    {
        QFETCH(const int, signal);
        QFETCH(const bool, updates);
        const QByteArray program = isUsers() ? "ExecStart=/bin/sh -c 'cd $CUTOVER_RELEASE && exec ./serve $CUTOVER_PORT'\n" : "";
        makeUnits(program + "ExecStop=/bin/sleep 1\n");
        const qint64 first = mainPid(1);
        const qint64 second = mainPid(2);
        User user(m_front);
        const Told cut = cutRestartOf(m_target, u"backend"_s, signal, [this] { return systemctl({u"is-active"_s, u"demo@1"_s}) == "deactivating"; });
        if (signal != SIGKILL) {
            QVERIFY2(cut.exitCode > 0 && cut.output.contains("backend-1 is back"), cut.output.constData());
            bothServe(u"1.0.0"_s);
            QVERIFY(mainPid(1) != first);
            QCOMPARE(mainPid(2), second);
            QCOMPARE(cutRestartTold(m_target), QByteArray());
            noneFailed(user);
            return;
        }
        QVERIFY2(cut.exitCode == -SIGKILL, cut.output.constData());
        QTRY_COMPARE_WITH_TIMEOUT(mainPid(1), 0, 10000);
        QVERIFY(!server(u"backend-1"_s).isUp());
        const QByteArray told = cutRestartTold(m_target);
        QVERIFY2(told.contains("The restart of backend-1 was cut") && told.contains("service restart NAME', of backend"), told.constData());
        QCOMPARE(fact(u"backend-1"_s), u"1.0.0"_s);
        if (updates) {
            const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
            const auto state = QCoro::waitFor(runToEnd(m_target, run));
            QVERIFY2(state && *state == RunState::Succeeded, qPrintable(story(run)));
        } else {
            const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s});
            QVERIFY2(again.exitCode == 0, again.output.constData());
        }
        noneFailed(user);
        bothServe(updates ? u"1.1.0"_s : u"1.0.0"_s);
        QVERIFY(mainPid(2) != second);
        QCOMPARE(cutRestartTold(m_target), QByteArray());
    }

    /// The second of two: nothing else is restarted before it is back, as it may be all that serves.
    void cutRestartComesFirst()
    {
        OK(QCoro::waitFor(runtime()->stop(u"backend-2"_s)));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-2"_s, Balancer::State::Maintenance)));
        writeFile(path(u"state/restart.json"_s), R"({"backend-2":{"image":"","version":"1.0.0"}})");
        User user(m_front);
        const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s});
        QVERIFY2(again.exitCode == 0, again.output.constData());
        noneFailed(user);
        bothServe(u"1.0.0"_s);
    }

    /// What it is started from can't be written any more once it is stopped; that mended, the same command goes on.
    void fullDiskInTheRestart()
    {
        QByteArray yaml = readFile(path(u"target.yaml"_s));
        yaml.replace("environment_file: secrets.env\n", "environment_file: since.env\n");
        writeFile(path(u"target.yaml"_s), yaml);
        writeFile(path(u"since.env"_s), "API_TOKEN=another\n");
        const QByteArray folder = QFile::encodeName(unitFile(u"demo@1.service.d"_s));
        const QString file = QFile::decodeName(folder) + u"/50-cutover.conf"_s;
        const QByteArray before = readFile(file);
        // Room for that one file, and none for another beside it.
        QCOMPARE(::mount("tmpfs", folder.constData(), "tmpfs", 0, "size=4096"), 0);
        writeFile(file, before);
        User user(m_front);
        const Told full = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s});
        const auto emptied = [&] { return ::umount(folder.constData()) == 0 || errno == EINVAL; };
        QVERIFY(emptied());
        QVERIFY2(full.exitCode > 0 && full.output.contains("backend-1 was to be restarted and is not back") && full.output.contains("No space left"), full.output.constData());
        QCOMPARE(mainPid(1), 0);
        const QByteArray told = cutRestartTold(m_target);
        QVERIFY2(told.contains("The restart of backend-1 was cut"), told.constData());
        const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s});
        QVERIFY2(again.exitCode == 0, again.output.constData());
        noneFailed(user);
        bothServe(u"1.0.0"_s);
        QVERIFY(readFile(file).contains("since"));
    }

    /// What can't be stopped runs on, and is let in again.
    void unitThatMayNotBeStoppedServesOn()
    {
        writeFile(unitFile(u"demo@1.service.d/90-own.conf"_s), "[Unit]\nRefuseManualStop=yes\n");
        systemctl({u"daemon-reload"_s});
        const qint64 first = mainPid(1);
        const Told told = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s, u"--instance"_s, u"backend-1"_s});
        QVERIFY2(told.exitCode > 0 && told.output.contains("runs as before"), told.output.constData());
        QCOMPARE(mainPid(1), first);
        QTRY_VERIFY_WITH_TIMEOUT(server(u"backend-1"_s).isUp(), 10000);
        QCOMPARE(fact(u"backend-1"_s), u"1.0.0"_s);
        QVERIFY2(!readFile(m_target.stateDirectory + (isUsers() ? u"/systemd_user-stopped.json"_s : u"/systemd-stopped.json"_s)).contains("backend-1"), "it is meant to run");
        QCOMPARE(cutRestartTold(m_target), QByteArray());
        QVERIFY(QFile::remove(unitFile(u"demo@1.service.d/90-own.conf"_s)));
        systemctl({u"daemon-reload"_s});
    }

    void argumentsArriveAsWritten()
    {
        if (isUsers()) {
            return; // Its unit names its program itself.
        }
        breakRelease("#!/bin/sh\nprintf '%s' \"$2\" > \"$PWD/argument\"\nexec /bin/busybox httpd -f -p 127.0.0.1:$1 -h \"$PWD/www\"\n");
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.1.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.1.0"_s, {})));
        QCOMPARE(readFile(path(u"releases/1.1.0/argument"_s)), QByteArray("a 100 % \"$HOME\"\\"));
    }

    void diesAtOnceGoesBack()
    {
        // journald asks the process itself whose line it is.
        breakRelease("#!/bin/sh\necho \"no such book, says $API_TOKEN\"\nsleep 0.5\nexit 3\n");
        const QString told = failedRun();
        QVERIFY2((told.contains(u"ended with 3"_s) || told.contains(u"has restarted it"_s)) && told.contains(u"no such book, says"_s), qPrintable(told));
        QVERIFY2(!told.contains(u"s3cr3t"_s), qPrintable(told));
    }

    void neverReadyGoesBack()
    {
        breakRelease("#!/bin/sh\necho 'reading the book'\nexec sleep 100\n");
        writeFile(path(u"target.yaml"_s), readFile(path(u"target.yaml"_s)).replace("ready_within: 30s", "ready_within: 5s"));
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        const QString told = failedRun();
        QVERIFY2(told.contains(u"is not ready after 5"_s) && told.contains(u"reading the book"_s), qPrintable(told));
    }

    void diedIsStartedAgainAndStoppedStaysSo()
    {
        const qint64 pid = mainPid(1);
        ::kill(pid_t(pid), SIGKILL);
        QTRY_VERIFY_WITH_TIMEOUT(mainPid(1) > 0 && mainPid(1) != pid && stateOf(u"backend-1"_s).state == InstanceState::State::Ready, 20000);
        QCOMPARE(stateOf(u"backend-1"_s).restarts, 1);
        QCOMPARE(fact(u"backend-1"_s), u"1.0.0"_s);

        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        QCOMPARE(stateOf(u"backend-1"_s).state, InstanceState::State::Stopped);
        QCOMPARE(fact(u"backend-1"_s), u"none"_s);
        systemctl({u"daemon-reload"_s});
        QCOMPARE(stateOf(u"backend-1"_s).pid, 0);

        // Once it runs, another release is not put in its place unasked.
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        const auto other = QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.1.0"_s));
        QCOMPARE(other.error().code, u"systemd.runs_other"_s);
        // The unit file tells a new release, and the process has the old one: the process is right.
        const QString dropIn = unitFile(u"demo@1.service.d/50-cutover.conf"_s);
        writeFile(dropIn, readFile(dropIn).replace("1.0.0", "1.1.0"));
        systemctl({u"daemon-reload"_s});
        QCOMPARE(stateOf(u"backend-1"_s).release, u"1.0.0"_s);
    }

    void whoDoesNotEndIsKilled()
    {
        breakRelease("#!/bin/sh\ntrap '' TERM\n/bin/busybox httpd -f -p 127.0.0.1:$1 -h \"$PWD/www\" &\nwhile :; do wait; done\n");
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.1.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.1.0"_s, {})));
        QElapsedTimer waited;
        waited.start();
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        QVERIFY(waited.elapsed() >= 2000);
        QCOMPARE(stateOf(u"backend-1"_s).state, InstanceState::State::Stopped);
        QTcpSocket socket;
        socket.connectToHost(u"127.0.0.1"_s, m_ports[0]);
        QVERIFY(!socket.waitForConnected(1000));
    }

    void runnerKilledBetweenStopAndStart()
    {
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const qint64 old = mainPid(1);
        QProcess first;
        startRunner(first, run);
        while (alive(old)) {
            QVERIFY2(!first.waitForFinished(5), qPrintable(story(run)));
        }
        ::kill(pid_t(first.processId()), SIGKILL);
        QVERIFY(first.waitForFinished());
        QCOMPARE(first.exitStatus(), QProcess::CrashExit);
        QCOMPARE(stateOf(u"backend-2"_s).release, u"1.0.0"_s);
        QProcess second;
        startRunner(second, run);
        QVERIFY(second.waitForFinished(120000));
        QVERIFY2(second.readAllStandardOutput().trimmed() == "succeeded", qPrintable(story(run)));
        bothServe(u"1.1.0"_s);
        noneFailed(user);
    }

    void checkFindsWhatCannotBeStarted()
    {
        QCOMPARE(checkError(), QString());
        writeTarget("nosuch@2");
        QCOMPARE(checkError(), u"systemd.unknown_unit"_s);
        writeTarget();

        OK(QCoro::waitFor(runtime()->stop(u"backend-2"_s)));
        QVERIFY(QFile::link(u"/dev/null"_s, unitFile(u"demo@2.service"_s)));
        systemctl({u"daemon-reload"_s});
        QCOMPARE(checkError(), u"systemd.masked"_s);
        QVERIFY(QFile::remove(unitFile(u"demo@2.service"_s)));

        writeFile(unitFile(u"demo@2.service"_s), "[Service]\nType=oneshot\nExecStart=/bin/true\n");
        systemctl({u"daemon-reload"_s});
        QCOMPARE(checkError(), u"systemd.oneshot"_s);
        QVERIFY(QFile::remove(unitFile(u"demo@2.service"_s)));
        systemctl({u"daemon-reload"_s});
        QCOMPARE(checkError(), QString());

        // Even root may not write there.
        const QByteArray folder = QFile::encodeName(unitFile(u"demo@2.service.d"_s));
        QCOMPARE(::mount("tmpfs", folder.constData(), "tmpfs", MS_RDONLY, nullptr), 0);
        QCOMPARE(checkError(), u"systemd.no_drop_in"_s);
        QCOMPARE(::umount(folder.constData()), 0);
    }

    /// Whoever is not root does not see that the manager has the socket of a unit.
    void portsOfSocketUnits()
    {
        stopHaproxy(); // Its checks would start the unit.
        OK(QCoro::waitFor(runtime()->stop(u"backend-2"_s)));
        const auto held = [this] {
            const HiddenProcesses hidden;
            return portHolder(m_ports[1]).value_or(PortHolder()).pid == 0 ? check(u"ports"_s) : CheckResult();
        };
        writeFile(unitFile(u"demo@2.socket"_s), "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:" + QByteArray::number(m_ports[1]) + '\n');
        systemctl({u"daemon-reload"_s});
        const QByteArray started = systemctl({u"start"_s, u"demo@2.socket"_s});
        QVERIFY2(portHolder(m_ports[1]).has_value(), started.constData());
        const CheckResult seen = check(u"ports"_s);
        const CheckResult own = held();
        systemctl({u"stop"_s, u"demo@2.socket"_s});
        QVERIFY(QFile::remove(unitFile(u"demo@2.socket"_s)));
        QVERIFY2(seen.status == CheckResult::Status::Passed, qPrintable(seen.error.text()));
        QVERIFY2(own.status == CheckResult::Status::Passed, qPrintable(own.error.text()));
        QCOMPARE(own.finding.args[u"count"_s].toInt(), 2);

        QProcess stranger;
        startStranger(stranger, m_ports[1]);
        const CheckResult taken = held();
        stopStranger(stranger);
        QCOMPARE(taken.error.code, u"check.port_taken"_s);
        QVERIFY(taken.error.args[u"program"_s].isNull());
    }

    void logsAreToldAndFollowed()
    {
        breakRelease("#!/bin/sh\necho \"listening with $API_TOKEN\"\nexec /bin/busybox httpd -f -p 127.0.0.1:$1 -h \"$PWD/www\"\n");
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.1.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.1.0"_s, {})));
        QStringList told;
        const auto tell = [&told](const QString &instance, const QString &line) { told.append(QString(instance + u": "_s + line)); };
        LogRequest request{.instances = {}, .since = QDateTime::currentDateTimeUtc().addSecs(-600)};
        OK(QCoro::waitFor(serviceLogs(m_target, u"backend"_s, request, tell)));
        QVERIFY2(told.contains(u"backend-1: listening with ••••"_s), qPrintable(told.join(u'\n')));
        told.clear();
        request.since = QDateTime::currentDateTimeUtc().addSecs(3600);
        OK(QCoro::waitFor(serviceLogs(m_target, u"backend"_s, request, tell)));
        QCOMPARE(told, QStringList());

        std::stop_source stop;
        QTimer end;
        end.setSingleShot(true);
        connect(&end, &QTimer::timeout, this, [&stop] { stop.request_stop(); });
        end.start(60000);
        // Whenever following has begun, one restart comes behind that.
        QTimer restart;
        connect(&restart, &QTimer::timeout, this, [this] { systemctl({u"restart"_s, u"demo@1"_s}); });
        restart.start(3000);
        request = {.instances = {}, .lines = 0, .follow = true};
        const auto followed = QCoro::waitFor(serviceLogs(m_target, u"backend-1"_s, request, [&](const QString &instance, const QString &line) {
            tell(instance, line);
            if (line.contains(u"listening"_s)) {
                stop.request_stop();
            } }, stop.get_token()));
        QVERIFY(end.isActive());
        QVERIFY(!followed);
        QCOMPARE(followed.error().code, u"system.cancelled"_s);
        QVERIFY2(told.contains(u"backend-1: listening with ••••"_s), qPrintable(told.join(u'\n')));
    }

    /// As runs are started where the end of a login would take them along.
    void whatOutlivesALoginIsTheManagers()
    {
        if (!isUsers()) {
            return; // It is the account's own manager that starts them.
        }
        const QStringList command = managerPrefix() + QStringList{u"sleep"_s, u"600"_s};
        QProcess started;
        started.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        started.start(command.first(), command.sliced(1));
        QVERIFY(started.waitForStarted());
        const QString process = u"/proc/%1/"_s.arg(started.processId());
        // The pid stays the one that was started, in a scope of the manager's.
        QTRY_COMPARE_WITH_TIMEOUT(readFile(process + u"comm"_s).trimmed(), QByteArray("sleep"), 10000);
        const QByteArray group = readFile(process + u"cgroup"_s);
        QVERIFY2(group.contains("/user@0.service/") && group.trimmed().endsWith(".scope"), group.constData());
        started.kill();
        QVERIFY(started.waitForFinished());
    }

    void managerThatIsAwayIsWaitedFor()
    {
        if (!isUsers()) {
            return; // Without process 1 there is no machine.
        }
        qputenv("XDG_RUNTIME_DIR", path(u"nowhere"_s).toUtf8());
        const auto states = QCoro::waitFor(runtime()->states(20000));
        qputenv("XDG_RUNTIME_DIR", "/run/user/0");
        QCOMPARE(states.error().code, u"systemd.gone_user"_s);
        QCOMPARE(states.error().kind, Error::Kind::Transient);
        QCOMPARE(stateOf(u"backend-1"_s).release, u"1.0.0"_s);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(SystemdTest)
#include "systemdtest.moc"
