// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends that are processes behind a real HAProxy, which goes away at the worst moments: real runs end in the new
// version, the old one, or held.

#include "deploy/haproxy.h"
#include "balancedsystem.h"
#include "deploy/haproxyprocesses.h"
#include "deploy/instancemove.h"
#include "stepbench.h"
#include "tests/support/hiddenprocesses.h"
#include "tests/support/skip.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QTimer>

#include <csignal>
#include <sys/wait.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

/// As a user who may not look into HAProxy's processes.
int connectionsLeftForNobody(qint64 answering, const QString &address)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(::setuid(65534) == 0 ? haproxyConnectionsLeft(answering, address).value_or(98) : 99);
    }
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

class HaproxyTest : public BalancedSystem
{
    Q_OBJECT

    std::unique_ptr<QProcess> m_haproxy;
    std::unique_ptr<WebSocketBackend> m_sockets;

    void beginHaproxy(const QStringList &arguments)
    {
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        const QStringList command{u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)};
        m_haproxy->start(u"setpriv"_s, command + arguments);
        QVERIFY(m_haproxy->waitForStarted());
    }
    void startHaproxy(const QStringList &arguments = {})
    {
        beginHaproxy(arguments);
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            QTRY_VERIFY_WITH_TIMEOUT(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 1000)).has_value(), 10000);
        }
    }
    void stopHaproxy()
    {
        if (m_haproxy) {
            m_haproxy->kill();
            m_haproxy->waitForFinished();
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        makeReleases();
        m_sockets = std::make_unique<WebSocketBackend>();
        QByteArray configuration = "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8()
            + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout tunnel 60s\n    retries 0\n"
              "frontend front\n    bind 127.0.0.1:"
            + QByteArray::number(m_front) + "\n    use_backend sockets if { path /socket }\n    default_backend app\nbackend app\n    balance roundrobin\n    option httpchk GET /version\n    option abortonclose\n"
                                            "    default-server check inter 200ms fall 3 rise 1\n";
        for (int i = 0; i < 2; ++i) {
            const QByteArray number = QByteArray::number(i + 1);
            const QByteArray address = "127.0.0.1:" + QByteArray::number(m_ports[i]);
            // As nginx tells it.
            configuration += "    http-response set-header X-Upstream " + address + " if { srv_id " + number + " }\n";
            configuration += "    server backend-" + number + ' ' + address + '\n';
        }
        configuration += "backend sockets\n    server ws-1 127.0.0.1:" + QByteArray::number(m_sockets->port()) + "\n";
        writeFile(path(u"haproxy.cfg"_s), configuration);
        startBackends("{kind: haproxy, socket: haproxy.sock}");
        startHaproxy();
    }

    void cleanupTestCase()
    {
        stopHaproxy();
        m_haproxy.reset();
        m_sockets.reset();
        stopBackends();
    }

    void sharesByWeight() { requestsFollowTheWeights(); }
    void waitsForWebSockets() { webSocketIsWaitedFor(); }
    void longSessionIsAskedAbout() { longSessionHoldsTheRun(false); }
    void longSessionIsGivenUp() { longSessionHoldsTheRun(true); }
    void longSessionIsClosedAtTheLimit() { longSessionIsClosed(u"sessions that stay longer than 3 s are closed"_s, u"backend-1: 1 session was closed at the drain limit"_s); }
    /// A drained server's WebSocket is ended by HAProxy itself: its server has no part in it.
    void webSocketIsClosed()
    {
        WebSocket socket(m_front);
        QVERIFY(socket.isOpen());
        QTRY_COMPARE_WITH_TIMEOUT(VALUE(QCoro::waitFor(balancer()->server(u"sockets"_s, u"ws-1"_s))).sessions, 1, 5000);
        OK(QCoro::waitFor(balancer()->setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Drain)));
        QVERIFY(balancer()->closesSessions());
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->closeLeft(u"sockets"_s, u"ws-1"_s))), 1);
        QTRY_VERIFY_WITH_TIMEOUT(!socket.isOpen(), 5000);
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->server(u"sockets"_s, u"ws-1"_s))).sessions, 0);
        // There is nothing to close any more.
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->closeLeft(u"sockets"_s, u"ws-1"_s))), 0);
        OK(QCoro::waitFor(balancer()->setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Ready)));
        WebSocket again(m_front);
        QVERIFY(again.isOpen());
    }
    /// Whoever ends the run while sessions are being closed finds a server that runs as before: it must serve on, and one that is
    /// stopped must not.
    void closingThatIsBrokenOff()
    {
        const QByteArray before = readFile(m_target.path);
        writeFile(m_target.path, QByteArray(before).replace("drain_limit: 3s", "drain_limit: 1s\n    at_drain_limit: close"));
        StepBench bench(VALUE(Target::load(m_target.path)));
        auto move = VALUE(InstanceMove::create(bench, u"backend"_s, u"backend-1"_s));
        const auto sessions = sessionsOfTheFirst();
        QCOMPARE(sessions.back()->backend(), m_ports[0]);
        std::stop_source ends;
        QString seen;
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            QLocalSocket haproxy;
            haproxy.connectToServer(path(u"haproxy.sock"_s));
            haproxy.write("show stat\n");
            QByteArray answer;
            while (haproxy.waitForReadyRead(1000)) {
                answer += haproxy.readAll();
            }
            if (const qsizetype at = answer.indexOf("app,backend-1,"); at >= 0 && answer.sliced(at).split(',').value(17) == "MAINT") {
                seen = u"MAINT"_s;
                ends.request_stop();
            }
        });
        look.start(20);
        const auto drained = QCoro::waitFor(move.drain(false, ends.get_token()));
        look.stop();
        QCOMPARE(seen, u"MAINT"_s);
        QVERIFY(!drained);
        QCOMPARE(drained.error().code, u"system.cancelled"_s);
        bothServe(u"1.0.0"_s);
        QVERIFY(sessions.back()->isOpen());
        endAll(sessions);

        // As a retry finds it whose first attempt ended after the stop.
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Maintenance)));
        OK(QCoro::waitFor(move.stop()));
        const auto again = QCoro::waitFor(move.drain(false, ends.get_token()));
        QVERIFY(!again);
        QCOMPARE(again.error().code, u"system.cancelled"_s);
        QCOMPARE(server(u"backend-1"_s).status, u"MAINT"_s);
        OK(QCoro::waitFor(move.start(u"1.0.0"_s)));
        OK(QCoro::waitFor(move.waitReady(u"1.0.0"_s, {})));
        OK(QCoro::waitFor(move.balance({})));
        writeFile(m_target.path, before);
    }
    /// A service's program may be hidden from its own user; a stranger's is of another one.
    void portsOfWhatIsHidden()
    {
        if (::geteuid() != 0) {
            SKIP_WITHOUT_ROOT("ports of processes that only root sees: that needs two users");
        }
        const auto held = [this] {
            const HiddenProcesses hidden;
            return portHolder(m_ports[0]).value_or(PortHolder()).pid == 0 ? check(u"ports"_s) : CheckResult();
        };
        const CheckResult own = held();
        QVERIFY2(own.status == CheckResult::Status::Passed, qPrintable(own.error.text()));
        QCOMPARE(own.finding.args[u"count"_s].toInt(), 2);
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.stop(u"backend-1"_s)));
        QProcess stranger;
        startStranger(stranger, m_ports[0]);
        const CheckResult taken = held();
        stopStranger(stranger);
        QCOMPARE(taken.error.code, u"check.port_taken"_s);
        QVERIFY(taken.error.args[u"program"_s].isNull());
        OK(QCoro::waitFor(supervisor.start(u"backend-1"_s, m_target.releaseDirectory(u"1.0.0"_s))));
        OK(QCoro::waitFor(supervisor.waitReady(u"backend-1"_s, {})));
        OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, u"backend-1"_s, 10000)));
    }
    void rollsForthAndBack() { updatesForthAndBack(); }

    void weightThatWasSet()
    {
        // Of a server that starts slowly.
        QLocalServer haproxy;
        connect(&haproxy, &QLocalServer::newConnection, this, [&] {
            QLocalSocket *socket = haproxy.nextPendingConnection();
            socket->write("# pxname,svname,status,weight,uweight,\napp,backend-1,UP,12,100,\napp,backend-2,UP,3,0,\n\n");
            socket->disconnectFromServer();
        });
        QVERIFY(haproxy.listen(path(u"slow.sock"_s)));
        const auto servers = VALUE(QCoro::waitFor(Haproxy(path(u"slow.sock"_s)).allServers()));
        QCOMPARE(servers[0].weight, 100);
        QCOMPARE(servers[1].weight, 0);
    }

    void answerThatBreaksOff()
    {
        for (const char *part : {"", "# pxname,svname,status\napp,backend-1,UP\napp,ba"}) {
            QLocalServer ending;
            connect(&ending, &QLocalServer::newConnection, this, [&] {
                QLocalSocket *socket = ending.nextPendingConnection();
                socket->write(part);
                socket->disconnectFromServer();
            });
            QVERIFY(ending.listen(path(u"ending.sock"_s)));
            const auto answer = QCoro::waitFor(Haproxy(path(u"ending.sock"_s)).allServers());
            QVERIFY(!answer);
            QCOMPARE(answer.error().code, u"haproxy.gone"_s);
            QCOMPARE(answer.error().kind, Error::Kind::Transient);
            QVERIFY2(answer.error().text().contains(u"its answer broke off"_s), qPrintable(answer.error().text()));
        }
    }

    /// Restarted, it lets everybody in again, and whoever waits must not take that for the end of the drain.
    void drainThatARestartForgets()
    {
        WebSocket socket(m_front);
        QVERIFY(socket.isOpen());
        const Haproxy patient(m_target.balancer.socket, 5000, {}, 10000);
        OK(QCoro::waitFor(patient.setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Drain)));
        bool restarted = false;
        QTimer::singleShot(300, this, [&] {
            stopHaproxy();
            startHaproxy();
            restarted = true;
        });
        OK(QCoro::waitFor(patient.waitDrained(u"sockets"_s, u"ws-1"_s, 30000, {})));
        QTRY_VERIFY_WITH_TIMEOUT(restarted, 20000);
        const BalancerServer now = VALUE(QCoro::waitFor(patient.server(u"sockets"_s, u"ws-1"_s)));
        QVERIFY2(now.status.startsWith(u"DRAIN"), qPrintable(now.status));
        OK(QCoro::waitFor(patient.setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Ready)));
    }

    void processThatAReloadReplaced_data()
    {
        QTest::addColumn<bool>("hasMaster");
        QTest::addColumn<bool>("isBefore"); // The reload, before the drain; else during it.
        QTest::newRow("-sf, during the drain") << false << false;
        QTest::newRow("-sf, before the drain") << false << true;
        QTest::newRow("of a master, during the drain") << true << false;
    }
    /// It goes on with what it has begun, unseen by the one that answers from then on.
    void processThatAReloadReplaced()
    {
        QFETCH(const bool, hasMaster);
        QFETCH(const bool, isBefore);
        if (hasMaster) {
            stopHaproxy();
            startHaproxy({u"-W"_s});
        }
        auto session = std::make_unique<LongSession>(m_front);
        QVERIFY(session->hasBegun());
        const QString name = session->backend() == m_ports[0] ? u"backend-1"_s : u"backend-2"_s;
        const Haproxy haproxy(m_target.balancer.socket, 5000, {}, 10000);
        const auto pid = [&haproxy] {
            const QByteArray info = VALUE(QCoro::waitFor(haproxy.command(u"show info"_s)));
            return info.sliced(info.indexOf("\nPid: ") + 6).split('\n').first().toLongLong();
        };
        const qint64 replaced = pid();
        std::unique_ptr<QProcess> before;
        const auto reload = [&] {
            if (hasMaster) {
                QCOMPARE(::kill(pid_t(m_haproxy->processId()), SIGUSR2), 0);
            } else {
                before = std::move(m_haproxy);
                beginHaproxy({u"-sf"_s, QString::number(replaced)});
            }
            QTRY_VERIFY_WITH_TIMEOUT(pid() != replaced, 10000);
        };
        if (isBefore) {
            reload();
        }
        OK(QCoro::waitFor(haproxy.setState(u"app"_s, name, Balancer::State::Drain)));
        if (!isBefore) {
            QTimer::singleShot(0, this, reload);
        }
        const auto drained = QCoro::waitFor(haproxy.waitDrained(u"app"_s, name, 6000, {}));
        QVERIFY(pid() != replaced);
        QVERIFY(!drained);
        QCOMPARE(drained.error().code, u"balancer.sessions_left"_s);
        QCOMPARE(drained.error().args[u"count"].toInt(), 1);
        const QString address = u"127.0.0.1:%1"_s.arg(session->backend());
        if (::geteuid() == 0) {
            QTRY_COMPARE_WITH_TIMEOUT(connectionsLeftForNobody(pid(), address), 1, 5000);
        }
        session->end();
        OK(QCoro::waitFor(haproxy.waitDrained(u"app"_s, name, 10000, {})));
        if (::geteuid() == 0) {
            QTRY_COMPARE_WITH_TIMEOUT(connectionsLeftForNobody(pid(), address), 0, 5000);
        }
        OK(QCoro::waitFor(haproxy.setState(u"app"_s, name, Balancer::State::Ready)));
        if (before) {
            before->terminate();
            QVERIFY(before->waitForFinished(10000));
        }
        if (hasMaster) {
            m_haproxy->terminate();
            QVERIFY(m_haproxy->waitForFinished(10000));
            startHaproxy();
        }
        OK(QCoro::waitFor(haproxy.waitUp(u"app"_s, name, 10000)));
    }

    void goneBeforeTheRunChangesNothing()
    {
        stopHaproxy();
        QCOMPARE(check().error.code, u"haproxy.gone"_s);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Held || state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"HAProxy does not answer on "_s + path(u"haproxy.sock"_s)), qPrintable(story(run)));
        QCOMPARE(running(u"backend-1"_s), u"1.0.0"_s);
        QCOMPARE(running(u"backend-2"_s), u"1.0.0"_s);
        startHaproxy();
        if (state == RunState::Held) {
            decide(run, u"retry"_s);
            const RunState after = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            QVERIFY2(after == RunState::Succeeded || after == RunState::RolledBack, qPrintable(story(run)));
            if (after == RunState::Succeeded) {
                const QString back = newRun(u"1.1.0"_s, u"1.0.0"_s);
                QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, back))), RunState::Succeeded);
            }
        }
        bothServe(u"1.0.0"_s);
    }

    void goneMeanwhileIsHeldUntilItIsBack()
    {
        // It dies when the first instance runs the new release: nobody can say who serves, so nothing more is done.
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        QTimer look;
        bool gone = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!gone && readFile(m_target.stateDirectory + u"/supervisor/state.json"_s).contains("releases/1.1.0")) {
                gone = true;
                stopHaproxy();
            }
        });
        look.start(5);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        look.stop();
        QVERIFY(gone);
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"HAProxy does not answer"_s), qPrintable(story(run)));
        startHaproxy();
        User user(m_front);
        decide(run, u"rollback"_s);
        RunState after = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        if (after == RunState::Held) {
            decide(run, u"retry"_s);
            after = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        }
        QVERIFY2(after == RunState::RolledBack, qPrintable(story(run)));
        bothServe(u"1.0.0"_s);
        noneFailed(user);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(HaproxyTest)
#include "haproxytest.moc"
