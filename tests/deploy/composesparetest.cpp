// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Services of Compose with a spare, in a real Docker daemon behind a real HAProxy: two named ones whose spare is a service under a
// profile, two replicas with a port, and one alone. While somebody asks all the time, and the balancer is looked at every moment.

#include "balancedsystem.h"
#include "deploy/composeimages.h"
#include "deploy/imagerecord.h"
#include "deploy/servicelogs.h"
#include "deploy/servicerestart.h"
#include "stepbench.h"
#include "tests/support/dockerd.h"
#include "tests/support/lookout.h"
#include "tests/support/skip.h"

#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

// It logs each request.
constexpr auto Serves = "exec busybox httpd -v -f -p 127.0.0.1:PORT -h /www";
constexpr auto ServesLong = "mkdir -p /www/cgi-bin && printf \"%s\\n\" \"#!/bin/sh\" \"echo Content-Type: text/plain\" echo \"echo begun\" \"sleep 60\" > /www/cgi-bin/long && chmod 755 /www/cgi-bin/long && "
                            "exec busybox httpd -f -p 127.0.0.1:PORT -h /www";
constexpr auto ServesLate = "sleep 20; exec busybox httpd -v -f -p 127.0.0.1:PORT -h /www";
constexpr auto Dies = "echo no such module; exit 5";

class ComposeSpareTest : public BalancedSystem
{
    Q_OBJECT

    std::unique_ptr<Dockerd> m_docker;
    std::unique_ptr<QProcess> m_haproxy;
    QMap<QString, quint16> m_at; ///< Ports, of fronts and instances.

    static QString image(const QString &version) { return u"cutover-test/spare:"_s + version; }
    /// What is served by whom is another thing where commands says so, by Compose service.
    void writeRelease(const QString &version, const QMap<QString, QByteArray> &commands = {}, const QString &spareImage = {})
    {
        QByteArray yaml = "services:\n";
        for (const auto *name : {"backend-1", "backend-2", "backend-spare", "solo", "solo-spare", "web"}) {
            const QString service = QString::fromLatin1(name);
            const QByteArray port = service == u"web" ? QByteArray("$$CUTOVER_PORT") : QByteArray::number(m_at[service]);
            const bool isSpare = service.endsWith(u"-spare"_s);
            if (isSpare && spareImage == u"none") {
                continue;
            }
            yaml += "  " + QByteArray(name) + ":\n    image: " + (isSpare && !spareImage.isEmpty() ? spareImage : image(version)).toUtf8()
                + "\n    network_mode: host\n    stop_signal: SIGKILL\n    command: [/bin/sh, -c, '"
                + commands.value(service, Serves).replace("PORT", port) + "']\n"
                + (isSpare ? QByteArray("    profiles: [spare]\n") : QByteArray());
        }
        // Somebody's tool for another host: nothing of what it needs is here.
        yaml += "  tool:\n    image: tool:1\n    env_file: /nowhere/tool.env\n    profiles: [tools]\n";
        writeFile(path(u"releases/"_s + version + u"/compose.yaml"_s), yaml);
    }
    [[nodiscard]] std::shared_ptr<Runtime> runtime() const { return VALUE(RuntimeRegistry::create(u"compose"_s, m_target)); }
    [[nodiscard]] QMap<QString, InstanceState> states() const
    {
        QMap<QString, InstanceState> found;
        const auto all = VALUE(QCoro::waitFor(runtime()->states(20000)));
        for (const InstanceState &state : all) {
            found.insert(state.name, state);
        }
        return found;
    }
    /// All of the project, in whatever state.
    [[nodiscard]] QStringList containers() const
    {
        return m_docker->docker({u"ps"_s, u"-aq"_s, u"--filter"_s, u"label=com.docker.compose.project=cutover-spare"_s}).split(u'\n', Qt::SkipEmptyParts);
    }
    [[nodiscard]] QStringList servers(const QString &backend) const
    {
        QStringList names;
        const auto all = VALUE(QCoro::waitFor(balancer()->servers(backend)));
        for (const BalancerServer &server : all) {
            names.append(server.name);
        }
        names.sort();
        return names;
    }
    [[nodiscard]] bool isUp(const QString &backend, const QString &name) const
    {
        const auto found = QCoro::waitFor(balancer()->server(backend, name));
        return found && found->isUp();
    }
    /// All of it runs that version and serves, and nothing of a spare is left anywhere.
    void whole(const QString &version)
    {
        const auto now = states();
        QCOMPARE(now.keys(), (QStringList{u"backend-1"_s, u"backend-2"_s, u"solo"_s, u"web-1"_s, u"web-2"_s}));
        for (const InstanceState &state : now) {
            QVERIFY2(state.release == version && state.state == InstanceState::State::Ready, qPrintable(state.name + u' ' + state.release + u' ' + instanceStateName(state.state)));
        }
        QCOMPARE(containers().size(), 5);
        QCOMPARE(servers(u"app"_s), (QStringList{u"backend-1"_s, u"backend-2"_s}));
        QCOMPARE(servers(u"web"_s), (QStringList{u"web-1"_s, u"web-2"_s}));
        QCOMPARE(servers(u"solo"_s), QStringList{u"solo"_s});
        for (const auto &[backend, name] : {std::pair(u"app"_s, u"backend-1"_s), {u"app"_s, u"backend-2"_s}, {u"web"_s, u"web-1"_s}, {u"web"_s, u"web-2"_s}, {u"solo"_s, u"solo"_s}}) {
            QVERIFY2(isUp(backend, name), qPrintable(name));
        }
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QVERIFY(!facts.contains(u"instance:backend-spare"_s) && !facts.contains(u"instance:web-spare"_s));
        QVERIFY(!readFile(m_target.stateDirectory + u"/spares.json"_s).contains("spare"));
    }
    QString only(const QStringList &services, const QString &from, const QString &to, bool forth = true)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        plan.steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, services, to), forth);
        plan.policy.insert(u"transientRetries"_s, 1);
        return addRun(m_target, plan);
    }
    RunState finish(const QString &run) { return VALUE(QCoro::waitFor(runToEnd(m_target, run))); }
    /// more: a line more in the backend "app".
    void writeConfiguration(const QByteArray &more = {})
    {
        const auto at = [this](const QString &name) { return QByteArray::number(m_at[name]); };
        QByteArray configuration = "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8() + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n    timeout check 5s\n    retries 0\n";
        for (const auto &[backend, instances] : {std::pair(u"app"_s, QList<std::pair<QString, quint16>>{{u"backend-1"_s, m_at[u"backend-1"_s]}, {u"backend-2"_s, m_at[u"backend-2"_s]}}),
                                                 {u"web"_s, {{u"web-1"_s, m_ports[0]}, {u"web-2"_s, m_ports[1]}}},
                                                 {u"solo"_s, {{u"solo"_s, m_at[u"solo"_s]}}}}) {
            configuration += "frontend front-" + backend.toUtf8() + "\n    bind 127.0.0.1:" + at(u"front-"_s + backend) + "\n    default_backend " + backend.toUtf8() + "\nbackend " + backend.toUtf8()
                + "\n    balance roundrobin\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n";
            for (const auto &[name, port] : instances) {
                configuration += "    server " + name.toUtf8() + " 127.0.0.1:" + QByteArray::number(port) + "\n";
            }
            configuration += backend == u"app" ? more : QByteArray();
        }
        writeFile(path(u"haproxy.cfg"_s), configuration);
    }
    [[nodiscard]] QByteArray logOf(const QString &run) const { return readFile(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s); }
    [[nodiscard]] CheckResult found(const QString &id, const QString &folder = {}) const
    {
        CheckScope scope;
        scope.target = m_target;
        scope.releaseFolder = folder;
        scope.only = {id};
        return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0);
    }
    /// A run that somebody gives up once its spare serves.
    void leaveSpare()
    {
        const QString run = only({u"backend"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY(killedAt(run, u"step-1-done"_s));
        QCOMPARE(found(u"spares"_s).finding.code, u"check.spares_at_work"_s);
        {
            const auto journal = VALUE(Journal::open(m_target.stateDirectory));
            RunRecord record = VALUE(journal->run(run));
            record.state = RunState::Abandoned;
            OK(journal->updateRun(record, {}));
        }
        QVERIFY(QFile::remove(path(u"releases/current"_s)) && QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
    }
    void startHaproxy()
    {
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_haproxy->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)});
        QVERIFY(m_haproxy->waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(u"haproxy.sock"_s)) && QCoro::waitFor(balancer()->check({})).has_value(), 10000);
    }
    void restartHaproxy()
    {
        m_haproxy->kill();
        QVERIFY(m_haproxy->waitForFinished());
        QVERIFY(QFile::remove(path(u"haproxy.sock"_s)));
        startHaproxy();
    }
    /// What is newer than HAProxy is not what it runs.
    void useConfiguration(const QByteArray &more = {})
    {
        writeConfiguration(more);
        restartHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(isUp(u"app"_s, u"backend-1"_s) && isUp(u"app"_s, u"backend-2"_s) && isUp(u"web"_s, u"web-1"_s) && isUp(u"web"_s, u"web-2"_s) && isUp(u"solo"_s, u"solo"_s), 10000);
    }
    /// A run in a process of its own that is killed at a point, and finished by another. False: it ended before that point.
    bool killedAt(const QString &run, const QString &point)
    {
        QProcess runner;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"CUTOVER_FAULT"_s, u"kill@"_s + point);
        environment.insert(u"CUTOVER_FAULT_ROLE"_s, u"run"_s);
        runner.setProcessEnvironment(environment);
        startRunner(runner, run);
        return runner.waitForFinished(120000) && runner.exitStatus() == QProcess::CrashExit;
    }
    QStringList told(const QString &name)
    {
        QStringList from;
        LogRequest request;
        request.lines = -1;
        const auto read = QCoro::waitFor(serviceLogs(m_target, name, request, [&from](const QString &instance, const QString &) { from.append(instance); }));
        from.removeDuplicates();
        return read ? from : QStringList{read.error().text()};
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = Dockerd::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("spares in a real Docker daemon, which needs root and Docker's programs");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: spares in a real Docker daemon, which does not start here: "_s + why));
        }
        m_folder = std::make_unique<QTemporaryDir>();
        for (const auto *name : {"front-app", "front-web", "front-solo", "backend-1", "backend-2", "backend-spare", "solo", "solo-spare", "web-spare"}) {
            m_at.insert(QString::fromLatin1(name), freePort());
        }
        // The second one's port follows the first one's.
        do {
            m_ports[0] = freePort();
            m_ports[1] = quint16(m_ports[0] + 1);
        } while (m_at.values().contains(m_ports[1]) || !QTcpServer().listen(QHostAddress::LocalHost, m_ports[1]));
        const auto at = [this](const QString &name) { return QByteArray::number(m_at[name]); };
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            QVERIFY(!m_docker->makeImage(image(version), {{u"www/version"_s, "{\"version\": \"" + version.toUtf8() + "\"}"}}).isEmpty());
            writeRelease(version);
        }
        QVERIFY(QFile::link(u"1.0.0"_s, path(u"releases/current"_s)));
        const QByteArray common = "    health: {http: \"http://127.0.0.1:{port}/version\", interval: 50ms, ready_within: 60s}\n    version: http://127.0.0.1:{port}/version\n    drain_limit: 3s\n    stop_timeout: 2s\n";
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: spared\nproduct: spared\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: haproxy.sock}\n"
                                          "compose: {project: cutover-spare, host: \""
                      + m_docker->host().toUtf8() + "\"}\nservices:\n" + "  - name: backend\n    runtime: compose\n    instances:\n      - {name: backend-1, port: " + at(u"backend-1"_s) + "}\n      - {name: backend-2, port: " + at(u"backend-2"_s) + "}\n    spare: {name: backend-spare, port: " + at(u"backend-spare"_s) + "}\n    balancer_backend: app\n" + common + "  - name: web\n    runtime: compose\n    replicas: 2\n    port: " + QByteArray::number(m_ports[0]) + "\n    spare: {name: web-spare, port: " + at(u"web-spare"_s) + "}\n    balancer_backend: web\n" + common + "  - name: solo\n    runtime: compose\n    instances: [{name: solo, port: " + at(u"solo"_s) + "}]\n    spare: {name: solo-spare, port: " + at(u"solo-spare"_s) + "}\n    balancer_backend: solo\n" + common);
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
        writeConfiguration();
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s, u"web-1"_s, u"web-2"_s, u"solo"_s}) {
            OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, {name}, {})));
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
        startHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(isUp(u"app"_s, u"backend-1"_s) && isUp(u"app"_s, u"backend-2"_s) && isUp(u"web"_s, u"web-1"_s) && isUp(u"web"_s, u"web-2"_s) && isUp(u"solo"_s, u"solo"_s), 10000);
        whole(u"1.0.0"_s);
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

    void planHasOneMoreOfEach()
    {
        QStringList ids;
        const auto steps = deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {}, u"1.1.0"_s));
        for (const StepSpec &step : steps) {
            ids.append(step.id);
            QVERIFY2(!step.title.text().contains(u'%') && !step.intent.text().contains(u'%'), qPrintable(step.intent.text()));
            QCOMPARE(step.expectedDowntimeMs, 0);
        }
        QCOMPARE(ids, (QStringList{u"switch_release"_s, u"start_spare:backend"_s, u"deploy:backend-1"_s, u"deploy:backend-2"_s, u"retire_spare:backend"_s, u"start_spare:web"_s, u"deploy:web-1"_s, u"deploy:web-2"_s, u"retire_spare:web"_s, u"start_spare:solo"_s, u"deploy:solo"_s, u"retire_spare:solo"_s}));
        QVERIFY2(steps[1].intent.text().startsWith(u"Start the spare instance backend-spare from 1.1.0"_s), qPrintable(steps[1].intent.text()));
        QVERIFY2(steps[2].intent.text().contains(u"backend-spare"_s), qPrintable(steps[2].intent.text()));
        QVERIFY2(steps[4].intent.text().contains(u"the run is held and asks"_s), qPrintable(steps[4].intent.text()));
        // Its image is brought with theirs, forth and back.
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const auto fetch = VALUE(fetchSteps(context, u"1.1.0"_s, releasesAt(m_target, {u"web"_s}, u"1.1.0"_s)));
        QCOMPARE(fetch[0].params[u"instances"].toVariant().toStringList(), (QStringList{u"web-1"_s, u"web-2"_s, u"web-spare"_s}));
        const auto back = VALUE(QCoro::waitFor(fetchBackSteps(context, startedOnes(context, releasesAt(m_target, {u"solo"_s}, u"1.1.0"_s)))));
        QCOMPARE(back[0].params[u"instances"].toVariant().toStringList(), (QStringList{u"solo"_s, u"solo-spare"_s}));
        // Restarted outside of an update, the one alone has nobody beside it.
        QVERIFY(!VALUE(QCoro::waitFor(chooseRestart(m_target, u"solo"_s, {}))).rolls);
        QVERIFY(VALUE(QCoro::waitFor(chooseRestart(m_target, u"backend"_s, {}))).rolls);
    }

    void rollsForthAndBack_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::newRow("forth") << u"1.0.0"_s << u"1.1.0"_s;
        QTest::newRow("back") << u"1.1.0"_s << u"1.0.0"_s;
    }
    void rollsForthAndBack()
    {
        QFETCH(const QString, from);
        QFETCH(const QString, to);
        const QString socket = path(u"haproxy.sock"_s);
        User user(m_at[u"front-app"_s]);
        User webUser(m_at[u"front-web"_s]);
        User soloUser(m_at[u"front-solo"_s]);
        Lookout app(socket, "app", states()[u"backend-1"_s].pid);
        Lookout web(socket, "web", states()[u"web-1"_s].pid);
        Lookout solo(socket, "solo", states()[u"solo"_s].pid);
        QMap<QString, InstanceState> between;
        QStringList logged;
        QString checked;
        const QString run = only({}, from, to, to == u"1.1.0");
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            if (between.isEmpty() && isUp(u"app"_s, u"backend-spare"_s)) {
                between = states();
                logged = told(u"backend-spare"_s);
                checked = VALUE(QCoro::waitFor(balancer()->server(u"app"_s, u"backend-spare"_s))).check;
            }
        });
        look.start(50);
        const RunState state = finish(run);
        look.stop();
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        whole(to);
        noneFailed(user);
        noneFailed(webUser);
        noneFailed(soloUser);
        for (const auto &[watched, one, two, spare, count] : {std::tuple(&app, "backend-1", "backend-2", "backend-spare", 2), {&web, "web-1", "web-2", "web-spare", 2}, {&solo, "solo", "solo", "solo-spare", 1}}) {
            watched->end();
            // Never one less than before, and nobody is taken out before the spare is in.
            QCOMPARE(watched->fewest(), count);
            QCOMPARE(watched->most(), count + 1);
            QVERIFY(watched->firstUp(spare) < watched->firstDown(one) && watched->firstDown(one) < watched->looks());
            QVERIFY(watched->firstUp(spare) < watched->firstDown(two) && watched->firstDown(two) < watched->looks());
            QVERIFY(watched->firstUp(spare) < watched->firstGone() && watched->firstGone() < watched->looks());
        }
        // While it ran it was shown, as what it is.
        QCOMPARE(between[u"backend-spare"_s].release, to);
        QVERIFY2(checked.startsWith(u"L7OK"_s), qPrintable(checked));
        QCOMPARE(logged, QStringList{u"backend-spare"_s});
        QVERIFY(!recordedImage(m_target, to, u"backend-spare"_s).isEmpty());
    }

    /// Of a spare that does not run there is no log, and no error.
    void logsOfWhatIsNotThere()
    {
        QCOMPARE(told(u"backend-spare"_s), QStringList());
        QStringList others = told(u"backend"_s);
        others.sort();
        QCOMPARE(others, (QStringList{u"backend-1"_s, u"backend-2"_s}));
    }

    /// The second one does not come up: the first goes back, and meanwhile the spare does, so that users have had the new release for as short as can be.
    void secondOneFails()
    {
        m_docker->docker({u"tag"_s, image(u"1.1.0"_s), image(u"1.2.0"_s)});
        writeRelease(u"1.2.0"_s, {{u"backend-2"_s, Dies}});
        // It tells the version of its image, which the check of its own word would refuse.
        QVERIFY(!m_docker->makeImage(image(u"1.2.0"_s), {{u"www/version"_s, "{\"version\": \"1.2.0\"}"}}).isEmpty());
        User user(m_at[u"front-app"_s]);
        Lookout app(path(u"haproxy.sock"_s), "app");
        QStringList releases;
        const QString run = only({u"backend"_s}, u"1.0.0"_s, u"1.2.0"_s);
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            if (isUp(u"app"_s, u"backend-spare"_s)) {
                const QString now = states().value(u"backend-spare"_s).release;
                if (!now.isEmpty() && (releases.isEmpty() || releases.last() != now)) {
                    releases.append(now);
                }
            }
        });
        look.start(50);
        const RunState state = finish(run);
        look.stop();
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"no such module"_s), qPrintable(story(run)));
        noneFailed(user);
        whole(u"1.0.0"_s);
        app.end();
        QCOMPARE(app.fewest(), 2);
        QCOMPARE(releases, (QStringList{u"1.2.0"_s, u"1.0.0"_s}));
    }

    void spareDoesNotComeUp()
    {
        writeRelease(u"1.2.0"_s, {{u"backend-spare"_s, Dies}});
        const QStringList before = containers();
        Lookout app(path(u"haproxy.sock"_s), "app");
        const QString run = only({u"backend"_s}, u"1.0.0"_s, u"1.2.0"_s);
        QVERIFY2(finish(run) == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"no such module"_s), qPrintable(story(run)));
        // The others have not been touched.
        QCOMPARE(containers(), before);
        app.end();
        QCOMPARE(app.fewest(), 2);
        whole(u"1.0.0"_s);
    }

    void wayBackAfterItsEnd_data()
    {
        QTest::addColumn<bool>("comes");
        QTest::newRow("the spare serves again") << true;
        QTest::newRow("the spare is broken by now") << false;
    }
    /// Another service fails after all of this one is done: on the way back the spare serves from the old release, and where it can't nobody waits for it.
    void wayBackAfterItsEnd()
    {
        QFETCH(const bool, comes);
        writeRelease(u"1.2.0"_s, {{u"solo-spare"_s, Dies}});
        if (!comes) {
            writeRelease(u"1.0.0"_s, {{u"backend-spare"_s, Dies}});
        }
        User user(m_at[u"front-app"_s]);
        Lookout app(path(u"haproxy.sock"_s), "app");
        QStringList releases;
        const QString run = only({u"backend"_s, u"solo"_s}, u"1.0.0"_s, u"1.2.0"_s);
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            const QString now = isUp(u"app"_s, u"backend-spare"_s) ? states().value(u"backend-spare"_s).release : QString();
            if (!now.isEmpty() && (releases.isEmpty() || releases.last() != now)) {
                releases.append(now);
            }
        });
        look.start(50);
        const RunState state = finish(run);
        look.stop();
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        noneFailed(user);
        writeRelease(u"1.0.0"_s);
        whole(u"1.0.0"_s);
        app.end();
        QCOMPARE(app.fewest(), comes ? 2 : 1);
        QCOMPARE(releases, comes ? QStringList({u"1.2.0"_s, u"1.0.0"_s}) : QStringList{u"1.2.0"_s});
        const QByteArray log = readFile(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s);
        QCOMPARE(log.contains("could not serve from 1.0.0 on the way back"), !comes);
    }

    void findsWhatIsMissingBeforehand()
    {
        writeRelease(u"1.3.0"_s, {}, u"127.0.0.1:1/none:1"_s);
        const QString folder = path(u"releases/1.3.0"_s);
        m_docker->docker({u"tag"_s, image(u"1.2.0"_s), image(u"1.3.0"_s)});
        const CheckResult missing = found(u"compose"_s, folder);
        QCOMPARE(missing.error.code, u"compose.no_image"_s);
        QVERIFY2(missing.error.text().contains(u"spare"_s), qPrintable(missing.error.text()));
        // The step does not begin either.
        const QString run = only({u"backend"_s}, u"1.0.0"_s, u"1.3.0"_s);
        const QStringList before = containers();
        QVERIFY2(finish(run) == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"127.0.0.1:1/none:1"_s), qPrintable(story(run)));
        QCOMPARE(containers(), before);

        const QString file = folder + u"/compose.yaml"_s;
        writeFile(file, readFile(file).replace("  backend-spare:", "  backend-other:"));
        const CheckResult unknown = found(u"compose"_s, folder);
        QCOMPARE(unknown.error.code, u"compose.unknown_service"_s);
        QVERIFY2(unknown.error.text().contains(u"backend-spare"_s), qPrintable(unknown.error.text()));

        QCOMPARE(found(u"ports"_s).status, CheckResult::Status::Passed);
        QProcess stranger;
        startStranger(stranger, m_at[u"backend-spare"_s]);
        const CheckResult taken = found(u"ports"_s);
        QCOMPARE(taken.error.code, u"check.port_taken"_s);
        QVERIFY2(taken.error.text().contains(u"backend-spare"_s), qPrintable(taken.error.text()));
        const QString late = only({u"backend"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY2(finish(late) == RunState::RolledBack, qPrintable(story(late)));
        QVERIFY2(story(late).contains(QString::number(m_at[u"backend-spare"_s])), qPrintable(story(late)));
        QCOMPARE(containers(), before);
        stopStranger(stranger);
        whole(u"1.0.0"_s);
    }

    /// A release of before there was a spare can be gone back to as well, then without one.
    void backToAReleaseWithoutSpares()
    {
        QVERIFY(!m_docker->makeImage(image(u"0.9.0"_s), {{u"www/version"_s, "{\"version\": \"0.9.0\"}"}}).isEmpty());
        writeRelease(u"0.9.0"_s, {}, u"none"_s);
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const InstanceReleases back = releasesAt(m_target, {u"backend"_s, u"solo"_s}, u"0.9.0"_s);
        Plan plan = planOf(m_target, u"rollback"_s, u"1.0.0"_s, u"0.9.0"_s);
        plan.steps = VALUE(QCoro::waitFor(fetchBackSteps(context, startedOnes(context, back)))) + deploySteps(context, u"0.9.0"_s, back);
        QCOMPARE(plan.steps[0].params[u"instances"].toVariant().toStringList(), (QStringList{u"backend-1"_s, u"backend-2"_s, u"solo"_s}));
        const QString run = addRun(m_target, plan);
        User user(m_at[u"front-app"_s]);
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        noneFailed(user);
        const QByteArray log = readFile(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s);
        for (const auto *spare : {"backend-spare", "solo-spare"}) {
            QVERIFY2(log.contains(QByteArray(spare).append(" could not serve from 0.9.0 on the way back, which goes on without it")), log);
        }
        QCOMPARE(states()[u"solo"_s].release, u"0.9.0"_s);
        // Its own checks don't ask for one either, and on from there the new release's spare serves.
        CheckScope scope;
        scope.target = m_target;
        scope.only = {u"compose"_s};
        QCOMPARE(VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0).status, CheckResult::Status::Passed);
        User soloUser(m_at[u"front-solo"_s]);
        const QString on = only({u"backend"_s, u"solo"_s}, u"0.9.0"_s, u"1.0.0"_s);
        QVERIFY2(finish(on) == RunState::Succeeded, qPrintable(story(on)));
        noneFailed(soloUser);
        whole(u"1.0.0"_s);
    }

    /// HAProxy forgets at its own restart what was added: the spare is let in again before the next step, and nothing is held.
    void balancerRestartedInBetween()
    {
        const QString run = only({u"backend"_s, u"solo"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY(killedAt(run, u"step-1-done"_s));
        QVERIFY(isUp(u"app"_s, u"backend-spare"_s));
        restartHaproxy();
        QVERIFY(!isUp(u"app"_s, u"backend-spare"_s));
        // And of the one that has nobody else: without the spare there would be no way on.
        QVERIFY(killedAt(run, u"step-5-done"_s));
        QVERIFY2(story(run).contains(u"had forgotten the spare instance backend-spare"_s), qPrintable(story(run)));
        restartHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(isUp(u"solo"_s, u"solo"_s), 10000);
        // At the very end as well: what is gone needs no removal.
        QVERIFY(killedAt(run, u"step-7-applying"_s));
        QVERIFY2(story(run).contains(u"had forgotten the spare instance solo-spare"_s), qPrintable(story(run)));
        restartHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(isUp(u"solo"_s, u"solo"_s), 10000);
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        const QString back = only({u"backend"_s, u"solo"_s}, u"1.1.0"_s, u"1.0.0"_s);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    /// Sessions of the spare are drained like any other's: at the limit the run asks, and the spare serves on meanwhile.
    void longSessionOfTheSpareIsAskedAbout()
    {
        writeRelease(u"1.1.0"_s, {{u"solo-spare"_s, ServesLong}});
        const QString run = only({u"solo"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY(killedAt(run, u"step-2-prepared"_s));
        // All new ones go to it.
        OK(QCoro::waitFor(balancer()->setState(u"solo"_s, u"solo"_s, Balancer::State::Drain)));
        LongSession session(m_at[u"front-solo"_s]);
        QVERIFY(session.hasBegun());
        QTRY_COMPARE_WITH_TIMEOUT(VALUE(QCoro::waitFor(balancer()->server(u"solo"_s, u"solo-spare"_s))).sessions, 1, 5000);
        QVERIFY2(finish(run) == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"solo-spare still has 1 session after draining for 3"_s), qPrintable(story(run)));
        QVERIFY(isUp(u"solo"_s, u"solo-spare"_s) && session.isOpen());
        decide(run, u"resume"_s);
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(!session.isOpen());
        writeRelease(u"1.1.0"_s);
        const QString back = only({u"solo"_s}, u"1.1.0"_s, u"1.0.0"_s);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    void runnerKilledAnywhere_data()
    {
        QTest::addColumn<bool>("isBack");
        QTest::addColumn<int>("every");
        QTest::newRow("forth") << false << 4;
        QTest::newRow("on the way back") << true << 13;
    }
    /// At writes and programs of both steps, from the first to the last: the next runner goes on, and nothing is left.
    void runnerKilledAnywhere()
    {
        QFETCH(const bool, isBack);
        QFETCH(const int, every);
        User user(m_at[u"front-app"_s]);
        int killed = 0;
        for (int point = 1;; point += every) {
            Plan plan = planOf(m_target, u"update"_s, u"1.0.0"_s, u"1.1.0"_s);
            plan.steps = deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s), true);
            plan.steps.removeIf([](const StepSpec &step) { return !step.kind.endsWith(u"_spare"_s); });
            if (isBack) {
                StepSpec failing = plan.steps.last();
                failing.id = u"fails"_s;
                failing.kind = u"start_spare"_s;
                failing.params.insert(u"toRelease"_s, u"9.9.9"_s);
                plan.steps.append(failing);
            }
            const QString run = addRun(m_target, plan);
            const bool wasKilled = killedAt(run, QString::number(point));
            const RunState now = VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).state;
            const RunState state = isFinal(now) ? now : finish(run);
            QVERIFY2(state == (isBack ? RunState::RolledBack : RunState::Succeeded), qPrintable(QString::number(point) + u'\n' + story(run)));
            QCOMPARE(servers(u"app"_s), (QStringList{u"backend-1"_s, u"backend-2"_s}));
            QCOMPARE(containers().size(), 5);
            if (!wasKilled) {
                break;
            }
            ++killed;
        }
        qInfo("killed %d times", killed);
        QVERIFY(killed > 5);
        noneFailed(user);
        whole(u"1.0.0"_s);
    }

    /// What a run that was given up has left is not taken for the new one, whatever it runs.
    void leftoverIsReplaced()
    {
        leaveSpare();
        const QString left = states()[u"backend-spare"_s].container;
        QVERIFY(!left.isEmpty());
        // A check tells it.
        QCOMPARE(found(u"spares"_s).error.code, u"check.spare_serves"_s);
        QCOMPARE(found(u"spares"_s).status, CheckResult::Status::Warning);
        StepBench bench(m_target);
        const auto steps = deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s), true);
        const auto step = VALUE(StepRegistry::create(steps[1]));
        OK(QCoro::waitFor(step->observe(bench, {})));
        const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(bench, {})));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(bench, undo))), Inspection::NotStarted);
        OK(QCoro::waitFor(step->apply(bench, undo, {})));
        QVERIFY(states()[u"backend-spare"_s].container != left);
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(bench, undo))), Inspection::Done);
        OK(QCoro::waitFor(step->verify(bench, {})));
        // Again: nothing happens.
        const QString own = states()[u"backend-spare"_s].container;
        OK(QCoro::waitFor(step->apply(bench, undo, {})));
        QCOMPARE(states()[u"backend-spare"_s].container, own);
        const auto end = VALUE(StepRegistry::create(steps[4]));
        QCOMPARE(VALUE(QCoro::waitFor(end->inspect(bench, {}))), Inspection::NotStarted);
        OK(QCoro::waitFor(end->apply(bench, {}, {})));
        QCOMPARE(VALUE(QCoro::waitFor(end->inspect(bench, {}))), Inspection::Done);
        OK(QCoro::waitFor(step->revert(bench, undo, {})));
        QCOMPARE(found(u"spares"_s).status, CheckResult::Status::Passed);
        whole(u"1.0.0"_s);
    }

    /// A plan in which its service stays as it is ends it, and no keeper lets it in again meanwhile.
    void leftoverIsEndedByOthers()
    {
        leaveSpare();
        restartHaproxy();
        QCOMPARE(found(u"spares"_s).error.code, u"check.spare_left"_s);
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const InstanceReleases moved = releasesAt(m_target, {u"solo"_s}, u"1.1.0"_s);
        QVERIFY(leftSpareSteps(context, releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s)).isEmpty());
        Plan plan = planOf(m_target, u"update"_s, u"1.0.0"_s, u"1.1.0"_s);
        plan.steps = deploySteps(context, u"1.1.0"_s, moved, true) + leftSpareSteps(context, moved);
        QCOMPARE(plan.steps.last().id, u"retire_spare:backend"_s);
        QVERIFY2(!plan.steps.last().intent.text().contains(u'%'), qPrintable(plan.steps.last().intent.text()));
        const QString run = addRun(m_target, plan);
        QVERIFY(killedAt(run, u"step-2-done"_s));
        QVERIFY(!servers(u"app"_s).contains(u"backend-spare"_s));
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        QCOMPARE(found(u"spares"_s).status, CheckResult::Status::Passed);
        const QString back = only({u"solo"_s}, u"1.1.0"_s, u"1.0.0"_s, false);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    void leftoverIsEndedBeforeARestore_data()
    {
        QTest::addColumn<bool>("isKnown");
        QTest::addColumn<bool>("isReadable");
        QTest::newRow("served") << true << true;
        QTest::newRow("forgotten by HAProxy") << false << true;
        QTest::newRow("forgotten, and nobody can read how to add it") << false << false;
    }
    void leftoverIsEndedBeforeARestore()
    {
        QFETCH(const bool, isKnown);
        QFETCH(const bool, isReadable);
        leaveSpare();
        if (!isKnown) {
            restartHaproxy();
        }
        if (!isReadable) {
            QVERIFY(QFile::remove(path(u"haproxy.cfg"_s)));
        }
        StepSpec spec;
        spec.id = u"stop_services"_s;
        spec.kind = spec.id;
        spec.params = {{u"instances"_s, QJsonArray()}, {u"idle"_s, QJsonArray{u"backend-spare"_s}}, {u"release"_s, u"1.0.0"_s}};
        StepBench bench(m_target);
        const auto step = VALUE(StepRegistry::create(spec));
        QCOMPARE(VALUE(QCoro::waitFor(step->inspect(bench, {}))), Inspection::NotStarted);
        OK(QCoro::waitFor(step->apply(bench, {}, {})));
        OK(QCoro::waitFor(step->verify(bench, {})));
        QCOMPARE(bench.told().join(u'\n').contains(u"ends without waiting"_s), !isReadable);
        if (!isReadable) {
            useConfiguration();
        }
        whole(u"1.0.0"_s);
    }

    void plannedRollbackGoesWithout_data()
    {
        QTest::addColumn<QString>("what");
        QTest::newRow("it does not come up") << u"dies"_s;
        QTest::newRow("its port is taken") << u"port"_s;
        QTest::newRow("HAProxy can't be told of it") << u"balancer"_s;
    }
    /// No way back is held for want of a spare, also where somebody has planned it.
    void plannedRollbackGoesWithout()
    {
        QFETCH(const QString, what);
        const QString forth = only({u"backend"_s, u"solo"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY2(finish(forth) == RunState::Succeeded, qPrintable(story(forth)));
        QProcess stranger;
        if (what == u"dies") {
            writeRelease(u"1.0.0"_s, {{u"backend-spare"_s, Dies}, {u"solo-spare"_s, Dies}});
        } else if (what == u"port") {
            startStranger(stranger, m_at[u"backend-spare"_s]);
        } else {
            QVERIFY(QFile::remove(path(u"haproxy.cfg"_s)));
        }
        const PlanningContext context{m_target, {}, u"1.1.0"_s};
        const InstanceReleases back = releasesAt(m_target, {u"backend"_s, u"solo"_s}, u"1.0.0"_s);
        Plan plan = planOf(m_target, u"rollback"_s, u"1.1.0"_s, u"1.0.0"_s);
        plan.policy.insert(u"automaticRollback"_s, false);
        plan.steps = VALUE(QCoro::waitFor(fetchBackSteps(context, startedOnes(context, back)))) + deploySteps(context, u"1.0.0"_s, back);
        User user(m_at[u"front-app"_s]);
        const QString run = addRun(m_target, plan);
        const RunState state = finish(run);
        if (what == u"port") {
            stopStranger(stranger);
        }
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        noneFailed(user);
        QVERIFY2(logOf(run).contains("backend-spare could not serve from 1.0.0 on the way back"), logOf(run).constData());
        QCOMPARE(logOf(run).contains("solo-spare could not serve"), what != u"port");
        if (what == u"balancer") {
            useConfiguration();
        }
        writeRelease(u"1.0.0"_s);
        whole(u"1.0.0"_s);
    }

    /// HAProxy is restarted while the only instance is replaced: nobody waits for that step's end to be served again.
    void balancerRestartedWhileNobodyElseServes()
    {
        writeRelease(u"1.1.0"_s, {{u"solo"_s, ServesLate}});
        const QString run = only({u"solo"_s}, u"1.0.0"_s, u"1.1.0"_s);
        bool isRestarted = false;
        bool isServed = false;
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            const InstanceState solo = states().value(u"solo"_s);
            if (!isRestarted && solo.release == u"1.1.0" && solo.pid > 0) {
                isRestarted = true;
                restartHaproxy();
            } else if (isRestarted && !isServed && solo.state != InstanceState::State::Ready) {
                isServed = isUp(u"solo"_s, u"solo-spare"_s) && ask(m_at[u"front-solo"_s], "/version").contains("1.1.0");
            }
        });
        look.start(100);
        const RunState state = finish(run);
        look.stop();
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(isRestarted);
        QVERIFY(isServed);
        QVERIFY2(logOf(run).contains("had forgotten the spare instance solo-spare"), logOf(run).constData());
        writeRelease(u"1.1.0"_s);
        const QString back = only({u"solo"_s}, u"1.1.0"_s, u"1.0.0"_s);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    /// The same while it is being drained: it is drained again only once the spare serves.
    void balancerRestartedInADrain()
    {
        writeRelease(u"1.1.0"_s, {{u"solo"_s, ServesLong}});
        const QString forth = only({u"solo"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY2(finish(forth) == RunState::Succeeded, qPrintable(story(forth)));
        LongSession session(m_at[u"front-solo"_s]);
        QVERIFY(session.hasBegun());
        const QString run = only({u"solo"_s}, u"1.1.0"_s, u"1.0.0"_s);
        std::unique_ptr<Lookout> solo;
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            const auto server = QCoro::waitFor(balancer()->server(u"solo"_s, u"solo"_s));
            if (!solo && server && server->status.startsWith(u"DRAIN"_s)) {
                restartHaproxy();
                solo = std::make_unique<Lookout>(path(u"haproxy.sock"_s), "solo");
            }
        });
        look.start(50);
        const RunState state = finish(run);
        look.stop();
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(solo);
        solo->end();
        QCOMPARE(solo->fewest(), 1);
        QVERIFY(solo->firstUp("solo-spare") < solo->firstDown("solo") && solo->firstDown("solo") < solo->looks());
        writeRelease(u"1.1.0"_s);
        whole(u"1.0.0"_s);
    }

    /// One that somebody wrote into haproxy.cfg is let in again after a restart, too, and stays there at the end, out.
    void spareInTheConfiguration()
    {
        useConfiguration("    server backend-spare 127.0.0.1:" + QByteArray::number(m_at[u"backend-spare"_s]) + " disabled\n");
        const QString run = only({u"backend"_s}, u"1.0.0"_s, u"1.1.0"_s);
        QVERIFY(killedAt(run, u"step-1-done"_s));
        QVERIFY(isUp(u"app"_s, u"backend-spare"_s));
        restartHaproxy();
        QVERIFY(!isUp(u"app"_s, u"backend-spare"_s));
        QVERIFY(killedAt(run, u"step-2-done"_s));
        QVERIFY(isUp(u"app"_s, u"backend-spare"_s));
        QVERIFY2(story(run).contains(u"had forgotten the spare instance backend-spare"_s), qPrintable(story(run)));
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(VALUE(QCoro::waitFor(balancer()->server(u"app"_s, u"backend-spare"_s))).isMaintained());
        StepBench bench(m_target);
        const auto end = VALUE(StepRegistry::create(deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s), true).last()));
        OK(QCoro::waitFor(end->apply(bench, {}, {})));
        OK(QCoro::waitFor(end->verify(bench, {})));
        QCOMPARE(VALUE(QCoro::waitFor(end->inspect(bench, {}))), Inspection::Done);
        useConfiguration();
        const QString back = only({u"backend"_s}, u"1.1.0"_s, u"1.0.0"_s, false);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    /// Of an earlier deployment of the same version another image is known: the spare is started from the one that was brought now.
    void sameVersionMadeAnew()
    {
        const QString name = image(u"1.1.0"_s);
        const auto idOf = [this](const QString &of) { return m_docker->docker({u"image"_s, u"inspect"_s, u"--format"_s, u"{{.Id}}"_s, of}).trimmed(); };
        m_docker->docker({u"tag"_s, name, u"cutover-test/before:1"_s});
        const QString before = idOf(name);
        QVERIFY(!m_docker->makeImage(name, {{u"www/version"_s, "{\"version\": \"1.1.0\", \"made\": \"anew\"}"}}).isEmpty());
        const QString anew = idOf(name);
        QVERIFY(anew != before);
        OK(recordImage(m_target, u"1.1.0"_s, u"backend-1"_s, before));
        OK(recordImage(m_target, u"1.1.0"_s, u"backend-2"_s, before));
        const PlanningContext context{m_target, {}, u"1.0.0"_s};
        const InstanceReleases moved = releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s);
        Plan plan = planOf(m_target, u"update"_s, u"1.0.0"_s, u"1.1.0"_s);
        plan.steps = VALUE(fetchSteps(context, u"1.1.0"_s, moved)) + deploySteps(context, u"1.1.0"_s, moved, true);
        const QString run = addRun(m_target, plan);
        QVERIFY(killedAt(run, u"step-2-done"_s));
        QCOMPARE(states()[u"backend-spare"_s].image, anew);
        QCOMPARE(idOf(name), anew);
        QVERIFY2(finish(run) == RunState::Succeeded, qPrintable(story(run)));
        QCOMPARE(states()[u"backend-1"_s].image, anew);
        const QString back = only({u"backend"_s}, u"1.1.0"_s, u"1.0.0"_s);
        QVERIFY2(finish(back) == RunState::Succeeded, qPrintable(story(back)));
        whole(u"1.0.0"_s);
    }

    /// Called otherwise in target.yaml while a run counts on it, it is not ended by its new name.
    void renamedMeanwhile()
    {
        Target renamed = m_target;
        const auto backend = std::ranges::find(renamed.services, u"backend"_s, &ServiceSpec::name);
        QVERIFY(backend != renamed.services.end() && backend->spare);
        backend->spare->name = u"other-spare"_s;
        StepBench bench(renamed);
        const auto steps = deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {u"backend"_s}, u"1.1.0"_s), true);
        for (const StepSpec &spec : {steps[1], steps[4]}) {
            const auto step = VALUE(StepRegistry::create(spec));
            const auto reverted = QCoro::waitFor(step->revert(bench, {}, {}));
            QVERIFY(!reverted);
            QCOMPARE(reverted.error().code, u"spare.renamed"_s);
            QVERIFY2(reverted.error().text().contains(u"other-spare"_s) && reverted.error().text().contains(u"backend-spare"_s), qPrintable(reverted.error().text()));
        }
        whole(u"1.0.0"_s);
    }

    /// An image that only a spare is made from belongs to its release.
    void imagesOfSparesAreKept()
    {
        const QString own = u"cutover-test/spare-of-its-own:"_s;
        for (int i = 0; i < 3; ++i) {
            QTest::qWait(1100); // Docker knows their age in seconds.
            QVERIFY(!m_docker->makeImage(own + QString::number(i), {{u"www/version"_s, QByteArray::number(i)}}).isEmpty());
        }
        writeRelease(u"1.1.0"_s, {}, own + u'0');
        QStringList left = VALUE(QCoro::waitFor(leftoverImages(m_target, {u"1.1.0"_s}, 1, {})));
        left.removeIf([&own](const QString &image) { return !image.startsWith(own); });
        QCOMPARE(left, QStringList{own + u'1'});
        writeRelease(u"1.1.0"_s);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(ComposeSpareTest)
#include "composesparetest.moc"
