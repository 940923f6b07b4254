// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends that are units of a template on a further host, behind a real HAProxy: updated by real runs over a real
// sshd, while somebody asks all the time. Started by tests/support/undersystemd; the host is this machine, with a folder
// of releases of its own.

#include "balancedsystem.h"
#include "deploy/hostrelease.h"
#include "deploy/servicelogs.h"
#include "plan/planners.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"

#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class SystemdHostTest : public BalancedSystem
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_home;
    std::unique_ptr<QProcess> m_haproxy;

    static QString unitFile(const QString &name) { return u"/etc/systemd/system/"_s + name; }
    [[nodiscard]] std::shared_ptr<Runtime> runtime() const { return VALUE(RuntimeRegistry::create(u"systemd"_s, m_target)); }
    static void systemctl(const QStringList &arguments) { QProcess::execute(u"systemctl"_s, QStringList{u"--system"_s, u"--quiet"_s} + arguments); }
    [[nodiscard]] QString there(const QString &name) const { return path(u"there/"_s + name); }
    static QStringList all() { return {u"backend-1"_s, u"backend-2"_s}; }

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
    void startHaproxy()
    {
        QByteArray configuration = "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8()
            + " mode 600 level admin\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout check 5s\n    retries 0\n"
              "frontend front\n    bind 127.0.0.1:"
            + QByteArray::number(m_front) + "\n    default_backend app\nbackend app\n    balance roundrobin\n    option httpchk GET /version\n    default-server check inter 200ms fall 3 rise 1\n";
        for (int i = 0; i < 2; ++i) {
            configuration += "    server backend-" + QByteArray::number(i + 1) + " 127.0.0.1:" + QByteArray::number(m_ports[i]) + '\n';
        }
        writeFile(path(u"haproxy.cfg"_s), configuration);
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_haproxy->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)});
        QVERIFY(m_haproxy->waitForStarted());
        for (const QString &name : all()) {
            QTRY_VERIFY_WITH_TIMEOUT(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 1000)).has_value(), 10000);
        }
    }
    /// An update with the step that brings the release before it.
    QString updateRun(const QString &from, const QString &to)
    {
        Plan plan = planOf(m_target, u"update"_s, from, to);
        const InstanceReleases releases = releasesAt(m_target, {}, to);
        plan.steps = VALUE(QCoro::waitFor(fetchBackSteps({m_target, {}, from}, releases))) + deploySteps({m_target, {}, from}, to, releases);
        plan.policy.insert(u"transientRetries"_s, 3);
        return addRun(m_target, plan);
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (readFile(u"/proc/1/comm"_s).trimmed() != "systemd" || qEnvironmentVariable("CUTOVER_UNDER_SYSTEMD") != u"1") {
            SKIP_WITHOUT_ROOT("units of systemd: they need root and control groups of version 2, to run a systemd of their own");
        }
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
        writeFile(unitFile(u"demo@.service"_s), "[Unit]\nDescription=Backend %i\n[Service]\nRestart=on-failure\nRestartSec=100ms\n");
        systemctl({u"daemon-reload"_s});
        writeTarget();
        OK(QCoro::waitFor(runtime()->prepare(u"1.0.0"_s, all(), {})));
        for (const QString &name : all()) {
            OK(QCoro::waitFor(runtime()->start(name, u"1.0.0"_s)));
            OK(QCoro::waitFor(runtime()->waitReady(name, u"1.0.0"_s, {})));
        }
        startHaproxy();
    }
    void cleanup()
    {
        if (m_haproxy) {
            m_haproxy->kill();
            m_haproxy->waitForFinished();
        }
        for (const int number : {1, 2}) {
            const QString unit = u"demo@%1.service"_s.arg(number);
            systemctl({u"stop"_s, unit});
            QDir(unitFile(unit + u".d"_s)).removeRecursively();
        }
        QFile::remove(unitFile(u"demo@.service"_s));
        systemctl({u"daemon-reload"_s});
        m_folder.reset();
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
        for (const QString &name : all()) {
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
        // What a plan relies on is complete, or none.
        const auto facts = QCoro::waitFor(both->facts());
        QCOMPARE(facts.error().code, u"ssh.unreachable"_s);
        QCOMPARE(facts.error().kind, Error::Kind::Transient);
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
