// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// A service of two colours as two Compose projects in a real Docker daemon, of one Compose file, behind a real HAProxy.

#include "bluegreensystem.h"

#include "deploy/composeproject.h"
#include "deploy/imagerecord.h"
#include "tests/support/dockerd.h"
#include "tests/support/skip.h"

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class ComposeBlueGreenTest : public BlueGreenSystem
{
    Q_OBJECT

    std::unique_ptr<Dockerd> m_docker;

    static QString image(const QString &version) { return u"cutover-test/coloured:"_s + version; }
    std::shared_ptr<Runtime> runtime() { return VALUE(RuntimeRegistry::create(u"compose"_s, m_target)); }
    /// The same for both colours but for what their environment says. check: the containers' own.
    static QByteArray composeFile(const QString &version, const QByteArray &check = "wget, -q, -O, '-'")
    {
        QByteArray yaml = "services:\n";
        for (const QByteArray number : {"1", "2"}) {
            const QByteArray address = "127.0.0.1:${PORT_" + number + ":?}";
            yaml += "  backend-" + number + ":\n    image: " + image(version).toUtf8()
                + "\n    network_mode: host\n    stop_signal: SIGKILL\n    labels: {token: \"${TOKEN:?}\"}\n    command: [/bin/busybox, httpd, -f, -p, '" + address
                + "', -h, /www]\n    healthcheck: {test: [CMD, /bin/busybox, " + check + ", 'http://" + address
                + "/version'], interval: 500ms, timeout: 10s, retries: 3, start_interval: 200ms, start_period: 5s}\n";
        }
        return yaml;
    }
    QStringList containersOf(const QString &project)
    {
        return m_docker->docker({u"ps"_s, u"-q"_s, u"--filter"_s, u"label=com.docker.compose.project="_s + project}).split(u'\n', Qt::SkipEmptyParts);
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = Dockerd::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("blue-green by two Compose projects in a real Docker daemon, which needs root and Docker's programs");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: blue-green by two Compose projects in a real Docker daemon, which does not start here: "_s + why));
        }
        m_folder = std::make_unique<QTemporaryDir>();
        m_front = freePort();
        for (const QString &name : blue + green) {
            m_own.insert(name, freePort());
        }
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s, u"1.2.0"_s}) {
            QVERIFY(!m_docker->makeImage(image(version), {{u"www/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}"}}).isEmpty());
            writeFile(path(u"releases/"_s + version + u"/compose.yaml"_s), composeFile(version));
        }
        // This one serves, and its own check says no.
        writeFile(path(u"releases/1.2.0/compose.yaml"_s), composeFile(u"1.2.0"_s, "'false'"));
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
        QByteArray servers;
        QByteArray instances;
        for (const auto &[name, port] : m_own.asKeyValueRange()) {
            const QByteArray colour = name.section(u'-', 0, 0).toUtf8();
            const QByteArray number = name.section(u'-', 1).toUtf8();
            servers += "    server " + name.toUtf8() + " 127.0.0.1:" + QByteArray::number(port) + (colour == "green" ? " disabled\n" : "\n");
            instances += "      - {name: " + name.toUtf8() + ", port: " + QByteArray::number(port) + ", colour: " + colour + ", service: backend-" + number + "}\n";
            QFile file(path(name.section(u'-', 0, 0) + u".env"_s));
            QVERIFY(file.open(QIODevice::Append));
            file.write("PORT_" + number + '=' + QByteArray::number(port) + '\n');
        }
        writeFile(path(u"compose.env"_s), "TOKEN=of-both\n");
        writeFile(path(u"haproxy.cfg"_s), "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8() + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n    timeout check 5s\n    retries 0\n"
                                                                                                           "frontend front\n    bind 127.0.0.1:"
                      + QByteArray::number(m_front) + "\n    default_backend app\nbackend app\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n" + servers);
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: coloured\nproduct: coloured\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: haproxy.sock}\n"
                                          "compose: {project: cutover-coloured, environment_file: compose.env, colours: {blue: blue.env, green: green.env}, host: \""
                      + m_docker->host().toUtf8() + "\"}\nservices:\n  - name: backend\n    runtime: compose\n    strategy: blue_green\n    instances:\n" + instances + "    health: {http: \"http://127.0.0.1:{port}/version\", interval: 100ms, ready_within: 60s}\n"
                                                                                                                                                                        "    version: http://127.0.0.1:{port}/version\n    balancer_backend: app\n    stop_timeout: 2s\n    drain_limit: 5s\n"
                                                                                                                                                                        "    smoke: [{name: version, http: \"http://127.0.0.1:{port}/version\"}]\n"
                                                                                                                                                                        "  - name: haproxy\n    managed: false\n    instances: [{name: haproxy, port: "
                      + QByteArray::number(m_front) + "}]\n    command: [haproxy, -db, -f, haproxy.cfg]\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        for (const QString &name : blue) {
            OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, {name}, {})));
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
        }
        for (const QString &name : blue) {
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.ensureRunning()));
        OK(QCoro::waitFor(supervisor.start(u"haproxy"_s, {})));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(u"haproxy.sock"_s)), 10000);
        for (const QString &name : blue) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
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

    void livesInAProjectOfItsColour()
    {
        QCOMPARE(containersOf(u"cutover-coloured-blue"_s).size(), 2);
        QCOMPARE(containersOf(u"cutover-coloured-green"_s).size(), 0);
        QCOMPARE(containersOf(u"cutover-coloured"_s).size(), 0);
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"colour:backend"_s].toString(), u"blue"_s);
        QCOMPARE(facts[u"instance:blue-2"_s].toString(), u"1.0.0"_s);
    }

    void findsWhatAColourLacks()
    {
        const QByteArray content = readFile(path(u"green.env"_s));
        writeFile(path(u"green.env"_s), "PORT_1=1\n");
        CheckScope scope;
        scope.target = m_target;
        scope.releaseFolder = release(u"1.1.0"_s);
        const auto found = [&] {
            QList<CheckResult> results = VALUE(QCoro::waitFor(runCheckList(scope, {}, {})));
            results.removeIf([](const CheckResult &result) { return result.id != u"compose"; });
            return results.value(0);
        };
        QCOMPARE(found().error.code, u"compose.invalid"_s);
        QVERIFY2(found().error.text().contains(u"PORT_2"_s), qPrintable(found().error.text()));
        QVERIFY(QFile::remove(path(u"green.env"_s)));
        QCOMPARE(found().error.code, u"compose.no_environment"_s);
        writeFile(path(u"green.env"_s), content);
        QVERIFY2(found().status == CheckResult::Status::Passed, qPrintable(found().finding.text()));

        // Each colour's environment may give its services another image.
        const QByteArray yaml = readFile(release(u"1.1.0"_s) + u"/compose.yaml"_s);
        QByteArray own = yaml;
        own.replace(QByteArray("image: " + image(u"1.1.0"_s).toUtf8()), QByteArray("image: ${IMAGE:-" + image(u"1.1.0"_s).toUtf8() + "}"));
        writeFile(release(u"1.1.0"_s) + u"/compose.yaml"_s, own);
        const QByteArray gone = "127.0.0.1:1/cutover-test/gone:1.1.0";
        for (const QString &file : {u"blue.env"_s, u"green.env"_s}) {
            const QByteArray before = readFile(path(file));
            writeFile(path(file), before + "IMAGE=" + gone + '\n');
            QCOMPARE(found().error.code, u"compose.no_image"_s);
            QVERIFY2(found().error.text().contains(QString::fromUtf8(gone)), qPrintable(found().error.text()));
            writeFile(path(file), before);
        }
        writeFile(release(u"1.1.0"_s) + u"/compose.yaml"_s, yaml);
        QVERIFY2(found().status == CheckResult::Status::Passed, qPrintable(found().finding.text()));
    }

    /// As each colour's environment may give it another image: what ran in the other one is only taken where nothing is known of its own.
    void knowsTheImageOfEachColour()
    {
        Target target = m_target;
        target.stateDirectory = path(u"images"_s);
        QVERIFY(QDir().mkpath(target.stateDirectory));
        OK(recordImage(target, u"1.0.0"_s, u"blue-1"_s, u"sha256:b"_s));
        QCOMPARE(recordedImage(target, u"1.0.0"_s, u"green-1"_s), u"sha256:b"_s);
        OK(recordImage(target, u"1.0.0"_s, u"green-1"_s, u"sha256:g"_s));
        QCOMPARE(recordedImage(target, u"1.0.0"_s, u"blue-1"_s), u"sha256:b"_s);
        QCOMPARE(recordedImage(target, u"1.0.0"_s, u"green-1"_s), u"sha256:g"_s);
        QCOMPARE(recordedImages(target).size(), 2);
        // As it was kept before colours had their own.
        writeFile(target.stateDirectory + u"/images.json"_s, "{\"1.0.0\": {\"" + target.services[0].instance(u"blue-1"_s)->composeService.toUtf8() + "\": \"sha256:o\"}}");
        QCOMPARE(recordedImage(target, u"1.0.0"_s, u"blue-1"_s), u"sha256:o"_s);
    }

    /// A log that is followed has an owner: where one colour can't be asked, the other one's is not begun.
    void logsOfWhatCannotBeAsked()
    {
        /// Has no answer about green's containers, and takes its time for that.
        class HalfDocker : public Processes
        {
        public:
            int logs = 0;
            Async<ProcessResult> run(ProcessSpec spec, std::stop_token stop) override
            {
                if (spec.arguments.contains(u"label=com.docker.compose.project=cutover-coloured-green"_s)) {
                    CO_CHECK(co_await Clock::system().sleep(3000, stop));
                    co_return fail(u"process.timeout"_s);
                }
                logs += spec.arguments.contains(u"logs"_s) ? 1 : 0;
                co_return co_await Processes::system().run(spec, stop);
            }
        };
        HalfDocker docker;
        RuntimeTools tools;
        tools.processes = &docker;
        const auto runtime = VALUE(RuntimeRegistry::create(u"compose"_s, m_target, tools));
        LogRequest request;
        request.instances = blue + green;
        const auto read = QCoro::waitFor(runtime->logs(request, [](const QString &, const QString &) { }, {}));
        QVERIFY(!read);
        QCOMPARE(read.error().code, u"compose.silent"_s);
        QCOMPARE(docker.logs, 0);
    }

    void switchesForthAndBack()
    {
        User user(m_front);
        QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        QCOMPARE(containersOf(u"cutover-coloured-green"_s).size(), 2);
        QCOMPARE(containersOf(u"cutover-coloured-blue"_s).size(), 0);
        run = newRun(u"1.0.0"_s, false);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"blue"_s, u"1.0.0"_s);
        noneFailed(user);
    }

    void neverHealthyGoesBack()
    {
        User user(m_front);
        const QString run = newRun(u"1.2.0"_s);
        const RunState state = runNow(run);
        QVERIFY2(story(run).contains(u"unhealthy by its own check"_s), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        noneFailed(user);
    }

    void runnerKilledWhileGreenStarts()
    {
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QProcess runner;
        startRunner(runner, run);
        QTRY_VERIFY_WITH_TIMEOUT(!containersOf(u"cutover-coloured-green"_s).isEmpty(), 60000);
        runner.kill();
        QVERIFY(runner.waitForFinished());
        QCOMPARE(servingNow(), u"blue"_s);
        const RunState state = runNow(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        noneFailed(user);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(ComposeBlueGreenTest)
#include "composebluegreentest.moc"
