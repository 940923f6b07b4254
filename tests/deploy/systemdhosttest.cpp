// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends that are units of a template on a further host, behind a real HAProxy: updated by real runs over a real
// sshd, while somebody asks all the time. Started by tests/support/undersystemd; the host is this machine, with a folder
// of releases of its own.

#include "deploy/hostrelease.h"
#include "deploy/servicelogs.h"
#include "plan/planners.h"
#include "plan/silentfact.h"
#include "systemdsystem.h"
#include "tests/support/sshserver.h"

#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class SystemdHostTest : public SystemdSystem
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_home;

    [[nodiscard]] QString there(const QString &name) const { return path(u"there/"_s + name); }

    void writeTarget()
    {
        QByteArray instances;
        for (int i = 0; i < 2; ++i) {
            const QByteArray number = QByteArray::number(i + 1);
            instances += "      - {name: backend-" + number + ", port: " + QByteArray::number(m_ports[i]) + ", unit: demo@" + number + "}\n";
        }
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: balanced\nproduct: balanced\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: haproxy.sock}\nhosts:\n  - {name: web-2, ssh: \""
                      + m_server.address().toUtf8() + "\", releases: " + path(u"there"_s).toUtf8() + "}\nservices:\n  - name: backend\n    runtime: systemd\n    host: web-2\n    instances:\n" + instances + "    command: [serve, \"{port}\", \"{release}\"]\n    health: {http: \"http://127.0.0.1:{port}/version\", interval: 50ms, ready_within: 30s}\n"
                                                                                                                                                                                                              "    version: http://127.0.0.1:{port}/version\n    balancer_backend: app\n    drain_limit: 3s\n    stop_timeout: 2s\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
    }
    /// An update with the step that brings the release before it.
    QString updateRun(const QString &from, const QString &to) { return addRun(m_target, updatePlan(from, to)); }
    Plan updatePlan(const QString &from, const QString &to)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        const InstanceReleases releases = releasesAt(m_target, {}, to);
        plan.steps = VALUE(QCoro::waitFor(fetchBackSteps({m_target, {}, from}, releases))) + deploySteps({m_target, {}, from}, to, releases);
        plan.policy.insert(u"transientRetries"_s, 3);
        return plan;
    }
    /// A step of the control host's own.
    static CommandStepSpec ownStep(const QString &name, const QString &after, const QString &script)
    {
        CommandStepSpec spec;
        spec.name = name;
        spec.after = after;
        spec.apply = {u"sh"_s, u"-c"_s, script};
        spec.revert = {u"true"_s};
        return spec;
    }
    /// One that waits until the test lets it go on: removes the file "gate".
    CommandStepSpec gate(const QString &after) const { return ownStep(u"gate"_s, after, u"touch '%1'; while [ -e '%1' ]; do sleep 0.05; done"_s.arg(path(u"gate"_s))); }
    QString runWith(const QList<CommandStepSpec> &own)
    {
        Plan plan = updatePlan(u"1.0.0"_s, u"1.1.0"_s);
        Target target = m_target;
        target.commands = own;
        plan.steps = VALUE(QCoro::waitFor(withCommandSteps(target, plan.steps, {{u"1.0.0"_s, u"1.1.0"_s, {}}})));
        return addRun(m_target, plan);
    }
    RunRecord recordOf(const QString &run) const { return VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)); }
    qsizetype countOf(const QString &run, const QString &code) const
    {
        const auto events = VALUE(VALUE(Journal::open(m_target.stateDirectory))->events(run));
        return std::ranges::count_if(events, [&code](const EventRecord &event) { return event.message.code == code; });
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SYSTEMD;
        NEEDS_SSHD;
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        qputenv("CUTOVER_SSH_CONFIG", m_server.addPerson(m_home.filePath(u"home"_s)).toLocal8Bit());
    }
    void init()
    {
        makeReleases();
        for (const QString &version : {u"1.0.0"_s, u"1.1.0"_s}) {
            const QString program = path(u"releases/"_s + version + u"/serve"_s);
            writeFile(program, readFile(program).replace("exec ", "echo \"listening, from $2\"\nexec "));
            QVERIFY(QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        }
        writeFile(path(u"releases/1.1.0/odd name's/\n*.txt"_s), "odd");
        QVERIFY(QDir().mkpath(path(u"releases/1.1.0/empty/folder"_s)));
        QVERIFY(QFile::link(u"www/version"_s, path(u"releases/1.1.0/link"_s)));
        writeFile(path(u"releases/1.1.0/large"_s), QByteArray(40 << 20, 'x') + "end");
        makeUnits();
        writeTarget();
        OK(QCoro::waitFor(runtime()->prepare(u"1.0.0"_s, all(), {})));
        startUnits();
        startHaproxy();
    }
    void cleanup()
    {
        stopHaproxy();
        removeUnits();
    }
    void cleanupTestCase() { m_server.fail(); }

    void rollsForthAndBack()
    {
        User user(m_front);
        for (const auto &[from, to] : {std::pair(u"1.0.0"_s, u"1.1.0"_s), std::pair(u"1.1.0"_s, u"1.0.0"_s)}) {
            const QString run = updateRun(from, to);
            const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            bothServe(to);
            QVERIFY(ask(m_front, "/version").contains(to.toUtf8()));
        }
        noneFailed(user);
        QCOMPARE(readFile(there(u"1.1.0/odd name's/\n*.txt"_s)), QByteArray("odd"));
        QCOMPARE(readFile(there(u"1.1.0/large"_s)), QByteArray(40 << 20, 'x') + "end");
        QCOMPARE(QFileInfo(there(u"1.1.0/link"_s)).readSymLink(), u"www/version"_s);
        QVERIFY(QFileInfo(there(u"1.1.0/empty/folder"_s)).isDir());
        QVERIFY(!QFileInfo::exists(there(u".1.1.0.part"_s)));
        // What a unit is started with is of that machine.
        QVERIFY(readFile(unitFile(u"demo@1.service.d/50-cutover.conf"_s)).contains(QByteArray("CUTOVER_RELEASE=" + there(u"1.0.0"_s).toUtf8())));
        QStringList told;
        OK(QCoro::waitFor(serviceLogs(m_target, u"backend"_s, {.instances = {}, .since = QDateTime::currentDateTimeUtc().addSecs(-600)}, [&told](const QString &instance, const QString &line) { told.append(QString(instance + u": "_s + line)); })));
        const auto names = all();
        for (const QString &name : names) {
            QVERIFY2(told.contains(QString(name + u": listening, from "_s + there(u"1.1.0"_s))), qPrintable(told.join(u'\n')));
        }
    }

    void planTellsWhere()
    {
        const auto steps = VALUE(QCoro::waitFor(fetchBackSteps({m_target, {}, u"1.0.0"_s}, releasesAt(m_target, {}, u"1.1.0"_s))));
        QCOMPARE(steps.size(), 1);
        QVERIFY2(steps[0].intent.text().contains(m_target.hosts[0].text()) && steps[0].intent.text().contains(u"1.1.0"_s), qPrintable(steps[0].intent.text()));
    }

    /// What lies there under that version is another thing, or nothing: found before anything is stopped.
    void otherContentIsFoundBefore()
    {
        const auto missing = QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {}));
        QCOMPARE(missing.error().code, u"host.release_missing"_s);
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        OK(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})));
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        writeFile(there(u"1.1.0/www/version"_s), "{\"version\": \"6.6.6\"}");
        const auto checked = QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {}));
        QCOMPARE(checked.error().code, u"host.release_differs"_s);
        QVERIFY2(checked.error().what().contains(u"www/version"_s) && checked.error().what().contains(u"web-2"_s), qPrintable(checked.error().what()));

        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const auto state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        bothServe(u"1.0.0"_s);
        noneFailed(user);
        writeFile(there(u"1.1.0/www/version"_s), readFile(path(u"releases/1.1.0/www/version"_s)));
        OK(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})));
        QVERIFY(QFile::remove(there(u"1.1.0/link"_s)));
        QCOMPARE(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})).error().args[u"path"_s].toString(), u"link"_s);
    }

    /// What runs from a release writes into it, there and here, whatever it writes: that is no other release.
    void whatRunsMayWriteIntoItsFolder()
    {
        writeFile(path(u"releases/1.1.0/.pytest_cache/lastfailed"_s), "of the pre-checks");
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        writeFile(path(u"releases/1.1.0/.pytest_cache/lastfailed"_s), "of later ones");
        writeFile(path(u"releases/1.1.0/more"_s), "here");
        writeFile(path(u"releases/1.1.0/www/__pycache__/a.pyc"_s), "here");
        writeFile(there(u"1.1.0/www/__pycache__/a.pyc"_s), "there");
        writeFile(there(u"1.1.0/empty/folder/cache"_s), "there");
        OK(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})));
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        QCOMPARE(readFile(there(u"1.1.0/www/__pycache__/a.pyc"_s)), QByteArray("there"));
        QVERIFY(!QFileInfo::exists(there(u"1.1.0/more"_s)));

        // On the way back to it nothing keeps it from being what it ran from.
        writeFile(there(u"1.0.0/www/version"_s), "{\"version\": \"1.0.0\", \"edited\": true}");
        writeFile(there(u"1.0.0/more"_s), "x");
        const QMap<QString, QString> images{{u"backend-1"_s, QString()}, {u"backend-2"_s, QString()}};
        QCOMPARE(QCoro::waitFor(runtime()->prepare(u"1.0.0"_s, all(), {})).error().code, u"host.release_differs"_s);
        OK(QCoro::waitFor(runtime()->restore(u"1.0.0"_s, images, {})));
        QVERIFY(QDir(there(u"1.0.0"_s)).removeRecursively());
        OK(QCoro::waitFor(runtime()->restore(u"1.0.0"_s, images, {})));
        OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, all(), {})));
    }

    /// Another package of the same version, installed here meanwhile.
    void anotherReleaseOfThatVersionIsFound()
    {
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        QVERIFY(QFile::rename(path(u"releases/1.1.0"_s), path(u"before"_s)));
        QCOMPARE(QProcess::execute(u"cp"_s, {u"-a"_s, path(u"before"_s), path(u"releases/1.1.0"_s)}), 0);
        OK(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})));
        writeFile(path(u"releases/1.1.0/new"_s), "x");
        QCOMPARE(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})).error().args[u"path"_s].toString(), u"new"_s);
        QVERIFY(QFile::remove(path(u"releases/1.1.0/new"_s)));
        writeFile(path(u"releases/1.1.0/www/version"_s), "{\"version\": \"1.1.0\", \"other\": true}");
        QCOMPARE(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})).error().args[u"path"_s].toString(), u"www/version"_s);
    }

    /// Every version that nobody needs, also one that a host kept when it could not be asked; and nothing else.
    void cleanUpAsksWhatIsThere()
    {
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        writeFile(there(u"0.9.0/serve"_s), "kept");
        writeFile(there(u".0.8.0.part/serve"_s), "half");
        writeFile(there(u"notes/a"_s), "of somebody");
        writeFile(there(u"2.0.0"_s), "no folder");
        QVERIFY(QFile::link(u"1.0.0"_s, there(u"3.0.0"_s)));
        OK(QCoro::waitFor(removeReleases(m_target, {u"1.0.0"_s}, {})));
        const QStringList left = QDir(path(u"there"_s)).entryList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDir::Name);
        QCOMPARE(QSet<QString>(left.begin(), left.end()), (QSet<QString>{u".1.0.0.list"_s, u"1.0.0"_s, u"2.0.0"_s, u"3.0.0"_s, u"notes"_s}));
        OK(QCoro::waitFor(runtime()->check(u"1.0.0"_s, all(), {})));
    }

    /// Begun with another release of that version, which left folders behind.
    void restOfAnotherReleaseGoes()
    {
        writeFile(there(u".1.1.0.part/old/deep/file"_s), "x");
        writeFile(there(u".1.1.0.part/serve/file"_s), "where there is a file");
        QVERIFY(QDir().mkpath(there(u".1.1.0.part/empty/folder"_s)));
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        QVERIFY(!QFileInfo::exists(there(u"1.1.0/old"_s)));
        QVERIFY(QFileInfo(there(u"1.1.0/serve"_s)).isFile());
        QVERIFY(QFileInfo(there(u"1.1.0/empty/folder"_s)).isDir());
    }

    /// What was brought when the link broke stays, and the rest follows.
    void brokenBringingGoesOn()
    {
        QTimer cut;
        int cuts = 0;
        connect(&cut, &QTimer::timeout, this, [&] {
            if (cuts == 0 && QFileInfo(there(u".1.1.0.part/large"_s)).size() > 0) {
                cuts = m_server.dropLinks();
            }
        });
        cut.start(1);
        const auto broken = QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {}));
        cut.stop();
        QVERIFY(cuts > 0);
        QCOMPARE(broken.error().code, u"host.gone"_s);
        QCOMPARE(broken.error().kind, Error::Kind::Transient);
        QVERIFY(!QFileInfo::exists(there(u"1.1.0"_s)));
        OK(QCoro::waitFor(runtime()->prepare(u"1.1.0"_s, all(), {})));
        OK(QCoro::waitFor(runtime()->check(u"1.1.0"_s, all(), {})));
    }

    void linkCutInTheRunGoesOn()
    {
        User user(m_front);
        const QString run = updateRun(u"1.0.0"_s, u"1.1.0"_s);
        QTimer cut;
        int cuts = 0;
        connect(&cut, &QTimer::timeout, this, [&] {
            if (cuts == 0 && readFile(unitFile(u"demo@1.service.d/50-cutover.conf"_s)).contains("1.1.0")) {
                cuts = m_server.dropLinks();
            }
        });
        cut.start(1);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY(cuts > 0);
        bothServe(u"1.1.0"_s);
        noneFailed(user);
    }

    /// Another host of the target is dead: here the work goes on, and back; of what runs there nothing is said.
    void deadHostStopsNoOther()
    {
        QTcpServer port;
        QVERIFY(port.listen(QHostAddress::LocalHost));
        Target target = m_target;
        HostSpec dead = target.hosts[0];
        dead.name = u"web-3"_s;
        dead.address = VALUE(SshHost::parse(u"127.0.0.1:%1"_s.arg(port.serverPort())));
        port.close();
        ServiceSpec other = target.services[0];
        other.name = u"other"_s;
        other.host = dead;
        other.instances = {InstanceSpec{.name = u"other-1"_s, .port = 0, .composeService = u"demo@3"_s}};
        target.hosts.append(dead);
        target.services.append(other);
        const auto both = VALUE(RuntimeRegistry::create(u"systemd"_s, target));

        OK(QCoro::waitFor(both->prepare(u"1.1.0"_s, all(), {})));
        OK(QCoro::waitFor(both->check(u"1.1.0"_s, all(), {})));
        const QMap<QString, QString> images{{u"backend-1"_s, QString()}, {u"backend-2"_s, QString()}};
        OK(QCoro::waitFor(both->checkRestore(u"1.0.0"_s, images, {})));
        OK(QCoro::waitFor(both->restore(u"1.0.0"_s, images, {})));
        const auto own = VALUE(QCoro::waitFor(both->statesOf({u"backend-1"_s}, 20000)));
        QCOMPARE(own.size(), 1);
        QCOMPARE(own[0].state, InstanceState::State::Ready);
        QCOMPARE(own[0].release, u"1.0.0"_s);
        QCOMPARE(QCoro::waitFor(both->check(u"1.1.0"_s, {u"other-1"_s}, {})).error().code, u"ssh.unreachable"_s);
        QCOMPARE(QCoro::waitFor(both->statesOf({u"other-1"_s}, 20000)).error().code, u"ssh.unreachable"_s);

        const InstanceLook look = QCoro::waitFor(lookAtInstances(target, 20000));
        QCOMPARE(look.problem.code, u"ssh.unreachable"_s);
        QCOMPARE(look.states.size(), 3);
        QCOMPARE(look.states[0].state, InstanceState::State::Ready);
        QCOMPARE(look.states[2].name, u"other-1"_s);
        QCOMPARE(look.states[2].state, InstanceState::State::Unknown);
        QCOMPARE(instanceStateName(look.states[2].state), u"unknown"_s);
        const Facts facts = VALUE(QCoro::waitFor(both->facts()));
        QCOMPARE(facts[u"instance:backend-1"_s].toString(), u"1.0.0"_s);
        const auto silent = silentError(facts[u"instance:other-1"_s]);
        QVERIFY(silent);
        const Error error = silent.value_or(Error());
        QCOMPARE(error.code, u"ssh.unreachable"_s);
        QCOMPARE(error.kind, Error::Kind::Transient);
        // What a plan relies on is complete, or none.
        QCOMPARE(QCoro::waitFor(FactSource::collect(target)).error().code, u"ssh.unreachable"_s);
    }

    void restarts() { bothAreRestarted(); }

    /// Between stop and start: what is down then is brought back by the same command.
    void linkCutInTheRestartGoesOn()
    {
        const qint64 first = mainPid(1);
        User user(m_front);
        QTimer cut;
        int cuts = 0;
        connect(&cut, &QTimer::timeout, this, [&] {
            if (cuts == 0 && !alive(first)) {
                cuts = m_server.dropLinks();
            }
        });
        cut.start(1);
        const auto restarted = restart();
        cut.stop();
        OK(restarted);
        QVERIFY(cuts > 0);
        noneFailed(user);
        bothServe(u"1.0.0"_s);
        QVERIFY(!QFileInfo::exists(m_target.stateDirectory + u"/restart.json"_s));
    }

    /// What works here goes on, which is told once; what works there is held, and goes on once the host is back.
    void hostThatGoesAwayHoldsOnlyWhatNeedsIt()
    {
        const QString run = runWith({gate(u"fetch"_s), ownStep(u"note"_s, u"switch_release"_s, u"touch '%1'"_s.arg(path(u"noted"_s)))});
        QTimer away;
        connect(&away, &QTimer::timeout, this, [this] {
            if (QFileInfo::exists(path(u"gate"_s))) {
                m_server.fail();
                QFile::remove(path(u"gate"_s));
            }
        });
        away.start(20);
        const auto held = QCoro::waitFor(runToEnd(m_target, run));
        away.stop();
        QVERIFY(m_server.start().isEmpty());
        QVERIFY2(held && *held == RunState::Held, qPrintable(story(run)));
        const RunRecord record = recordOf(run);
        QCOMPARE(record.reason.code, u"run.world_changed"_s);
        QCOMPARE(record.error.code, u"ssh.unreachable"_s);
        QCOMPARE(QFileInfo(QFileInfo(m_target.currentLink()).symLinkTarget()).fileName(), u"1.1.0"_s);
        QVERIFY(QFileInfo::exists(path(u"noted"_s)));
        QCOMPARE(countOf(run, u"run.host_silent"_s), 1);
        QVERIFY2(story(run).contains(m_target.hosts[0].text() + u" does not answer"_s), qPrintable(story(run)));
        bothServe(u"1.0.0"_s);

        decide(run, u"resume"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        bothServe(u"1.1.0"_s);
    }

    /// Another control host with the same target runs something there while the first is between two changes: the first changes
    /// nothing more, nor after its runner was started again, until a person has removed what says who leads.
    void secondControlHostFencesOffTheFirst()
    {
        User user(m_front);
        const QString run = runWith({gate(u"deploy:backend-1"_s)});
        QProcess runner;
        startRunner(runner, run);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(path(u"gate"_s)), 120000);

        Target other = m_target;
        other.stateDirectory = path(u"other"_s);
        other.hosts[0].stateDirectory = other.stateDirectory;
        other.services[0].host.stateDirectory = other.stateDirectory;
        other.commands = {ownStep(u"mark"_s, u"switch_release"_s, u"touch '%1'"_s.arg(there(u"mark"_s)))};
        other.commands[0].host = u"web-2"_s;
        Plan plan = planOf(other, u"update"_s, u"1.0.0"_s, u"1.1.0"_s);
        StepSpec anchor;
        anchor.id = anchor.kind = u"switch_release"_s;
        plan.steps = VALUE(QCoro::waitFor(withCommandSteps(other, {anchor}, {{u"1.0.0"_s, u"1.1.0"_s, {}}})));
        plan.steps.removeFirst();
        const QString second = addRun(other, plan);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(other, second))), RunState::Succeeded);
        QVERIFY(QFileInfo::exists(there(u"mark"_s)));

        const qint64 pid = mainPid(2);
        const QByteArray before = readFile(unitFile(u"demo@2.service.d/50-cutover.conf"_s));
        const auto isHeldAsFenced = [&] {
            const RunRecord record = recordOf(run);
            QVERIFY2(record.state == RunState::Held, qPrintable(story(run)));
            QCOMPARE(record.error.code, u"host.fenced"_s);
            QVERIFY2(record.reason.text().contains(second) && record.reason.text().contains(u"web-2"_s), qPrintable(record.reason.text()));
            QCOMPARE(mainPid(2), pid);
            QCOMPARE(readFile(unitFile(u"demo@2.service.d/50-cutover.conf"_s)), before);
            QCOMPARE(running(u"backend-1"_s), u"1.1.0"_s);
            QCOMPARE(running(u"backend-2"_s), u"1.0.0"_s);
            QVERIFY(server(u"backend-2"_s).isUp());
        };
        QVERIFY(QFile::remove(path(u"gate"_s)));
        QVERIFY(runner.waitForFinished(120000));
        isHeldAsFenced();

        decide(run, u"retry"_s);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, run))), RunState::Held);
        isHeldAsFenced();

        const QStringList epochs = QDir(there(u".cutover"_s)).entryList({u"*.epoch"_s}, QDir::Files);
        QCOMPARE(epochs.size(), 1);
        QVERIFY(QFile::remove(there(u".cutover/"_s + epochs[0])));
        decide(run, u"retry"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        noneFailed(user);
        bothServe(u"1.1.0"_s);
    }

    void hostThatIsAwayIsWaitedFor()
    {
        m_server.fail();
        const auto states = QCoro::waitFor(runtime()->states(20000));
        QVERIFY(m_server.start().isEmpty());
        QCOMPARE(states.error().code, u"ssh.unreachable"_s);
        QCOMPARE(states.error().kind, Error::Kind::Transient);
        bothServe(u"1.0.0"_s);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(SystemdHostTest)
#include "systemdhosttest.moc"
