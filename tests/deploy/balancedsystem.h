// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/checklist.h"
#include "deploy/balancer.h"
#include "deploy/deployplan.h"
#include "deploy/portholder.h"
#include "deploy/runtime.h"
#include "deployruns.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

#include <unistd.h>

namespace cutover::testing {

using namespace Qt::StringLiterals;

/// Whether an answer is of the backend with that port, as the balancer says. HAProxy writes names of headers small.
inline bool isServedBy(const QByteArray &answer, quint16 port)
{
    return answer.toLower().contains(QByteArray("x-upstream: 127.0.0.1:" + QByteArray::number(port)));
}

/// A long session, as a download or a WebSocket is: asked for, and its answer only begun.
class LongSession
{
public:
    explicit LongSession(quint16 port, const QByteArray &path = "/cgi-bin/long")
    {
        m_socket.connectToHost(u"127.0.0.1"_s, port);
        m_socket.write("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        while (!m_answer.contains("begun") && m_socket.waitForReadyRead(10000)) {
            m_answer += m_socket.readAll();
        }
    }
    [[nodiscard]] bool hasBegun() const { return m_answer.contains("begun"); }
    /// The port of the backend that serves it.
    [[nodiscard]] quint16 backend() const
    {
        static const QRegularExpression header(u"X-Upstream: 127\\.0\\.0\\.1:([0-9]+)"_s, QRegularExpression::CaseInsensitiveOption);
        return header.match(QString::fromLatin1(m_answer)).captured(1).toUShort();
    }
    void end() { m_socket.abort(); }
    [[nodiscard]] bool isOpen()
    {
        m_socket.waitForReadyRead(1);
        m_answer += m_socket.readAll();
        return m_socket.state() == QAbstractSocket::ConnectedState;
    }
    /// The other side has ended it in order, with all that it had sent; not by a reset.
    [[nodiscard]] bool wasClosed() const { return m_socket.error() == QAbstractSocket::RemoteHostClosedError && hasBegun(); }

private:
    QTcpSocket m_socket;
    QByteArray m_answer;
};

/// Speaks just enough of WebSocket (RFC 6455) to agree to one; each stays open until its client leaves.
class WebSocketBackend
{
public:
    WebSocketBackend()
        : m_thread(QThread::create([this] { serve(); }))
    {
        m_thread->start();
        while (m_port == 0) {
            QThread::msleep(1);
        }
    }
    ~WebSocketBackend()
    {
        m_serving = false;
        m_thread->wait();
    }
    Q_DISABLE_COPY_MOVE(WebSocketBackend)
    [[nodiscard]] quint16 port() const { return m_port; }

private:
    void serve()
    {
        QTcpServer server;
        if (!server.listen(QHostAddress::LocalHost)) {
            qFatal("listen");
        }
        m_port = server.serverPort();
        std::vector<std::unique_ptr<QTcpSocket>> open;
        while (m_serving) {
            if (server.waitForNewConnection(20)) {
                std::unique_ptr<QTcpSocket> socket(server.nextPendingConnection());
                QByteArray request;
                while (!request.contains("\r\n\r\n") && socket->waitForReadyRead(1000)) {
                    request += socket->readAll();
                }
                if (request.toLower().contains("upgrade: websocket")) {
                    socket->write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
                    socket->waitForBytesWritten(1000);
                    open.push_back(std::move(socket));
                }
            }
            std::erase_if(open, [](const auto &socket) { return !socket->waitForReadyRead(1) && socket->state() != QAbstractSocket::ConnectedState; });
        }
    }

    std::atomic<quint16> m_port = 0;
    std::atomic<bool> m_serving = true;
    std::unique_ptr<QThread> m_thread;
};

/// A WebSocket through the balancer.
class WebSocket
{
public:
    explicit WebSocket(quint16 port)
    {
        m_socket.connectToHost(u"127.0.0.1"_s, port);
        m_socket.write("GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        while (!m_answer.contains("\r\n\r\n") && m_socket.waitForReadyRead(10000)) {
            m_answer += m_socket.readAll();
        }
    }
    [[nodiscard]] bool isOpen()
    {
        m_socket.waitForReadyRead(1);
        return m_answer.startsWith("HTTP/1.1 101") && m_socket.state() == QAbstractSocket::ConnectedState;
    }
    void close() { m_socket.abort(); }

private:
    QTcpSocket m_socket;
    QByteArray m_answer;
};

/**
 * Two backends of two releases, kept by a supervisor, for a test to put its balancer in front of: what the balancer's
 * tests have in common. The test's program is its own supervisor and runner (DEPLOY_RUNS_TEST_MAIN).
 */
class BalancedSystem : public QObject
{
protected:
    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    quint16 m_front = 0;
    quint16 m_ports[2] = {};

public:
    static int runAlone(const QStringList &arguments) { return leadRun(arguments); }

protected:
    [[nodiscard]] QString path(const QString &name) const { return m_folder->filePath(name); }
    [[nodiscard]] std::shared_ptr<Balancer> balancer() const { return VALUE(BalancerRegistry::create(m_target)); }
    [[nodiscard]] BalancerServer server(const QString &name) const { return VALUE(QCoro::waitFor(balancer()->server(u"app"_s, name))); }

    /// Releases 1.0.0, which is installed, and 1.1.0; ports are chosen.
    void makeReleases()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_front = freePort();
        m_ports[0] = freePort();
        m_ports[1] = freePort();
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            const QString folder = path(u"releases/"_s + version);
            writeFile(folder + u"/serve"_s, "#!/bin/sh\nexec /bin/busybox httpd -f -p 127.0.0.1:$1 -h \"$PWD/www\"\n");
            writeFile(folder + u"/www/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}");
            // It tells something all the time, so that it learns soon that nobody listens any more.
            writeFile(folder + u"/www/cgi-bin/long"_s,
                      "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nbegun\\n'\nfor second in $(seq 30); do\n    sleep 1\n    echo $second\ndone\necho ended\n");
            for (const QString &program : {u"/serve"_s, u"/www/cgi-bin/long"_s}) {
                QVERIFY(QFile::setPermissions(folder + program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
            }
        }
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
    }
    /// balancer: the section of target.yaml.
    void startBackends(const QByteArray &section)
    {
        QByteArray instances;
        for (int i = 0; i < 2; ++i) {
            instances += "      - {name: backend-" + QByteArray::number(i + 1) + ", port: " + QByteArray::number(m_ports[i]) + "}\n";
        }
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: balanced\nproduct: balanced\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: "
                      + section + "\nservices:\n  - name: backend\n    instances:\n" + instances + "    command: [serve, \"{port}\"]\n    health: {http: \"http://127.0.0.1:{port}/version\", interval: 50ms, ready_within: 30s}\n"
                                                                                                   "    version: http://127.0.0.1:{port}/version\n    balancer_backend: app\n    drain_limit: 3s\n    stop_timeout: 2s\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.ensureRunning()));
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(supervisor.start(name, m_target.releaseDirectory(u"1.0.0"_s))));
            OK(QCoro::waitFor(supervisor.waitReady(name, {})));
        }
    }
    void stopBackends()
    {
        if (!m_target.path.isEmpty()) {
            OK(QCoro::waitFor(SupervisorClient(m_target).shutdown()));
        }
        m_folder.reset();
    }

    /// An update of both backends as a run that waits for its runner.
    QString newRun(const QString &from, const QString &to)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        plan.steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, {}, to));
        plan.policy.insert(u"transientRetries"_s, 1);
        return addRun(m_target, plan);
    }
    void decide(const QString &run, const QString &verb)
    {
        const auto journal = VALUE(Journal::open(m_target.stateDirectory));
        CommandRecord record;
        record.id = Random::system().id();
        record.runId = run;
        record.verb = verb;
        record.expectedState = u"held"_s;
        record.by = u"kim@desk"_s;
        record.created = QDateTime::currentDateTimeUtc();
        OK(journal->addCommand(record));
    }
    QString story(const QString &run) { return storyOf(m_target, run); }
    void startRunner(QProcess &runner, const QString &run) { startRunnerOf(m_target, runner, run); }
    QString running(const QString &name)
    {
        const InstanceLook look = QCoro::waitFor(lookAtInstances(m_target));
        const auto found = std::ranges::find(look.states, name, &InstanceState::name);
        return found == look.states.end() || found->state != InstanceState::State::Ready ? QString() : found->release;
    }
    /// They run it by their own word, and take requests.
    void bothServe(const QString &version)
    {
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            QCOMPARE(running(name), version);
            QVERIFY2(server(name).isUp(), qPrintable(server(name).status));
        }
    }
    /// A WebSocket of the server "ws-1" of the backend "sockets", which the front's /socket leads to: a drain waits for it, and
    /// past the limit says so.
    void webSocketIsWaitedFor()
    {
        WebSocket socket(m_front);
        QVERIFY(socket.isOpen());
        const auto sessions = [this] { return VALUE(QCoro::waitFor(balancer()->server(u"sockets"_s, u"ws-1"_s))).sessions; };
        QTRY_COMPARE_WITH_TIMEOUT(sessions(), 1, 5000);
        OK(QCoro::waitFor(balancer()->setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Drain)));
        const auto left = QCoro::waitFor(balancer()->waitDrained(u"sockets"_s, u"ws-1"_s, 500, {}));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        QCOMPARE(left.error().args[u"count"].toInt(), 1);
        QVERIFY(socket.isOpen());
        WebSocket late(m_front);
        QVERIFY(!late.isOpen());
        socket.close();
        OK(QCoro::waitFor(balancer()->waitDrained(u"sockets"_s, u"ws-1"_s, 5000, {})));
        OK(QCoro::waitFor(balancer()->setState(u"sockets"_s, u"ws-1"_s, Balancer::State::Ready)));
        WebSocket again(m_front);
        QVERIFY(again.isOpen());
    }
    /// Four of five requests go to the first backend where it weighs four times as much.
    void requestsFollowTheWeights()
    {
        OK(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"backend-1"_s, 4)));
        QCOMPARE(server(u"backend-1"_s).weight, 4);
        int first = 0;
        for (int i = 0; i < 100; ++i) {
            first += isServedBy(ask(m_front, "/version"), m_ports[0]) ? 1 : 0;
        }
        // A balancer of two workers begins to count twice.
        QVERIFY2(first >= 76 && first <= 84, qPrintable(QString::number(first)));
        OK(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"backend-1"_s, 1)));
        for (const int weight : {0, 257}) {
            QCOMPARE(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"backend-1"_s, weight)).error().code, u"balancer.weight"_s);
        }
    }
    /// Until one of them is of that backend.
    std::vector<std::unique_ptr<LongSession>> sessionsUpTo(quint16 port)
    {
        std::vector<std::unique_ptr<LongSession>> sessions;
        do {
            sessions.push_back(std::make_unique<LongSession>(m_front));
        } while (sessions.back()->hasBegun() && sessions.back()->backend() != port && sessions.size() < 20);
        return sessions;
    }
    std::vector<std::unique_ptr<LongSession>> sessionsOfTheFirst() { return sessionsUpTo(m_ports[0]); }
    /// What serves the release 1.0.0 on a further port, beside the instances. isRight: as they do, else without a version.
    static void startFurther(QProcess &process, const QString &releases, quint16 port, bool isRight = true)
    {
        process.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, u"/bin/busybox"_s, u"httpd"_s, u"-f"_s, u"-p"_s, u"127.0.0.1:%1"_s.arg(port), u"-h"_s, releases + (isRight ? u"/1.0.0/www"_s : u"/1.0.0/www/cgi-bin"_s)});
        QVERIFY(process.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(ask(port, "/version").startsWith(isRight ? "HTTP/1.1 200" : "HTTP/1.1 404"), 10000);
    }
    static void stopFurther(QProcess &process)
    {
        process.kill();
        QVERIFY(process.waitForFinished());
    }
    /// How many of so many requests a backend has answered.
    int answersOf(quint16 port, int requests = 60)
    {
        int count = 0;
        for (int i = 0; i < requests; ++i) {
            count += isServedBy(ask(m_front, "/version"), port) ? 1 : 0;
            QThread::usleep(QRandomGenerator::global()->bounded(8000U)); // Not in step with others who ask.
        }
        return count;
    }
    void letIn(const QString &name)
    {
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, Balancer::State::Ready)));
        OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
    }
    /// "backend-3" comes beside the two, gets its share, is waited for, and goes, while somebody asks all the time.
    void furtherServerComesAndGoes()
    {
        const quint16 port = freePort();
        QProcess further;
        startFurther(further, path(u"releases"_s), port);
        User user(m_front);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        for (int i = 0; i < 2; ++i) {
            const BalancerServer added = server(u"backend-3"_s);
            QVERIFY2(added.out && !added.isUp(), qPrintable(added.status));
            QCOMPARE(added.address, u"127.0.0.1:%1"_s.arg(port));
            QCOMPARE(added.weight, 1);
            QCOMPARE(answersOf(port, 12), 0);
            OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        }
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->servers(u"app"_s))).size(), 3);
        letIn(u"backend-3"_s);
        // The user's requests are between them, so that only the order of magnitude is sure.
        const int third = answersOf(port);
        QVERIFY2(third >= 12 && third <= 28, qPrintable(QString::number(third)));
        OK(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"backend-3"_s, 6)));
        const int most = answersOf(port);
        QVERIFY2(most >= 36 && most <= 54, qPrintable(QString::number(most)));
        const auto sessions = sessionsUpTo(port);
        QCOMPARE(sessions.back()->backend(), port);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Drain)));
        const auto left = QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 300, {}));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        for (const auto &session : sessions) {
            session->end();
        }
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 40000, {})));
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        stopFurther(further);
        const auto gone = QCoro::waitFor(balancer()->server(u"app"_s, u"backend-3"_s));
        QVERIFY(!gone && gone.error().code.endsWith(u".no_server"));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->servers(u"app"_s))).size(), 2);
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        QCOMPARE(QCoro::waitFor(balancer()->removeServer(u"nowhere"_s, u"backend-3"_s)).error().code.section(u'.', 1), u"no_backend"_s);
        QCOMPARE(QCoro::waitFor(balancer()->addServer(u"nowhere"_s, u"backend-3"_s, u"127.0.0.1"_s, port)).error().code.section(u'.', 1), u"no_backend"_s);
        noneFailed(user);
        endAll(sessions);
    }
    /// One that serves gets another address: nobody is sent to it until it is let in again.
    void furtherServerMoves()
    {
        const quint16 ports[] = {freePort(), freePort()};
        QProcess first;
        QProcess second;
        startFurther(first, path(u"releases"_s), ports[0]);
        startFurther(second, path(u"releases"_s), ports[1]);
        User user(m_front);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, ports[0])));
        letIn(u"backend-3"_s);
        QVERIFY(answersOf(ports[0]) > 0);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, ports[1])));
        QVERIFY(server(u"backend-3"_s).out);
        QCOMPARE(server(u"backend-3"_s).address, u"127.0.0.1:%1"_s.arg(ports[1]));
        QCOMPARE(answersOf(ports[0], 12) + answersOf(ports[1], 12), 0);
        letIn(u"backend-3"_s);
        QVERIFY(answersOf(ports[1]) > 0);
        QCOMPARE(answersOf(ports[0], 12), 0);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Drain)));
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 10000, {})));
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        noneFailed(user);
        stopFurther(first);
        stopFurther(second);
    }
    void endAll(const std::vector<std::unique_ptr<LongSession>> &sessions)
    {
        for (const auto &session : sessions) {
            session->end();
        }
        // Asked for once only: somebody may ask meanwhile.
        QVERIFY(QTest::qWaitFor([this] { return server(u"backend-1"_s).sessions + server(u"backend-2"_s).sessions == 0; }, 40000));
    }
    QJsonObject resultsOf(const QString &run, const QString &step)
    {
        const auto journal = VALUE(Journal::open(m_target.stateDirectory));
        const auto steps = VALUE(journal->steps(run));
        const auto plan = VALUE(journal->run(run)).plan;
        for (const StepRecord &record : steps) {
            if (plan.steps.value(record.index).id == step) {
                return record.results;
            }
        }
        return {};
    }
    /// Going forth nobody is cut off unasked: at the drain limit the server takes requests again, and the run is held.
    void longSessionHoldsTheRun(bool goOn)
    {
        const auto sessions = sessionsOfTheFirst();
        QCOMPARE(sessions.back()->backend(), m_ports[0]);
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        QCOMPARE(VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).plan.steps[1].intent.text().contains(u"the run is held and asks"_s), true);
        RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"backend-1 still has 1 session after draining for 3"_s), qPrintable(story(run)));
        bothServe(u"1.0.0"_s);
        QVERIFY(sessions.back()->isOpen());
        decide(run, goOn ? u"resume"_s : u"rollback"_s);
        state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        if (goOn) {
            // The other one's sessions are asked about by themselves, unless they have ended meanwhile.
            if (state == RunState::Held) {
                endAll(sessions);
                decide(run, u"resume"_s);
                state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            }
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            QVERIFY(!sessions.back()->isOpen());
            bothServe(u"1.1.0"_s);
        } else {
            QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
            QVERIFY(sessions.back()->isOpen());
            bothServe(u"1.0.0"_s);
        }
        noneFailed(user);
        endAll(sessions);
        if (goOn) {
            const QString back = newRun(u"1.1.0"_s, u"1.0.0"_s);
            QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, back))), RunState::Succeeded);
        }
    }
    /// Where the service says so they are closed then, and nobody is asked. intent, told: what plan and record say of it.
    void longSessionIsClosed(const QString &intent, const QString &told)
    {
        const QByteArray before = readFile(m_target.path);
        writeFile(m_target.path, QByteArray(before).replace("drain_limit: 3s", "drain_limit: 3s\n    at_drain_limit: close"));
        m_target = VALUE(Target::load(m_target.path));
        const auto sessions = sessionsOfTheFirst();
        QCOMPARE(sessions.back()->backend(), m_ports[0]);
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const QString planned = VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).plan.steps[1].intent.text();
        QVERIFY2(planned.contains(intent), qPrintable(planned));
        QElapsedTimer timer;
        timer.start();
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(timer.elapsed() >= 3000);
        QVERIFY(!sessions.back()->isOpen());
        QVERIFY(sessions.back()->wasClosed());
        const QString record = Message::fromJson(resultsOf(run, u"deploy:backend-1"_s).value(u"sessions:backend-1"_s).toObject()).text();
        QVERIFY2(record.contains(told), qPrintable(record));
        bothServe(u"1.1.0"_s);
        // Who comes again is served.
        LongSession again(m_front);
        QVERIFY(again.hasBegun());
        again.end();
        noneFailed(user);
        endAll(sessions);
        writeFile(m_target.path, before);
        m_target = VALUE(Target::load(m_target.path));
        const QString back = newRun(u"1.1.0"_s, u"1.0.0"_s);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, back))), RunState::Succeeded);
    }
    void updatesForthAndBack()
    {
        User user(m_front);
        for (const auto &[from, to] : {std::pair(u"1.0.0"_s, u"1.1.0"_s), std::pair(u"1.1.0"_s, u"1.0.0"_s)}) {
            const QString run = newRun(from, to);
            const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            bothServe(to);
            QVERIFY(ask(m_front, "/version").contains(to.toUtf8()));
        }
        noneFailed(user);
    }
    /// One line of the checks.
    CheckResult check(const QString &id = u"balancer"_s)
    {
        CheckScope scope;
        scope.target = m_target;
        scope.only = {id};
        return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0);
    }
    /// Somebody of another account who listens there.
    static void startStranger(QProcess &stranger, quint16 port)
    {
        stranger.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, u"--reuid=65534"_s, u"--regid=65534"_s, u"--clear-groups"_s, u"/bin/busybox"_s, u"httpd"_s, u"-f"_s, u"-p"_s, u"127.0.0.1:%1"_s.arg(port), u"-h"_s, u"/"_s});
        QVERIFY(stranger.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(portHolder(port).has_value(), 10000);
    }
    static void stopStranger(QProcess &stranger)
    {
        stranger.kill();
        QVERIFY(stranger.waitForFinished());
    }
};

} // namespace cutover::testing
