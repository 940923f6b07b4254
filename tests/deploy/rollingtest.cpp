// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploysystem.h"
#include "stepbench.h"

#include "check/probe.h"
#include "database/sqlite.h"
#include "demo/demosystem.h"
#include "deploy/deployplan.h"
#include "deploy/haproxy.h"
#include "plan/facts.h"
#include "release/package.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSet>
#include <QTcpSocket>
#include <QThread>

#include <atomic>

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

/** Two backends behind a real HAProxy under traffic: steps forth and back, and what they refuse. */
class RollingTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    std::unique_ptr<StepBench> m_bench;

    QString path(const QString &name) const { return QString(m_folder->path() + u"/demo/"_s + name); }
    QString url(const QString &service, const QString &rest) const
    {
        return u"http://127.0.0.1:%1%2"_s.arg(m_target.service(service)->instances.first().port).arg(rest);
    }
    QJsonObject get(const QString &url)
    {
        ProbeSpec probe;
        probe.http = url;
        return QJsonDocument::fromJson(QCoro::waitFor(probeOnce(probe)).body).object();
    }
    QJsonObject traffic() { return get(url(u"traffic"_s, u"/api/traffic"_s)); }
    QList<StepSpec> steps(const QString &from, const QString &to, const QStringList &services = {})
    {
        QList<StepSpec> all = deploySteps({m_target, {}, from}, to, releasesAt(m_target, services, to));
        all.removeIf([](const StepSpec &step) { return step.kind == u"switch_release"; });
        return all;
    }
    void noneFailed()
    {
        const QByteArray failures = readFile(path(u"data/failures.log"_s));
        QVERIFY2(failures.isEmpty(), failures.left(2000).constData());
        QCOMPARE(traffic().value(u"failed"_s).toInt(), 0);
    }
    /// 9.0.0, whose program dies at its start.
    void makeBrokenRelease()
    {
        const QString program = m_target.releaseDirectory(u"9.0.0"_s) + u"/cutover-demo-service"_s;
        writeFile(program, "#!/bin/sh\necho no such module\nexit 5\n");
        QVERIFY(QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    }
    void noOverlap()
    {
        const QList<QByteArray> lines = readFile(path(u"data/strategy.log"_s)).split('\n');
        QByteArray running;
        for (const QByteArray &line : lines) {
            const QList<QByteArray> words = line.split(' ');
            QVERIFY2(words[0] != "overlap", line.constData());
            if (words[0] == "start") {
                QVERIFY2(running.isEmpty(), line.constData());
                running = words[1];
            } else if (words[0] == "beat") {
                QCOMPARE(words[1], running);
            } else if (words[0] == "stop") {
                QCOMPARE(words[1], running);
                running.clear();
            }
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        DemoOptions options;
        options.orders = 2000;
        OK(QCoro::waitFor(createDemo(path({}).chopped(1), options)));
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        QVERIFY(package::unpack(path(u"repository/trading-1.2.1.cutover"_s), {path(u"keys/release.pub"_s)}, m_target.releaseDirectory(u"1.2.1"_s)));
        OK(QCoro::waitFor(startDemo(path({}).chopped(1))));
        m_bench = std::make_unique<StepBench>(m_target);
        QTRY_VERIFY_WITH_TIMEOUT(traffic().value(u"acknowledged"_s).toInt() > 3, 10000);
    }

    void cleanupTestCase()
    {
        if (demoExists(path({}).chopped(1))) {
            OK(QCoro::waitFor(stopDemo(path({}).chopped(1))));
        }
        m_folder.reset();
    }

    void haproxySpeaks()
    {
        const Haproxy haproxy(m_target.balancer.socket);
        QCOMPARE(VALUE(QCoro::waitFor(haproxy.servers(u"trading"_s))).size(), 2);
        QVERIFY(VALUE(QCoro::waitFor(haproxy.server(u"trading"_s, u"backend-1"_s))).isUp());
        VALUE(QCoro::waitFor(haproxy.servers(u"maintenance"_s)));
        auto none = QCoro::waitFor(haproxy.servers(u"nowhere"_s));
        QCOMPARE(none.error().code, u"haproxy.no_backend"_s);
        auto refused = QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-9"_s, Haproxy::State::Drain));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"haproxy.no_server"_s);
        QCOMPARE(QCoro::waitFor(haproxy.setWeight(u"trading"_s, u"backend-9"_s, 3)).error().code, u"haproxy.no_server"_s);
        // One more beside the two that the demo's configuration has, as these are.
        const int port = m_target.service(u"backend"_s)->instances[0].port;
        OK(QCoro::waitFor(haproxy.addServer(u"trading"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-3"_s, Haproxy::State::Ready)));
        OK(QCoro::waitFor(haproxy.waitUp(u"trading"_s, u"backend-3"_s, 10000)));
        QCOMPARE(VALUE(QCoro::waitFor(haproxy.server(u"trading"_s, u"backend-3"_s))).check.left(2), u"L7"_s);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-3"_s, Haproxy::State::Drain)));
        OK(QCoro::waitFor(haproxy.waitDrained(u"trading"_s, u"backend-3"_s, 10000, {})));
        OK(QCoro::waitFor(haproxy.removeServer(u"trading"_s, u"backend-3"_s)));
        QCOMPARE(VALUE(QCoro::waitFor(haproxy.servers(u"trading"_s))).size(), 2);
        auto gone = QCoro::waitFor(Haproxy(path(u"no.sock"_s)).command(u"show stat"_s));
        QCOMPARE(gone.error().code, u"haproxy.gone"_s);
        QCOMPARE(gone.error().kind, Error::Kind::Transient);
    }

    void waitsForSessions()
    {
        // A request that hangs in the middle is a session that a drain has to wait for.
        const Haproxy haproxy(m_target.balancer.socket);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-2"_s, Haproxy::State::Maintenance)));
        QTcpSocket client;
        client.connectToHost(u"127.0.0.1"_s, quint16(m_target.service(u"haproxy"_s)->instances.first().port));
        QVERIFY(client.waitForConnected());
        client.write("POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n");
        client.write(QByteArray(18000, ' ')); // More than HAProxy holds back for a retry.
        client.flush();
        QTRY_VERIFY_WITH_TIMEOUT(VALUE(QCoro::waitFor(haproxy.server(u"trading"_s, u"backend-1"_s))).sessions > 0, 5000);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-2"_s, Haproxy::State::Ready)));
        OK(QCoro::waitFor(haproxy.waitUp(u"trading"_s, u"backend-2"_s, 5000)));
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-1"_s, Haproxy::State::Drain)));
        int most = 0;
        const auto left = QCoro::waitFor(
            haproxy.waitDrained(u"trading"_s, u"backend-1"_s, 300, [&most](int sessions) { most = qMax(most, sessions); }));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        QVERIFY(most > 0);
        client.abort();
        OK(QCoro::waitFor(haproxy.waitDrained(u"trading"_s, u"backend-1"_s, 5000, {})));
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-1"_s, Haproxy::State::Ready)));
        OK(QCoro::waitFor(haproxy.waitUp(u"trading"_s, u"backend-1"_s, 5000)));
    }

    void refusesBelowTheFloor()
    {
        const Haproxy haproxy(m_target.balancer.socket);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-2"_s, Haproxy::State::Maintenance)));
        auto step = VALUE(StepRegistry::create(steps(u"1.2.0"_s, u"1.2.1"_s).constFirst()));
        const auto observed = QCoro::waitFor(step->observe(*m_bench, {}));
        QVERIFY(!observed);
        QCOMPARE(observed.error().code, u"deploy.capacity"_s);
        // Whoever applies in spite of it is refused, too.
        const auto applied = QCoro::waitFor(step->apply(*m_bench, {}, {}));
        QVERIFY(!applied);
        QCOMPARE(applied.error().code, u"deploy.capacity"_s);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-2"_s, Haproxy::State::Ready)));
        OK(QCoro::waitFor(haproxy.waitUp(u"trading"_s, u"backend-2"_s, 5000)));
    }

    void rollsForthAndBack()
    {
        const QList<StepSpec> all = steps(u"1.2.0"_s, u"1.2.1"_s);
        QCOMPARE(all.size(), 3); // Two backends one after the other, and the strategy.
        QCOMPARE(all[0].kind, u"deploy_instance"_s);
        QCOMPARE(all[2].kind, u"recreate_service"_s);
        std::vector<std::pair<std::unique_ptr<Step>, QJsonObject>> done;
        for (const StepSpec &spec : all) {
            auto step = VALUE(StepRegistry::create(spec));
            OK(QCoro::waitFor(step->observe(*m_bench, {})));
            const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
            QCOMPARE(undo[u"from"_s].toString(), u"1.2.0"_s);
            QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
            OK(QCoro::waitFor(step->apply(*m_bench, undo, {})));
            OK(QCoro::waitFor(step->verify(*m_bench, {})));
            QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::Done);
            // Again, as after a crash: nothing more happens.
            OK(QCoro::waitFor(step->apply(*m_bench, undo, {})));
            done.emplace_back(std::move(step), undo);
            noneFailed();
        }
        QCOMPARE(get(url(u"backend"_s, u"/api/version"_s)).value(u"version"_s).toString(), u"1.2.1"_s);
        QCOMPARE(get(url(u"haproxy"_s, u"/api/version"_s)).value(u"version"_s).toString(), u"1.2.1"_s);
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"instance:backend-1"_s].toString(), u"1.2.1"_s);
        QCOMPARE(facts[u"instance:strategy"_s].toString(), u"1.2.1"_s);
        QVERIFY(!facts.contains(u"instance:haproxy"_s));
        QVERIFY(m_bench->told().join(u'\n').contains(u"Starting backend-2 as 1.2.1"_s));

        for (auto it = done.rbegin(); it != done.rend(); ++it) {
            OK(QCoro::waitFor(it->first->revert(*m_bench, it->second, {})));
            QCOMPARE(VALUE(QCoro::waitFor(it->first->inspect(*m_bench, it->second))), Inspection::NotStarted);
            noneFailed();
        }
        QCOMPARE(get(url(u"backend"_s, u"/api/version"_s)).value(u"version"_s).toString(), u"1.2.0"_s);
        noneFailed();
        noOverlap();
    }

    void goesOnAfterACrash()
    {
        // As if the runner had been killed when the old process was gone and the new one not yet there.
        const StepSpec spec = steps(u"1.2.0"_s, u"1.2.1"_s).constFirst();
        auto step = VALUE(StepRegistry::create(spec));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
        const Haproxy haproxy(m_target.balancer.socket);
        OK(QCoro::waitFor(haproxy.setState(u"trading"_s, u"backend-1"_s, Haproxy::State::Drain)));
        OK(QCoro::waitFor(haproxy.waitDrained(u"trading"_s, u"backend-1"_s, 5000, {})));
        SupervisorClient client(m_target);
        OK(QCoro::waitFor(client.stop(u"backend-1"_s)));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::Partial);
        OK(QCoro::waitFor(step->apply(*m_bench, undo, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::Done);
        OK(QCoro::waitFor(step->revert(*m_bench, undo, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
        noneFailed();
    }

    void brokenReleaseKeepsServing()
    {
        // The step fails, the other backend serves.
        makeBrokenRelease();
        auto step = VALUE(StepRegistry::create(steps(u"1.2.0"_s, u"9.0.0"_s).constFirst()));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
        const auto applied = QCoro::waitFor(step->apply(*m_bench, undo, {}));
        QVERIFY(!applied);
        QCOMPARE(applied.error().code, u"supervisor.died"_s);
        QCOMPARE(applied.error().args[u"exit"_s].toInt(), 5);
        OK(QCoro::waitFor(step->revert(*m_bench, undo, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
        noneFailed();
    }

    void nothingAcknowledgedIsLost()
    {
        OK(QCoro::waitFor(SupervisorClient(m_target).stop(u"traffic"_s)));
        const QList<QByteArray> lines = readFile(path(u"data/acknowledged.log"_s)).split('\n');
        QVERIFY(lines.size() > 10);
        auto database = VALUE(sqlite::Connection::open(path(u"data/trading.db"_s), sqlite::Connection::Mode::Existing));
        for (const QByteArray &line : lines) {
            if (line.isEmpty()) {
                continue;
            }
            const QList<QByteArray> words = line.split(' ');
            const QVariant found = VALUE(database.value(u"SELECT client_id FROM orders WHERE id = ?"_s, {words[0].toLongLong()}));
            QCOMPARE(found.toString(), QString::fromUtf8(words[1]));
        }
        QVERIFY(readFile(path(u"data/failures.log"_s)).isEmpty());
    }

    // From here on there are no users any more.

    void survivesTheDeathOfItsHelpers()
    {
        auto step = VALUE(StepRegistry::create(steps(u"1.2.0"_s, u"1.2.1"_s).constFirst()));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
        const QJsonObject state = QJsonDocument::fromJson(readFile(m_target.stateDirectory + u"/supervisor/state.json"_s)).object();
        QCOMPARE(kill(pid_t(state[u"supervisor"_s].toInteger()), SIGKILL), 0);
        QCOMPARE(kill(pid_t(state[u"instances"_s][u"haproxy"_s][u"pid"_s].toInteger()), SIGKILL), 0);
        // Without its balancer the step does nothing, and says that it may be tried again.
        Result<> applied;
        QElapsedTimer timer;
        timer.start();
        do {
            applied = QCoro::waitFor(step->apply(*m_bench, undo, {}));
            QVERIFY2(applied || applied.error().kind == Error::Kind::Transient || applied.error().code == u"deploy.capacity",
                     qPrintable(applied ? QString() : applied.error().text()));
        } while (!applied && timer.elapsed() < 15000);
        OK(applied);
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::Done);
        OK(QCoro::waitFor(step->revert(*m_bench, undo, {})));
    }

    void recreatesBehindAMaintenanceAnswer()
    {
        StepSpec spec;
        spec.id = u"recreate:backend"_s;
        spec.kind = u"recreate_service"_s;
        spec.params = {{u"service"_s, u"backend"_s},
                       {u"instances"_s, QJsonArray{u"backend-1"_s, u"backend-2"_s}},
                       {u"fromRelease"_s, u"1.2.0"_s},
                       {u"toRelease"_s, u"1.2.1"_s}};
        auto step = VALUE(StepRegistry::create(spec));
        OK(QCoro::waitFor(step->observe(*m_bench, {})));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);

        // A user who asks all the time, on a thread of its own.
        QList<QByteArray> answers;
        std::atomic<bool> asking = true;
        const quint16 port = quint16(m_target.service(u"haproxy"_s)->instances.first().port);
        std::unique_ptr<QThread> user(QThread::create([&] {
            while (asking) {
                QTcpSocket socket;
                socket.connectToHost(u"127.0.0.1"_s, port);
                socket.write("GET /api/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                QByteArray answer;
                while (socket.waitForReadyRead(5000)) {
                    answer += socket.readAll();
                }
                answers.append(answer);
            }
        }));
        user->start();
        const auto applied = QCoro::waitFor(step->apply(*m_bench, undo, {}));
        asking = false;
        user->wait();
        OK(applied);
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::Done);
        int maintenance = 0;
        bool newSeen = false;
        for (const QByteArray &answer : answers) {
            // Nothing but an answer of the old, the maintenance answer, or one of the new; no way back.
            if (answer.startsWith("HTTP/1.1 503")) {
                QVERIFY2(answer.contains("maintenance"), answer.constData());
                ++maintenance;
            } else {
                QVERIFY2(answer.startsWith("HTTP/1.1 200"), answer.constData());
                newSeen = newSeen || answer.contains("1.2.1");
                QCOMPARE(answer.contains("1.2.1"), newSeen);
            }
        }
        QVERIFY(maintenance > 0);
        OK(QCoro::waitFor(step->revert(*m_bench, undo, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
    }

    /// As an update leaves them that was abandoned half-way: the way back is each one's own.
    void recreatesInstancesOfSeveralReleases()
    {
        makeBrokenRelease();
        SupervisorClient client(m_target);
        OK(QCoro::waitFor(client.stop(u"backend-1"_s)));
        OK(QCoro::waitFor(client.start(u"backend-1"_s, m_target.releaseDirectory(u"1.2.1"_s))));
        OK(QCoro::waitFor(client.waitReady(u"backend-1"_s, {})));
        StepSpec spec;
        spec.id = u"recreate:backend"_s;
        spec.kind = u"recreate_service"_s;
        spec.params = {{u"service"_s, u"backend"_s},
                       {u"instances"_s, QJsonArray{u"backend-1"_s, u"backend-2"_s}},
                       {u"fromRelease"_s, u"1.2.0"_s},
                       {u"toRelease"_s, u"9.0.0"_s}};
        auto step = VALUE(StepRegistry::create(spec));
        const QString other = m_target.releaseDirectory(u"1.2.1"_s);
        QVERIFY(QFile::rename(other, other + u"-away"_s));
        const auto observed = QCoro::waitFor(step->observe(*m_bench, {}));
        QVERIFY(QFile::rename(other + u"-away"_s, other));
        QVERIFY(!observed);
        QCOMPARE(observed.error().code, u"deploy.no_release"_s);
        OK(QCoro::waitFor(step->observe(*m_bench, {})));

        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(*m_bench, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
        const auto applied = QCoro::waitFor(step->apply(*m_bench, undo, {}));
        QVERIFY(!applied);
        QCOMPARE(applied.error().code, u"supervisor.died"_s);
        OK(QCoro::waitFor(step->revert(*m_bench, undo, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(*m_bench, undo))), Inspection::NotStarted);
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"instance:backend-1"_s].toString(), u"1.2.1"_s);
        QCOMPARE(facts[u"instance:backend-2"_s].toString(), u"1.2.0"_s);
    }
};

} // namespace

DEPLOY_TEST_MAIN(RollingTest)
#include "rollingtest.moc"
