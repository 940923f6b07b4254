// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gate/gates.h"
#include "approval/approval.h"
#include "check/checklist.h"
#include "checklist/checklist.h"
#include "checklist/checklistgate.h"
#include "gate/peoplesection.h"
#include "gate/staging.h"
#include "plan/planners.h"
#include "release/minisign.h"
#include "run/decisions.h"
#include "run/orchestrator.h"
#include "scriptedstep.h"
#include "system/files.h"
#include "system/random.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>
#include <QTest>

#include <ctime>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

/** What keeps a run from starting, or from its first change, told by the runner on an injected clock. */
class GatesTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Journal> m_journal;
    std::unique_ptr<ManualClock> m_clock;
    Target m_target;
    Plan m_plan;
    QString m_run;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    static World &world() { return World::instance(); }

    void begin()
    {
        m_plan = Plan();
        m_plan.kind = u"update"_s;
        m_plan.targetName = m_target.name;
        m_plan.from = u"1.0.0"_s;
        m_plan.to = u"1.1.0"_s;
        StepSpec look = scriptedStep(u"look"_s, u"old"_s, u"old"_s);
        look.changes = {};
        look.changesState = false;
        look.params.insert(u"version"_s, u"1.1.0"_s);
        look.params.insert(u"sha256"_s, u"5a5a5a5a5a5a5a5a"_s);
        m_plan.steps = {look, scriptedStep(u"a"_s, u"old"_s, u"new"_s), scriptedStep(u"b"_s, u"old"_s, u"new"_s)};
        addGates(m_plan, m_target);
        m_plan.facts = await(FactSource::collect(m_target)).value();
    }
    void record(const QString &by = u"kim@desk"_s, const BreakGlass &glass = {})
    {
        RunRecord run;
        run.id = m_run = Random::system().id();
        run.plan = m_plan;
        run.planDigest = m_plan.digest();
        run.startedBy = by;
        run.created = m_clock->now();
        run.breakGlass = glass;
        QVERIFY(m_journal->addRun(run));
    }
    BreakGlass glass() const { return {u"kim@desk"_s, u"Prices are wrong"_s, {u"blackout"_s}, m_clock->now()}; }
    std::optional<RunState> go()
    {
        Orchestrator orchestrator(m_target, m_journal.get(), m_run, -1, m_clock.get());
        const auto state = await(orchestrator.run(true));
        if (!state) {
            qWarning() << state.error().text();
            return {};
        }
        return *state;
    }
    RunRecord run() { return m_journal->run(m_run).value(); }
    QStringList codes()
    {
        QStringList codes;
        const auto events = m_journal->events(m_run).value();
        for (const EventRecord &event : events) {
            codes.append(event.message.code);
        }
        return codes;
    }
    void blackoutNow()
    {
        const QTime now = m_clock->now().toLocalTime().time();
        const int minute = now.hour() * 60 + now.minute();
        m_target.blackout = {{u"Market hours"_s, {}, minute, (minute + 90) % (24 * 60)}};
    }
    void needApproval()
    {
        m_target.approval.required = true;
        m_target.approval.validMs = 3600 * 1000;
        m_target.approval.approvers = {{u"Lee"_s, path(u"lee.pub"_s)}};
    }
    void approve(const QDateTime &when)
    {
        const auto signature = signApproval(m_plan, m_plan.digest(), path(u"lee.key"_s), {}, when);
        QVERIFY(signature);
        const auto record = checkApproval(m_target.approval, m_plan, m_plan.digest(), *signature, u"kim@desk"_s, m_clock->now());
        QVERIFY2(record, record ? "" : qPrintable(record.error().text()));
        QVERIFY(m_journal->addApproval(*record));
    }
    QString command(const QString &verb) { return commandWith(verb, {}); }
    QString commandWith(const QString &verb, const QJsonObject &args)
    {
        CommandRecord record;
        record.id = Random::system().id();
        record.runId = m_run;
        record.verb = verb;
        record.args = args;
        record.by = u"kim@desk"_s;
        record.created = m_clock->now();
        if (!m_journal->addCommand(record)) {
            QTest::qFail("the command could not be given", __FILE__, __LINE__);
        }
        return record.id;
    }
    void isRefused(const QString &code, const QStringList &words)
    {
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.gate_shut"_s);
        QCOMPARE(run().error.code, code);
        for (const QString &word : QStringList{u"nothing was changed"_s} + words) {
            QVERIFY2(run().reason.text().contains(word), qPrintable(run().reason.text()));
        }
        QVERIFY2(!run().reason.text().contains(u"%{"), qPrintable(run().reason.text()));
        QCOMPARE(world().calls, QStringList());
        QVERIFY(!codes().contains(u"run.started"_s));
    }

    // --- a staging system beside it

    void makeStaging()
    {
        const QString folder = path(u"staging"_s);
        QVERIFY(files::makePath(folder));
        QVERIFY(files::replace(folder + u"/target.yaml"_s,
                               "schema: 1\nname: trial\nproduct: p\nenvironment: staging\nstate: state\nreleases: releases\nrepository: {url: \"file:///x\", keys: [k]}\n"
                               "services:\n  - name: a\n    instances: [{name: a-1}]\n    command: [a]\n    health: {command: [/bin/true]}\n"));
        m_target.staging.target = folder + u"/target.yaml"_s;
        m_target.staging.validMs = 3600 * 1000;
    }
    /// A run of that system that ended so.
    void stagingRun(RunState state, const QDateTime &ended, const QString &digest = u"5a5a5a5a5a5a5a5a"_s, const QString &id = u"trial-run"_s, const Message &reason = {})
    {
        const auto journal = Journal::open(path(u"staging/state"_s));
        QVERIFY(journal);
        RunRecord run;
        run.id = id;
        run.plan.kind = u"update"_s;
        run.plan.targetName = u"trial"_s;
        run.plan.from = u"1.0.0"_s;
        run.plan.to = u"1.1.0"_s;
        StepSpec verify;
        verify.id = u"verify_package"_s;
        verify.kind = u"verify_package"_s;
        verify.params = {{u"version"_s, u"1.1.0"_s}, {u"sha256"_s, digest}};
        run.plan.steps = {verify};
        run.reason = reason;
        run.planDigest = run.plan.digest();
        run.state = state;
        run.startedBy = u"ann@desk"_s;
        run.created = run.started = ended.addSecs(-60);
        run.ended = ended;
        QVERIFY((*journal)->addRun(run));
    }
    /// A rollback of that system that succeeded.
    void stagingRollback(const QDateTime &ended, const QString &id)
    {
        const auto journal = Journal::open(path(u"staging/state"_s));
        QVERIFY(journal);
        RunRecord run;
        run.id = id;
        run.plan.kind = u"rollback"_s;
        run.plan.targetName = u"trial"_s;
        run.plan.from = u"1.1.0"_s;
        run.plan.to = u"1.0.0"_s;
        run.planDigest = run.plan.digest();
        run.state = RunState::Succeeded;
        run.startedBy = u"ann@desk"_s;
        run.created = run.started = ended.addSecs(-60);
        run.ended = ended;
        QVERIFY((*journal)->addRun(run));
    }
    /// A run of that system whose steps are all done, with what its health checks told.
    void stagingSteps(const QString &id, const QString &kind, const QList<StepSpec> &steps, const QDateTime &ended, const QList<CheckResult> &checks = {})
    {
        const auto journal = Journal::open(path(u"staging/state"_s));
        QVERIFY(journal);
        RunRecord run;
        run.id = id;
        run.plan.kind = kind;
        run.plan.targetName = u"trial"_s;
        run.plan.from = kind == u"update" ? u"1.0.0"_s : u"1.1.0"_s;
        run.plan.to = kind == u"update" ? u"1.1.0"_s : u"1.0.0"_s;
        run.plan.steps = steps;
        run.planDigest = run.plan.digest();
        run.state = RunState::Succeeded;
        run.startedBy = u"ann@desk"_s;
        run.created = run.started = ended.addSecs(-60);
        run.ended = ended;
        QVERIFY((*journal)->addRun(run));
        const auto records = (*journal)->steps(id).value();
        QCOMPARE(records.size(), steps.size());
        for (StepRecord record : records) {
            record.state = StepState::Done;
            record.ended = ended.addSecs(-5);
            if (steps[record.index].kind == u"health") {
                QJsonArray told;
                for (const CheckResult &check : checks) {
                    told.append(check.toJson());
                }
                record.results.insert(u"checks"_s, told);
            }
            QVERIFY((*journal)->updateRunAndStep(run, record, Message{u"run.step_done"_s, {{u"step"_s, record.id}}}));
        }
    }
    static StepSpec stepOf(const QString &kind, const QJsonObject &params)
    {
        StepSpec step;
        step.id = kind;
        step.kind = kind;
        step.params = params;
        return step;
    }
    QString rehearsalNow()
    {
        const auto proof = stagingProof(m_target, releaseDigests(m_plan), m_clock->now());
        return proof ? proof->rehearsal : proof.error().code;
    }

    /// A run that was approved; at that moment the approval runs out.
    void recordOneThatExpires(const QString &moment)
    {
        needApproval();
        begin();
        approve(m_clock->now());
        world().before[moment] = [this]() -> std::optional<Error> {
            m_clock->advance(3600'000);
            return {};
        };
        record();
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("TZ", "Europe/Berlin");
        ::tzset();
    }
    void init()
    {
        world() = World();
        m_folder = std::make_unique<QTemporaryDir>();
        m_clock = std::make_unique<ManualClock>(QDateTime(QDate(2026, 3, 2), QTime(12, 0), QTimeZone::UTC));
        m_target = Target();
        m_target.name = u"demo"_s;
        m_target.environment = u"production"_s;
        m_target.path = path(u"target.yaml"_s);
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.backup.directory = path(u"backups"_s);
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(files::replace(m_target.path, "name: demo\n"));
        QVERIFY(minisign::generateKeys(path(u"lee.key"_s), path(u"lee.pub"_s)));
        m_journal = Journal::open(m_target.stateDirectory).value();
    }
    void cleanup()
    {
        QVERIFY(m_journal->verifyAudit());
        m_journal.reset();
    }

    void nothingDemandedNothingTold()
    {
        begin();
        QVERIFY(m_plan.policy.isEmpty());
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QVERIFY(!codes().contains(u"run.gate_open"_s));
    }

    void blackoutRefusesToStart()
    {
        blackoutNow();
        begin();
        QVERIFY(m_plan.policy.contains(u"blackout"_s));
        record();
        isRefused(u"gate.blackout_now"_s, {u"Market hours"_s, u"1 h 30 min"_s, u"break the glass"_s, m_clock->now().addSecs(5400).toLocalTime().toString(u"HH:mm"_s)});
    }

    void afterTheBlackoutItStarts()
    {
        blackoutNow();
        begin();
        m_clock->advance(90 * 60 * 1000);
        record();
        QCOMPARE(go(), RunState::Succeeded);
        const auto events = m_journal->events(m_run).value();
        const auto told = std::ranges::find_if(events, [](const EventRecord &event) { return event.message.code == u"run.gate_open"; });
        QVERIFY(told != events.end());
        QVERIFY2(told->message.text().contains(u"Market hours"), qPrintable(told->message.text()));
    }

    void aRunThatGoesOnIsNotStoppedByIt()
    {
        begin();
        const QTime soon = m_clock->now().toLocalTime().time().addSecs(60);
        m_target.blackout = {{u"Market hours"_s, {}, soon.hour() * 60 + soon.minute(), (soon.hour() * 60 + soon.minute() + 60) % (24 * 60)}};
        world().before[u"a:apply"_s] = [this]() -> std::optional<Error> {
            m_clock->advance(120'000);
            return {};
        };
        record();
        QCOMPARE(go(), RunState::Succeeded);
    }

    void aWayBackIsAlwaysOpen()
    {
        blackoutNow();
        makeStaging();
        begin();
        m_plan.kind = u"rollback"_s;
        m_plan.policy = {};
        addGates(m_plan, m_target);
        QVERIFY(m_plan.policy.isEmpty());
        record();
        QCOMPARE(go(), RunState::Succeeded);
    }

    /// Held before the hours began, it goes on in them only as it could have begun.
    void aHeldRunWaitsForTheEndOfTheBlackout()
    {
        begin();
        const QTime soon = m_clock->now().toLocalTime().time().addSecs(600);
        m_target.blackout = {{u"Market hours"_s, {}, soon.hour() * 60 + soon.minute(), (soon.hour() * 60 + soon.minute() + 60) % (24 * 60)}};
        record();
        world().before[u"look:apply"_s] = [this]() -> std::optional<Error> {
            command(u"hold"_s);
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        m_clock->advance(1200'000);
        command(u"resume"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"a:observe"_s), 0);
        const auto commands = m_journal->commands(m_run).value();
        QCOMPARE(commands.last().outcome.code, u"run.refused_gate"_s);
        const QString told = commands.last().outcome.text();
        QVERIFY2(told.contains(u"Market hours") && told.contains(u"Going back") && !told.contains(u"%{"), qPrintable(told));
        // Glass for something else opens nothing.
        commandWith(u"resume"_s, {{u"glass"_s, BreakGlass{u"kim@desk"_s, u"Prices are wrong"_s, {u"approval"_s}, m_clock->now()}.toJson()}});
        QCOMPARE(go(), RunState::Held);
        commandWith(u"resume"_s, {{u"glass"_s, glass().toJson()}});
        QCOMPARE(go(), RunState::Succeeded);
        QVERIFY(codes().contains(u"run.gate_overridden"_s));
    }

    void aHeldRunMayGoBackInTheBlackout()
    {
        begin();
        record();
        world().before[u"a:apply"_s] = [this]() -> std::optional<Error> {
            command(u"hold"_s);
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        blackoutNow();
        commandWith(u"rollback"_s, {{u"name"_s, m_target.name}});
        QCOMPARE(go(), RunState::RolledBack);
    }

    /// A window holds a run while it asks whether to stop it; keeping it running is no new start, for as long as a question takes.
    void aQuestionIsNoHold_data()
    {
        QTest::addColumn<int>("minutes");
        QTest::addColumn<bool>("goesOn");
        QTest::newRow("answered") << 5 << true;
        QTest::newRow("left open") << 11 << false;
    }
    void aQuestionIsNoHold()
    {
        QFETCH(int, minutes);
        QFETCH(bool, goesOn);
        begin();
        record();
        QString held;
        world().before[u"look:apply"_s] = [this, &held]() -> std::optional<Error> {
            held = command(u"hold"_s);
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        blackoutNow();
        m_clock->advance(minutes * 60'000);
        commandWith(u"resume"_s, {{u"hold"_s, held}});
        QCOMPARE(go(), goesOn ? RunState::Succeeded : RunState::Held);
    }

    /// A reason is for the gates that it was given for, in the run's own checks too.
    void glassOfOneGateIsNoneOfAnother()
    {
        const QTime now = QDateTime::currentDateTime().time();
        const int minute = now.hour() * 60 + now.minute();
        m_target.blackout = {{u"Market hours"_s, {}, (minute + 24 * 60 - 60) % (24 * 60), (minute + 60) % (24 * 60)}};
        CheckScope scope;
        scope.target = m_target;
        scope.inRun = true;
        scope.only = {u"blackout"_s};
        scope.breakGlass = {u"kim@desk"_s, u"Lee is away"_s, {u"approval"_s}, m_clock->now()};
        auto results = await(runCheckList(scope, {}, {})).value();
        QCOMPARE(results.size(), 1);
        QCOMPARE(results[0].status, CheckResult::Status::Failed);
        QCOMPARE(results[0].error.code, u"gate.blackout_now"_s);
        scope.breakGlass.gates.append(u"blackout"_s);
        results = await(runCheckList(scope, {}, {})).value();
        QCOMPARE(results[0].status, CheckResult::Status::Warning);
        QCOMPARE(results[0].error.code, u"gate.overridden"_s);
    }

    void peopleStandInTheReport()
    {
        blackoutNow();
        needApproval();
        begin();
        approve(m_clock->now());
        record(u"kim@desk"_s, glass());
        QCOMPARE(go(), RunState::Succeeded);
        const auto approvals = m_journal->approvals(m_plan.digest()).value();
        const QString html = reportHtml(run(), m_journal->steps(m_run).value(), {}, {}, {peopleSection(run(), m_journal->events(m_run).value(), approvals)});
        for (const QString &word : {u"People"_s, u"kim@desk"_s, u"Lee"_s, approvals.first().keyId, u"Prices are wrong (for: Blackout hours)"_s, u"Blackout hours: No update starts now"_s}) {
            QVERIFY2(html.contains(word), qPrintable(word));
        }
        // By broken glass nobody has approved it.
        RunRecord alone = run();
        alone.approvedBy.clear();
        alone.breakGlass.gates = {u"approval"_s};
        const QString told = reportHtml(alone, {}, {}, {}, {peopleSection(alone, {}, {})});
        QVERIFY(told.contains(u"<td>nobody</td>") || told.contains(u">nobody<"));
        QVERIFY(told.contains(u"Prices are wrong (for: Approval by a second person)"));
    }

    void brokenGlassIsAuditedAndTold()
    {
        blackoutNow();
        begin();
        record(u"kim@desk"_s, glass());
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(run().breakGlass.reason, u"Prices are wrong"_s);
        QCOMPARE(run().breakGlass.gates, QStringList{u"blackout"_s});
        const auto trail = m_journal->auditTrail().value();
        const auto row = std::ranges::find(trail, u"run.break_glass"_s, &AuditRecord::what);
        QVERIFY(row != trail.end());
        QCOMPARE(row->who, u"kim@desk"_s);
        const QString audited = Catalogue::text(row->what, row->args);
        QVERIFY2(audited.contains(u"Prices are wrong") && audited.contains(u"blackout"), qPrintable(audited));
        QVERIFY(codes().contains(u"run.gate_overridden"_s));
        const QString report = reportHtml(run(), m_journal->steps(m_run).value(), m_journal->events(m_run).value(), {});
        QVERIFY(report.contains(u"Prices are wrong"));
        QVERIFY(report.contains(u"Market hours"));
    }

    void approvalNobodyGave()
    {
        needApproval();
        begin();
        record();
        isRefused(u"approval.none"_s, {u"Nobody"_s, u"Lee"_s});
    }

    void approvalByWhoStarts()
    {
        needApproval();
        begin();
        approve(m_clock->now());
        record(u"lee@desk"_s);
        isRefused(u"approval.same_person"_s, {u"lee@desk"_s, u"two people"_s});
    }

    void approvalOfAnotherPlan()
    {
        needApproval();
        begin();
        approve(m_clock->now());
        m_plan.expectedMs += 1000;
        record();
        isRefused(u"approval.other_plan"_s, {u"Lee"_s, u"void"_s});
    }

    void approvalThatExpired()
    {
        needApproval();
        begin();
        approve(m_clock->now());
        m_clock->advance(3600'000);
        record();
        isRefused(u"approval.expired"_s, {u"Lee"_s, u"expired at"_s});
    }

    void approved()
    {
        needApproval();
        begin();
        approve(m_clock->now());
        record();
        QCOMPARE(go(), RunState::Succeeded);
    }

    void expiredBeforeTheFirstChange()
    {
        recordOneThatExpires(u"look:apply"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.gate_held"_s);
        QVERIFY2(run().reason.text().contains(u"Lee") && run().reason.text().contains(u"before anything was changed"), qPrintable(run().reason.text()));
        QCOMPARE(world().count(u"a:observe"_s), 0);
        // Resumed without a new signature it stays held, and is told why.
        command(u"resume"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"a:observe"_s), 0);
        QCOMPARE(m_journal->commands(m_run).value().last().outcome.code, u"run.refused_gate"_s);
        approve(m_clock->now());
        command(u"resume"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    void glassForAnApprovalThatExpired()
    {
        recordOneThatExpires(u"look:apply"_s);
        QCOMPARE(go(), RunState::Held);
        const auto resume = [this](const QString &gate) {
            commandWith(u"resume"_s, {{u"glass"_s, BreakGlass{u"kim@desk"_s, u"Prices are wrong"_s, {gate}, m_clock->now()}.toJson()}});
            return go();
        };
        QCOMPARE(resume(u"staging"_s), RunState::Held);
        QCOMPARE(world().count(u"a:observe"_s), 0);
        QCOMPARE(resume(u"approval"_s), RunState::Succeeded);
        QVERIFY(codes().contains(u"run.gate_overridden"_s));
    }

    void expiredAfterTheFirstChangeItGoesOn()
    {
        recordOneThatExpires(u"a:apply"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    void stagingSaysWhatIsMissing_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("word");
        QTest::newRow("no file") << u"file"_s << u"staging.no_target"_s << u"nowhere.yaml"_s;
        QTest::newRow("no journal") << u"journal"_s << u"staging.no_journal"_s << u"trial"_s;
        QTest::newRow("damaged journal") << u"damaged"_s << u"staging.unreadable"_s << u"trial"_s;
        QTest::newRow("never there") << u"never"_s << u"staging.never"_s << u"1.1.0"_s;
        QTest::newRow("another package of that version") << u"other"_s << u"staging.never"_s << u"5a5a5a5a5a5a"_s;
        QTest::newRow("went back there") << u"failed"_s << u"staging.not_succeeded"_s << u"trial-run"_s;
        QTest::newRow("too long ago") << u"old"_s << u"staging.old"_s << u"1 h 1 min"_s;
        QTest::newRow("the same state") << u"same"_s << u"staging.shared"_s << u"state"_s;
    }
    void stagingSaysWhatIsMissing()
    {
        QFETCH(QString, what);
        QFETCH(QString, code);
        QFETCH(QString, word);
        makeStaging();
        const QDateTime now = m_clock->now();
        if (what == u"file") {
            m_target.staging.target = path(u"nowhere.yaml"_s);
        } else if (what == u"damaged") {
            QVERIFY(files::makePath(path(u"staging/state"_s)));
            QVERIFY(files::replace(path(u"staging/state/journal.db"_s), QByteArray(8192, 'x')));
        } else if (what == u"never") {
            QVERIFY(Journal::open(path(u"staging/state"_s)));
        } else if (what == u"other") {
            stagingRun(RunState::Succeeded, now.addSecs(-60), u"0000000000000000"_s);
        } else if (what == u"failed") {
            stagingRun(RunState::RolledBack, now.addSecs(-60));
        } else if (what == u"old") {
            stagingRun(RunState::Succeeded, now.addSecs(-3660));
        } else if (what == u"same") {
            m_target.stateDirectory = path(u"staging/state"_s);
            m_journal = Journal::open(m_target.stateDirectory).value();
        }
        begin();
        record();
        isRefused(code, {word});
    }

    void testedInStaging()
    {
        makeStaging();
        stagingRun(RunState::RolledBack, m_clock->now().addSecs(-2000), u"5a5a5a5a5a5a5a5a"_s, u"first-try"_s);
        stagingRun(RunState::Succeeded, m_clock->now().addSecs(-1000));
        const auto before = files::sha256(path(u"staging/state/journal.db"_s)).value();
        begin();
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(files::sha256(path(u"staging/state/journal.db"_s)).value(), before);
        const auto items = checklistFor(*m_journal, {m_target, m_plan, m_plan.digest(), m_run, u"kim@desk"_s, m_clock->now()}).value();
        const auto staging = std::ranges::find(items, u"staging"_s, &ChecklistItem::id);
        QCOMPARE(staging->state, ChecklistItem::State::Ticked);
        QVERIFY2(staging->evidence.text().contains(u"trial-run"), qPrintable(staging->evidence.text()));
        const auto rehearsal = std::ranges::find(items, u"rehearsal"_s, &ChecklistItem::id);
        QCOMPARE(rehearsal->state, ChecklistItem::State::Ticked);
        QVERIFY2(rehearsal->evidence.text().contains(u"first-try"), qPrintable(rehearsal->evidence.text()));
    }

    /// The tests, the load test and the migrations of the same package there are what there is before the update here.
    void whatStagingProvedTicksTheItemsBefore()
    {
        makeStaging();
        const QDateTime now = m_clock->now();
        const StepSpec verify = stepOf(u"verify_package"_s, {{u"version"_s, u"1.1.0"_s}, {u"sha256"_s, u"5a5a5a5a5a5a5a5a"_s}});
        const QJsonObject revision{{u"database"_s, u"trading"_s}, {u"revision"_s, u"0007"_s}};
        const auto proof = [](const QString &name, const QStringList &proves, CheckResult::Status status = CheckResult::Status::Passed) {
            CheckResult result;
            result.id = u"evidence:"_s + name;
            result.status = status;
            result.title = {u"check.evidence"_s, {{u"name"_s, name}}};
            result.finding = {u"check.evidence_ok"_s, {{u"version"_s, u"1.1.0"_s}}};
            result.proves = proves;
            return result;
        };
        const QList<StepSpec> steps{verify, stepOf(u"migrate"_s, revision), stepOf(u"health"_s, {})};
        stagingSteps(u"first"_s, u"update"_s, steps, now.addSecs(-3000), {proof(u"locust"_s, {u"load"_s})});
        stagingSteps(u"back"_s, u"rollback"_s, {stepOf(u"downgrade"_s, revision), stepOf(u"health"_s, {})}, now.addSecs(-2500), {proof(u"front"_s, {u"endpoints"_s})});
        stagingSteps(u"second"_s, u"update"_s, steps, now.addSecs(-2000), {proof(u"pytest"_s, {u"unit"_s}), proof(u"own"_s, {})});
        begin();
        m_plan.steps.append(stepOf(u"migrate"_s, revision));
        const auto items = [&]() { return checklistFor(*m_journal, {m_target, m_plan, m_plan.digest(), {}, u"kim@desk"_s, m_clock->now()}).value(); };
        const auto find = [&](const QString &id) {
            const QList<ChecklistItem> all = items();
            const auto found = std::ranges::find(all, id, &ChecklistItem::id);
            return found == all.end() ? ChecklistItem() : *found;
        };
        const ChecklistItem unit = find(u"unit-tests"_s);
        QCOMPARE(unit.state, ChecklistItem::State::Ticked);
        QCOMPARE(unit.time, now.addSecs(-2005));
        for (const QString &word : {u"trial"_s, u"second"_s, u"evidence:pytest"_s}) {
            QVERIFY2(unit.evidence.text().contains(word), qPrintable(unit.evidence.text()));
        }
        // The newest run counts, and it had no load test; what names nothing proves nothing.
        for (const QString &id : {u"load-test"_s, u"integration-tests"_s, u"no-vulnerabilities"_s, u"endpoints"_s}) {
            QVERIFY2(find(id).state == ChecklistItem::State::Open, qPrintable(id));
        }
        QCOMPARE(find(u"migrations-up-down"_s).state, ChecklistItem::State::Ticked);
        QVERIFY(find(u"migrations-up-down"_s).evidence.text().contains(u"back"));
        QCOMPARE(find(u"database-rollback"_s).state, ChecklistItem::State::Ticked);
        QCOMPARE(find(u"works-after-rollback"_s).state, ChecklistItem::State::Ticked);

        // Of another package of that version nothing counts.
        m_plan.steps[0].params.insert(u"sha256"_s, u"0000000000000000"_s);
        for (const QString &id : {u"unit-tests"_s, u"migrations-up-down"_s, u"database-rollback"_s, u"works-after-rollback"_s}) {
            QVERIFY2(find(id).state == ChecklistItem::State::Open, qPrintable(id));
        }
        // Nor of one that has failed there since.
        m_plan.steps[0].params.insert(u"sha256"_s, u"5a5a5a5a5a5a5a5a"_s);
        stagingRun(RunState::RolledBack, now.addSecs(-500), u"5a5a5a5a5a5a5a5a"_s, u"third"_s);
        QCOMPARE(find(u"unit-tests"_s).state, ChecklistItem::State::Open);
    }

    /// What was well once is no proof when the same package has failed since.
    void theNewestRunInStagingCounts()
    {
        makeStaging();
        const QDateTime now = m_clock->now();
        stagingRun(RunState::Succeeded, now.addSecs(-2000), u"5a5a5a5a5a5a5a5a"_s, u"older"_s);
        begin();
        QVERIFY(stagingProof(m_target, releaseDigests(m_plan), now));
        // Refused at its start it has tried nothing.
        stagingRun(RunState::RolledBack, now.addSecs(-1500), u"5a5a5a5a5a5a5a5a"_s, u"refused"_s, {u"run.gate_shut"_s, {}});
        QCOMPARE(stagingProof(m_target, releaseDigests(m_plan), now)->run, u"older"_s);
        stagingRun(RunState::RolledBack, now.addSecs(-1000), u"5a5a5a5a5a5a5a5a"_s, u"newer"_s);
        record();
        isRefused(u"staging.not_succeeded"_s, {u"newer"_s});
        stagingRun(RunState::Succeeded, now.addSecs(-500), u"5a5a5a5a5a5a5a5a"_s, u"newest"_s);
        QCOMPARE(stagingProof(m_target, releaseDigests(m_plan), now)->run, u"newest"_s);
        // One at work there says nothing yet.
        stagingRun(RunState::Held, {}, u"5a5a5a5a5a5a5a5a"_s, u"at-work"_s);
        QCOMPARE(stagingProof(m_target, releaseDigests(m_plan), now).error().code, u"staging.not_succeeded"_s);
    }

    void aRehearsalIsOfTheSamePackage()
    {
        makeStaging();
        const QDateTime now = m_clock->now();
        begin();
        // Another package of that version went back.
        stagingRun(RunState::RolledBack, now.addSecs(-3000), u"0000000000000000"_s, u"other-package"_s);
        stagingRun(RunState::Succeeded, now.addSecs(-2500), u"0000000000000000"_s, u"other-installed"_s);
        stagingRollback(now.addSecs(-2400), u"other-back"_s);
        stagingRun(RunState::Succeeded, now.addSecs(-2000));
        QCOMPARE(rehearsalNow(), QString());
        stagingRollback(now.addSecs(-1900), u"back"_s);
        QCOMPARE(rehearsalNow(), u"back"_s);
    }

    void stagingOverridden()
    {
        makeStaging();
        begin();
        BreakGlass broken = glass();
        broken.gates = {u"staging"_s};
        record(u"kim@desk"_s, broken);
        QCOMPARE(go(), RunState::Succeeded);
        const auto items = checklistFor(*m_journal, {m_target, m_plan, m_plan.digest(), m_run, u"kim@desk"_s, m_clock->now()}).value();
        const auto staging = std::ranges::find(items, u"staging"_s, &ChecklistItem::id);
        QCOMPARE(staging->state, ChecklistItem::State::Failed);
        QVERIFY2(staging->evidence.text().contains(u"Prices are wrong"), qPrintable(staging->evidence.text()));
    }

    void requiredItemsBeforeAndAfter()
    {
        m_target.manualItems = {{u"desk-told"_s, u"The desk knows"_s, u"before"_s, true}, {u"rota"_s, u"On call"_s, u"after"_s, true}, {u"nice"_s, u"Nice to have"_s, u"before"_s, false}};
        begin();
        record();
        // By its text; the name is what the program takes.
        isRefused(u"checklist.open_before"_s, {u"“The desk knows”"_s, u"--tick"_s, u"(desk-told)"_s});
        QVERIFY(!run().reason.text().contains(u"nice"));

        // Signed before there is a run: it becomes the run's.
        QVERIFY(m_journal->addTick({m_plan.digest(), {}, u"desk-told"_s, true, u"ann@desk"_s, m_clock->now(), u"told by phone"_s}));
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(m_journal->ticks(m_plan.digest(), m_run)->size(), 1);
        const auto open = openItems(*m_journal, run()).value();
        QCOMPARE(open.size(), 1);
        QCOMPARE(open[0].name, u"rota"_s);
        QCOMPARE(open[0].text, u"On call"_s);

        // The next one waits for what this one leaves open.
        const QString first = m_run;
        begin();
        m_plan.expectedMs = 5;
        QVERIFY(m_journal->addTick({m_plan.digest(), {}, u"desk-told"_s, true, u"ann@desk"_s, m_clock->now(), u"again"_s}));
        world().calls.clear();
        record();
        isRefused(u"checklist.run_not_closed"_s, {first, u"“On call”"_s, u"(rota)"_s});
        QVERIFY(m_journal->addTick({m_journal->run(first)->planDigest, first, u"rota"_s, true, u"ann@desk"_s, m_clock->now(), u"Bo is"_s}));
        QVERIFY(m_journal->addTick({m_plan.digest(), {}, u"desk-told"_s, true, u"ann@desk"_s, m_clock->now(), u"once more"_s}));
        record();
        QCOMPARE(go(), RunState::Succeeded);
        const auto rows = m_journal->auditTrail().value();
        for (const AuditRecord &row : rows) {
            QVERIFY2(Catalogue::contains(row.what) || row.what == u"run.started" || row.what == u"run.succeeded", qPrintable(row.what));
        }
    }

    /// A run that ended before its first change leaves nothing to be closed; one that went back after it does.
    void onlyWhatChangedSomethingIsClosed()
    {
        m_target.manualItems = {{u"noted"_s, u"It is noted"_s, u"rollback"_s, true}};
        for (const QString &step : {u"look"_s, u"a"_s}) {
            world().before.clear();
            begin();
            m_plan.expectedMs = step.size();
            record();
            world().before[QString(step + u":apply"_s)] = [this]() -> std::optional<Error> {
                command(u"hold"_s);
                return {};
            };
            QCOMPARE(go(), RunState::Held);
            commandWith(u"rollback"_s, {{u"name"_s, m_target.name}});
            QCOMPARE(go(), RunState::RolledBack);
            QCOMPARE(openItems(*m_journal, run()).value().size(), step == u"look" ? 0 : 1);
        }
        // The next update waits for the one, whatever was refused since.
        for (int i = 0; i < 2; ++i) {
            world().before.clear();
            world().calls.clear();
            begin();
            m_plan.expectedMs = 100 + i;
            record();
            isRefused(u"checklist.run_not_closed"_s, {u"“It is noted”"_s});
        }
    }
};

QTEST_GUILESS_MAIN(GatesTest)
#include "gatestest.moc"
