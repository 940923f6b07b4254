// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/orchestrator.h"

#include "config/targetmask.h"
#include "plan/loss.h"
#include "run/decisions.h"
#include "run/runlog.h"
#include "run/transitions.h"
#include "system/files.h"
#include "system/json.h"

#include <QCoroTimer>
#include <QDir>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 pollMs = 250; ///< How often commands are looked for when nobody wakes the runner.
constexpr qint64 aliveMs = 1000;
constexpr qint64 tellMs = 100; ///< Progress is told at most this often.
constexpr qint64 clockStepMs = 2000; ///< Wall and monotonic time may differ this much between two looks.
constexpr qint64 firstWaitMs = 500; ///< Before a retry; doubles.
constexpr qint64 longestWaitMs = 10000;
constexpr int journalTries = 5;
constexpr int factTries = 4;

Facts only(const Facts &facts, const QStringList &names)
{
    Facts result;
    for (const QString &name : names) {
        if (facts.contains(name)) {
            result.insert(name, facts[name]);
        }
    }
    return result;
}

Facts without(Facts facts, const QStringList &names)
{
    for (const QString &name : names) {
        facts.remove(name);
    }
    return facts;
}

} // namespace

struct Orchestrator::Private : StepContext {
    Private(Orchestrator *orchestrator, Target target, Journal *journal, QString runId, int lockDescriptor, Clock *clock, Processes *processes)
        : q(orchestrator)
        , m_target(std::move(target))
        , m_journal(journal)
        , m_runId(std::move(runId))
        , m_lockDescriptor(lockDescriptor)
        , m_clock(clock)
        , m_processes(processes)
        , m_log(runDirectory() + u"/log.txt"_s)
        , m_mask(m_target)
    {
    }

    // StepContext
    const Target &target() const override { return m_target; }
    const Plan &plan() const override { return m_run.plan; }
    QString runId() const override { return m_runId; }
    QString runDirectory() const override { return m_target.stateDirectory + u"/runs/"_s + m_runId; }
    Clock &clock() override { return *m_clock; }
    Processes &processes() override { return *m_processes; }
    int lockDescriptor() const override { return m_lockDescriptor; }
    void progress(const Progress &progress) override;
    void log(const Message &message) override { logLine(u"cutover"_s, message.text()); }
    void logLine(const QString &source, const QString &line) override;
    void setResult(const QString &key, const QJsonValue &value) override { m_steps[m_at].results.insert(key, m_mask.masked(value)); }
    QJsonValue result(const QString &stepId, const QString &key) const override;

    // The run as a whole.
    Async<RunState> drive(bool leaveWhenHeld);
    Async<> start();
    Async<> forward();
    Async<> finish();
    Async<> backward();
    Async<> held();

    // Parts of a step. All leave the run where the journal says that it is.
    Async<> inspectStep(int index);
    Async<> prepareStep(int index);
    Async<> applyStep(int index);
    Async<> verifyStep(int index);
    Async<> failed(int index, Error error);
    /// Whether a step that failed only asks for agreement; then what it asks is kept, for whoever resumes.
    bool takeQuestion(int index);
    Message rolledBack() const;
    Async<> lookAtWorld(Facts expected, QStringList ignored, QStringList among);
    Async<bool> mayBegin(int index);

    // The journal.
    Async<> save(int index, Message event = {});
    Async<> move(Outcome outcome, int index, Message event = {});
    Async<> hold(Outcome outcome, int index, Message reason, Error error = {});
    Async<> goBack(Outcome outcome, int index, Message reason, Error error = {});

    // Commands.
    Async<> takeCommands();
    Async<> take(CommandRecord command);
    std::expected<Outcome, Message> judge(const CommandRecord &command) const;
    void peek();
    void askToStop();
    Async<> turnBack();
    bool isPastTurnBack() const;

    std::function<Result<>()> m_fence;
    Result<> fence() const { return m_fence ? m_fence() : Result<>(); }

    /// Removes the run's scratch, except some files: what a step could not remove itself.
    void tidy(const QStringList &except = {});
    void tick();
    void tell(const QJsonObject &what) { Q_EMIT q->told(what); }
    void tellState(int index);
    int current() const { return currentStep(m_run, m_steps); }
    bool hasStep(int index) const { return index >= 0 && index < m_steps.size(); }
    const StepSpec &spec(int index) const { return m_run.plan.steps[index]; }
    QJsonValue name(int index) const;
    Message about(const char *code, int index, QJsonObject args = {}) const;
    qint64 policy(QLatin1StringView key, qint64 otherwise) const { return m_run.plan.policy[key].toInteger(otherwise); }
    /// Adds the time since the last call to what the run, and the step, have worked.
    void stamp(int index);

    Orchestrator *q;
    Target m_target;
    Journal *m_journal;
    QString m_runId;
    int m_lockDescriptor;
    Clock *m_clock;
    Processes *m_processes;
    RunLog m_log;
    TargetMask m_mask; ///< All that is told, logged or journaled passes it: progress(), logLine(), setResult(), save().

    RunRecord m_run;
    QList<StepRecord> m_steps;
    std::unique_ptr<Step> m_step; ///< The one at work.
    int m_at = 0; ///< Its index.
    std::stop_source m_stop; ///< Of the work under way.
    std::stop_source m_wake; ///< Of waiting for a decision.
    std::optional<Error> m_planProblem;
    std::optional<CommandRecord> m_abort; ///< Taken as soon as the work under way has stopped.
    bool m_turnBack = false; ///< The time to turn back came while a step was at work.
    std::optional<Error> m_unknown; ///< Why the step is inspected; empty: an interruption.
    bool m_inspect = false;
    int m_tries = 0; ///< Transient errors in the phase at work.
    std::optional<qint64> m_decideBy; ///< Monotonic: when the default of a hold is taken.
    qint64 m_stamped = 0;
    qint64 m_dataVersion = -1;
    qint64 m_lastWall = 0, m_lastMonotonic = 0, m_lastTold = 0, m_lastAlive = 0;
    std::optional<qint64> m_clockStep; ///< Seen, not yet journaled.
};

// --- what a step sees

void Orchestrator::Private::progress(const Progress &progress)
{
    const qint64 now = m_clock->monotonic();
    if (now - m_lastTold < tellMs && progress.done != progress.total) {
        return;
    }
    m_lastTold = now;
    tell({{u"type"_s, u"progress"_s},
          {u"step"_s, spec(m_at).id},
          {u"done"_s, progress.done},
          {u"total"_s, progress.total},
          {u"unit"_s, progress.unit},
          {u"doing"_s, m_mask.masked(progress.doing).toJson()},
          {u"cancellable"_s, m_step && m_step->isCancellable()}});
}

void Orchestrator::Private::logLine(const QString &source, const QString &line)
{
    const QString step = hasStep(m_at) ? spec(m_at).id : u"-"_s;
    const QString masked = m_mask.masked(line);
    m_log.write(m_clock->now(), step, source, masked);
    tell({{u"type"_s, u"log"_s}, {u"step"_s, step}, {u"source"_s, source}, {u"line"_s, masked}});
}

QJsonValue Orchestrator::Private::result(const QString &stepId, const QString &key) const
{
    for (const StepRecord &step : m_steps) {
        if (step.id == stepId) {
            return step.results[key];
        }
    }
    return QJsonValue::Undefined;
}

// --- words

QJsonValue Orchestrator::Private::name(int index) const
{
    if (!hasStep(index)) {
        return Message{u"run.the_end"_s, {}}.toJson();
    }
    const StepSpec &step = spec(index);
    return step.title.isEmpty() ? QJsonValue(step.id) : QJsonValue(step.title.toJson());
}

Message Orchestrator::Private::about(const char *code, int index, QJsonObject args) const
{
    args.insert(u"step"_s, name(index));
    return {QString::fromLatin1(code), args};
}

void Orchestrator::Private::tellState(int index)
{
    QJsonObject what{{u"type"_s, u"state"_s}, {u"run"_s, stateName(m_run.state)}};
    if (hasStep(index)) {
        what.insert(u"step"_s, m_steps[index].id);
        what.insert(u"stepState"_s, stateName(m_steps[index].state));
    }
    tell(what);
}

// --- the journal

void Orchestrator::Private::stamp(int index)
{
    const qint64 now = m_clock->monotonic();
    const qint64 worked = now - std::exchange(m_stamped, now);
    if (m_run.state == RunState::Running || m_run.state == RunState::Reverting) {
        m_run.activeMs += worked;
        if (hasStep(index) && index == m_at) {
            StepRecord &step = m_steps[index];
            if (m_run.state == RunState::Running) {
                step.durationMs += worked;
            } else {
                step.results.insert(stepresult::revertMs, step.results[stepresult::revertMs].toInteger() + worked);
            }
        }
    }
}

Async<> Orchestrator::Private::save(int index, Message event)
{
    event = m_mask.masked(event);
    m_run.reason = m_mask.masked(m_run.reason);
    m_run.error = m_mask.masked(m_run.error);
    if (hasStep(index)) {
        m_steps[index].error = m_mask.masked(m_steps[index].error);
    }
    for (int attempt = 1;; ++attempt) {
        const Result<> saved = hasStep(index) ? m_journal->updateRunAndStep(m_run, m_steps[index], event) : m_journal->updateRun(m_run, event);
        if (saved) {
            break;
        }
        // What can't be journaled isn't done: the caller gives up, and the next runner goes on here.
        if (attempt == journalTries) {
            co_return fail(saved.error());
        }
        CO_CHECK(co_await m_clock->sleep(50 << attempt));
    }
    if (!event.isEmpty()) {
        const QString step = hasStep(index) ? m_steps[index].id : QString();
        m_log.write(m_clock->now(), step.isEmpty() ? u"-"_s : step, u"run"_s, event.text());
        tell({{u"type"_s, u"event"_s},
              {u"step"_s, step},
              {u"time"_s, m_clock->now().toString(Qt::ISODateWithMs)},
              {u"message"_s, event.toJson()}});
    }
    tellState(index);
    co_return {};
}

Async<> Orchestrator::Private::move(Outcome outcome, int index, Message event)
{
    // Where no step is left, the neighbour that was finished last stands for it.
    const StepState at = hasStep(index) ? m_steps[index].state : index < 0 ? StepState::Reverted
                                                                           : StepState::Done;
    const auto next = transition(m_run.state, at, outcome);
    if (!next) {
        co_return fail(u"run.no_transition"_s,
                       {{u"run"_s, stateName(m_run.state)}, {u"step"_s, stateName(at)}, {u"outcome"_s, std::to_underlying(outcome)}});
    }
    stamp(index);
    m_run.state = next->run;
    if (m_run.state != RunState::Held) {
        m_run.heldUntil = {};
        m_decideBy.reset();
    }
    if (m_run.state == RunState::Running || m_run.state == RunState::Succeeded) {
        m_run.reason = {};
        m_run.error = {};
    }
    if (isFinal(m_run.state)) {
        m_run.ended = m_clock->now();
    }
    if (hasStep(index)) {
        StepRecord &step = m_steps[index];
        step.state = next->step;
        if (step.state == StepState::Done || step.state == StepState::Accepted || step.state == StepState::Reverted) {
            step.results.remove(stepresult::changes);
            step.ended = m_clock->now();
        }
        if (step.state == StepState::Done || step.state == StepState::Accepted) {
            step.error = {};
        }
    }
    co_return co_await save(index, event);
}

Async<> Orchestrator::Private::hold(Outcome outcome, int index, Message reason, Error error)
{
    m_run.reason = reason;
    m_run.error = error;
    const qint64 limit = policy("holdMs"_L1, 1'800'000);
    const bool back = isGoingBack(m_run, m_steps);
    m_run.heldUntil = {};
    // Who asked for a hold is waited for; only a hold that nobody asked for has a default.
    const bool asked = outcome == Outcome::Hold;
    if (!asked && m_run.plan.policy["holdDefault"_L1].toString() == "rollback"_L1 && !back && mayRevertAutomatically(m_run, m_steps)) {
        m_run.heldUntil = m_clock->now().addMSecs(limit);
    }
    co_return co_await move(outcome, index, reason);
}

Async<> Orchestrator::Private::goBack(Outcome outcome, int index, Message reason, Error error)
{
    m_run.reason = reason;
    m_run.error = error;
    co_return co_await move(outcome, index, reason);
}

// --- the run

Async<RunState> Orchestrator::Private::drive(bool leaveWhenHeld)
{
    CO_CHECK(files::makePath(runDirectory()));
    CO_TRY(m_run, m_journal->run(m_runId));
    CO_TRY(m_steps, m_journal->steps(m_runId));
    m_stamped = m_lastMonotonic = m_clock->monotonic();
    m_lastWall = m_clock->now().toMSecsSinceEpoch();

    if (const QString digest = m_run.plan.digest(); digest != m_run.planDigest) {
        m_planProblem = Error{u"run.plan_changed"_s, {{u"expected"_s, m_run.planDigest}, {u"found"_s, digest}}};
    } else if (const QString engine = m_run.plan.engineVersion; !engine.isEmpty() && engine != QStringLiteral(CUTOVER_VERSION)) {
        m_planProblem = Error{u"run.engine_version"_s, {{u"expected"_s, engine}, {u"found"_s, QStringLiteral(CUTOVER_VERSION)}}};
    }

    if (m_run.state == RunState::Running || m_run.state == RunState::Reverting) {
        CO_CHECK(co_await save(-1, Message{u"run.resumed"_s, {}}));
    }
    while (!isFinal(m_run.state)) {
        CO_CHECK(co_await takeCommands());
        if (const auto by = std::exchange(m_clockStep, {})) {
            const Message event{u"run.clock_stepped"_s, {{u"by"_s, *by}}};
            CO_CHECK(co_await save(-1, event));
        }
        if (std::exchange(m_turnBack, false) && m_run.state == RunState::Running) {
            CO_CHECK(co_await turnBack());
        }
        switch (m_run.state) {
        case RunState::Planned:
            CO_CHECK(co_await start());
            break;
        case RunState::Running:
            CO_CHECK(co_await forward());
            break;
        case RunState::Reverting:
            CO_CHECK(co_await backward());
            break;
        case RunState::Held:
            if (leaveWhenHeld) {
                co_return RunState::Held;
            }
            CO_CHECK(co_await held());
            break;
        case RunState::Succeeded:
        case RunState::RolledBack:
        case RunState::Abandoned:
            break;
        }
    }
    // Whoever decided too late is told so.
    CO_CHECK(co_await takeCommands());
    co_return m_run.state;
}

Async<> Orchestrator::Private::start()
{
    const int index = current();
    m_run.started = m_clock->now();
    if (isTooLateToStart(m_run.plan.policy, m_clock->now())) {
        const QString now = m_clock->now().toLocalTime().toString(u"HH:mm"_s);
        m_run.reason = Message{u"run.too_late"_s, {{u"now"_s, now}, {u"limit"_s, minuteText(policy("latestStartMinute"_L1, 0))}}};
        co_return co_await move(Outcome::Refused, index, m_run.reason);
    }
    if (m_planProblem) {
        m_run.reason = Message{u"run.refused_to_start"_s, {{u"error"_s, m_planProblem->toJson()}}};
        m_run.error = *m_planProblem;
        co_return co_await move(Outcome::Refused, index, m_run.reason);
    }
    CO_CHECK(m_journal->audit(m_run.startedBy, u"run.started"_s, {{u"run"_s, m_runId}, {u"plan"_s, m_run.planDigest}}));
    const Message event{u"run.started"_s, {{u"by"_s, m_run.startedBy}, {u"from"_s, m_run.plan.from}, {u"to"_s, m_run.plan.to}}};
    co_return co_await move(Outcome::Begin, index, event);
}

Async<> Orchestrator::Private::lookAtWorld(Facts expected, QStringList ignored, QStringList among)
{
    if (m_planProblem) {
        co_return fail(*m_planProblem);
    }
    for (int attempt = 1;; ++attempt) {
        Result<> same;
        const Result<Facts> found = co_await FactSource::collect(m_target);
        if (!found) {
            same = fail(found.error());
        } else if (among.isEmpty()) {
            same = compareFacts(without(expected, ignored), without(*found, ignored));
        } else {
            same = compareFacts(only(expected, among), only(*found, among));
        }
        // A service that is asked its version may be restarting just now.
        if (same || attempt == factTries) {
            co_return same;
        }
        if (const auto slept = co_await m_clock->sleep(200 * attempt, m_stop.get_token()); !slept) {
            co_return same;
        }
    }
}

/// Looks at the world and the clock before work on a step; false when the run is no longer running.
Async<bool> Orchestrator::Private::mayBegin(int index)
{
    const StepState at = m_steps[index].state;
    // While a step is under way its own facts are old, new or between; its inspection decides.
    const bool under = at != StepState::Pending && at != StepState::Preparing && at != StepState::Prepared;
    const QStringList ignored = under || isPrepared(m_steps[index]) ? spec(index).changes.keys() : QStringList();
    if (const auto same = co_await lookAtWorld(m_run.plan.factsBefore(index), ignored, {}); !same) {
        QJsonObject args{{u"error"_s, same.error().toJson()}};
        if (index == 0 && at == StepState::Pending) {
            CO_CHECK(co_await goBack(Outcome::Refused, index, about("run.refused_to_start", index, args), same.error()));
        } else {
            CO_CHECK(co_await hold(Outcome::FactChanged, index, about("run.world_changed", index, args), same.error()));
        }
        co_return false;
    }
    if (at == StepState::Pending && spec(index).changesState) {
        const QDateTime limit = turnBackBy(m_run, m_steps);
        if (limit.isValid() && m_clock->now() > limit) {
            const QJsonObject args{{u"now"_s, m_clock->now().toLocalTime().toString(u"HH:mm"_s)},
                                   {u"limit"_s, limit.toLocalTime().toString(u"HH:mm"_s)}};
            if (mayRevertAutomatically(m_run, m_steps)) {
                CO_CHECK(co_await goBack(Outcome::Rollback, index, about("run.turn_back", index, args)));
                co_return false;
            }
            // Held once; whoever resumes decides to go on past the window.
            if (!m_steps[index].results["_pastWindow"_L1].toBool()) {
                m_steps[index].results.insert(u"_pastWindow"_s, true);
                CO_CHECK(co_await hold(Outcome::FailHold, index, about("run.turn_back_held", index, args)));
                co_return false;
            }
        }
    }
    co_return true;
}

Async<> Orchestrator::Private::forward()
{
    const int index = current();
    if (index == m_steps.size()) {
        co_return co_await finish();
    }
    m_at = index;
    m_stop = {};
    m_tries = 0;
    m_unknown.reset();
    m_inspect = m_steps[index].state == StepState::Applying;
    CO_TRY(const bool may, co_await mayBegin(index));
    if (!may) {
        co_return {};
    }
    auto created = StepRegistry::create(spec(index));
    if (!created) {
        QJsonObject args{{u"error"_s, created.error().toJson()}};
        co_return co_await hold(Outcome::FailHold, index, about("run.step_failed_held", index, args), created.error());
    }
    m_step = std::move(*created);

    // The loop breaker counts starts of work, over all processes, since the last progress.
    const qint64 limit = policy("loopLimit"_L1, 20);
    const qint64 changes = m_steps[index].results[stepresult::changes].toInteger() + 1;
    if (changes > limit) {
        QJsonObject args{{u"count"_s, changes - 1}, {u"limit"_s, limit}};
        co_return co_await hold(Outcome::Loop, index, about("run.loop", index, args));
    }
    m_steps[index].results.insert(stepresult::changes, changes);
    m_steps[index].results.remove(stepresult::untouched);
    m_steps[index].results.remove(stepresult::asks);
    ++m_steps[index].attempt;
    if (m_inspect || m_steps[index].state == StepState::Applied || m_steps[index].state == StepState::Prepared) {
        // What begins here is not journaled by a transition.
        CO_CHECK(co_await save(index));
    }

    while (m_run.state == RunState::Running && index == current()) {
        if (m_abort || m_turnBack) {
            co_return {};
        }
        switch (m_steps[index].state) {
        case StepState::Pending:
        case StepState::Preparing:
            CO_CHECK(co_await prepareStep(index));
            break;
        case StepState::Prepared:
            CO_CHECK(co_await move(Outcome::Begin, index));
            break;
        case StepState::Applying:
            if (m_inspect) {
                CO_CHECK(co_await inspectStep(index));
            } else {
                CO_CHECK(co_await applyStep(index));
            }
            break;
        case StepState::Applied:
            CO_CHECK(co_await verifyStep(index));
            break;
        default:
            co_return fail(u"run.no_transition"_s,
                           {{u"run"_s, stateName(m_run.state)}, {u"step"_s, stateName(m_steps[index].state)}, {u"outcome"_s, -1}});
        }
    }
    m_step.reset();
    co_return {};
}

Async<> Orchestrator::Private::prepareStep(int index)
{
    if (!m_steps[index].started.isValid()) {
        m_steps[index].started = m_clock->now();
    }
    CO_CHECK(co_await move(Outcome::Begin, index, about("run.step_started", index)));
    if (const auto observed = co_await m_step->observe(*this, m_stop.get_token()); !observed) {
        co_return co_await failed(index, observed.error());
    }
    CO_CHECK(fence());
    const auto undo = co_await m_step->prepare(*this, m_stop.get_token());
    if (!undo) {
        co_return co_await failed(index, undo.error());
    }
    m_steps[index].undo = *undo;
    m_steps[index].results.insert(stepresult::prepared, true);
    m_tries = 0;
    co_return co_await move(Outcome::Ok, index);
}

Async<> Orchestrator::Private::applyStep(int index)
{
    CO_CHECK(fence());
    const auto applied = co_await m_step->apply(*this, m_steps[index].undo, m_stop.get_token());
    if (!applied) {
        co_return co_await failed(index, applied.error());
    }
    m_tries = 0;
    co_return co_await move(Outcome::Ok, index);
}

Async<> Orchestrator::Private::verifyStep(int index)
{
    const auto verified = co_await m_step->verify(*this, m_stop.get_token());
    if (!verified) {
        co_return co_await failed(index, verified.error());
    }
    stamp(index);
    QJsonObject args{{u"duration"_s, m_steps[index].durationMs}};
    co_return co_await move(Outcome::Ok, index, about("run.step_done", index, args));
}

Async<> Orchestrator::Private::inspectStep(int index)
{
    m_inspect = false;
    const auto found = co_await m_step->inspect(*this, m_steps[index].undo);
    const auto unknown = std::exchange(m_unknown, {});
    // After an error that left the effect unknown only a clear "done" goes on; after an interruption
    // the step may be repeated, as apply() is safe to repeat.
    if (found && *found == Inspection::Done) {
        co_return co_await move(Outcome::Effective, index, about("run.step_inspected_done", index));
    }
    if (found && !unknown && *found == Inspection::NotStarted) {
        co_return co_await move(Outcome::NotStarted, index, about("run.step_inspected_notStarted", index));
    }
    if (found && !unknown && *found == Inspection::Partial) {
        co_return co_await move(Outcome::Partial, index, about("run.step_inspected_partial", index));
    }
    const Error error = unknown ? *unknown : found ? Error()
                                                   : found.error();
    m_steps[index].error = error;
    if (error.code.isEmpty()) {
        co_return co_await hold(Outcome::Unknown, index, about("run.step_interrupted", index));
    }
    QJsonObject args{{u"error"_s, error.toJson()}};
    co_return co_await hold(Outcome::Unknown, index, about("run.step_unknown", index, args), error);
}

Async<> Orchestrator::Private::failed(int index, Error error)
{
    m_steps[index].error = error;
    if (m_abort || m_turnBack) {
        // Asked for, and taken by the caller: not a failure of the step.
        co_return {};
    }
    QJsonObject args{{u"error"_s, error.toJson()}};
    if (takeQuestion(index)) {
        // What the plan counted is no longer so: the step stays where it is, and goes on from there.
        co_return co_await hold(Outcome::FactChanged, index, about("run.asks", index, args), error);
    }
    const qint64 limit = policy("transientRetries"_L1, 3);
    if (error.kind == Error::Kind::Transient && m_tries < limit) {
        const qint64 wait = qMin(firstWaitMs << m_tries, longestWaitMs);
        ++m_tries;
        ++m_steps[index].attempt;
        args.insert(u"try"_s, m_tries);
        args.insert(u"limit"_s, limit);
        args.insert(u"wait"_s, wait);
        CO_CHECK(co_await move(Outcome::Again, index, about("run.step_again", index, args)));
        // Ends early when somebody aborts; forward() looks.
        (void)co_await m_clock->sleep(wait, m_stop.get_token());
        co_return {};
    }
    if (error.kind == Error::Kind::Unknown) {
        if (m_steps[index].state == StepState::Applying) {
            m_unknown = error;
            m_inspect = true;
            co_return {};
        }
        // Before it began there is no effect to be unsure of; only what it would do is another thing.
        const char *const code = m_steps[index].state == StepState::Preparing ? "run.step_failed_held" : "run.step_unknown";
        co_return co_await hold(Outcome::FailHold, index, about(code, index, args), error);
    }
    if (spec(index).pointOfNoReturn && m_steps[index].state == StepState::Applying) {
        // A step that proves to have changed nothing is not behind the point that it would have been.
        const auto found = co_await m_step->inspect(*this, m_steps[index].undo);
        if (found && *found == Inspection::NotStarted) {
            m_steps[index].results.insert(stepresult::untouched, true);
        }
    }
    const bool wanted = spec(index).automaticRollback && m_run.plan.policy["automaticRollback"_L1].toBool(true);
    if (wanted && mayRevertAutomatically(m_run, m_steps)) {
        co_return co_await goBack(Outcome::FailRevert, index, about("run.step_failed_reverting", index, args), error);
    }
    const char *const code = wanted ? "run.step_failed_no_return" : "run.step_failed_held";
    co_return co_await hold(Outcome::FailHold, index, about(code, index, args), error);
}

bool Orchestrator::Private::takeQuestion(int index)
{
    QJsonObject &results = m_steps[index].results;
    const QJsonValue asks = results.take(stepresult::asks);
    if (!asks.isObject()) {
        return false;
    }
    results.insert(stepresult::asked, asks);
    return true;
}

/// Why the run went back, and what it left in the database on purpose.
Message Orchestrator::Private::rolledBack() const
{
    const Message plain{u"run.rolled_back"_s, {{u"from"_s, m_run.plan.from}}};
    QJsonArray kept;
    for (const StepRecord &step : m_steps) {
        if (const QJsonValue stays = step.results[stepresult::kept]; stays.isObject()) {
            kept.append(stays);
        }
    }
    if (kept.isEmpty()) {
        return m_run.reason;
    }
    const Message &why = m_run.reason.isEmpty() ? plain : m_run.reason;
    return {u"run.rolled_back_keeping"_s, {{u"reason"_s, why.toJson()}, {u"kept"_s, kept}}};
}

Async<> Orchestrator::Private::finish()
{
    const int last = int(m_steps.size()) - 1;
    if (last >= 0 && !m_steps[last].results[stepresult::finalizing].toBool()) {
        m_stop = {};
        if (const auto same = co_await lookAtWorld(m_run.plan.factsBefore(m_steps.size()), {}, {}); !same) {
            QJsonObject args{{u"error"_s, same.error().toJson()}};
            co_return co_await hold(Outcome::FactChanged, last + 1, about("run.world_changed_end", last + 1, args), same.error());
        }
        // From here on the undo records are given up, so no command may turn back any more.
        m_steps[last].results.insert(stepresult::finalizing, true);
        CO_CHECK(co_await save(last));
    }
    for (int i = 0; i <= last; ++i) {
        m_at = i;
        auto step = StepRegistry::create(spec(i));
        Result<> done = step ? co_await (*step)->finalize(*this, m_steps[i].undo) : Result<>(fail(step.error()));
        if (step && !done) {
            // Once more, as nobody comes back to it: what stays then does no harm but take space.
            done = co_await (*step)->finalize(*this, m_steps[i].undo);
        }
        if (!done) {
            QJsonObject args{{u"error"_s, done.error().toJson()}};
            CO_CHECK(co_await save(i, about("run.finalize_failed", i, args)));
        }
    }
    tidy();
    CO_CHECK(m_journal->audit(m_run.startedBy, u"run.succeeded"_s, {{u"run"_s, m_runId}, {u"to"_s, m_run.plan.to}}));
    const Message event{u"run.succeeded"_s, {{u"to"_s, m_run.plan.to}}};
    co_return co_await move(Outcome::AllDone, last + 1, event);
}

Async<> Orchestrator::Private::backward()
{
    const int index = current();
    m_stop = {};
    m_abort.reset();
    if (index < 0) {
        QStringList changed;
        for (int i = 0; i < m_steps.size(); ++i) {
            if (isPrepared(m_steps[i])) {
                changed += spec(i).changes.keys();
            }
        }
        if (!changed.isEmpty()) {
            m_planProblem.reset();
            Facts expected = m_run.plan.facts;
            // What a step left changed on purpose, because taking it back would have lost something.
            for (const StepRecord &step : std::as_const(m_steps)) {
                const QJsonObject left = step.results[stepresult::factsLeft].toObject();
                for (auto it = left.begin(); it != left.end(); ++it) {
                    expected.insert(it.key(), it.value());
                }
            }
            if (const auto same = co_await lookAtWorld(expected, {}, changed); !same) {
                QJsonObject args{{u"error"_s, same.error().toJson()}};
                co_return co_await hold(Outcome::FailHold, -1, about("run.not_back", -1, args), same.error());
            }
        }
        tidy();
        CO_CHECK(m_journal->audit(m_run.startedBy, u"run.rolled_back"_s, {{u"run"_s, m_runId}, {u"to"_s, m_run.plan.from}}));
        const Message event{u"run.rolled_back"_s, {{u"from"_s, m_run.plan.from}}};
        m_run.reason = rolledBack();
        co_return co_await move(Outcome::AllDone, -1, event);
    }
    m_at = index;
    m_tries = 0;
    const qint64 limit = policy("loopLimit"_L1, 20);
    if (m_steps[index].state != StepState::Reverting) {
        m_steps[index].results.remove(stepresult::changes);
    }
    const qint64 changes = m_steps[index].results[stepresult::changes].toInteger() + 1;
    m_steps[index].results.insert(stepresult::changes, changes);
    CO_CHECK(co_await move(Outcome::Begin, index, about("run.step_reverting", index)));
    if (changes > limit) {
        QJsonObject args{{u"count"_s, changes - 1}, {u"limit"_s, limit}};
        co_return co_await hold(Outcome::Loop, index, about("run.loop", index, args));
    }

    // Other facts may have changed, and must not keep the run from going back; but never on another system.
    if (const QString expected = m_run.plan.facts["target.identity"_L1].toString(); !expected.isEmpty()) {
        const auto pinned = pinIdentity(m_target);
        const QString found = pinned ? json::digest(*pinned) : QString();
        if (found != expected) {
            const Error error = pinned ? Error{u"run.identity_changed"_s, {{u"expected"_s, expected}, {u"found"_s, found}}} : pinned.error();
            QJsonObject args{{u"error"_s, error.toJson()}};
            co_return co_await hold(Outcome::FailHold, index, about("run.other_target", index, args), error);
        }
    }
    while (true) {
        auto step = StepRegistry::create(spec(index));
        Result<> reverted;
        if (step) {
            m_step = std::move(*step);
            CO_CHECK(fence());
            m_steps[index].results.remove(stepresult::asks);
            reverted = co_await m_step->revert(*this, m_steps[index].undo, {});
            m_step.reset();
        } else {
            reverted = fail(step.error());
        }
        if (reverted) {
            co_return co_await move(Outcome::Ok, index, about("run.step_reverted", index));
        }
        m_steps[index].error = reverted.error();
        QJsonObject args{{u"error"_s, reverted.error().toJson()}};
        if (takeQuestion(index)) {
            co_return co_await hold(Outcome::FailHold, index, about("run.asks_back", index, args), reverted.error());
        }
        const qint64 tries = policy("transientRetries"_L1, 3);
        if (reverted.error().kind != Error::Kind::Transient || m_tries >= tries) {
            co_return co_await hold(Outcome::FailHold, index, about("run.revert_failed", index, args), reverted.error());
        }
        const qint64 wait = qMin(firstWaitMs << m_tries, longestWaitMs);
        ++m_tries;
        args.insert(u"try"_s, m_tries);
        args.insert(u"limit"_s, tries);
        args.insert(u"wait"_s, wait);
        CO_CHECK(co_await move(Outcome::Again, index, about("run.step_again", index, args)));
        CO_CHECK(co_await m_clock->sleep(wait));
    }
}

/// The time to turn back came while a step was at work, or has just been at it.
Async<> Orchestrator::Private::turnBack()
{
    const int index = current();
    // Behind the last step there is nothing left that could go wrong; past the point of no return
    // the next step that changes something asks.
    if (!hasStep(index) || !mayRevertAutomatically(m_run, m_steps)) {
        co_return {};
    }
    const QJsonObject args{{u"now"_s, m_clock->now().toLocalTime().toString(u"HH:mm"_s)},
                           {u"limit"_s, turnBackBy(m_run, m_steps).toLocalTime().toString(u"HH:mm"_s)}};
    co_return co_await goBack(Outcome::Rollback, index, about("run.turn_back_at_work", index, args));
}

bool Orchestrator::Private::isPastTurnBack() const
{
    if (m_run.state != RunState::Running || !m_step || policy("windowEndMinute"_L1, -1) < 0) {
        return false;
    }
    QList<StepRecord> steps = m_steps;
    steps[m_at].durationMs += m_clock->monotonic() - m_stamped;
    const QDateTime limit = turnBackBy(m_run, steps);
    return limit.isValid() && m_clock->now() > limit && mayRevertAutomatically(m_run, m_steps);
}

Async<> Orchestrator::Private::held()
{
    if (m_run.heldUntil.isValid()) {
        // Counted on the monotonic clock from here on, so that a stepped wall clock doesn't decide.
        if (!m_decideBy) {
            m_decideBy = m_clock->monotonic() + m_clock->now().msecsTo(m_run.heldUntil);
        }
        if (m_clock->monotonic() >= *m_decideBy) {
            const int index = current();
            QJsonObject args{{u"limit"_s, policy("holdMs"_L1, 1'800'000)}};
            CO_CHECK(m_journal->audit(u"policy"_s, u"run.hold_expired"_s, {{u"run"_s, m_runId}}));
            co_return co_await goBack(Outcome::Rollback, index, about("run.hold_expired", index, args), m_run.error);
        }
    }
    const qint64 left = m_decideBy ? *m_decideBy - m_clock->monotonic() : pollMs;
    m_wake = {};
    (void)co_await m_clock->sleep(qMin(pollMs, left), m_wake.get_token());
    // A simulated clock doesn't give the event loop its turn.
    co_await QCoro::sleepFor(std::chrono::milliseconds(0));
    co_return {};
}

void Orchestrator::Private::tidy(const QStringList &except)
{
    const QStringList kept{u"log"_s, u"txt"_s, u"html"_s, u"json"_s};
    const auto entries = QDir(runDirectory()).entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    for (const QFileInfo &entry : entries) {
        if (except.contains(entry.filePath()) || (!entry.isDir() && kept.contains(entry.suffix()))) {
            continue;
        }
        const auto remove = [&] { return entry.isDir() && !entry.isSymLink() ? files::removeTree(entry.filePath()) : files::remove(entry.filePath()); };
        if (!remove()) {
            // Once more; then it stays, and does no harm but take space.
            (void)remove();
        }
    }
}

// --- commands

std::expected<Outcome, Message> Orchestrator::Private::judge(const CommandRecord &command) const
{
    if (!command.expectedState.isEmpty() && command.expectedState != stateName(m_run.state)) {
        const auto state = [](const QString &name) { return Message{u"run.state_"_s + name, {}}.toJson(); };
        return std::unexpected(Message{u"run.refused_state"_s,
                                       {{u"expected"_s, state(command.expectedState)}, {u"found"_s, state(stateName(m_run.state))}}});
    }
    if (const QString step = command.args["step"_L1].toString(); !step.isEmpty()) {
        const int index = current();
        if (!hasStep(index) || m_steps[index].id != step) {
            return std::unexpected(
                Message{u"run.refused_step"_s, {{u"expected"_s, step}, {u"found"_s, hasStep(index) ? QJsonValue(m_steps[index].id) : name(index)}}});
        }
    }
    const QString named = command.args["name"_L1].toString();
    if (named != m_target.name && (!named.isEmpty() || needsName(command.verb, m_target.isProduction()))) {
        return std::unexpected(Message{u"run.refused_name"_s, {{u"expected"_s, m_target.name}, {u"found"_s, named}}});
    }
    const QString hold = command.args["hold"_L1].toString();
    if (command.verb == "resume"_L1 && !hold.isEmpty() && m_run.state == RunState::Held && !isHeldByCommand(m_run, hold)) {
        return std::unexpected(Message{u"run.refused_other_hold"_s, {{u"reason"_s, m_run.reason.toJson()}}});
    }
    return decide(command.verb, m_run, m_steps);
}

Async<> Orchestrator::Private::takeCommands()
{
    if (const auto abort = std::exchange(m_abort, {})) {
        CO_CHECK(co_await take(*abort));
    }
    CO_TRY(const QList<CommandRecord> pending, m_journal->pendingCommands(m_runId));
    for (const CommandRecord &command : pending) {
        CO_CHECK(co_await take(command));
    }
    co_return {};
}

// The effect is journaled before the command is marked as taken. Killed between the two, the next
// runner finds the command again in a state that it can't be given in, and refuses it: its effect
// happens once.
Async<> Orchestrator::Private::take(CommandRecord command)
{
    const auto verdict = judge(command);
    Message outcome{u"run.command_taken"_s, {}};
    if (!verdict) {
        outcome = verdict.error();
    } else {
        const int index = current();
        const QJsonObject by{{u"by"_s, command.by}};
        QJsonObject byFrom = by;
        byFrom.insert(u"from"_s, m_run.plan.from);
        bool refused = false;
        if (*verdict == Outcome::Accept) {
            m_at = index;
            auto step = StepRegistry::create(spec(index));
            const Result<Inspection> found = step ? co_await (*step)->inspect(*this, m_steps[index].undo) : Result<Inspection>(fail(step.error()));
            refused = !found || *found != Inspection::Done;
        }
        const QJsonObject args{{u"run"_s, m_runId},
                               {u"command"_s, command.id},
                               {u"verb"_s, command.verb},
                               {u"step"_s, hasStep(index) ? m_steps[index].id : QString()},
                               {u"refused"_s, refused}};
        CO_CHECK(m_journal->audit(command.by, u"run.command"_s, args));
        if (refused) {
            outcome = about("run.refused_accept_not_done", index);
        } else {
            if (hasStep(index)) {
                // A decision is progress: the loop breaker counts anew.
                m_steps[index].results.remove(stepresult::changes);
            }
            switch (*verdict) {
            case Outcome::Hold: {
                QJsonObject byCommand = by;
                byCommand.insert(u"command"_s, command.id);
                CO_CHECK(co_await hold(Outcome::Hold, index, about(hasStep(index) ? "run.held_by" : "run.held_by_end", index, byCommand)));
                break;
            }
            case Outcome::Rollback: {
                const char *const code = command.verb == "abort"_L1 ? "run.aborted_by" : "run.rolled_back_by";
                CO_CHECK(co_await goBack(Outcome::Rollback, index, about(code, index, byFrom), m_run.error));
                break;
            }
            case Outcome::Abandon: {
                const QStringList copies = savedCopies(m_steps);
                tidy(copies);
                QJsonObject args = by;
                args.insert(u"copies"_s, QJsonArray::fromStringList(copies));
                m_run.reason = about(copies.isEmpty() ? "run.abandoned_by" : "run.abandoned_with_copies", index, args);
                CO_CHECK(co_await move(Outcome::Abandon, index, m_run.reason));
                break;
            }
            case Outcome::Accept:
                CO_CHECK(co_await move(Outcome::Accept, index, about("run.step_accepted", index, by)));
                break;
            case Outcome::RetryPrepared:
            case Outcome::RetryUnprepared:
                CO_CHECK(co_await move(*verdict, index, about("run.step_retried", index, by)));
                break;
            default:
                CO_CHECK(co_await move(Outcome::Resume, index, about("run.resumed_by", index, by)));
                break;
            }
        }
    }
    co_return m_journal->finishCommand(command.id, outcome);
}

void Orchestrator::Private::askToStop()
{
    if ((m_abort || m_turnBack) && m_step && m_step->isCancellable()) {
        m_stop.request_stop();
    }
}

/// While a step works: an abort is obeyed at once, a hold waits for the step's end.
void Orchestrator::Private::peek()
{
    if (m_run.state != RunState::Running || m_abort) {
        return;
    }
    const auto pending = m_journal->pendingCommands(m_runId);
    if (!pending) {
        return;
    }
    for (const CommandRecord &command : *pending) {
        if (const auto verdict = judge(command); verdict && *verdict == Outcome::Rollback) {
            m_abort = command;
            return;
        }
    }
}

void Orchestrator::Private::tick()
{
    const qint64 now = m_clock->monotonic();
    const qint64 wall = m_clock->now().toMSecsSinceEpoch();
    const qint64 step = (wall - std::exchange(m_lastWall, wall)) - (now - std::exchange(m_lastMonotonic, now));
    if (qAbs(step) > clockStepMs) {
        m_clockStep = m_clockStep.value_or(0) + step;
    }
    if (now - m_lastAlive >= aliveMs) {
        m_lastAlive = now;
        tell({{u"type"_s, u"alive"_s}, {u"run"_s, stateName(m_run.state)}});
    }
    if (const qint64 version = m_journal->dataVersion(); version != std::exchange(m_dataVersion, version)) {
        peek();
        m_wake.request_stop();
    }
    m_turnBack = m_turnBack || isPastTurnBack();
    askToStop();
}

// ---

Orchestrator::Orchestrator(Target target, Journal *journal, QString runId, int lockDescriptor, Clock *clock, Processes *processes, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, std::move(target), journal, std::move(runId), lockDescriptor, clock, processes))
{
}

Orchestrator::~Orchestrator() = default;

Async<RunState> Orchestrator::run(bool leaveWhenHeld)
{
    QTimer timer;
    connect(&timer, &QTimer::timeout, this, [this] { d->tick(); });
    timer.start(std::chrono::milliseconds(pollMs));
    co_return co_await d->drive(leaveWhenHeld);
}

void Orchestrator::setFence(std::function<Result<>()> fence)
{
    d->m_fence = std::move(fence);
}

void Orchestrator::wake()
{
    d->peek();
    d->askToStop();
    d->m_wake.request_stop();
}

} // namespace cutover
