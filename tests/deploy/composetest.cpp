// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends as services of a Compose project in a real Docker daemon, behind a real HAProxy that
// is a process: updated by real runs while somebody asks all the time.

#include "check/check.h"
#include "check/checklist.h"
#include "ctl.h"
#include "deploy/composeproject.h"
#include "deploy/deployplan.h"
#include "deploy/haproxy.h"
#include "deployruns.h"
#include "stepbench.h"
#include "tests/support/dockerd.h"
#include "tests/support/skip.h"

#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

// What containers run, and what their own health checks do.
constexpr auto Serves = "[/bin/busybox, httpd, -f, -p, '127.0.0.1:PORT', -h, /www]";
constexpr auto DiesAtOnce = "[/bin/busybox, sh, -c, 'echo no such module of s3cr3t-of-compose; exit 5']";
constexpr auto Healthy = "[CMD, /bin/busybox, wget, -q, -O, '-', 'http://127.0.0.1:PORT/version']";
constexpr auto SaysNo = "[CMD, /bin/busybox, 'false']";

class ComposeTest : public QObject
{
    Q_OBJECT

public:
    static int runAlone(const QStringList &arguments) { return leadRun(arguments); }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Dockerd> m_docker;
    Target m_target;
    quint16 m_front = 0;
    quint16 m_ports[2] = {};

    QString path(const QString &name) const { return m_folder->filePath(name); }

    /// A release's Compose file. check: what the containers' own health check runs.
    QByteArray composeFile(const QString &image, const QByteArray &command, const QByteArray &check, const QByteArray &second = "backend-2")
    {
        QByteArray yaml = "services:\n";
        for (int i = 0; i < 2; ++i) {
            const QByteArray port = QByteArray::number(m_ports[i]);
            yaml += "  " + (i == 0 ? QByteArray("backend-1") : second) + ":\n    image: " + image.toUtf8()
                + "\n    network_mode: host\n    stop_signal: SIGKILL\n    command: " + QByteArray(command).replace("PORT", port)
                + "\n    healthcheck: {test: " + QByteArray(check).replace("PORT", port) + ", interval: 500ms, timeout: 10s, retries: 3, start_interval: 200ms, start_period: 5s}\n";
        }
        return yaml;
    }
    static QString image(const QString &version) { return u"cutover-test/backend:"_s + version; }

    std::shared_ptr<Runtime> runtime() { return VALUE(RuntimeRegistry::create(u"compose"_s, m_target)); }
    QMap<QString, InstanceState> states()
    {
        QMap<QString, InstanceState> found;
        const auto all = VALUE(QCoro::waitFor(runtime()->states(20000)));
        for (const InstanceState &state : all) {
            found.insert(state.name, state);
        }
        return found;
    }
    /// An update of both backends as a run that waits for its runner.
    QString newRun(const QString &from, const QString &to)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        plan.steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, {}, to));
        return addRun(m_target, plan);
    }
    QString story(const QString &run) { return storyOf(m_target, run); }
    void startRunner(QProcess &runner, const QString &run) { startRunnerOf(m_target, runner, run); }
    void bothRun(const QString &version)
    {
        const auto now = states();
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            QCOMPARE(now[name].release, version);
            QCOMPARE(instanceStateName(now[name].state), u"ready"_s);
            QVERIFY(VALUE(QCoro::waitFor(Haproxy(m_target.balancer.socket).server(u"app"_s, name))).isUp());
        }
        QCOMPARE(running().size(), 2);
    }
    QStringList running() const
    {
        return m_docker->docker({u"ps"_s, u"-q"_s, u"--filter"_s, u"label=com.docker.compose.project=cutover-test"_s}).split(u'\n', Qt::SkipEmptyParts);
    }
    QList<CheckResult> check(const QString &folder)
    {
        CheckScope scope;
        scope.target = m_target;
        scope.releaseFolder = folder;
        QList<CheckResult> results = VALUE(QCoro::waitFor(runCheckList(scope, {}, {})));
        results.removeIf([](const CheckResult &result) { return !result.id.startsWith(u"compose"_s) && result.id != u"docker"; });
        return results;
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = Dockerd::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("Compose in a real Docker daemon, which needs root and Docker's programs");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: Compose in a real Docker daemon, which does not start here: "_s + why));
        }
        m_folder = std::make_unique<QTemporaryDir>();
        m_front = freePort();
        m_ports[0] = freePort();
        m_ports[1] = freePort();
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            QVERIFY(!m_docker->makeImage(image(version), {{u"www/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}"}}).isEmpty());
            writeFile(path(u"releases/"_s + version + u"/compose.yaml"_s), composeFile(image(version), Serves, Healthy));
        }
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
        const QByteArray front = QByteArray::number(m_front);
        QByteArray servers;
        QByteArray instances;
        for (int i = 0; i < 2; ++i) {
            const QByteArray name = "backend-" + QByteArray::number(i + 1);
            const QByteArray port = QByteArray::number(m_ports[i]);
            servers += "    server " + name + " 127.0.0.1:" + port + "\n";
            instances += "      - {name: " + name + ", port: " + port + "}\n";
        }
        writeFile(path(u"haproxy.cfg"_s), "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8() + " mode 600 level admin\n"
                                                                                                           "defaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n    timeout check 5s\n    retries 0\n"
                                                                                                           "frontend front\n    bind 127.0.0.1:"
                      + front + "\n    default_backend app\n"
                                "backend app\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n"
                      + servers);
        writeFile(path(u"compose.env"_s), "API_TOKEN=s3cr3t-of-compose\n");
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: composed\nproduct: composed\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\n"
                                          "balancer: {kind: haproxy, socket: haproxy.sock}\n"
                                          "compose: {project: cutover-test, environment_file: compose.env, host: \""
                      + m_docker->host().toUtf8() + "\"}\n"
                                                    "services:\n"
                                                    "  - name: backend\n    runtime: compose\n    instances:\n"
                      + instances + "    health: {http: \"http://127.0.0.1:{port}/version\", interval: 100ms, ready_within: 60s}\n"
                                    "    version: http://127.0.0.1:{port}/version\n    balancer_backend: app\n    stop_timeout: 2s\n"
                                    "  - name: haproxy\n    managed: false\n    instances: [{name: haproxy, port: "
                      + front + "}]\n"
                                "    command: [haproxy, -db, -f, haproxy.cfg]\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, {name}, {})));
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
        }
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.ensureRunning()));
        OK(QCoro::waitFor(supervisor.start(u"haproxy"_s, {})));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(u"haproxy.sock"_s)), 10000);
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(Haproxy(m_target.balancer.socket).waitUp(u"app"_s, name, 10000)));
        }
    }

    void cleanupTestCase()
    {
        if (!m_target.path.isEmpty()) {
            OK(QCoro::waitFor(SupervisorClient(m_target).shutdown()));
        }
        m_docker.reset();
        m_folder.reset();
    }

    void tellsWhatRuns()
    {
        bothRun(u"1.0.0"_s);
        const auto now = states();
        QVERIFY(alive(now[u"backend-1"_s].pid));
        QVERIFY(now[u"backend-1"_s].image.startsWith(u"sha256:"));
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"instance:backend-1"_s].toString(), u"1.0.0"_s);
        QVERIFY(!facts.contains(u"instance:haproxy"_s));
        // Both runtimes at once.
        const InstanceLook look = QCoro::waitFor(lookAtInstances(m_target));
        QCOMPARE(look.problem.code, QString());
        QCOMPARE(look.states.size(), 3);
        // Again: nothing happens.
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        QCOMPARE(states().value(u"backend-1"_s).container, now[u"backend-1"_s].container);
        const auto other = QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.1.0"_s));
        QVERIFY(!other);
        QCOMPARE(other.error().code, u"compose.runs_other"_s);
    }

    /// Of containers as well: a port is theirs while they run, and nobody else's meanwhile.
    void portsOfContainersAreLookedAt()
    {
        const auto ports = [](const Target &target) {
            CheckScope scope;
            scope.target = target;
            scope.only = {u"ports"_s};
            return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0);
        };
        const CheckResult own = ports(m_target);
        QVERIFY2(own.status == CheckResult::Status::Passed, qPrintable(own.error.text()));
        QCOMPARE(own.finding.args[u"count"].toInt(), 3);
        // A stranger where an instance without a container is to be started.
        QTcpServer stranger;
        QVERIFY(stranger.listen(QHostAddress::LocalHost));
        Target target = m_target;
        target.services[0].instances.append({u"backend-3"_s, stranger.serverPort()});
        const CheckResult taken = ports(target);
        QCOMPARE(taken.status, CheckResult::Status::Failed);
        QCOMPARE(taken.error.code, u"check.port_taken"_s);
        QVERIFY2(taken.error.text().contains(u"backend-3"), qPrintable(taken.error.text()));
        // Containers of a daemon elsewhere hold no port here.
        target.compose.host = u"tcp://127.0.0.1:1"_s;
        QCOMPARE(ports(target).status, CheckResult::Status::Passed);
    }

    void findsWhatIsMissingBeforehand()
    {
        const auto before = states();
        QList<CheckResult> results = check(path(u"releases/1.1.0"_s));
        QCOMPARE(results.size(), 3);
        QVERIFY2(results[0].status == CheckResult::Status::Passed, qPrintable(results[0].finding.text()));
        QVERIFY2(results[1].status == CheckResult::Status::Passed, qPrintable(results[1].finding.text()));
        QCOMPARE(results[2].status, CheckResult::Status::Warning);
        QCOMPARE(results[2].error.code, u"compose.floating"_s);
        QVERIFY(results[2].error.text().contains(image(u"1.1.0"_s)));

        // Nobody listens at that port: its registry is not there.
        writeFile(path(u"other/compose.yaml"_s), composeFile(u"127.0.0.1:1/none:1"_s, Serves, Healthy));
        results = check(path(u"other"_s));
        QCOMPARE(results[1].status, CheckResult::Status::Failed);
        QCOMPARE(results[1].error.code, u"compose.no_image"_s);
        QVERIFY(results[1].error.text().contains(u"127.0.0.1:1/none:1"_s));

        writeFile(path(u"other/compose.yaml"_s), composeFile(image(u"1.1.0"_s), Serves, Healthy, "backend-3"));
        results = check(path(u"other"_s));
        QCOMPARE(results[1].error.code, u"compose.unknown_service"_s);
        QVERIFY(results[1].error.text().contains(u"backend-3"_s));

        writeFile(path(u"other/compose.yaml"_s), "services:\n  backend-1: {imagine: x}\n");
        results = check(path(u"other"_s));
        QCOMPARE(results[1].error.code, u"compose.invalid"_s);
        writeFile(path(u"other/compose.yaml"_s), "services:\n  backend-1: {build: .}\n  backend-2: {build: .}\n");
        results = check(path(u"other"_s));
        QCOMPARE(results[1].error.code, u"compose.unnamed_image"_s);
        QVERIFY(QFile::remove(path(u"other/compose.yaml"_s)));
        results = check(path(u"other"_s));
        QCOMPARE(results[1].error.code, u"compose.no_file"_s);

        // A deployment step does not begin either.
        StepBench bench(m_target);
        writeFile(path(u"releases/1.5.0/compose.yaml"_s), composeFile(u"127.0.0.1:1/none:1"_s, Serves, Healthy));
        const auto steps = deploySteps({m_target, {}, u"1.0.0"_s}, u"1.5.0"_s, releasesAt(m_target, {}, u"1.5.0"_s));
        auto step = VALUE(StepRegistry::create(steps[1]));
        const auto observed = QCoro::waitFor(step->observe(bench, {}));
        QVERIFY(!observed);
        QCOMPARE(observed.error().code, u"compose.image_missing"_s);
        const auto fetched = QCoro::waitFor(runtime()->prepare(u"1.5.0"_s, {u"backend-1"_s}, {}));
        QVERIFY(!fetched);
        QCOMPARE(fetched.error().code, u"compose.no_image"_s);
        QCOMPARE(states().value(u"backend-1"_s).container, before[u"backend-1"_s].container);
        QCOMPARE(states().value(u"backend-2"_s).container, before[u"backend-2"_s].container);
    }

    /// Words of its client where the daemon is not there, of which some came with its version 29: it is waited for.
    void knowsADaemonThatIsAway_data()
    {
        QTest::addColumn<QByteArray>("said");
        QTest::addColumn<QString>("code");
        QTest::newRow("28") << QByteArray("Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?\n") << u"compose.gone"_s;
        QTest::newRow("29") << QByteArray("failed to connect to the docker API at unix:///run/docker.sock; check if the path is correct and if the daemon is running: dial unix /run/docker.sock: connect: no such file or directory\n") << u"compose.gone"_s;
        QTest::newRow("29, denied") << QByteArray("permission denied while trying to connect to the docker API at unix:///run/docker.sock\n") << u"compose.denied"_s;
        QTest::newRow("something else") << QByteArray("Error response from daemon: no\n") << u"compose.failed"_s;
    }
    void knowsADaemonThatIsAway()
    {
        QFETCH(const QByteArray, said);
        QFETCH(const QString, code);
        class Client : public Processes
        {
        public:
            QByteArray said;
            Async<ProcessResult> run(ProcessSpec, std::stop_token) override
            {
                ProcessResult result;
                result.exitCode = 1;
                result.errorOutput = said;
                co_return result;
            }
        };
        Client client;
        client.said = said;
        RuntimeTools tools;
        tools.processes = &client;
        ComposeProject project(m_target, tools);
        const auto version = QCoro::waitFor(project.serverVersion());
        QVERIFY(!version);
        QCOMPARE(version.error().code, code);
        QCOMPARE(version.error().kind == Error::Kind::Transient, code == u"compose.gone");
    }

    /// A release that was installed by hand may name no image: no update takes one, but a rollback goes back to it.
    void rollsBackToAnImageWithoutAName()
    {
        const QString folder = path(u"releases/0.9.0"_s);
        QByteArray yaml = composeFile(image(u"0.9.0"_s), Serves, Healthy);
        yaml.replace(QByteArray("image: " + image(u"0.9.0"_s).toUtf8()), "build: .");
        writeFile(folder + u"/compose.yaml"_s, yaml);
        writeFile(folder + u"/Dockerfile"_s, "FROM " + image(u"1.0.0"_s).toUtf8() + "\nCOPY version /www/version\n");
        writeFile(folder + u"/version"_s, "{\"version\": \"0.9.0\"}");
        QCOMPARE(check(folder)[1].error.code, u"compose.unnamed_image"_s);
        const auto runOf = [this](const QString &kind, const QString &from, const QString &to) {
            Plan plan = planOf(m_target, kind, from, to);
            plan.steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, {}, to), kind == u"update");
            return addRun(m_target, plan);
        };
        const QString refused = runOf(u"update"_s, u"1.0.0"_s, u"0.9.0"_s);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, refused))), RunState::RolledBack);
        QVERIFY2(story(refused).contains(u"names no image"_s), qPrintable(story(refused)));
        bothRun(u"1.0.0"_s);
        const QString run = runOf(u"rollback"_s, u"1.0.0"_s, u"0.9.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        bothRun(u"0.9.0"_s);
        const QString back = runOf(u"update"_s, u"0.9.0"_s, u"1.0.0"_s);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, back))), RunState::Succeeded);
        bothRun(u"1.0.0"_s);
    }

    /// Killed with the container stopped and none made again: the next restart does it, from the same image.
    void cutRestartIsFinished()
    {
        const auto before = states();
        const Told cut = cutRestartOf(m_target, u"backend"_s, SIGKILL, [pid = before[u"backend-1"_s].pid] { return !alive(pid); });
        QVERIFY2(cut.exitCode == -SIGKILL, cut.output.constData());
        QCOMPARE(states().value(u"backend-1"_s).pid, 0);
        const QByteArray told = cutRestartTold(m_target);
        QVERIFY2(told.contains("The restart of backend-1 was cut"), told.constData());
        const Told again = ctl(m_target, {u"service"_s, u"restart"_s, u"backend"_s});
        QVERIFY2(again.exitCode == 0, again.output.constData());
        bothRun(u"1.0.0"_s);
        QCOMPARE(states().value(u"backend-1"_s).image, before[u"backend-1"_s].image);
        QVERIFY(states().value(u"backend-2"_s).pid != before[u"backend-2"_s].pid);
        QCOMPARE(cutRestartTold(m_target), QByteArray());
    }

    /// What died shall run, and a rollback counts on it; what was stopped shall not, and no daemon brings it back.
    void whatDiedShallRunAndWhatWasStoppedStays()
    {
        const auto fact = [this] { return VALUE(QCoro::waitFor(runtime()->facts())).value(u"instance:backend-1"_s).toString(); };
        QByteArray yaml = composeFile(image(u"1.0.0"_s), Serves, Healthy);
        yaml.replace("    network_mode", "    restart: always\n    network_mode");
        writeFile(path(u"releases/1.0.0/compose.yaml"_s), yaml);
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        QCOMPARE(fact(), QString());
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.0.0"_s, {})));
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        m_docker->stop(SIGTERM);
        const QString why = m_docker->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QTest::qWait(2000);
        QCOMPARE(states().value(u"backend-1"_s).pid, 0);
        QCOMPARE(fact(), QString());

        writeFile(path(u"releases/1.0.0/compose.yaml"_s), composeFile(image(u"1.0.0"_s), Serves, Healthy));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        QVERIFY(!m_docker->docker({u"kill"_s, states().value(u"backend-1"_s).container}).isEmpty());
        QTRY_COMPARE_WITH_TIMEOUT(states().value(u"backend-1"_s).pid, 0, 10000);
        QCOMPARE(fact(), u"1.0.0"_s);
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.0.0"_s, {})));
        OK(QCoro::waitFor(Haproxy(m_target.balancer.socket).waitUp(u"app"_s, u"backend-1"_s, 10000)));
    }

    /// A death of long ago is none of the start that left it running: it is waited for while it gives no answer.
    void restartOfLongAgoIsNoDeath()
    {
        // Docker calls one with a check of its own unhealthy while it is paused.
        QByteArray yaml = composeFile(image(u"1.0.0"_s), Serves, "[NONE]");
        yaml.replace("    network_mode", "    restart: always\n    network_mode");
        writeFile(path(u"releases/1.0.0/compose.yaml"_s), yaml);
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.0.0"_s, {})));
        const InstanceState first = states().value(u"backend-1"_s);
        QCOMPARE(::kill(pid_t(first.pid), SIGKILL), 0);
        QTRY_COMPARE_WITH_TIMEOUT(states().value(u"backend-1"_s).restarts, 1, 20000);
        QTRY_COMPARE_WITH_TIMEOUT(instanceStateName(states().value(u"backend-1"_s).state), u"ready"_s, 20000);

        QVERIFY(!m_docker->docker({u"pause"_s, first.container}).isEmpty());
        QTimer::singleShot(2000, this, [this, &first] { m_docker->docker({u"unpause"_s, first.container}); });
        const auto again = runtime();
        OK(QCoro::waitFor(again->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(again->waitReady(u"backend-1"_s, u"1.0.0"_s, {})));
        QCOMPARE(states().value(u"backend-1"_s).container, first.container);

        // One that dies meanwhile does not become ready, and is not waited for until the limit.
        QVERIFY(!m_docker->docker({u"pause"_s, first.container}).isEmpty());
        QTimer::singleShot(1000, this, [this, &first] { m_docker->docker({u"kill"_s, first.container}); });
        const auto dead = QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.0.0"_s, {}));
        QVERIFY(!dead);
        QCOMPARE(dead.error().code, u"compose.died"_s);
        writeFile(path(u"releases/1.0.0/compose.yaml"_s), composeFile(image(u"1.0.0"_s), Serves, Healthy));
        OK(QCoro::waitFor(runtime()->stop(u"backend-1"_s)));
        OK(QCoro::waitFor(runtime()->start(u"backend-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"backend-1"_s, u"1.0.0"_s, {})));
        OK(QCoro::waitFor(Haproxy(m_target.balancer.socket).waitUp(u"app"_s, u"backend-1"_s, 10000)));
    }

    /// What containers wrote since the update began; what was written before counts before it only.
    void errorsInTheLogsAreCounted()
    {
        CheckScope scope;
        scope.target = m_target;
        scope.target.services.removeIf([](const ServiceSpec &service) { return service.name != u"backend"; });
        scope.only = {u"log"_s};
        const auto look = [&scope] { return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0); };
        const CheckResult quiet = look();
        QVERIFY2(quiet.status == CheckResult::Status::Passed, qPrintable(quiet.error.text()));
        // Its own process writes where the container's first one does.
        const QString container = states().value(u"backend-2"_s).container;
        m_docker->docker({u"exec"_s, container, u"/bin/busybox"_s, u"sh"_s, u"-c"_s, u"for i in 1 2 3 4 5 6 7; do echo \"ERROR $i of s3cr3t-of-compose\" > /proc/1/fd/1; done"_s});
        QTRY_COMPARE_WITH_TIMEOUT(look().status, CheckResult::Status::Warning, 10000);
        const CheckResult found = look();
        QCOMPARE(found.error.code, u"check.log_errors_instances"_s);
        QCOMPARE(found.error.args[u"errors"_s].toInt(), 7);
        for (const QString &word : {u"backend-2"_s, u"ERROR 7 of "_s}) {
            QVERIFY2(found.error.text().contains(word), qPrintable(found.error.text()));
        }
        QVERIFY2(!found.error.text().contains(u"s3cr3t"), qPrintable(found.error.text()));
        scope.afterUpdate = true;
        scope.since = QDateTime::currentDateTimeUtc().addSecs(-600);
        QCOMPARE(look().error.code, u"check.log_errors_instances"_s);
        scope.since = QDateTime::currentDateTimeUtc().addSecs(5);
        QCOMPARE(look().finding.code, u"check.log_silent"_s);
    }

    void rollsForthAndBack_data()
    {
        QTest::addColumn<QString>("program");
        QTest::newRow("docker compose") << u"docker compose"_s;
        QTest::newRow("docker-compose") << u"docker-compose"_s;
    }
    void rollsForthAndBack()
    {
        QFETCH(const QString, program);
        const QString chosen = std::exchange(m_target.compose.program, program);
        const auto restore = qScopeGuard([&] { m_target.compose.program = chosen; });
        User user(m_front);
        for (const auto &[from, to] : {std::pair(u"1.0.0"_s, u"1.1.0"_s), std::pair(u"1.1.0"_s, u"1.0.0"_s)}) {
            const QString run = newRun(from, to);
            const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            bothRun(to);
            QCOMPARE(VALUE(QCoro::waitFor(FactSource::collect(m_target))).value(u"instance:backend-2"_s).toString(), to);
        }
        noneFailed(user);
    }

    void neverHealthyGoesBack()
    {
        // It serves, but its own check says no.
        writeFile(path(u"releases/1.2.0/compose.yaml"_s), composeFile(image(u"1.1.0"_s), Serves, SaysNo));
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.2.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"unhealthy by its own check"_s), qPrintable(story(run)));
        bothRun(u"1.0.0"_s);
        noneFailed(user);
    }

    void deadAtItsStartGoesBack()
    {
        QByteArray yaml = composeFile(image(u"1.1.0"_s), DiesAtOnce, Healthy);
        yaml.replace("    network_mode", "    restart: always\n    network_mode");
        writeFile(path(u"releases/1.3.0/compose.yaml"_s), yaml);
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.3.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"no such module of "_s), qPrintable(story(run)));
        QVERIFY2(!story(run).contains(u"s3cr3t-of-compose"_s), qPrintable(story(run)));
        QFile log(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s);
        QVERIFY(log.open(QIODevice::ReadOnly));
        const QByteArray lines = log.readAll();
        QVERIFY(lines.contains("no such module of "));
        QVERIFY(!lines.contains("s3cr3t-of-compose"));
        QVERIFY2(!story(run).contains(u"is not ready after"_s), qPrintable(story(run)));
        bothRun(u"1.0.0"_s);
        noneFailed(user);
    }

    /// A release that builds its image itself; built again from what its folder holds now it would be another one.
    void wayBackTakesTheImageThatRan()
    {
        const QString built = u"cutover-test/built:1.4.0"_s;
        const QString folder = path(u"releases/1.4.0"_s);
        QByteArray yaml = composeFile(built, Serves, Healthy);
        yaml.replace("    network_mode", "    build: .\n    network_mode");
        writeFile(folder + u"/compose.yaml"_s, yaml);
        writeFile(folder + u"/Dockerfile"_s, "FROM " + image(u"1.0.0"_s).toUtf8() + "\nCOPY version /www/version\n");
        writeFile(folder + u"/version"_s, "{\"version\": \"1.4.0\"}");
        // As an update is planned: its images are made before anything is stopped.
        StepSpec fetch;
        fetch.id = u"fetch"_s;
        fetch.kind = u"fetch"_s;
        fetch.params = {{u"instances"_s, QJsonArray{u"backend-1"_s, u"backend-2"_s}}, {u"toRelease"_s, u"1.4.0"_s}};
        fetch.changesState = false;
        Plan update = planOf(m_target, u"update"_s, u"1.0.0"_s, u"1.4.0"_s);
        update.steps = QList{fetch} + deploySteps({m_target, {}, u"1.0.0"_s}, u"1.4.0"_s, releasesAt(m_target, {}, u"1.4.0"_s));
        QString run = addRun(m_target, update);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        const QString ran = states().value(u"backend-1"_s).image;
        QCOMPARE(states().value(u"backend-2"_s).image, ran);
        writeFile(folder + u"/version"_s, "{\"version\": \"1.4.0\", \"built\": \"again\"}");
        // A run that goes back.
        writeFile(path(u"releases/1.2.0/compose.yaml"_s), composeFile(image(u"1.1.0"_s), Serves, SaysNo));
        run = newRun(u"1.4.0"_s, u"1.2.0"_s);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::RolledBack, qPrintable(story(run)));
        bothRun(u"1.4.0"_s);
        QCOMPARE(states().value(u"backend-1"_s).image, ran);

        // A plan that goes back: by what is noted of that release, though its name was given away meanwhile.
        run = newRun(u"1.4.0"_s, u"1.0.0"_s);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        m_docker->docker({u"tag"_s, image(u"1.1.0"_s), built});
        m_docker->docker({u"tag"_s, ran, u"cutover-test/aside:1"_s});
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const InstanceReleases back = releasesAt(m_target, {}, u"1.4.0"_s);
        const auto planned = [&] {
            Plan plan = planOf(m_target, u"rollback"_s, u"1.0.0"_s, u"1.4.0"_s);
            plan.steps = VALUE(QCoro::waitFor(fetchBackSteps(context, startedOnes(context, back)))) + deploySteps(context, u"1.4.0"_s, back);
            return plan;
        };
        Plan plan = planned();
        QCOMPARE(plan.steps.first().kind, u"fetch"_s);
        QCOMPARE(plan.steps.first().params[u"images"][u"backend-2"].toString(), ran);
        QVERIFY2(plan.steps.first().intent.text().contains(u"that 1.4.0 has run from"_s), qPrintable(plan.steps.first().intent.text()));
        run = addRun(m_target, plan);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        bothRun(u"1.4.0"_s);
        QCOMPARE(states().value(u"backend-1"_s).image, ran);
        QCOMPARE(states().value(u"backend-2"_s).image, ran);

        // Once it is gone it is built again, before anything is stopped.
        run = newRun(u"1.4.0"_s, u"1.0.0"_s);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        m_docker->docker({u"rmi"_s, u"-f"_s, ran});
        QVERIFY(!VALUE(QCoro::waitFor(ComposeProject(m_target, {}).hasImage(built))));
        plan = planned();
        run = addRun(m_target, plan);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        bothRun(u"1.4.0"_s);
        QVERIFY(states().value(u"backend-1"_s).image != ran);
        run = newRun(u"1.4.0"_s, u"1.0.0"_s);
        QVERIFY2(VALUE(QCoro::waitFor(runToEnd(m_target, run))) == RunState::Succeeded, qPrintable(story(run)));
        bothRun(u"1.0.0"_s);
    }

    void wayBackWithoutItsImageIsNotPlanned()
    {
        writeFile(path(u"releases/1.5.0/compose.yaml"_s), composeFile(u"127.0.0.1:1/cutover-test/gone:1.5.0"_s, Serves, Healthy));
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const auto steps = QCoro::waitFor(fetchBackSteps(context, releasesAt(m_target, {}, u"1.5.0"_s)));
        QVERIFY(!steps);
        QCOMPARE(steps.error().code, u"compose.no_image"_s);
        QVERIFY2(steps.error().text().contains(u"gone:1.5.0"_s), qPrintable(steps.error().text()));
    }

    void dockerStoppedMeanwhile()
    {
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        // When the first container is being replaced its daemon is gone for a while.
        QString old = states().value(u"backend-1"_s).container;
        QTimer look;
        bool stopped = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!stopped && m_docker->docker({u"inspect"_s, u"-f"_s, u"{{.State.Running}}"_s, old}) != u"true"_s) {
                stopped = true;
                look.stop();
                m_docker->stop(SIGTERM);
                QTimer::singleShot(3000, this, [this] {
                    const QString why = m_docker->start();
                    QVERIFY2(why.isEmpty(), qPrintable(why));
                });
                // Meanwhile nobody knows, and says so.
                const auto unknown = QCoro::waitFor(runtime()->states(5000));
                QVERIFY(!unknown);
                QCOMPARE(unknown.error().code, u"compose.gone"_s);
                QCOMPARE(unknown.error().kind, Error::Kind::Transient);
            }
        });
        look.start(100);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY(stopped);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        bothRun(u"1.1.0"_s);
        noneFailed(user);
    }

    void runnerKilledBetweenStopAndStart()
    {
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s, u"1.0.0"_s);
        const QString old = states().value(u"backend-1"_s).container;
        QProcess first;
        startRunner(first, run);
        while (m_docker->docker({u"inspect"_s, u"-f"_s, u"{{.State.Running}}"_s, old}) == u"true"_s) {
            QVERIFY2(first.state() == QProcess::Running, qPrintable(story(run)));
        }
        ::kill(pid_t(first.processId()), SIGKILL);
        QVERIFY(first.waitForFinished());
        QCOMPARE(first.exitStatus(), QProcess::CrashExit);
        const auto left = states();
        QCOMPARE(left.value(u"backend-1"_s).pid, 0);
        QCOMPARE(left.value(u"backend-2"_s).release, u"1.1.0"_s);
        // The supervisor starts one, too, after five seconds: whoever is first goes on.
        QProcess second;
        startRunner(second, run);
        const auto isDone = [&] { return VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).state == RunState::Succeeded; };
        QVERIFY2(QTest::qWaitFor(isDone, 120000), qPrintable(story(run)));
        QVERIFY(second.waitForFinished(120000));
        bothRun(u"1.0.0"_s);
        noneFailed(user);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(ComposeTest)
#include "composetest.moc"
