// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Several containers of one Compose service in a real Docker daemon, updated one by one by real runs: workers without a
// port, whose successor starts beside them, and servers behind a real HAProxy, each at a port of its own. Their logs, and
// the images that they leave behind.

#include "balancedsystem.h"
#include "deploy/composeimages.h"
#include "deploy/composeproject.h"
#include "deploy/composevolumes.h"
#include "deploy/imagerecord.h"
#include "deploy/servicelogs.h"
#include "stepbench.h"
#include "tests/support/dockerd.h"
#include "tests/support/skip.h"

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

constexpr auto Works = "echo I am $$CUTOVER_INSTANCE with $$API_TOKEN; trap exit TERM; while :; do sleep 1; echo still $$CUTOVER_INSTANCE; done";

class ComposeReplicasTest : public BalancedSystem
{
    Q_OBJECT

    std::unique_ptr<Dockerd> m_docker;
    std::unique_ptr<QProcess> m_haproxy;

    static QString image(const QString &version) { return u"cutover-test/replica:"_s + version; }
    /// healthy: what the workers' own health check runs.
    void writeRelease(const QString &version, const QByteArray &work = Works, const QByteArray &healthy = "'true'")
    {
        const QByteArray common = "    image: " + image(version).toUtf8() + "\n    network_mode: host\n    environment: [API_TOKEN]\n";
        writeFile(path(u"releases/"_s + version + u"/compose.yaml"_s), "services:\n  worker:\n" + common + "    command: [/bin/sh, -c, '" + work + "']\n" + "    healthcheck: {test: [CMD, /bin/busybox, " + healthy + "], interval: 300ms, timeout: 10s, retries: 2, start_interval: 200ms, start_period: 1s}\n" + "  web:\n" + common + "    stop_signal: SIGKILL\n    command: [/bin/sh, -c, 'exec busybox httpd -f -p 127.0.0.1:$$CUTOVER_PORT -h /www']\n"
                                                                                                                                                                                                                                                                                                                                          "    healthcheck: {test: [CMD, /bin/busybox, 'true'], interval: 500ms, start_interval: 200ms, start_period: 5s}\n");
    }
    [[nodiscard]] std::shared_ptr<Runtime> runtime() const { return VALUE(RuntimeRegistry::create(u"compose"_s, m_target)); }
    [[nodiscard]] QMap<QString, QString> releases() const
    {
        QMap<QString, QString> found;
        const auto states = VALUE(QCoro::waitFor(runtime()->states(20000)));
        for (const InstanceState &state : states) {
            found.insert(state.name, state.pid > 0 ? state.release : QString());
        }
        return found;
    }
    /// Of a service, in whatever state.
    [[nodiscard]] QStringList containers(const QString &service) const
    {
        return m_docker->docker({u"ps"_s, u"-aq"_s, u"--filter"_s, u"label=com.docker.compose.service="_s + service}).split(u'\n', Qt::SkipEmptyParts);
    }
    void everyOne(const QString &version)
    {
        const auto now = releases();
        QCOMPARE(now.size(), 5);
        for (const auto &[name, release] : now.asKeyValueRange()) {
            QVERIFY2(release == version, qPrintable(name + u' ' + release));
        }
        QCOMPARE(containers(u"worker"_s).size(), 3);
        QCOMPARE(containers(u"web"_s).size(), 2);
        QVERIFY(server(u"web-1"_s).isUp() && server(u"web-2"_s).isUp());
    }
    QString only(const QString &service, const QString &from, const QString &to)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        plan.steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, {service}, to));
        return addRun(m_target, plan);
    }
    /// Most of a service's containers that ran at once, and fewest.
    struct Count {
        qsizetype most = 0;
        qsizetype fewest = 99;
    };

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = Dockerd::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("replicas in a real Docker daemon, which needs root and Docker's programs");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: replicas in a real Docker daemon, which does not start here: "_s + why));
        }
        m_folder = std::make_unique<QTemporaryDir>();
        m_front = freePort();
        // The second one's port follows the first one's.
        do {
            m_ports[0] = freePort();
            m_ports[1] = quint16(m_ports[0] + 1);
        } while (m_ports[1] == m_front || !QTcpServer().listen(QHostAddress::LocalHost, m_ports[1]));
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            QVERIFY(!m_docker->makeImage(image(version), {{u"www/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}"}}).isEmpty());
            writeRelease(version);
        }
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
        writeFile(path(u"compose.env"_s), "API_TOKEN=s3cr3t-of-replicas\n");
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: replicated\nproduct: replicated\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: haproxy.sock}\n"
                                          "configuration:\n  - {file: compose.env, secrets: [\"*TOKEN*\"]}\n"
                                          "compose: {project: cutover-replicas, environment_file: compose.env, host: \""
                      + m_docker->host().toUtf8() + "\"}\nservices:\n"
                                                    "  - {name: worker, runtime: compose, replicas: 3, health: {ready_within: 30s}, stop_timeout: 2s}\n"
                                                    "  - name: web\n    runtime: compose\n    replicas: 2\n    port: "
                      + QByteArray::number(m_ports[0]) + "\n    health: {http: \"http://127.0.0.1:{port}/version\", interval: 100ms, ready_within: 60s}\n"
                                                         "    balancer_backend: app\n    stop_timeout: 2s\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        QCOMPARE(m_target.services[1].instances[1].port, int(m_ports[1]));
        // Workers as they are before Cutover comes: made by Compose alone.
        QProcess compose;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"DOCKER_HOST"_s, m_docker->host());
        compose.setProcessEnvironment(environment);
        compose.setProcessChannelMode(QProcess::ForwardedChannels);
        compose.start(u"docker-compose"_s, {u"-p"_s, u"cutover-replicas"_s, u"--env-file"_s, path(u"compose.env"_s), u"-f"_s, path(u"releases/1.0.0/compose.yaml"_s), u"up"_s, u"-d"_s, u"--scale"_s, u"worker=3"_s, u"worker"_s});
        QVERIFY(compose.waitForFinished(120000) && compose.exitCode() == 0);
        for (const QString &name : {u"web-1"_s, u"web-2"_s}) {
            OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, {name}, {})));
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
        writeFile(path(u"haproxy.cfg"_s), "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8() + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n    timeout check 5s\n    retries 0\nfrontend front\n    bind 127.0.0.1:" + QByteArray::number(m_front) + "\n    default_backend app\nbackend app\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n    server web-1 127.0.0.1:" + QByteArray::number(m_ports[0]) + "\n    server web-2 127.0.0.1:" + QByteArray::number(m_ports[1]) + "\n");
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_haproxy->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)});
        QVERIFY(m_haproxy->waitForStarted());
        for (const QString &name : {u"web-1"_s, u"web-2"_s}) {
            QTRY_VERIFY_WITH_TIMEOUT(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 1000)).has_value(), 10000);
        }
        everyOne(u"1.0.0"_s);
    }

    void cleanupTestCase()
    {
        if (m_haproxy) {
            m_haproxy->kill();
            m_haproxy->waitForFinished();
        }
        m_docker.reset();
        m_folder.reset();
    }

    void checkFindsWhatCanHaveNoReplicas()
    {
        const QString file = path(u"releases/1.0.0/compose.yaml"_s);
        const QByteArray whole = readFile(file);
        const auto errorOf = [&](const QByteArray &what, const QByteArray &with) {
            writeFile(file, QByteArray(whole).replace(what, with));
            const auto checked = QCoro::waitFor(runtime()->check(u"1.0.0"_s, {u"worker-2"_s}, {}));
            return checked ? QString() : checked.error().code;
        };
        QCOMPARE(errorOf("worker:\n", "worker:\n    scale: 3\n"), QString());
        QCOMPARE(errorOf("worker:\n", "worker:\n    scale: 2\n"), u"compose.replica_count"_s);
        QCOMPARE(errorOf("worker:\n", "worker:\n    container_name: me\n"), u"compose.replica_name"_s);
        QCOMPARE(errorOf("healthcheck: {test: [CMD, /bin/busybox, 'true'], interval: 300ms", "healthcheck: {disable: true, interval: 300ms"), u"compose.replica_health"_s);
        writeFile(file, whole);
    }

    void rollsForthAndBack()
    {
        User user(m_front);
        for (const auto &[from, to] : {std::pair(u"1.0.0"_s, u"1.1.0"_s), std::pair(u"1.1.0"_s, u"1.0.0"_s)}) {
            const QString run = newRun(from, to);
            Count count;
            QTimer look;
            connect(&look, &QTimer::timeout, this, [&] {
                const qsizetype now = m_docker->docker({u"ps"_s, u"-q"_s, u"--filter"_s, u"label=com.docker.compose.service=worker"_s}).split(u'\n', Qt::SkipEmptyParts).size();
                count = {qMax(count.most, now), qMin(count.fewest, now)};
            });
            look.start(100);
            const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            look.stop();
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            everyOne(to);
            // One more while its successor comes up, and never one less.
            QCOMPARE(count.most, 4);
            QCOMPARE(count.fewest, 3);
            QCOMPARE(VALUE(QCoro::waitFor(FactSource::collect(m_target))).value(u"instance:worker-3"_s).toString(), to);
        }
        noneFailed(user);
    }

    void neverHealthyLeavesTheOldOnes()
    {
        writeRelease(u"1.1.0"_s, Works, "'false'");
        const QStringList before = containers(u"worker"_s);
        const QString run = only(u"worker"_s, u"1.0.0"_s, u"1.1.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"unhealthy"_s) && story(run).contains(u"I am worker-1"_s), qPrintable(story(run)));
        QVERIFY2(!story(run).contains(u"s3cr3t"_s), qPrintable(story(run)));
        // They have not been touched.
        QCOMPARE(containers(u"worker"_s), before);
        everyOne(u"1.0.0"_s);
        writeRelease(u"1.1.0"_s);
    }

    /// What has run before is gone back to as it is, whatever a new release would need: here they were made by hand, and more of them.
    void goesBackToWhatNoUpdateWouldTake()
    {
        writeRelease(u"1.1.0"_s, Works, "sh, -c, 'test $$CUTOVER_INSTANCE = worker-1'");
        const QString file = path(u"releases/1.0.0/compose.yaml"_s);
        const QByteArray whole = readFile(file);
        writeFile(file, QByteArray(whole).replace("healthcheck: {test: [CMD, /bin/busybox, 'true'], interval: 300ms", "healthcheck: {disable: true, interval: 300ms").replace("worker:\n", "worker:\n    scale: 2\n"));
        const QString run = only(u"worker"_s, u"1.0.0"_s, u"1.1.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"worker-2"_s) && story(run).contains(u"unhealthy"_s), qPrintable(story(run)));
        everyOne(u"1.0.0"_s);
        writeFile(file, whole);
        writeRelease(u"1.1.0"_s);
    }

    void runnerKilledWhileBothRun()
    {
        // Slow to be healthy: both run for as long.
        writeRelease(u"1.1.0"_s, Works, "sleep, '2'");
        const QString run = only(u"worker"_s, u"1.0.0"_s, u"1.1.0"_s);
        QProcess first;
        startRunner(first, run);
        while (containers(u"worker"_s).size() < 4) {
            QVERIFY2(!first.waitForFinished(5), qPrintable(story(run)));
        }
        ::kill(pid_t(first.processId()), SIGKILL);
        QVERIFY(first.waitForFinished());
        QCOMPARE(first.exitStatus(), QProcess::CrashExit);
        // The old one is what counts until it is replaced.
        QCOMPARE(releases().value(u"worker-1"_s), u"1.0.0"_s);
        QProcess second;
        startRunner(second, run);
        QVERIFY(second.waitForFinished(180000));
        QVERIFY2(second.readAllStandardOutput().trimmed() == "succeeded", qPrintable(story(run)));
        QCOMPARE(containers(u"worker"_s).size(), 3);
        for (const QString &name : {u"worker-1"_s, u"worker-2"_s, u"worker-3"_s}) {
            QCOMPARE(releases().value(name), u"1.1.0"_s);
        }
        writeRelease(u"1.1.0"_s);
    }

    /// On the way back the old one may count while the new one still runs beside it: nobody may take that for done.
    void bothThatRunAreNotTakenBack()
    {
        for (const QString &name : {u"worker-1"_s, u"worker-2"_s, u"worker-3"_s}) {
            QCOMPARE(releases().value(name), u"1.1.0"_s);
        }
        StepBench bench(m_target);
        const auto steps = deploySteps({m_target, {}, u"1.1.0"_s}, u"1.0.0"_s, releasesAt(m_target, {u"worker"_s}, u"1.0.0"_s));
        const auto of = std::ranges::find_if(steps, [](const StepSpec &spec) { return spec.params[u"instance"_s].toString() == u"worker-1"; });
        QVERIFY(of != steps.end());
        const auto step = VALUE(StepRegistry::create(*of));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(bench, {})));
        const auto inspected = [&] { return VALUE(QCoro::waitFor(step->inspect(bench, undo))); };
        QCOMPARE(inspected(), Inspection::NotStarted);
        OK(QCoro::waitFor(runtime()->start(u"worker-1"_s, u"1.0.0"_s)));
        OK(QCoro::waitFor(runtime()->waitReady(u"worker-1"_s, u"1.0.0"_s, {})));
        // The older one, of the other release, is what counts until it is gone.
        QCOMPARE(releases().value(u"worker-1"_s), u"1.1.0"_s);
        QCOMPARE(inspected(), Inspection::Partial);
        OK(QCoro::waitFor(step->revert(bench, undo, {})));
        QCOMPARE(inspected(), Inspection::NotStarted);
        QCOMPARE(containers(u"worker"_s).size(), 3);
        // The other way round: of the old release the newer one, as a way back starts it.
        OK(QCoro::waitFor(step->apply(bench, undo, {})));
        QCOMPARE(inspected(), Inspection::Done);
        OK(QCoro::waitFor(runtime()->start(u"worker-1"_s, u"1.1.0"_s)));
        QCOMPARE(inspected(), Inspection::Partial);
        OK(QCoro::waitFor(step->revert(bench, undo, {})));
        QCOMPARE(inspected(), Inspection::NotStarted);
        QCOMPARE(releases().value(u"worker-1"_s), u"1.1.0"_s);
        QCOMPARE(containers(u"worker"_s).size(), 3);
    }

    /// The same of a run: held on its way back while both run, it can't be accepted as done, and retried it is.
    void heldOnTheWayBackIsNotAccepted()
    {
        // The new one never gets healthy, so that the run goes back; it can't be ended while Docker does not answer.
        m_docker->docker({u"tag"_s, image(u"1.1.0"_s), image(u"1.2.0"_s)});
        writeRelease(u"1.2.0"_s, Works, "'false'");
        const QString run = only(u"worker"_s, u"1.1.0"_s, u"1.2.0"_s);
        QTimer look;
        bool stopped = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!stopped && story(run).contains(u"unhealthy"_s)) {
                stopped = true;
                m_docker->stop(SIGTERM);
            }
        });
        look.start(5);
        RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        look.stop();
        QVERIFY2(stopped && state == RunState::Held, qPrintable(story(run)));
        const QString why = m_docker->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QCOMPARE(containers(u"worker"_s).size(), 4);
        decide(run, u"accept"_s);
        state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QCOMPARE(containers(u"worker"_s).size(), 4);
        decide(run, u"retry"_s);
        state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QCOMPARE(containers(u"worker"_s).size(), 3);
        for (const QString &name : {u"worker-1"_s, u"worker-2"_s, u"worker-3"_s}) {
            QCOMPARE(releases().value(name), u"1.1.0"_s);
        }
        m_docker->docker({u"rmi"_s, image(u"1.2.0"_s)});
    }

    void logsAreToldAndFollowed()
    {
        QMap<QString, QString> told;
        LogRequest request;
        // They have written for long.
        request.lines = -1;
        OK(QCoro::waitFor(serviceLogs(m_target, u"worker"_s, request, [&told](const QString &instance, const QString &line) { told[instance] += line; })));
        QCOMPARE(told.keys(), (QStringList{u"worker-1"_s, u"worker-2"_s, u"worker-3"_s}));
        QVERIFY2(told.first().contains(u"I am worker-"_s) && !told.first().contains(u"s3cr3t"_s), qPrintable(told.first()));
        told.clear();
        request.since = QDateTime::currentDateTimeUtc().addSecs(3600);
        OK(QCoro::waitFor(serviceLogs(m_target, u"worker"_s, request, [&told](const QString &instance, const QString &line) { told[instance] += line; })));
        QVERIFY(told.isEmpty());

        // What is started anew is followed, too.
        request = {.instances = {}, .lines = 0, .follow = true};
        std::stop_source stop;
        QTimer end;
        end.setSingleShot(true);
        connect(&end, &QTimer::timeout, this, [&stop] { stop.request_stop(); });
        end.start(60000);
        QTimer restart;
        int restarts = 0;
        connect(&restart, &QTimer::timeout, this, [&] {
            m_docker->docker(QStringList{u"restart"_s, u"-t"_s, u"0"_s} + containers(u"worker"_s));
            ++restarts;
        });
        restart.start(5000);
        const auto followed = QCoro::waitFor(serviceLogs(m_target, u"worker-1"_s, request, [&](const QString &, const QString &line) {
            if (restarts > 0 && line.contains(u"still worker-1"_s)) {
                stop.request_stop();
            } }, stop.get_token()));
        QVERIFY(end.isActive());
        QVERIFY(!followed);
        QCOMPARE(followed.error().code, u"system.cancelled"_s);
        QCOMPARE(QCoro::waitFor(serviceLogs(m_target, u"wroker"_s, {}, {})).error().code, u"logs.unknown"_s);
    }

    void leftImagesAreFoundAndRemoved()
    {
        // Four without a release, one of which a stopped container needs, and one of somebody else's.
        for (int i = 0; i < 4; ++i) {
            QTest::qWait(1100); // Docker knows their age in seconds.
            const QString version = u"0.%1.0"_s.arg(i);
            QVERIFY(!m_docker->makeImage(image(version), {{u"www/version"_s, version.toUtf8()}}).isEmpty());
        }
        QVERIFY(!m_docker->makeImage(u"somebody/else:1"_s, {{u"www/version"_s, "x"}}).isEmpty());
        QVERIFY(!m_docker->docker({u"create"_s, u"--name"_s, u"holds"_s, image(u"0.1.0"_s), u"/bin/true"_s}).isEmpty());
        QVERIFY(!m_docker->docker({u"volume"_s, u"create"_s, u"--label"_s, u"com.docker.compose.project=cutover-replicas"_s, u"old-data"_s}).isEmpty());

        const QStringList versions{u"1.0.0"_s, u"1.1.0"_s};
        QCOMPARE(VALUE(QCoro::waitFor(leftoverImages(m_target, versions, 0))), (QStringList{image(u"0.3.0"_s), image(u"0.2.0"_s), image(u"0.0.0"_s)}));
        QCOMPARE(VALUE(QCoro::waitFor(leftoverImages(m_target, versions, 3))), QStringList{image(u"0.0.0"_s)});
        QCOMPARE(VALUE(QCoro::waitFor(unusedVolumes(m_target, {}))).others, QStringList{u"old-data"_s});
        // What the staging system ran from is no less needed, and where that can't be told nothing goes.
        Target production = m_target;
        production.staging.target = m_folder->filePath(u"staging/target.yaml"_s);
        QCOMPARE(QCoro::waitFor(leftoverImages(production, versions, 0)).error().code, u"file.not_found"_s);
        QByteArray yaml = readFile(m_target.path);
        writeFile(production.staging.target, yaml);
        const QString tried = m_docker->docker({u"image"_s, u"inspect"_s, u"--format"_s, u"{{.Id}}"_s, image(u"0.2.0"_s)}).trimmed();
        const QByteArray record = "{\"0.2.0\": {\"worker\": \"" + tried.toUtf8() + "\"}}";
        writeFile(m_folder->filePath(u"staging/state/images.json"_s), record);
        QCOMPARE(VALUE(QCoro::waitFor(leftoverImages(production, versions, 0))), (QStringList{image(u"0.3.0"_s), image(u"0.0.0"_s)}));
        // Of a release that should be there nobody can tell what it needs.
        QCOMPARE(QCoro::waitFor(leftoverImages(m_target, {u"0.9.0"_s}, 0)).error().code, u"deploy.no_release"_s);

        const QStringList asked{image(u"0.0.0"_s), image(u"0.1.0"_s), u"no/such:1"_s};
        QCOMPARE(VALUE(QCoro::waitFor(removeComposeImages(m_target, asked, {}))), QStringList{image(u"0.0.0"_s)});
        const QString names = m_docker->docker({u"image"_s, u"ls"_s, u"--format"_s, u"{{.Repository}}:{{.Tag}}"_s});
        QVERIFY(!names.contains(image(u"0.0.0"_s)));
        for (const QString &stays : {image(u"1.0.0"_s), image(u"1.1.0"_s), image(u"0.1.0"_s), image(u"0.3.0"_s), u"somebody/else:1"_s}) {
            QVERIFY2(names.contains(stays), qPrintable(stays));
        }
        m_docker->docker({u"rm"_s, u"holds"_s});
    }

    /// As the Compose file of a careful release names them, "NAME@sha256:…", they have no tag.
    void leftImagesWithoutATagAreFoundAndRemoved()
    {
        QStringList ids;
        QStringList pinned;
        for (int i = 0; i < 4; ++i) {
            QTest::qWait(1100);
            const QString version = u"0.9.%1"_s.arg(i);
            ids.append(m_docker->makeImage(u"cutover-test/pinned:"_s + version, {{u"www/version"_s, version.toUtf8()}}));
            QVERIFY(ids.last().startsWith(u"sha256:"));
            pinned.append(u"cutover-test/pinned@sha256:"_s + QString::fromLatin1(QCryptographicHash::hash(version.toUtf8(), QCryptographicHash::Sha256).toHex()));
        }
        // What a pull by digest leaves, written where Docker keeps it: no registry is here to pull from.
        m_docker->stop(SIGTERM);
        const QString file = m_docker->path(u"data/image/vfs/repositories.json"_s);
        QJsonObject all = QJsonDocument::fromJson(readFile(file)).object();
        QJsonObject repositories = all[u"Repositories"_s].toObject();
        QJsonObject names;
        for (int i = 0; i < 4; ++i) {
            names.insert(pinned[i], ids[i]);
        }
        repositories.insert(u"cutover-test/pinned"_s, names);
        all.insert(u"Repositories"_s, repositories);
        writeFile(file, QJsonDocument(all).toJson(QJsonDocument::Compact));
        const QString why = m_docker->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QCOMPARE(m_docker->docker({u"image"_s, u"inspect"_s, u"--format"_s, u"{{.RepoTags}}{{.RepoDigests}}"_s, ids[0]}), u"[][%1]"_s.arg(pinned[0]));

        // The release takes one, a container another.
        const QString release = path(u"releases/0.9.0/compose.yaml"_s);
        QByteArray yaml = readFile(path(u"releases/1.0.0/compose.yaml"_s));
        yaml.replace(image(u"1.0.0"_s).toUtf8(), pinned[0].toUtf8());
        QVERIFY(yaml.contains("@sha256:"));
        writeFile(release, yaml);
        QVERIFY(!m_docker->docker({u"create"_s, u"--name"_s, u"holds"_s, pinned[1], u"/bin/true"_s}).isEmpty());
        const QStringList versions{u"1.0.0"_s, u"1.1.0"_s, u"0.9.0"_s};
        const auto left = [&](int keep) {
            QStringList images = VALUE(QCoro::waitFor(leftoverImages(m_target, versions, keep)));
            images.removeIf([](const QString &name) { return !name.startsWith(u"cutover-test/pinned"); });
            return images;
        };
        QCOMPARE(left(0), (QStringList{pinned[3], pinned[2]}));
        QCOMPARE(left(1), QStringList{pinned[2]});
        // A release that is kept ran from it.
        OK(recordImage(m_target, u"1.0.0"_s, u"worker-1"_s, ids[2]));
        QCOMPARE(left(0), QStringList{pinned[3]});
        const QStringList asked = left(0) + QStringList{pinned[1]};
        QCOMPARE(VALUE(QCoro::waitFor(removeComposeImages(m_target, asked, {}))), QStringList{pinned[3]});
        const QString ours = m_docker->docker({u"image"_s, u"ls"_s, u"--no-trunc"_s, u"--quiet"_s});
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(ours.contains(ids[i]), i != 3);
        }
        m_docker->docker({u"rm"_s, u"holds"_s});
        QVERIFY(QDir(path(u"releases/0.9.0"_s)).removeRecursively());
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(ComposeReplicasTest)
#include "composereplicastest.moc"
