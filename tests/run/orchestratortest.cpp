// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/orchestrator.h"
#include "plan/keyeddigest.h"
#include "plan/planners.h"
#include "plan/sealing.h"
#include "run/decisions.h"
#include "run/report.h"
#include "scriptedstep.h"
#include "system/files.h"
#include "system/random.h"
#include "tests/support/steps.h"

#include <QDirIterator>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <functional>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

Error error(Error::Kind kind)
{
    return {u"file.write"_s, {{u"path"_s, u"/x"_s}, {u"reason"_s, u"because"_s}}, kind};
}

/// Fails the first times that it is asked.
World::Hook failing(int times, Error::Kind kind)
{
    return [times, kind, asked = 0]() mutable -> std::optional<Error> {
        return asked++ < times ? std::optional(error(kind)) : std::nullopt;
    };
}

World::Hook crashing(int times = 1)
{
    return [times, asked = 0]() mutable -> std::optional<Error> {
        if (asked++ < times) {
            throw World::Crash();
        }
        return {};
    };
}

} // namespace

class OrchestratorTest : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Journal> m_journal;
    Target m_target;
    Plan m_plan;
    QString m_run;
    std::unique_ptr<ManualClock> m_clock;
    QList<QJsonObject> m_told;

    static World &world() { return World::instance(); }

    void begin(const QJsonObject &policy = {}, qint64 waitMs = 0)
    {
        m_plan = Plan();
        m_plan.targetName = m_target.name;
        m_plan.from = u"1.0.0"_s;
        m_plan.to = u"1.1.0"_s;
        m_plan.steps = {scriptedStep(u"a"_s, u"old"_s, u"new"_s), scriptedStep(u"b"_s, u"old"_s, u"new"_s, waitMs),
                        scriptedStep(u"c"_s, u"old"_s, u"new"_s)};
        m_plan.policy = policy;
    }

    void record(const QString &digest = {})
    {
        m_plan.facts = await(FactSource::collect(m_target)).value();
        RunRecord run;
        run.id = m_run = Random::system().id();
        run.plan = m_plan;
        run.planDigest = digest.isEmpty() ? m_plan.digest() : digest;
        run.startedBy = u"kim@desk"_s;
        run.created = m_clock->now();
        QVERIFY(m_journal->addRun(run));
    }

    /// Empty: the runner was killed.
    std::optional<RunState> go(bool leaveWhenHeld = true, Clock *clock = nullptr)
    {
        Orchestrator orchestrator(m_target, m_journal.get(), m_run, -1, clock ? clock : m_clock.get());
        connect(&orchestrator, &Orchestrator::told, this, [this](const QJsonObject &what) { m_told.append(what); });
        try {
            const auto state = await(orchestrator.run(leaveWhenHeld));
            if (!state) {
                qWarning() << state.error().text();
                return {};
            }
            return *state;
        } catch (const World::Crash &) {
            return {};
        }
    }

    QString command(const QString &verb, const QString &expectedState = {}, const QJsonObject &args = {})
    {
        // From another connection, as a console does.
        const auto other = Journal::open(m_target.stateDirectory);
        CommandRecord record;
        record.id = Random::system().id();
        record.runId = m_run;
        record.verb = verb;
        record.args = args;
        record.expectedState = expectedState;
        record.by = u"kim@desk"_s;
        record.created = QDateTime::currentDateTimeUtc();
        if (!other || !(*other)->addCommand(record)) {
            qFatal("the command could not be given");
        }
        return record.id;
    }
    /// While b works: its wait is the first moment that the event loop has after it was prepared.
    void onceAtWork(const std::function<void()> &act)
    {
        world().after[u"b:prepare"_s] = [this, act]() -> std::optional<Error> {
            QTimer::singleShot(200, this, act);
            return {};
        };
    }
    QString outcome(const QString &id)
    {
        const auto commands = m_journal->commands(m_run).value();
        for (const CommandRecord &command : commands) {
            if (command.id == id) {
                return command.taken.isValid() ? command.outcome.code : QString();
            }
        }
        return {};
    }

    RunRecord run() { return m_journal->run(m_run).value(); }
    StepRecord step(int index) { return m_journal->steps(m_run).value().at(index); }
    bool hadEvent(const QString &code)
    {
        const auto events = m_journal->events(m_run).value();
        return std::any_of(events.begin(), events.end(), [&](const EventRecord &event) { return event.message.code == code; });
    }
    static QMap<QString, QString> all(const QString &value) { return {{u"a"_s, value}, {u"b"_s, value}, {u"c"_s, value}}; }

    /// A failure of it holds the run.
    void secondStepOnlyLooks()
    {
        m_plan.steps[1].changesState = false;
        m_plan.steps[1].changes = {};
        m_plan.steps[1].params[u"to"_s] = u"old"_s;
        m_plan.steps[1].automaticRollback = false;
    }

private Q_SLOTS:
    void init()
    {
        world() = World();
        m_told.clear();
        m_folder = std::make_unique<QTemporaryDir>();
        m_clock = std::make_unique<ManualClock>(QDateTime(QDate(2026, 3, 2), QTime(12, 0)));
        m_target = Target();
        m_target.name = u"demo"_s;
        m_target.path = m_folder->filePath(u"target.yaml"_s);
        m_target.stateDirectory = m_folder->filePath(u"state"_s);
        m_target.releasesDirectory = m_folder->filePath(u"releases"_s);
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(files::replace(m_target.path, "name: demo\n"));
        m_journal = Journal::open(m_target.stateDirectory).value();
    }
    void cleanup()
    {
        QVERIFY(m_journal->verifyAudit());
        m_journal.reset();
    }

    /// A further host of the target goes silent with this call.
    void silenceAt(const QString &call)
    {
        m_target.hosts = {{.name = u"web-2"_s, .address = SshHost::parse(u"web-2.example.org"_s).value(), .stateDirectory = m_target.stateDirectory}};
        world().values.insert(u"far"_s, u"1"_s);
        world().after[call] = []() -> std::optional<Error> {
            world().silent.insert(u"far"_s, u"web-2"_s);
            return {};
        };
    }
    qsizetype countEvents(const QString &code)
    {
        const auto events = m_journal->events(m_run).value();
        return std::ranges::count_if(events, [&code](const EventRecord &event) { return event.message.code == code; });
    }

    void silentHostHoldsWhatNeedsIt_data()
    {
        QTest::addColumn<QString>("need");
        QTest::newRow("works there") << u"host"_s;
        QTest::newRow("point of no return") << u"point"_s;
        QTest::newRow("takes away") << u"loss"_s;
    }
    void silentHostHoldsWhatNeedsIt()
    {
        QFETCH(QString, need);
        begin();
        if (need == u"host") {
            m_plan.steps[2].params.insert(u"host"_s, u"web-2"_s);
        } else if (need == u"loss") {
            m_plan.steps[2].params.insert(u"takesAway"_s, QJsonObject{{u"orders"_s, 1}});
        }
        m_plan.steps[2].pointOfNoReturn = need == u"point";
        silenceAt(u"a:apply"_s);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(step(1).state, StepState::Done);
        QCOMPARE(step(2).state, StepState::Pending);
        QCOMPARE(run().reason.code, u"run.world_changed"_s);
        QCOMPARE(run().error.code, u"ssh.unreachable"_s);
        QCOMPARE(countEvents(u"run.host_silent"_s), 1);
        QVERIFY(step(1).results[u"_silentHosts"][u"web-2"].isObject());
        // Another runner does not tell it once more.
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(countEvents(u"run.host_silent"_s), 1);
        world().silent.clear();
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    /// What can be told is compared all the same, and the end of a run is the end of all of it.
    void silentHostHidesNothingElse()
    {
        begin();
        silenceAt(u"a:apply"_s);
        world().values.insert(u"near"_s, u"1"_s);
        record();
        world().after[u"b:apply"_s] = []() -> std::optional<Error> {
            world().values[u"near"_s] = u"2"_s;
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().error.code, u"plan.fact_changed"_s);
        QCOMPARE(run().error.args[u"fact"].toString(), u"world:near"_s);
        world().values[u"near"_s] = u"1"_s;
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.world_changed_end"_s);
        QCOMPARE(run().error.code, u"ssh.unreachable"_s);
        QCOMPARE(step(2).state, StepState::Done);
    }

    void silentHostStopsNoWayBack()
    {
        begin();
        silenceAt(u"a:apply"_s);
        record();
        world().before[u"b:apply"_s] = [] { return Error{u"test.broken"_s, {}, Error::Kind::Permanent, {}}; };
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values[u"a"_s], u"old"_s);
    }

    void nothingBeginsWhileAHostIsSilent()
    {
        begin();
        silenceAt(u"never"_s);
        record();
        world().silent.insert(u"far"_s, u"web-2"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.refused_to_start"_s);
        QCOMPARE(run().error.code, u"ssh.unreachable"_s);
        QCOMPARE(world().count(u"a:apply"_s), 0);
    }

    void goesThroughAllSteps()
    {
        begin();
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QStringList expected;
        for (const QString &id : {u"a"_s, u"b"_s, u"c"_s}) {
            for (const QString &part : {u"observe"_s, u"prepare"_s, u"apply"_s, u"verify"_s}) {
                expected.append(QString(id + u':' + part));
            }
        }
        QCOMPARE(world().calls, expected + QStringList({u"a:finalize"_s, u"b:finalize"_s, u"c:finalize"_s}));
        QCOMPARE(world().values, all(u"new"_s));
        QCOMPARE(step(1).state, StepState::Done);
        QCOMPARE(step(1).undo[u"old"_s].toString(), u"old"_s);
        QCOMPARE(step(1).results[u"applied"_s].toBool(), true);
        QVERIFY(run().ended.isValid());
        QVERIFY(run().reason.isEmpty());
        QCOMPARE(m_journal->auditTrail().value().size(), 2);
        QVERIFY(files::read(m_target.stateDirectory + u"/runs/"_s + m_run + u"/log.txt"_s).value().contains("b run"));
    }

    void retriesTransientErrorsUpToTheLimit()
    {
        begin({{u"transientRetries"_s, 2}});
        world().before[u"a:observe"_s] = failing(1, Error::Kind::Transient);
        world().before[u"b:apply"_s] = failing(2, Error::Kind::Transient);
        world().before[u"c:verify"_s] = failing(2, Error::Kind::Transient);
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:apply"_s), 3);
        QCOMPARE(world().count(u"b:prepare"_s), 1);
        QCOMPARE(step(1).attempt, 3);
        QVERIFY(hadEvent(u"run.step_again"_s));
    }

    void takesEverythingBackWhenAStepFails()
    {
        begin({{u"transientRetries"_s, 2}});
        world().before[u"c:apply"_s] = failing(3, Error::Kind::Transient);
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
        QCOMPARE(world().calls.sliced(world().calls.size() - 3), (QStringList{u"c:revert"_s, u"b:revert"_s, u"a:revert"_s}));
        QCOMPARE(world().count(u"a:finalize"_s), 0);
        QCOMPARE(run().reason.code, u"run.step_failed_reverting"_s);
        QVERIFY(run().reason.text().contains(u"because"));
        QCOMPARE(run().error.code, u"file.write"_s);
    }

    void leavesUntouchedWhatNeverBegan()
    {
        begin();
        world().before[u"b:observe"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().count(u"b:revert"_s), 0);
        QCOMPARE(world().count(u"c:observe"_s), 0);
        QCOMPARE(step(2).state, StepState::Pending);
    }

    void holdsWherePolicySaysSoAndRetries()
    {
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        world().inspections[u"b"_s] = Inspection::Partial;
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_held"_s);
        QVERIFY(!run().heldUntil.isValid());
        QCOMPARE(world().values[u"a"_s], u"new"_s);
        // Not prepared again: the undo record must stay the one of the untouched state.
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:prepare"_s), 1);
        QCOMPARE(world().count(u"b:apply"_s), 2);
        QCOMPARE(step(1).undo[u"old"_s].toString(), u"old"_s);
        QVERIFY(run().reason.isEmpty());
    }

    void retriesAStepThatNeverBeganFromItsStart()
    {
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:observe"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        const QString accept = command(u"accept"_s, u"held"_s);
        const QString retry = command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(outcome(accept), u"run.refused_accept_unprepared"_s);
        QCOMPARE(outcome(retry), u"run.command_taken"_s);
        QCOMPARE(world().count(u"b:inspect"_s), 0);
    }

    void inspectsAfterAnErrorOfUnknownEffect()
    {
        begin();
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Unknown);
        record();
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:apply"_s), 1);
        QCOMPARE(world().count(u"b:inspect"_s), 1);
    }

    void holdsWhenTheEffectStaysUnknown_data()
    {
        QTest::addColumn<int>("inspection");
        QTest::newRow("not started") << int(Inspection::NotStarted);
        QTest::newRow("partial") << int(Inspection::Partial);
        QTest::newRow("unknown") << int(Inspection::Unknown);
    }
    void holdsWhenTheEffectStaysUnknown()
    {
        QFETCH(const int, inspection);
        begin();
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Unknown);
        world().inspections[u"b"_s] = Inspection(inspection);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_unknown"_s);
        QCOMPARE(world().count(u"b:apply"_s), 1);

        const QString early = command(u"accept"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(early), u"run.refused_accept_not_done"_s);
        // Somebody does it by hand.
        world().values[u"b"_s] = u"new"_s;
        world().inspections[u"b"_s] = Inspection::Done;
        const QString late = command(u"accept"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(outcome(late), u"run.command_taken"_s);
        QCOMPARE(step(1).state, StepState::Accepted);
    }

    void holdsWhenTakingBackFailsAndGoesOnlyBack()
    {
        begin();
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"a:revert"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.revert_failed"_s);
        QCOMPARE(step(1).state, StepState::Reverted);
        QCOMPARE(step(0).state, StepState::Reverting);
        const QString accept = command(u"accept"_s, u"held"_s);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(outcome(accept), u"run.refused_accept_not_back"_s);
        QCOMPARE(world().count(u"b:revert"_s), 1);
        QCOMPARE(world().values, all(u"old"_s));
    }

    void acceptsWhatWasTakenBackByHand()
    {
        begin();
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"b:revert"_s] = failing(20, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(step(1).state, StepState::Reverting);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        world().values[u"b"_s] = u"old"_s;
        const QString accept = command(u"accept"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(outcome(accept), u"run.command_taken"_s);
        QVERIFY(hadEvent(u"run.step_accepted_back"_s));
        QCOMPARE(step(1).state, StepState::Reverted);
        QCOMPARE(world().values, all(u"old"_s));
    }

    /// What an operator's program did, and doesn't tell: retry does it again, accept is believed, in both directions.
    void takesAPersonsWordWhereNothingElseTells()
    {
        begin();
        world().takesAWord = true;
        world().inspections[u"b"_s] = Inspection::Unknown;
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(2, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_held"_s);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_held"_s);
        QCOMPARE(world().count(u"b:apply"_s), 2);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:apply"_s), 3);
        QVERIFY(hadEvent(u"run.step_applied_again"_s));

        world() = World();
        begin();
        world().takesAWord = true;
        world().inspections[u"b"_s] = Inspection::Unknown;
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(9, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        world().values[u"b"_s] = u"new"_s;
        command(u"accept"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QVERIFY(hadEvent(u"run.step_accepted_by_word"_s));
        QCOMPARE(world().count(u"b:apply"_s), 1);

        world() = World();
        begin();
        world().takesAWord = true;
        world().inspections[u"b"_s] = Inspection::Unknown;
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"b:revert"_s] = failing(9, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        world().values[u"b"_s] = u"old"_s;
        command(u"accept"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QVERIFY(hadEvent(u"run.step_accepted_back_by_word"_s));
    }

    /// The decision is for one try: interrupted in that, the next runner asks again.
    void aRetryIsForOneTryOnly()
    {
        begin();
        world().takesAWord = true;
        world().inspections[u"b"_s] = Inspection::Unknown;
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        world().before[u"b:apply"_s] = crashing();
        command(u"retry"_s, u"held"_s);
        QVERIFY(!go());
        QCOMPARE(world().count(u"b:apply"_s), 2);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"b:apply"_s), 2);
        QCOMPARE(run().reason.code, u"run.step_interrupted"_s);
    }

    /// Where what is unknown may be somebody else's work, a retry looks, and tells again why it is held.
    void aRetryDoesNotOverwriteWhatIsUnknown()
    {
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(9, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        world().values[u"b"_s] = u"another"_s;
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"b:apply"_s), 1);
        QCOMPARE(run().reason.code, u"run.step_unknown"_s);
        QVERIFY2(run().reason.text().contains(u"because"_s), qPrintable(run().reason.text()));
    }

    /// An answer of before must not decide again.
    void aRetryAsksAnewWhereTheStepSaysSo()
    {
        begin();
        world().asksAnew = true;
        secondStepOnlyLooks();
        world().inspections[u"b"_s] = Inspection::Unknown;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"b:prepare"_s), 1);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:prepare"_s), 2);
        QCOMPARE(world().count(u"b:apply"_s), 2);
        QCOMPARE(world().count(u"b:inspect"_s), 0);
    }

    /// What it has begun, as a backup's folder, is its own: it goes on with that.
    void aRetryKeepsWhatWasPrepared()
    {
        begin();
        secondStepOnlyLooks();
        world().inspections[u"b"_s] = Inspection::Partial;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:prepare"_s), 1);
        QCOMPARE(world().count(u"b:apply"_s), 2);
    }

    /// Prepared by an earlier try, pending again: the way back knows that state, too.
    void aRetryThatCantBeginGoesBack()
    {
        begin();
        world().asksAnew = true;
        secondStepOnlyLooks();
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        world().values[u"c"_s] = u"edited"_s;
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.world_changed"_s);
        QCOMPARE(step(1).state, StepState::Pending);
        world().values[u"c"_s] = u"old"_s;
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    /// Killed before it changed anything, and failing then before it begins again: that is proven, and a person may go back.
    void whatIsProvenUntouchedIsNotInTheWay_data()
    {
        QTest::addColumn<bool>("unknown");
        QTest::newRow("killed") << false;
        QTest::newRow("effect unknown at first") << true;
    }
    void whatIsProvenUntouchedIsNotInTheWay()
    {
        QFETCH(const bool, unknown);
        begin();
        m_plan.steps[1].pointOfNoReturn = m_plan.steps[1].irreversible = true;
        if (unknown) {
            world().before[u"b:apply"_s] = failing(1, Error::Kind::Unknown);
        } else {
            world().before[u"b:apply"_s] = crashing();
            world().after[u"b:observe"_s] = [asked = 0]() mutable { return asked++ == 0 ? std::optional<Error>() : std::optional(error(Error::Kind::Permanent)); };
        }
        m_plan.steps[1].automaticRollback = false;
        record();
        if (!unknown) {
            QVERIFY(!go());
        }
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(step(1).state, StepState::Failed);
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    /// Untouched at first, and done all the same at the next look: the point of no return is passed.
    void whatIsFoundDoneIsNoLongerUntouched()
    {
        begin();
        m_plan.steps[1].pointOfNoReturn = true;
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QVERIFY(step(1).results[stepresult::untouched].toBool());
        world().values[u"b"_s] = u"new"_s;
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(step(1).state, StepState::Done);
        QCOMPARE(run().reason.code, u"run.step_failed_no_return"_s);
    }

    void neverStandsBeforeWhatCantBeTakenBack()
    {
        begin({{u"holdDefault"_s, u"rollback"_s}, {u"holdMs"_s, 1000}});
        m_plan.steps[1].pointOfNoReturn = m_plan.steps[1].irreversible = true;
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QVERIFY(!run().heldUntil.isValid());
        QCOMPARE(offeredCommands(run(), m_journal->steps(m_run).value()), (QStringList{u"retry"_s, u"accept"_s, u"abandon"_s}));
        const QString back = command(u"rollback"_s, u"held"_s);
        const QString abort = command(u"abort"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(back), u"run.refused_no_way_back"_s);
        QCOMPARE(outcome(abort), u"run.refused_no_way_back"_s);
        QCOMPARE(world().count(u"b:revert"_s) + world().count(u"c:revert"_s), 0);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    void takesCommandsOnceAndOnlyInTheExpectedState()
    {
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        const QString stale = command(u"rollback"_s, u"running"_s);
        const QString other = command(u"retry"_s, u"held"_s, {{u"step"_s, u"a"_s}});
        const QString unknown = command(u"dance"_s);
        const QString first = command(u"retry"_s, u"held"_s);
        const QString second = command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(outcome(stale), u"run.refused_state"_s);
        QCOMPARE(outcome(other), u"run.refused_step"_s);
        QCOMPARE(outcome(unknown), u"run.refused_verb"_s);
        QCOMPARE(outcome(first), u"run.command_taken"_s);
        QCOMPARE(outcome(second), u"run.refused_state"_s);
        QCOMPARE(world().count(u"b:apply"_s), 2);
        int decisions = 0;
        const auto trail = m_journal->auditTrail().value();
        for (const AuditRecord &row : trail) {
            decisions += row.what == u"run.command";
        }
        QCOMPARE(decisions, 1);
        const QString late = command(u"abort"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(outcome(late), u"run.refused_ended"_s);
    }

    void abortStopsTheStepAtWork()
    {
        begin({}, 60000);
        record();
        onceAtWork([this] { command(u"abort"_s, u"running"_s); });
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(go(true, &Clock::system()), RunState::RolledBack);
        QVERIFY(timer.elapsed() < 10000);
        QCOMPARE(run().reason.code, u"run.aborted_by"_s);
        QVERIFY2(run().reason.text().endsWith(u"Make a new plan to go on."_s), qPrintable(run().reason.text()));
        QCOMPARE(world().values, all(u"old"_s));
        QCOMPARE(world().count(u"b:revert"_s), 1);
    }

    void abortWaitsForAStepThatCantStop()
    {
        begin({}, 1600);
        m_plan.steps[1].params.insert(u"cancellable"_s, false);
        record();
        onceAtWork([this] { command(u"abort"_s, u"running"_s); });
        QCOMPARE(go(true, &Clock::system()), RunState::RolledBack);
        QCOMPARE(world().count(u"b:apply"_s), 1);
        QCOMPARE(world().count(u"b:verify"_s), 0);
        QCOMPARE(world().count(u"b:revert"_s), 1);
        QVERIFY(std::any_of(m_told.begin(), m_told.end(), [](const QJsonObject &what) { return what[u"type"_s] == u"alive"_s; }));
        QVERIFY(step(1).durationMs >= 1500);
    }

    void holdWaitsForTheStepAndResumeGoesOn()
    {
        begin({}, 600);
        record();
        QString held;
        onceAtWork([&] { held = command(u"hold"_s, u"running"_s); });
        QCOMPARE(go(true, &Clock::system()), RunState::Held);
        QCOMPARE(outcome(held), u"run.command_taken"_s);
        QCOMPARE(step(1).state, StepState::Done);
        QCOMPARE(step(2).state, StepState::Pending);
        QCOMPARE(run().reason.code, u"run.held_by"_s);
        // Taken by a runner that stays, without anybody waking it.
        QTimer::singleShot(300, this, [this] { command(u"resume"_s, u"held"_s); });
        QCOMPARE(go(false, &Clock::system()), RunState::Succeeded);
        QCOMPARE(world().count(u"b:apply"_s), 1);
    }

    void abandonLeavesTheSystemAsItIs()
    {
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        const QString wrong = command(u"abandon"_s, u"held"_s, {{u"name"_s, u"production"_s}});
        const QString nameless = command(u"abandon"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(wrong), u"run.refused_name"_s);
        QCOMPARE(outcome(nameless), u"run.refused_name"_s);
        command(u"abandon"_s, u"held"_s, {{u"name"_s, u"demo"_s}});
        QCOMPARE(go(), RunState::Abandoned);
        QCOMPARE(world().values[u"b"_s], u"new"_s);
        QCOMPARE(run().reason.code, u"run.abandoned_by"_s);
    }

    void productionTakesTheNameForEachWayBack_data()
    {
        QTest::addColumn<QString>("verb");
        for (const char *verb : {"abort", "rollback", "accept", "abandon"}) {
            QTest::newRow(verb) << QString::fromLatin1(verb);
        }
    }
    void productionTakesTheNameForEachWayBack()
    {
        QFETCH(const QString, verb);
        m_target.environment = u"production"_s;
        begin();
        m_plan.steps[1].automaticRollback = false;
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        const QString nameless = command(verb, u"held"_s);
        const QString wrong = command(verb, u"held"_s, {{u"name"_s, u"demo2"_s}});
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(nameless), u"run.refused_name"_s);
        QCOMPARE(outcome(wrong), u"run.refused_name"_s);
        const QString named = command(verb, u"held"_s, {{u"name"_s, u"demo"_s}});
        QVERIFY(go() != RunState::Held);
        QCOMPARE(outcome(named), u"run.command_taken"_s);
    }

    /// Who asked for a hold is waited for, whatever the policy says of holds that nobody asked for.
    void holdOfAPersonHasNoDefault()
    {
        begin({{u"holdDefault"_s, u"rollback"_s}, {u"holdMs"_s, 60000}});
        record();
        world().after[u"a:apply"_s] = [this]() -> std::optional<Error> {
            command(u"hold"_s, u"running"_s);
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.held_by"_s);
        QVERIFY(!run().heldUntil.isValid());
        m_clock->advance(10LL * 60000);
        QCOMPARE(go(), RunState::Held);
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    /// A console that paused the run while it asked lets go of its own hold only.
    void resumeOfAHoldPassesOverNoOther()
    {
        begin();
        record();
        QString hold;
        world().after[u"a:apply"_s] = [&, this]() -> std::optional<Error> {
            hold = command(u"hold"_s, u"running"_s);
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.args[u"command"_s].toString(), hold);
        const QString others = command(u"resume"_s, {}, {{u"hold"_s, u"somebody else's"_s}});
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(others), u"run.refused_other_hold"_s);
        const QString own = command(u"resume"_s, {}, {{u"hold"_s, hold}});
        // The world changes before it goes on: that hold is not the one that was asked for.
        world().values[u"c"_s] = u"other"_s;
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(own), u"run.command_taken"_s);
        QCOMPARE(run().reason.code, u"run.world_changed"_s);
        const QString again = command(u"resume"_s, {}, {{u"hold"_s, hold}});
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(outcome(again), u"run.refused_other_hold"_s);
    }

    /// Both given before the first is taken: the run pauses at the step's end and goes on at once.
    void resumeOfAHoldThatIsNotTakenYet()
    {
        begin();
        record();
        QString resume;
        world().after[u"a:apply"_s] = [&, this]() -> std::optional<Error> {
            const QString hold = command(u"hold"_s, u"running"_s);
            resume = command(u"resume"_s, {}, {{u"hold"_s, hold}});
            return {};
        };
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(outcome(resume), u"run.command_taken"_s);
        QVERIFY(hadEvent(u"run.held_by"_s));
    }

    void abandonTidiesAndTellsWhereTheOldConfigurationIs()
    {
        const QString file = m_folder->filePath(u"app.env"_s);
        m_target.configuration = {{file, {}}};
        QVERIFY(files::replace(file, "API_TOKEN=hunter2\nA=1\n", files::privateFile));
        begin();
        StepSpec configure;
        configure.id = configure.kind = u"configure"_s;
        configure.params = {{u"file"_s, file}, {u"set"_s, QJsonObject{{u"A"_s, u"2"_s}}}};
        configure.changes = {{configurationFact(file), keyedDigest(m_target.stateDirectory, "API_TOKEN=hunter2\nA=2\n").value()}};
        m_plan.steps.prepend(configure);
        m_plan.steps[2].automaticRollback = false;
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        const QString folder = QString(m_target.stateDirectory + u"/runs/"_s + m_run);
        QVERIFY(files::replace(folder + u"/scratch.db"_s, "left by a step"));
        command(u"abandon"_s, u"held"_s, {{u"name"_s, u"demo"_s}});
        QCOMPARE(go(), RunState::Abandoned);
        QCOMPARE(run().reason.code, u"run.abandoned_with_copies"_s);
        const QStringList copies = run().reason.args[u"copies"].toVariant().toStringList();
        QCOMPARE(copies.size(), 1);
        QVERIFY2(run().reason.text().contains(copies.first()), qPrintable(run().reason.text()));
        QCOMPARE(unseal(m_target.stateDirectory, files::read(copies.first()).value(), {}).value(), QByteArray("API_TOKEN=hunter2\nA=1\n"));
        QCOMPARE(QDir(folder).entryList(QDir::Files | QDir::Hidden), QStringList({QFileInfo(copies.first()).fileName(), u"log.txt"_s}));
    }

    void abandonKeepsNoCopyOfWhatWasNotChanged()
    {
        const QString file = m_folder->filePath(u"app.env"_s);
        QVERIFY(files::replace(file, "A=1\n"));
        begin();
        StepSpec configure;
        configure.id = configure.kind = u"configure"_s;
        configure.params = {{u"file"_s, file}, {u"set"_s, QJsonObject{{u"A"_s, u"2"_s}}}};
        m_plan.steps.append(configure);
        record();
        StepRecord prepared{.runId = m_run, .index = 3, .id = u"configure"_s};
        QStringList copies;
        for (const StepState state : {StepState::Prepared, StepState::Reverted, StepState::Applying, StepState::Failed, StepState::Done}) {
            prepared.state = state;
            prepared.undo = {{u"saved"_s, u"/x"_s}};
            prepared.results = {{stepresult::prepared, true}};
            copies.append(savedCopies({prepared}).join(u' '));
        }
        QCOMPARE(copies, QStringList({QString(), QString(), u"/x"_s, u"/x"_s, u"/x"_s}));
    }

    /// Nothing that a step says, by whatever way, leaves the run unmasked.
    void noSecretEntersJournalLogOrChannel()
    {
        const QString file = m_folder->filePath(u"app.env"_s);
        m_target.configuration = {{file, {u"*SESAME*"_s}}};
        QVERIFY(files::replace(file, "FOO_SESAME=behind-the-hill\n"));
        begin();
        StepSpec talking;
        talking.id = u"command:talk"_s;
        talking.kind = u"command"_s;
        talking.params = {{u"name"_s, u"talk"_s},
                          {u"apply"_s, QJsonArray{u"/bin/sh"_s, u"-c"_s, u". ./app.env; echo FOO_SESAME=$FOO_SESAME; echo the key $FOO_SESAME >&2; exit 5"_s}},
                          {u"timeoutMs"_s, 10000}};
        talking.automaticRollback = false;
        m_plan.steps.append(talking);
        record();
        QCOMPARE(go(true, &Clock::system()), RunState::Held);
        QVERIFY2(run().reason.text().contains(u"the key ••••"), qPrintable(run().reason.text()));
        QCOMPARE(run().error.args[u"last"].toString(), u"the key ••••"_s);
        QCOMPARE(step(3).error.args[u"last"].toString(), u"the key ••••"_s);
        const QByteArray told = QJsonDocument(QJsonArray::fromVariantList(QVariantList(m_told.begin(), m_told.end()))).toJson();
        QVERIFY(told.contains("the key ••••"));
        QVERIFY2(!told.contains("behind-the-hill"), told.constData());
        QDirIterator all(m_target.stateDirectory, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
        int seen = 0;
        while (all.hasNext()) {
            const QString path = all.next();
            QVERIFY2(!files::read(path).value().contains("behind-the-hill"), qPrintable(path));
            ++seen;
        }
        QVERIFY(seen >= 3);
    }

    void holdsWhenAPreviewTellsSomethingElse()
    {
        begin();
        m_target.commands = {{.name = u"talk"_s, .after = u"c"_s, .preview = {u"/bin/cat"_s, m_folder->filePath(u"entries"_s)}, .apply = {u"true"_s}, .revert = {u"true"_s}, .inspect = {}}};
        QVERIFY(files::replace(m_folder->filePath(u"entries"_s), "7\n"));
        m_plan.steps = await(withCommandSteps(m_target, m_plan.steps, {{u"1.0.0"_s, u"1.1.0"_s, {}}})).value();
        QCOMPARE(m_plan.steps.last().kind, u"command"_s);
        record();
        QVERIFY(files::replace(m_folder->filePath(u"entries"_s), "8\n"));
        QCOMPARE(go(true, &Clock::system()), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_held"_s);
        QCOMPARE(run().error.code, u"command.preview_differs"_s);
        QVERIFY(files::replace(m_folder->filePath(u"entries"_s), "7\n"));
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(true, &Clock::system()), RunState::Succeeded);
    }

    void holdsWhenAFactChangesBetweenSteps()
    {
        begin();
        world().values[u"other"_s] = u"before"_s;
        world().after[u"a:verify"_s] = []() -> std::optional<Error> {
            world().values[u"other"_s] = u"after"_s;
            return {};
        };
        record();
        QCOMPARE(go(), RunState::Held);
        const QString reason = run().reason.text();
        QVERIFY2(reason.contains(u"before") && reason.contains(u"after") && reason.contains(u"world:other"), qPrintable(reason));
        QCOMPARE(world().count(u"b:observe"_s), 0);
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        world().values[u"other"_s] = u"before"_s;
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    void waitsForAFactThatIsOnlyMissingForAMoment()
    {
        begin();
        world().values[u"other"_s] = u"up"_s;
        world().after[u"a:verify"_s] = [this]() -> std::optional<Error> {
            world().values.remove(u"other"_s);
            QTimer::singleShot(0, this, [] { world().values[u"other"_s] = u"up"_s; });
            return {};
        };
        record();
        QCOMPARE(go(true, &Clock::system()), RunState::Succeeded);
    }

    void holdsWhenTheEndIsNotAsPlanned()
    {
        begin();
        world().after[u"c:verify"_s] = []() -> std::optional<Error> {
            world().values[u"a"_s] = u"edited"_s;
            return {};
        };
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.world_changed_end"_s);
        QCOMPARE(world().count(u"a:finalize"_s), 0);
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    void refusesToStartInAChangedWorld()
    {
        begin();
        record();
        world().values[u"a"_s] = u"edited"_s;
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.refused_to_start"_s);
        QVERIFY(run().reason.text().contains(u"edited"));
        QVERIFY(world().calls.isEmpty());
    }

    void refusesAnEditedTarget()
    {
        begin();
        record();
        QVERIFY(files::replace(m_target.path, "name: demo # edited\n"));
        QCOMPARE(go(), RunState::RolledBack);
        QVERIFY(run().reason.text().contains(u"target.digest"));
    }

    /// Its balancer may be another one: nothing is put right there.
    void keepsNothingByAnEditedTarget()
    {
        begin();
        record();
        world().before[u"b:apply"_s] = crashing();
        QVERIFY(!go());
        QVERIFY(world().kept > 0);
        world().kept = 0;
        QVERIFY(files::replace(m_target.path, "name: demo # edited\n"));
        QCOMPARE(go(), RunState::Held);
        QVERIFY2(run().reason.text().contains(u"target.digest"), qPrintable(run().reason.text()));
        QCOMPARE(world().kept, 0);
    }

    void refusesAPlanThatWasNotApproved()
    {
        begin();
        record(u"0123"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().error.code, u"run.plan_changed"_s);
        QVERIFY(world().calls.isEmpty());
    }

    void refusesToStartTooLate()
    {
        begin({{u"latestStartMinute"_s, 11 * 60}, {u"windowEndMinute"_s, 14 * 60}});
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.too_late"_s);
        QVERIFY(run().reason.text().contains(u"11:00"));
        QVERIFY(world().calls.isEmpty());
    }

    void turnsBackInTime()
    {
        begin({{u"windowEndMinute"_s, 14 * 60}, {u"turnBackMarginMs"_s, 600000}});
        world().after[u"a:apply"_s] = [this]() -> std::optional<Error> {
            m_clock->advance(115LL * 60000);
            return {};
        };
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.turn_back"_s);
        QCOMPARE(world().count(u"b:observe"_s), 0);
        QCOMPARE(world().values, all(u"old"_s));
    }

    /// The time comes while a long step is at work, and is not waited out until its end.
    void turnsBackFromAStepAtWork()
    {
        const QDateTime now = QDateTime::currentDateTime();
        if (now.time().hour() == 23 && now.time().minute() > 55) {
            QSKIP("Too close to midnight for a window that ends within minutes.");
        }
        begin({{u"windowEndMinute"_s, now.time().hour() * 60 + now.time().minute() + 2},
               {u"turnBackMarginMs"_s, 120'000 - now.time().second() * 1000 - now.time().msec() - 4000}},
              20000);
        record();
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(go(true, &Clock::system()), RunState::RolledBack);
        QVERIFY2(timer.elapsed() < 10000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(hadEvent(u"run.turn_back_at_work"_s));
        QCOMPARE(world().values, all(u"old"_s));
        QCOMPARE(world().count(u"c:observe"_s), 0);
    }

    void measuresTheWayBack()
    {
        begin();
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"b:revert"_s] = [this]() -> std::optional<Error> {
            m_clock->advance(7000);
            return {};
        };
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(step(1).results[stepresult::revertMs].toInteger(), 7000);
        QCOMPARE(step(0).results[stepresult::revertMs].toInteger(), 0);
    }

    void neverGoesBackOverThePointOfNoReturnByItself()
    {
        begin({{u"holdDefault"_s, u"rollback"_s}, {u"holdMs"_s, 1000}});
        m_plan.steps[1].pointOfNoReturn = true;
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_no_return"_s);
        QVERIFY(!run().heldUntil.isValid());
        // A person may.
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    void aPointOfNoReturnThatChangedNothingIsNotPassed()
    {
        begin();
        m_plan.steps[1].pointOfNoReturn = true;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.step_failed_reverting"_s);
        QCOMPARE(world().values, all(u"old"_s));
        // The same, but what it did is not known for sure.
        world() = World();
        begin();
        m_plan.steps[1].pointOfNoReturn = true;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        world().inspections[u"b"_s] = Inspection::Partial;
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_no_return"_s);
        // Tried again, and this time begun: nothing of the first proof is left.
        world().inspections[u"b"_s] = Inspection::NotStarted;
        world().after[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before.clear();
        command(u"retry"_s, u"held"_s);
        world().after[u"b:inspect"_s] = [asked = 0]() mutable -> std::optional<Error> {
            // It has begun by the second time that it is looked at.
            if (++asked == 1) {
                world().inspections[u"b"_s] = Inspection::Partial;
            }
            return {};
        };
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_failed_no_return"_s);
        QVERIFY(!mayRevertAutomatically(run(), m_journal->steps(m_run).value()));
        command(u"abandon"_s, u"held"_s, {{u"name"_s, u"demo"_s}});
        QCOMPARE(go(), RunState::Abandoned);
    }

    void holdsForAQuestionAndResumesWithItsAnswer_data()
    {
        QTest::addColumn<QString>("part");
        QTest::newRow("before it begins") << u"observe"_s;
        QTest::newRow("at work") << u"apply"_s;
    }
    void holdsForAQuestionAndResumesWithItsAnswer()
    {
        QFETCH(QString, part);
        // Whatever the policy for failures is: a question is none.
        begin({{u"automaticRollback"_s, true}, {u"holdDefault"_s, u"hold"_s}});
        world().asks[u"b:"_s + part] = {{u"orders"_s, 7}};
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.asks"_s);
        QVERIFY2(run().reason.text().contains(u"more is lost"_s), qPrintable(run().reason.text()));
        QCOMPARE(world().count(u"b:apply"_s), 0);
        QVERIFY(offeredCommands(run(), m_journal->steps(m_run).value()).contains(u"resume"_s));
        QVERIFY(!offeredCommands(run(), m_journal->steps(m_run).value()).contains(u"accept"_s));
        // More than what was agreed to is asked for again.
        world().asks[u"b:"_s + part] = {{u"orders"_s, 9}};
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(world().count(u"b:ask"_s), 2);
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
        QCOMPARE(world().count(u"b:ask"_s), 2);
        QCOMPARE(world().values, all(u"new"_s));
    }

    void aQuestionCanBeAnsweredByGoingBack()
    {
        begin({{u"holdDefault"_s, u"rollback"_s}, {u"holdMs"_s, 60000}});
        world().asks[u"b:observe"_s] = {{u"orders"_s, 7}};
        record();
        QCOMPARE(go(), RunState::Held);
        QVERIFY(run().heldUntil.isValid());
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    void asksOnTheWayBackAndNamesWhatStays()
    {
        begin();
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().asks[u"b:revert"_s] = {};
        world().keeps[u"b"_s] = {u"loss.rows"_s, {{u"count"_s, 3}, {u"name"_s, u"orders"_s}}};
        record();
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.asks_back"_s);
        QCOMPARE(step(1).state, StepState::Reverting);
        QCOMPARE(world().count(u"b:revert"_s), 0);
        QVERIFY(!run().heldUntil.isValid());
        QCOMPARE(offeredCommands(run(), m_journal->steps(m_run).value()), (QStringList{u"resume"_s, u"abandon"_s}));
        command(u"resume"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.rolled_back_keeping"_s);
        QVERIFY2(run().reason.text().contains(u"What stays in the database: 3 rows of orders."_s), qPrintable(run().reason.text()));
    }

    void namesWhatStaysBesideTheCause()
    {
        begin();
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().keeps[u"a"_s] = {u"loss.values"_s, {{u"count"_s, 1}, {u"name"_s, u"orders.note"_s}}};
        record();
        QCOMPARE(go(), RunState::RolledBack);
        const QString why = run().reason.text();
        QVERIFY2(why.contains(u"because"_s) && why.contains(u"1 value of orders.note"_s), qPrintable(why));
        const QString html = reportHtml(run(), m_journal->steps(m_run).value(), {}, {});
        QVERIFY(html.contains(u"1 value of orders.note"_s));
    }

    void takesTheDefaultWhenNobodyDecides()
    {
        begin({{u"holdDefault"_s, u"rollback"_s}, {u"holdMs"_s, 60000}});
        m_plan.steps[1].automaticRollback = false;
        world().before[u"b:apply"_s] = failing(1, Error::Kind::Permanent);
        record();
        QCOMPARE(go(true), RunState::Held);
        QCOMPARE(m_clock->now().msecsTo(run().heldUntil), 60000);
        QCOMPARE(go(false), RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.hold_expired"_s);
        // Not only that nobody decided, but about what.
        const QString why = run().reason.text();
        QVERIFY2(why.contains(run().error.what()) && why.contains(u"goes back to 1.0.0"_s), qPrintable(why));
        QCOMPARE(world().values, all(u"old"_s));
        QCOMPARE(m_clock->monotonic() / 1000, 60);
    }

    void resumesAfterACrashAnywhere_data()
    {
        QTest::addColumn<QString>("call");
        QTest::addColumn<bool>("after");
        QTest::addColumn<bool>("fails");
        for (const QString &call : {u"b:observe"_s, u"b:prepare"_s, u"b:apply"_s, u"b:verify"_s, u"c:finalize"_s}) {
            for (const bool after : {false, true}) {
                QTest::addRow("%s %s", after ? "after" : "before", qPrintable(call)) << call << after << false;
            }
        }
        for (const QString &call : {u"c:revert"_s, u"b:revert"_s, u"a:revert"_s}) {
            for (const bool after : {false, true}) {
                QTest::addRow("%s %s", after ? "after" : "before", qPrintable(call)) << call << after << true;
            }
        }
    }
    void resumesAfterACrashAnywhere()
    {
        QFETCH(const QString, call);
        QFETCH(const bool, after);
        QFETCH(const bool, fails);
        begin();
        if (fails) {
            world().after[u"c:verify"_s] = failing(99, Error::Kind::Permanent);
        }
        (after ? world().after : world().before)[call] = crashing();
        record();
        QCOMPARE(go(), std::nullopt);
        QCOMPARE(go(), fails ? RunState::RolledBack : RunState::Succeeded);
        QCOMPARE(world().values, all(fails ? u"old"_s : u"new"_s));
        QVERIFY(hadEvent(u"run.resumed"_s));
        // What had taken effect is not done again.
        QCOMPARE(world().count(u"b:apply"_s), call == u"b:apply" && !after ? 2 : 1);
        QCOMPARE(step(1).undo[u"old"_s].toString(), u"old"_s);
    }

    void holdsAfterACrashWhoseEffectIsUnknown()
    {
        begin();
        world().before[u"b:apply"_s] = crashing();
        record();
        QCOMPARE(go(), std::nullopt);
        world().values[u"b"_s] = u"neither"_s;
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.step_interrupted"_s);
        command(u"rollback"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
        QCOMPARE(world().values, all(u"old"_s));
    }

    void breaksALoopOfCrashes()
    {
        begin({{u"loopLimit"_s, 4}});
        world().before[u"b:apply"_s] = crashing(99);
        record();
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(go(), std::nullopt);
        }
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.loop"_s);
        QVERIFY(run().reason.text().contains(u"4"));
        // A decision counts as progress.
        world().before.clear();
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::Succeeded);
    }

    void breaksALoopOfCrashesOnTheWayBack()
    {
        begin({{u"loopLimit"_s, 4}});
        world().before[u"c:apply"_s] = failing(1, Error::Kind::Permanent);
        world().before[u"b:revert"_s] = crashing(99);
        record();
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(go(), std::nullopt);
        }
        QCOMPARE(go(), RunState::Held);
        QCOMPARE(run().reason.code, u"run.loop"_s);
        world().before.clear();
        command(u"retry"_s, u"held"_s);
        QCOMPARE(go(), RunState::RolledBack);
    }

    void noticesAStepOfTheWallClock()
    {
        begin({}, 700);
        record();
        world().after[u"a:verify"_s] = [this]() -> std::optional<Error> {
            QTimer::singleShot(400, this, [this] { m_clock->stepWall(3'600'000); });
            return {};
        };
        QCOMPARE(go(), RunState::Succeeded);
        QVERIFY(hadEvent(u"run.clock_stepped"_s));
        QVERIFY(run().activeMs < 60000);
    }
};

QTEST_GUILESS_MAIN(OrchestratorTest)
#include "orchestratortest.moc"
