// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/checklist.h"
#include "plan/planners.h"
#include "run/orchestrator.h"
#include "run/runlock.h"
#include "system/files.h"
#include "system/random.h"
#include "target/hostconnection.h"
#include "target/hostfence.h"
#include "target/sshprocesses.h"
#include "tests/run/scriptedstep.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"
#include "tests/support/steps.h"

#include <QTest>
#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

/** Runs whose own steps, and evidence, work on a further host behind a real sshd. */
class HostRunsTest : public QObject
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_folder;
    std::unique_ptr<QTemporaryDir> m_state;
    Target m_target;
    std::unique_ptr<Journal> m_journal;
    QString m_run;

    QString path(const QString &name) const { return m_state->filePath(name); }
    QByteArray content(const QString &name) const { return SshServer::read(path(name)); }
    static QStringList shell(const QString &script) { return {u"sh"_s, u"-c"_s, script}; }

    CommandStepSpec command(const QString &apply)
    {
        CommandStepSpec spec;
        spec.name = u"cache"_s;
        spec.after = u"a"_s;
        spec.host = u"web-2"_s;
        spec.preview = shell(u"echo preview from ${SSH_CONNECTION%% *}"_s);
        spec.apply = shell(apply);
        spec.revert = shell(u"echo reverted ${SSH_CONNECTION%% *} >>'%1'"_s.arg(path(u"told"_s)));
        spec.inspect = shell(u"test -n \"$SSH_CONNECTION\" && exit 2; exit 9"_s);
        return spec;
    }
    Result<Plan> planned(const CommandStepSpec &spec)
    {
        m_target.commands = {spec};
        Plan plan;
        plan.targetName = m_target.name;
        plan.from = u"1.0.0"_s;
        plan.to = u"1.1.0"_s;
        TRY(plan.steps, await(withCommandSteps(m_target, {scriptedStep(u"a"_s, u"old"_s, u"new"_s), scriptedStep(u"b"_s, u"old"_s, u"new"_s)}, {{u"1.0.0"_s, u"1.1.0"_s, {}}})));
        TRY(plan.facts, await(FactSource::collect(m_target)));
        return plan;
    }
    Result<RunState> go(const Plan &plan)
    {
        RunRecord run;
        run.id = m_run = Random::system().id();
        run.plan = plan;
        run.planDigest = plan.digest();
        run.startedBy = u"kim@desk"_s;
        run.created = QDateTime::currentDateTimeUtc();
        CHECK(m_journal->addRun(run));
        TRY(const auto lock, await(RunLock::acquire(m_target.stateDirectory, m_run, {})));
        Orchestrator orchestrator(m_target, m_journal.get(), m_run, lock->descriptor());
        return await(orchestrator.run(true));
    }
    bool hadEvent(const QString &code)
    {
        const auto events = m_journal->events(m_run).value();
        return std::ranges::any_of(events, [&code](const EventRecord &event) { return event.message.code == code; });
    }
    /// The same target on another control host.
    Target elsewhere() const
    {
        Target other = m_target;
        other.stateDirectory = path(u"other"_s);
        other.hosts[0].stateDirectory = other.stateDirectory;
        if (!files::makePath(other.stateDirectory)) {
            qFatal("makePath");
        }
        return other;
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SSHD;
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        qputenv("CUTOVER_SSH_CONFIG", m_server.addPerson(m_folder.filePath(u"home"_s)).toLocal8Bit());
    }
    void init()
    {
        World::instance() = World();
        m_journal.reset();
        m_state = std::make_unique<QTemporaryDir>();
        m_target = Target();
        m_target.name = u"demo"_s;
        m_target.path = path(u"target.yaml"_s);
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.hosts = {{.name = u"web-2"_s, .address = SshHost::parse(m_server.address()).value(), .stateDirectory = m_target.stateDirectory, .releasesDirectory = path(u"there"_s)}};
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(files::replace(m_target.path, "name: demo\n"));
        m_journal = Journal::open(m_target.stateDirectory).value();
    }
    void cleanupTestCase() { m_server.fail(); }

    void planTellsWhere()
    {
        const auto plan = planned(command(u"true"_s));
        QVERIFY_RESULT(plan);
        const StepSpec &step = plan->steps[1];
        QCOMPARE(step.id, u"command:cache"_s);
        QVERIFY2(step.intent.text().contains(m_target.hosts[0].text()), qPrintable(step.intent.text()));
        QCOMPARE(step.previews.size(), 5);
        for (const Preview &preview : step.previews) {
            QVERIFY2(preview.title.contains(u"@ web-2"_s), qPrintable(preview.title));
        }
        // It was asked over there.
        QCOMPARE(step.previews[0].text, u"preview from 127.0.0.1"_s);

        CommandStepSpec here = command(u"true"_s);
        here.host.clear();
        const auto other = planned(here);
        QVERIFY_RESULT(other);
        QVERIFY(plan->digest() != other->digest());
        QCOMPARE(other->steps[1].previews[0].text, u"preview from"_s);
    }

    void runsAllPartsThere()
    {
        const auto plan = planned(command(u"echo applied ${SSH_CONNECTION%% *} {from} {to} >>'%1'"_s.arg(path(u"told"_s))));
        QVERIFY_RESULT(plan);
        const auto state = go(*plan);
        QVERIFY_RESULT(state);
        QCOMPARE(*state, RunState::Succeeded);
        QCOMPARE(content(u"told"_s), "applied 127.0.0.1 1.0.0 1.1.0\n"_ba);
        // The connection is still there, and the lock is free all the same.
        QVERIFY(RunLock::keepers(m_target.stateDirectory).isEmpty());

        TestContext context(m_target, *plan);
        const auto step = StepRegistry::create(plan->steps[1]).value();
        QCOMPARE(await(step->inspect(context, {})).value(), Inspection::Partial);
        QVERIFY_RESULT(await(step->revert(context, {}, {})));
        QCOMPARE(content(u"told"_s), "applied 127.0.0.1 1.0.0 1.1.0\nreverted 127.0.0.1\n"_ba);
    }

    /// The link is cut while the step is at work: it is tried again once the first try has ended over there.
    void runGoesOnAfterACutLink()
    {
        const auto plan = planned(command(u"echo try >>'%1'; test $(wc -l <'%1') -gt 1 && exit 0; exec >/dev/null 2>&1; trap 'sleep 1; echo ended >>%1; exit 1' TERM; touch '%2'; while :; do sleep 0.1; done"_s
                                              .arg(path(u"tries"_s), path(u"at-work"_s))));
        QVERIFY_RESULT(plan);
        QTimer cut;
        int cuts = 0;
        connect(&cut, &QTimer::timeout, this, [&] {
            if (cuts == 0 && QFile::exists(path(u"at-work"_s))) {
                cuts = m_server.dropLinks();
            }
        });
        cut.start(50);
        const auto state = go(*plan);
        QVERIFY_RESULT(state);
        QCOMPARE(*state, RunState::Succeeded);
        QVERIFY(cuts > 0);
        QCOMPARE(content(u"tries"_s), "try\nended\ntry\n"_ba);
        QVERIFY(hadEvent(u"run.step_again"_s));
    }

    /// What no new try can mend is none.
    void refusedHostFailsAtOnce()
    {
        const auto plan = planned(command(u"touch '%1'"_s.arg(path(u"told"_s))));
        QVERIFY_RESULT(plan);
        // Another state folder, as another control host would have it: no connection of before.
        m_target.stateDirectory = path(u"other"_s);
        m_target.hosts[0].stateDirectory = m_target.stateDirectory;
        QVERIFY_RESULT(pinHostKey(m_target.hosts[0], u"ssh-ed25519 SHA256:another"_s));
        TestContext context(m_target, *plan);
        const auto applied = await(StepRegistry::create(plan->steps[1]).value()->apply(context, {}, {}));
        QCOMPARE(applied.error().code, u"target.identity_changed"_s);
        QCOMPARE(applied.error().kind, Error::Kind::Permanent);
        QVERIFY(!QFile::exists(path(u"told"_s)));
    }

    void hostThatIsGoneFromTheFileIsNamed()
    {
        const auto plan = planned(command(u"true"_s));
        QVERIFY_RESULT(plan);
        m_target.hosts.clear();
        TestContext context(m_target, *plan);
        const auto applied = await(StepRegistry::create(plan->steps[1]).value()->apply(context, {}, {}));
        QCOMPARE(applied.error().code, u"host.unknown"_s);
        QVERIFY2(applied.error().what().contains(u"web-2"_s), qPrintable(applied.error().what()));
    }

    void nobodyTakesOverWhileAProgramRuns()
    {
        m_target.commands = {command(u"true"_s)};
        const auto lock = await(RunLock::acquire(m_target.stateDirectory, u"first"_s, {}));
        QVERIFY_RESULT(lock);
        HostFence first(m_target, u"first"_s, HostFence::Take::Anyway);
        QVERIFY_RESULT(await(first.raise(Processes::system())));
        const auto change = [&](const QString &script) {
            ProcessSpec spec{.program = u"sh"_s, .arguments = {u"-c"_s, script}};
            spec.inherit = {(*lock)->descriptor()};
            return spec;
        };
        // What it leaves behind over there is nobody's change any more.
        auto atWork = runOn(m_target.hosts[0], change(u"touch '%1'; sleep 2; sleep 20 >/dev/null 2>&1 & sleep 1; touch '%2'"_s.arg(path(u"begun"_s), path(u"ended"_s))));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(u"begun"_s)), 20000);

        const Target other = elsewhere();
        HostFence second(other, u"second"_s, HostFence::Take::Anyway);
        QElapsedTimer waited;
        waited.start();
        QVERIFY_RESULT(await(second.raise(Processes::system())));
        QVERIFY(QFile::exists(path(u"ended"_s)));
        QVERIFY(waited.elapsed() < 15000);
        QVERIFY_RESULT(await(std::move(atWork)));

        const auto late = await(runOn(m_target.hosts[0], change(u"touch '%1'"_s.arg(path(u"late"_s)))));
        QVERIFY(!late);
        QCOMPARE(late.error().code, u"host.fenced"_s);
        QVERIFY2(late.error().what().contains(u"second"_s) && late.error().what().contains(QString::number(QDate::currentDate().year())), qPrintable(late.error().what()));
        QVERIFY(!QFile::exists(path(u"late"_s)));
        // Who only looks may.
        QVERIFY_RESULT(await(runOn(m_target.hosts[0], {.program = u"true"_s, .arguments = {}})));
        // The second one goes on.
        ProcessSpec own = change(u"touch '%1'"_s.arg(path(u"second"_s)));
        QVERIFY_RESULT(await(runOn(other.hosts[0], own)));
        QVERIFY(QFile::exists(path(u"second"_s)));
        // And whoever goes on with what was begun is refused, who begins anew is not.
        {
            HostFence again(m_target, u"again"_s, HostFence::Take::IfOurs);
            QCOMPARE(await(again.raise(Processes::system())).error().code, u"host.fenced"_s);
        }
        HostFence anew(m_target, u"anew"_s, HostFence::Take::Anyway);
        QVERIFY_RESULT(await(anew.raise(Processes::system())));
        const QStringList files = QDir(path(u"there/.cutover"_s)).entryList({u"*.epoch"_s}, QDir::Files);
        QCOMPARE(files.size(), 1);
        QVERIFY2(content(u"there/.cutover/"_s + files[0]).startsWith("3 "), content(u"there/.cutover/"_s + files[0]).constData());
    }

    /// What is only looked at there needs nobody to lead it, and no folder.
    void hostThatIsOnlyObservedNeedsNoFolder()
    {
        ServiceSpec service;
        service.name = u"broker"_s;
        service.managed = false;
        service.host = m_target.hosts[0];
        m_target.services = {service};
        SshServer::write(path(u"there"_s), "x");
        {
            HostFence fence(m_target, u"observed"_s, HostFence::Take::Anyway);
            QVERIFY_RESULT(await(fence.raise(Processes::system())));
            QVERIFY_RESULT(await(runOn(m_target.hosts[0], {.program = u"true"_s, .arguments = {}})));
        }
        m_target.services[0].managed = true;
        HostFence fence(m_target, u"managed"_s, HostFence::Take::Anyway);
        QCOMPARE(await(fence.raise(Processes::system())).error().code, u"host.no_epoch"_s);
    }

    void epochThatCannotBeKeptStopsTheRunBeforeItStarts_data()
    {
        QTest::addColumn<QString>("made"); ///< A file that is in the way.
        QTest::addColumn<QString>("code");
        QTest::newRow("no folder") << u"there"_s << u"host.no_epoch"_s;
        QTest::newRow("damaged") << u"there/.cutover/NAME.epoch"_s << u"host.epoch_unreadable"_s;
    }
    void epochThatCannotBeKeptStopsTheRunBeforeItStarts()
    {
        QFETCH(QString, made);
        QFETCH(QString, code);
        const auto plan = planned(command(u"touch '%1'"_s.arg(path(u"told"_s))));
        QVERIFY_RESULT(plan);
        if (made.contains(u"NAME"_s)) {
            HostFence fence(m_target, u"before"_s, HostFence::Take::Anyway);
            QVERIFY_RESULT(await(fence.raise(Processes::system())));
            made = u"there/.cutover/"_s + QDir(path(u"there/.cutover"_s)).entryList({u"*.epoch"_s}, QDir::Files).value(0);
        }
        SshServer::write(path(made), "x");
        const auto state = go(*plan);
        QVERIFY_RESULT(state);
        QCOMPARE(*state, RunState::RolledBack);
        const RunRecord run = m_journal->run(m_run).value();
        QCOMPARE(run.reason.code, u"run.refused_to_start"_s);
        QCOMPARE(run.error.code, code);
        QVERIFY2(run.reason.text().contains(path(u"there"_s)), qPrintable(run.reason.text()));
        QVERIFY(!QFile::exists(path(u"told"_s)));
        QCOMPARE(World::instance().count(u"a:apply"_s), 0);
    }

    void evidenceIsRunThere()
    {
        EvidenceSpec evidence;
        evidence.name = u"load"_s;
        evidence.command = shell(u"echo from ${SSH_CONNECTION%% *}; exit 3"_s);
        evidence.host = u"web-2"_s;
        m_target.check.evidence = {evidence};
        CheckScope scope;
        scope.target = m_target;
        scope.only = {u"evidence:load"_s};
        const auto results = await(runCheckList(scope, {}, {}));
        QVERIFY_RESULT(results);
        QCOMPARE(results->size(), 1);
        QCOMPARE(results->first().error.code, u"check.evidence_failed"_s);
        const QString told = results->first().error.what();
        QVERIFY2(told.contains(u"from 127.0.0.1"_s) && told.contains(u"@ web-2"_s), qPrintable(told));
        QCOMPARE(SshServer::read(m_target.stateDirectory + u"/checks/evidence-load.log"_s), "from 127.0.0.1\n"_ba);
    }
};

QTEST_GUILESS_MAIN(HostRunsTest)
#include "hostrunstest.moc"
