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

/// Says so when asked for the last of so many times, and notes what the server was when it was asked.
Async<bool> othersServe(const Haproxy *haproxy, QStringList *seen, int times)
{
    CO_TRY(const BalancerServer now, co_await haproxy->server(u"sockets"_s, u"ws-1"_s));
    seen->append(now.status);
    co_return seen->size() >= times;
}

template<typename T>
T readOf(const haproxyconfiguration::Read<T> &read)
{
    if (!read) {
        qFatal("%s", qPrintable(read.error().text()));
    }
    return *read;
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
    /// A server as HAProxy tells it: a line for each field, with its value.
    QByteArray rowOf(const QString &backend, const QString &server)
    {
        const QByteArray csv = VALUE(QCoro::waitFor(Haproxy(m_target.balancer.socket).command(u"show stat"_s)));
        const QByteArrayList lines = csv.split('\n');
        const QByteArrayList names = lines.front().sliced(2).split(',');
        QByteArray row = "\n";
        for (const QByteArray &line : lines) {
            const QByteArrayList fields = line.split(',');
            for (qsizetype i = 0; fields.value(0) == backend.toUtf8() && fields.value(1) == server.toUtf8() && i < names.size(); ++i) {
                row += names[i] + ' ' + fields.value(i) + '\n';
            }
        }
        return row;
    }
    /// All servers with addresses, weights, and what they were told to be; not what their checks have found.
    QByteArrayList allServers()
    {
        const QByteArrayList lines = VALUE(QCoro::waitFor(Haproxy(m_target.balancer.socket).command(u"show servers state"_s))).split('\n');
        QByteArrayList servers;
        for (const QByteArray &line : lines) {
            const QByteArrayList fields = line.split(' ');
            // … srv_op_state srv_admin_state srv_uweight … srv_port
            servers.append(fields.first(qMin(5, fields.size())).join(' ') + ' ' + fields.value(6) + ' ' + fields.value(7) + ' ' + fields.value(18));
        }
        return servers;
    }
    /// As where the target has a spare instance.
    Target withSpare(quint16 port)
    {
        Target target = m_target;
        target.services[0].spare = InstanceSpec{u"backend-3"_s, port};
        target.services[0].drainLimitMs = 30000;
        return target;
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
            + " mode 600 level admin\n    stats socket " + path(u"operator.sock"_s).toUtf8() + " mode 600 level operator\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout tunnel 60s\n    timeout check 5s\n    retries 0\n"
                                                                                               "frontend front\n    bind 127.0.0.1:"
            + QByteArray::number(m_front) + "\n    use_backend sockets if { path /socket }\n    use_backend sticky if { path_beg /cgi-bin/sticky }\n    default_backend app\nbackend app\n    balance roundrobin\n    option httpchk GET /version\n    option abortonclose\n"
                                            "    default-server check inter 200ms fall 3 rise 1\n"
                                            // As nginx tells it.
                                            "    http-response set-header X-Upstream %si:%sp\n";
        for (int i = 0; i < 2; ++i) {
            const QByteArray number = QByteArray::number(i + 1);
            const QByteArray address = "127.0.0.1:" + QByteArray::number(m_ports[i]);
            configuration += "    server backend-" + number + ' ' + address + '\n';
        }
        configuration += "backend sockets\n    server ws-1 127.0.0.1:" + QByteArray::number(m_sockets->port()) + "\n";
        const QByteArray first = "127.0.0.1:" + QByteArray::number(m_ports[0]);
        configuration += "backend sticky\n    cookie SRV insert\n    http-response set-header X-Upstream %si:%sp\n    http-request set-path /version\n    server one " + first + " cookie one weight 10\n    server two 127.0.0.1:"
            + QByteArray::number(m_ports[1]) + " cookie two weight 30\n    server old " + first + " backup maxconn 7\n";
        configuration += "backend fixed\n    balance static-rr\n    server one " + first + "\n    server two 127.0.0.1:9 check disabled\n";
        configuration += "backend hashed\n    balance source\n    server one " + first + "\nbackend consistent\n    balance uri\n    hash-type consistent\n    server one " + first + "\n";
        configuration += "backend alone\n    server one " + first + " check port 8443\n";
        configuration += "backend unlike\n    server one " + first + " maxconn 5\n    server two " + first + "\n";
        configuration += "backend tracked\n    server one " + first + " check\n    server two " + first + " track app/backend-2\n";
        configuration += "backend tracking\n    server one " + first + " track tracked/one\n";
        configuration += "backend rich\n    default-server ssl verify none check inter 3s fastinter 1s slowstart 0 no-check\n";
        for (const QByteArray name : {"one", "another"}) {
            configuration += "    server " + name + ' ' + first
                + " send-proxy-v2 check-ssl sni str(\"a b;c\") weight 3 on-marked-down shutdown-sessions check port 8443 addr 127.0.0.1 init-addr last,libc,none\n";
        }
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

    void addsAndRemoves() { furtherServerComesAndGoes(); }
    void movesOneThatWasAdded() { furtherServerMoves(); }

    /// What is there is in a server's line: the checks are those of its backend, and of the others.
    void isUpByItsCheckOnly()
    {
        const quint16 port = freePort();
        User user(m_front);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"localhost"_s, port)));
        QCOMPARE(server(u"backend-3"_s).address, u"127.0.0.1:%1"_s.arg(port));
        noneFailed(user); // HAProxy sends requests to it until it has found it down.
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Ready)));
        const auto dead = QCoro::waitFor(balancer()->waitUp(u"app"_s, u"backend-3"_s, 1000));
        QVERIFY(!dead);
        QCOMPARE(dead.error().code, u"balancer.not_up"_s);
        QCOMPARE(server(u"backend-3"_s).status, u"DOWN"_s);
        QCOMPARE(server(u"backend-3"_s).check, u"L4CON"_s);
        QProcess wrong;
        startFurther(wrong, path(u"releases"_s), port, false);
        QVERIFY(QTest::qWaitFor([this] { return server(u"backend-3"_s).check == "L7STS"_L1; }, 5000));
        // Nothing is told of the next check, which is under way most of this time.
        wrong.kill();
        QVERIFY(wrong.waitForFinished());
        QTcpServer silent;
        QVERIFY(silent.listen(QHostAddress::LocalHost, port));
        QVERIFY(QTest::qWaitFor([this] { return rowOf(u"app"_s, u"backend-3"_s).contains("check_status * "); }, 5000));
        QVERIFY(!server(u"backend-3"_s).check.startsWith(u'*'));
        silent.close();
        startFurther(wrong, path(u"releases"_s), port, false);
        QCOMPARE(server(u"backend-3"_s).status, u"DOWN"_s);
        QCOMPARE(answersOf(port, 12), 0);
        stopFurther(wrong);
        QProcess right;
        startFurther(right, path(u"releases"_s), port);
        OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, u"backend-3"_s, 5000)));
        QCOMPARE(server(u"backend-3"_s).check, u"L7OK"_s);
        QVERIFY(answersOf(port, 12) > 0);
        const QByteArray row = rowOf(u"app"_s, u"backend-3"_s);
        for (const QByteArray field : {"check_rise 1", "check_fall 3", "uweight 1"}) {
            QVERIFY2(row.contains(QByteArray('\n' + field + '\n')), row.constData());
        }
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Drain)));
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 5000, {})));
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        stopFurther(right);
    }

    /// Its own cookie, and the mean of the weights; who is only there when the others fail does not count.
    void sticksAsItsOthersDo()
    {
        const quint16 port = freePort();
        QProcess further;
        startFurther(further, path(u"releases"_s), port);
        // Who weighs nothing was taken out by that, and is no measure.
        const Haproxy haproxy(m_target.balancer.socket);
        QCOMPARE(VALUE(QCoro::waitFor(haproxy.command(u"set server sticky/one weight 0"_s))).trimmed(), QByteArray());
        OK(QCoro::waitFor(balancer()->addServer(u"sticky"_s, u"three"_s, u"127.0.0.1"_s, port)));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->server(u"sticky"_s, u"three"_s))).weight, 30);
        OK(QCoro::waitFor(balancer()->removeServer(u"sticky"_s, u"three"_s)));
        OK(QCoro::waitFor(balancer()->setWeight(u"sticky"_s, u"one"_s, 10)));
        OK(QCoro::waitFor(balancer()->addServer(u"sticky"_s, u"three"_s, u"127.0.0.1"_s, port)));
        OK(QCoro::waitFor(balancer()->setState(u"sticky"_s, u"three"_s, Balancer::State::Ready)));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->server(u"sticky"_s, u"three"_s))).weight, 20);
        QVERIFY(rowOf(u"sticky"_s, u"three"_s).contains("\ncookie three\n"));
        QVERIFY(!rowOf(u"sticky"_s, u"three"_s).contains("\nslim 7\n"));
        for (int i = 0; i < 12; ++i) {
            QVERIFY(isServedBy(ask(m_front, "/cgi-bin/sticky HTTP/1.1\r\nCookie: SRV=three\r\nX-Rest:"), port));
        }
        OK(QCoro::waitFor(balancer()->setState(u"sticky"_s, u"three"_s, Balancer::State::Maintenance)));
        OK(QCoro::waitFor(balancer()->removeServer(u"sticky"_s, u"three"_s)));
        stopFurther(further);
    }

    void settingsAreCarriedOver()
    {
        // None of them is refused, which HAProxy does with what a server can't have at runtime.
        OK(QCoro::waitFor(balancer()->addServer(u"rich"_s, u"two"_s, u"::1"_s, 8444)));
        const BalancerServer two = VALUE(QCoro::waitFor(balancer()->server(u"rich"_s, u"two"_s)));
        QCOMPARE(two.address, u"[::1]:8444"_s);
        QCOMPARE(two.weight, 3);
        const QByteArray state = VALUE(QCoro::waitFor(Haproxy(m_target.balancer.socket).command(u"show servers state rich"_s)));
        // … srv_use_ssl srv_check_port srv_check_addr …
        QVERIFY2(state.contains(" 8444 - 1 8443 127.0.0.1 "), state.constData());
        OK(QCoro::waitFor(balancer()->removeServer(u"rich"_s, u"two"_s)));
    }

    /// Nothing is told of the checks of one that somebody has taken out.
    void otherIsInMaintenance()
    {
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-2"_s, Balancer::State::Maintenance)));
        QVERIFY(rowOf(u"app"_s, u"backend-2"_s).contains("\ncheck_rise \n"));
        OK(QCoro::waitFor(balancer()->checkAdd(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, m_ports[0])));
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, m_ports[0])));
        letIn(u"backend-3"_s);
        const QByteArray row = rowOf(u"app"_s, u"backend-3"_s);
        QVERIFY2(row.contains("\ncheck_rise 1\n") && row.contains("\ncheck_fall 3\n"), row.constData());
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Maintenance)));
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        letIn(u"backend-2"_s);
    }

    void refusesWhatCannotBeAdded()
    {
        // Asked beforehand it says the same, and leaves everything as it is.
        const auto refusal = [this](const QString &backend, const QString &host = u"127.0.0.1"_s) {
            const QByteArrayList before = allServers();
            const auto asked = QCoro::waitFor(balancer()->checkAdd(backend, u"three"_s, host, 9));
            const auto added = QCoro::waitFor(balancer()->addServer(backend, u"three"_s, host, 9));
            const bool isSame = !asked && !added && asked.error().text() == added.error().text() && allServers() == before;
            return isSame ? added.error() : Error{.code = u"not the same"_s, .args = {}, .where = backend};
        };
        QCOMPARE(refusal(u"fixed"_s).code, u"haproxy.fixed_servers"_s);
        QCOMPARE(refusal(u"hashed"_s).code, u"haproxy.fixed_servers"_s);
        QVERIFY2(refusal(u"hashed"_s).text().contains(u"it balances by “source”"_s), qPrintable(refusal(u"hashed"_s).text()));
        QVERIFY2(refusal(u"alone"_s).text().contains(u"“port 8443” may be the own one of its only server, one ("_s), qPrintable(refusal(u"alone"_s).text()));
        QCOMPARE(refusal(u"nowhere"_s).code, u"haproxy.no_backend"_s);
        // HAProxy is of the same opinion.
        const Haproxy haproxy(m_target.balancer.socket);
        for (const QString &backend : {u"fixed"_s, u"hashed"_s}) {
            const QByteArray answer = VALUE(QCoro::waitFor(haproxy.command(u"add server %1/three 127.0.0.1:9"_s.arg(backend))));
            QVERIFY2(answer.contains("dynamic load balancing"), answer.constData());
        }
        for (const QString &backend : {u"app"_s, u"consistent"_s, u"fixed"_s}) {
            const QString name = backend == u"fixed" ? u"two"_s : u"three"_s;
            const QByteArrayList before = allServers();
            OK(QCoro::waitFor(balancer()->checkAdd(backend, name, u"localhost"_s, m_ports[1])));
            QCOMPARE(allServers(), before);
            OK(QCoro::waitFor(balancer()->addServer(backend, name, u"localhost"_s, m_ports[1])));
            OK(QCoro::waitFor(balancer()->removeServer(backend, name)));
        }
        const Haproxy reading(path(u"operator.sock"_s));
        for (const auto &refused : {QCoro::waitFor(reading.checkAdd(u"app"_s, u"three"_s, u"127.0.0.1"_s, 9)), QCoro::waitFor(reading.addServer(u"app"_s, u"three"_s, u"127.0.0.1"_s, 9))}) {
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, u"haproxy.refused"_s);
        }
        QVERIFY2(refusal(u"unlike"_s).text().contains(u"one has “maxconn 5” and two has not"_s), qPrintable(refusal(u"unlike"_s).text()));
        QVERIFY2(refusal(u"tracked"_s).text().contains(u"has “check” and two has not"_s), qPrintable(refusal(u"tracked"_s).text()));
        QCOMPARE(refusal(u"app"_s, u"no-such-host.invalid"_s).code, u"haproxy.no_address"_s);
        // Where the configuration has it there is nothing to add.
        for (int i = 0; i < 2; ++i) {
            OK(QCoro::waitFor(balancer()->addServer(u"fixed"_s, u"two"_s, u"127.0.0.1"_s, m_ports[1])));
            QCOMPARE(VALUE(QCoro::waitFor(balancer()->server(u"fixed"_s, u"two"_s))).address, u"127.0.0.1:%1"_s.arg(m_ports[1]));
            QVERIFY(VALUE(QCoro::waitFor(balancer()->server(u"fixed"_s, u"two"_s))).isMaintained());
            OK(QCoro::waitFor(balancer()->setState(u"fixed"_s, u"two"_s, Balancer::State::Ready)));
            OK(QCoro::waitFor(balancer()->waitUp(u"fixed"_s, u"two"_s, 15000)));
            OK(QCoro::waitFor(balancer()->removeServer(u"fixed"_s, u"two"_s)));
            QVERIFY(VALUE(QCoro::waitFor(balancer()->server(u"fixed"_s, u"two"_s))).isMaintained());
        }

        // What is not loaded yet may not hold.
        const QByteArray before = readFile(path(u"haproxy.cfg"_s));
        QFile file(path(u"haproxy.cfg"_s));
        QVERIFY(file.open(QIODevice::ReadWrite));
        const QDateTime written = file.fileTime(QFileDevice::FileModificationTime);
        QVERIFY(file.setFileTime(QDateTime::currentDateTimeUtc().addSecs(60), QFileDevice::FileModificationTime));
        QVERIFY2(refusal(u"app"_s).text().contains(u"was changed after HAProxy had read it"_s), qPrintable(refusal(u"app"_s).text()));
        file.close();
        writeFile(path(u"haproxy.cfg"_s), QByteArray(before).replace("fall 3 rise 1", "fall 3 rise 2"));
        QVERIFY(file.open(QIODevice::ReadWrite) && file.setFileTime(written, QFileDevice::FileModificationTime));
        file.close();
        QVERIFY2(refusal(u"app"_s).text().contains(u"knows another backend-1 than its configuration"_s), qPrintable(refusal(u"app"_s).text()));
        // By that nobody wrote it, but others refer to it.
        writeFile(path(u"haproxy.cfg"_s), QByteArray(before).replace("backend tracked\n    server one", "backend tracked\n    server another"));
        OK(QCoro::waitFor(balancer()->removeServer(u"tracked"_s, u"one"_s)));
        QVERIFY(VALUE(QCoro::waitFor(balancer()->server(u"tracked"_s, u"one"_s))).isMaintained());
        OK(QCoro::waitFor(balancer()->setState(u"tracked"_s, u"one"_s, Balancer::State::Ready)));
        writeFile(path(u"haproxy.cfg"_s), before);
        QVERIFY(file.open(QIODevice::ReadWrite) && file.setFileTime(written, QFileDevice::FileModificationTime));
        file.close();
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->servers(u"app"_s))).size(), 2);
    }

    /// It may stand there or not: it stays, which is told, and a run goes on. One that "disabled" gives away is nobody's concern.
    void removesNothingThatItCannotTell()
    {
        StepBench bench(withSpare(m_ports[0]));
        auto move = VALUE(InstanceMove::create(bench, u"backend"_s, u"backend-3"_s));
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, m_ports[0])));
        OK(QCoro::waitFor(balancer()->addServer(u"fixed"_s, u"two"_s, u"127.0.0.1"_s, m_ports[1])));
        OK(QCoro::waitFor(balancer()->setState(u"fixed"_s, u"two"_s, Balancer::State::Ready)));
        letIn(u"backend-3"_s);
        QVERIFY(QFile::rename(path(u"haproxy.cfg"_s), path(u"away"_s)));
        const auto removed = QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s));
        QVERIFY(!removed);
        QCOMPARE(removed.error().code, u"haproxy.stays"_s);
        QVERIFY(server(u"backend-3"_s).isMaintained());
        OK(QCoro::waitFor(move.leave()));
        QVERIFY2(bench.told().join(u'\n').contains(u"backend-3 stays in HAProxy's backend app"_s), qPrintable(bench.told().join(u'\n')));
        OK(QCoro::waitFor(balancer()->removeServer(u"fixed"_s, u"two"_s)));
        QVERIFY(VALUE(QCoro::waitFor(balancer()->server(u"fixed"_s, u"two"_s))).isMaintained());
        QVERIFY(QFile::rename(path(u"away"_s), path(u"haproxy.cfg"_s)));
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->servers(u"app"_s))).size(), 2);
    }

    /// Its sessions are asked for by the process that has them.
    void removalWaitsForConnections()
    {
        const quint16 port = freePort();
        QProcess further;
        startFurther(further, path(u"releases"_s), port);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        letIn(u"backend-3"_s);
        const auto sessions = sessionsUpTo(port);
        QCOMPARE(sessions.back()->backend(), port);
        const auto busy = QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s));
        QVERIFY(!busy);
        QCOMPARE(busy.error().code, u"haproxy.not_removed"_s);
        QVERIFY2(busy.error().text().contains(u"within 10 s: Server still has connections"_s), qPrintable(busy.error().text()));
        QVERIFY(server(u"backend-3"_s).isMaintained());
        QVERIFY(sessions.back()->isOpen());
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->closeLeft(u"app"_s, u"backend-3"_s))), 1);
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->servers(u"app"_s))).size(), 2);
        endAll(sessions);
        stopFurther(further);
    }

    void forgetsWhatWasAdded_data()
    {
        QTest::addColumn<bool>("isReload");
        QTest::newRow("restart") << false;
        QTest::newRow("-sf") << true;
    }
    /// A drain that is under way ends with the sessions that there still are, and what comes next finds nothing to do.
    void forgetsWhatWasAdded()
    {
        QFETCH(const bool, isReload);
        const quint16 port = freePort();
        QProcess further;
        startFurther(further, path(u"releases"_s), port);
        const Haproxy patient(m_target.balancer.socket, 5000, {}, 10000);
        OK(QCoro::waitFor(patient.addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        letIn(u"backend-3"_s);
        const auto sessions = sessionsUpTo(port);
        QCOMPARE(sessions.back()->backend(), port);
        StepBench bench(withSpare(port));
        auto move = VALUE(InstanceMove::create(bench, u"backend"_s, u"backend-3"_s));
        std::unique_ptr<QProcess> before;
        QElapsedTimer ended;
        QTimer::singleShot(300, this, [&] {
            if (isReload) {
                before = std::move(m_haproxy);
                beginHaproxy({u"-sf"_s, QString::number(before->processId())});
            } else {
                stopHaproxy();
                startHaproxy();
            }
        });
        QTimer::singleShot(3000, this, [&] {
            ended.start();
            for (const auto &session : sessions) {
                session->end();
            }
        });
        OK(QCoro::waitFor(move.drain(false, {})));
        QCOMPARE(QCoro::waitFor(patient.server(u"app"_s, u"backend-3"_s)).error().code, u"haproxy.no_server"_s);
        QCOMPARE(QCoro::waitFor(patient.setState(u"app"_s, u"backend-3"_s, Balancer::State::Maintenance)).error().code, u"haproxy.no_server"_s);
        QCOMPARE(QCoro::waitFor(patient.setWeight(u"app"_s, u"backend-3"_s, 2)).error().code, u"haproxy.no_server"_s);
        OK(QCoro::waitFor(move.keepOut()));
        if (isReload) {
            QVERIFY(ended.isValid());
            before->terminate();
            QVERIFY(before->waitForFinished(10000));
        }
        QTRY_VERIFY_WITH_TIMEOUT(ended.isValid(), 10000);
        QCOMPARE(VALUE(QCoro::waitFor(patient.closeLeft(u"app"_s, u"backend-3"_s))), 0);
        OK(QCoro::waitFor(patient.removeServer(u"app"_s, u"backend-3"_s)));
        // It can be added anew.
        OK(QCoro::waitFor(patient.addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        letIn(u"backend-3"_s);
        QVERIFY(answersOf(port, 12) > 0);
        OK(QCoro::waitFor(patient.setState(u"app"_s, u"backend-3"_s, Balancer::State::Drain)));
        OK(QCoro::waitFor(patient.waitDrained(u"app"_s, u"backend-3"_s, 5000, {})));
        OK(QCoro::waitFor(patient.removeServer(u"app"_s, u"backend-3"_s)));
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(patient.waitUp(u"app"_s, name, 10000)));
        }
        stopFurther(further);
    }

    void readsConfiguration()
    {
        using namespace haproxyconfiguration;
        const QByteArray defaults = "defaults base\n default-server check inter 5s\ndefaults other from base\n default-server no-check ssl verify none # why\n";
        const QList<File> files{{u"a"_s, defaults + "frontend app\n bind :1\npeers app\n server x 1:1\n"},
                                {u"b"_s, "backend app from base\n server one 1.1.1.1:1 inter 7s weight 3 id 5 cookie c1\n default-server fall 9\n"
                                         "server two 1.1.1.1:2 source 1.2.3.4 usesrc client sni 'str(a b)' port 8\\#0 disabled # x\n\nbackend last\n server-template web- 2-3 srv:80 maxconn 4 resolvers r\n"}};
        const auto app = readOf(haproxyconfiguration::backend(files, u"app"_s)).servers;
        QCOMPARE(app.size(), 2);
        QCOMPARE(app[0].settings, (QList<QStringList>{{u"check"_s}, {u"inter"_s, u"7s"_s}}));
        QCOMPARE(app[0].cookie, u"c1"_s);
        QCOMPARE(app[0].where, u"b:2"_s);
        QCOMPARE(app[1].settings, (QList<QStringList>{{u"check"_s}, {u"inter"_s, u"5s"_s}, {u"fall"_s, u"9"_s}, {u"source"_s, u"1.2.3.4"_s, u"usesrc"_s, u"client"_s}, {u"sni"_s, u"str(a b)"_s}, {u"port"_s, u"8#0"_s}}));
        QVERIFY(app[1].isDisabled && !app[0].isDisabled);
        QCOMPARE(app[1].value("fall"_L1, u"3"_s), u"9"_s);
        QCOMPARE(app[0].value("fall"_L1, u"3"_s), u"3"_s);
        const auto last = readOf(haproxyconfiguration::backend(files, u"last"_s)).servers;
        QCOMPARE(last.size(), 2);
        QCOMPARE(last[1].name, u"web-3"_s);
        QCOMPARE(readOf(common(last)), (QList<QStringList>{{u"inter"_s, u"5s"_s}, {u"ssl"_s}, {u"verify"_s, u"none"_s}, {u"maxconn"_s, u"4"_s}}));
        QCOMPARE(readOf(haproxyconfiguration::backend(files, u"none"_s)).servers.size(), 0);
        QCOMPARE(escaped(u"<a b;c\\d"_s), u"\\<a\\ b\\;c\\\\d"_s);
        const auto problem = [](const QByteArray &content) {
            const auto read = haproxyconfiguration::backend({{u"f"_s, content}}, u"app"_s);
            return read ? QString() : read.error().code + u' ' + read.error().args[u"place"_s].toString();
        };
        QCOMPARE(problem("backend app\n.if defined(X)\n server a 1:1\n.endif\n"), u"haproxy.unclear.condition f:3"_s);
        QCOMPARE(problem(".if defined(X)\nbackend app\n.else\n.endif\n"), u"haproxy.unclear.condition f:2"_s);
        QCOMPARE(problem(".if defined(X)\nfrontend f\n.endif\nbackend app\n server a 1:1\n"), QString());
        QCOMPARE(problem("backend app\n server a 1:1 inter \"$X\"\n"), u"haproxy.unclear.variable f:2"_s);
        QCOMPARE(problem("backend app\n server \"$X\" 1:1\n"), u"haproxy.unclear.variable f:2"_s);
        QCOMPARE(problem("backend app\n server a \"$X\":1 inter 2s\n"), QString());
        QCOMPARE(problem("defaults\n default-server agent-check\nbackend app\n server a 1:1\n"), u"haproxy.unclear.keyword f:2"_s);
        QCOMPARE(problem("defaults\n default-server agent-check\nbackend other\n server a 1:1\n"), QString());
        const auto isConsistent = [](const QByteArray &content) { return readOf(haproxyconfiguration::backend({{u"f"_s, content}}, u"app"_s)).mayBeConsistent; };
        QVERIFY(!isConsistent("backend other\n hash-type consistent\nbackend app\n balance uri\n"));
        QVERIFY(isConsistent("defaults\n hash-type consistent\nbackend app\n balance uri\n"));
        QVERIFY(!isConsistent("defaults\n hash-type consistent\nbackend app\n hash-type map-based sdbm\n"));
        QVERIFY(isConsistent("backend app\n.if defined(X)\n hash-type map-based\n.endif\n"));
        QVERIFY(isConsistent("backend app\n hash-type \"$X\"\n"));
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

    /// What may be the only one left serves on until there is another.
    void drainThatARestartForgetsAsksFirst()
    {
        auto socket = std::make_unique<WebSocket>(m_front);
        QVERIFY(socket->isOpen());
        const Haproxy patient(m_target.balancer.socket, 5000, {}, 60000);
        const auto restartSoon = [this] {
            QTimer::singleShot(300, this, [this] {
                stopHaproxy();
                startHaproxy();
            });
        };
        OK(QCoro::waitFor(patient.setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Drain)));
        QStringList seen;
        restartSoon();
        OK(QCoro::waitFor(patient.waitDrained(u"sockets"_s, u"ws-1"_s, 30000, {}, {}, [&] { return othersServe(&patient, &seen, 4); })));
        QCOMPARE(seen, QStringList(4, u"no check"_s));
        QVERIFY(VALUE(QCoro::waitFor(patient.server(u"sockets"_s, u"ws-1"_s))).out);
        OK(QCoro::waitFor(patient.setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Ready)));
        socket = std::make_unique<WebSocket>(m_front);
        QVERIFY(socket->isOpen());
        OK(QCoro::waitFor(patient.setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Drain)));
        seen.clear();
        restartSoon();
        const auto alone = QCoro::waitFor(patient.waitDrained(u"sockets"_s, u"ws-1"_s, 10000, {}, {}, [&] { return othersServe(&patient, &seen, 1000); }));
        QVERIFY(!alone);
        QCOMPARE(alone.error().code, u"balancer.alone"_s);
        QVERIFY2(alone.error().text().contains(u"HAProxy was restarted while ws-1 was being drained"_s), qPrintable(alone.error().text()));
        QVERIFY(seen.size() > 5);
        QVERIFY(!VALUE(QCoro::waitFor(patient.server(u"sockets"_s, u"ws-1"_s))).out);
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
