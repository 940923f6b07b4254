// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/orchestratorprivate.h"

#include "plan/factkeeper.h"
#include "plan/loss.h"
#include "system/files.h"

#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 aliveMs = 1000;
constexpr qint64 tellMs = 100; ///< Progress is told at most this often.
constexpr qint64 clockStepMs = 2000; ///< Wall and monotonic time may differ this much between two looks.
constexpr int journalTries = 5;
constexpr int factTries = 4;
constexpr qint64 silenceMs = 15000;

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

QJsonObject Orchestrator::Private::because() const
{
    const Message why = m_run.error.code.isEmpty() ? Message{u"run.because_asked"_s, {}} : Message{u"run.because"_s, {{u"error"_s, m_run.error.toJson()}}};
    return why.toJson();
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
    if (m_lockDescriptor >= 0 && !isFinal(m_run.state)) {
        const bool isNew = m_run.state == RunState::Planned;
        m_hostFence = std::make_unique<HostFence>(m_target, m_runId, isNew ? HostFence::Take::Anyway : HostFence::Take::IfOurs);
        if (!isNew) {
            // Where another control host has taken over, the first change there is refused, which says so.
            (void)co_await m_hostFence->raise(*m_processes);
        }
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
    CO_TRY(const Error shut, gatesAtStart());
    if (!shut.code.isEmpty()) {
        m_run.reason = Message{u"run.gate_shut"_s, {{u"error"_s, shut.toJson()}}};
        m_run.error = shut;
        co_return co_await move(Outcome::Refused, index, m_run.reason);
    }
    if (m_hostFence) {
        if (const auto raised = co_await m_hostFence->raise(*m_processes); !raised) {
            m_run.reason = Message{u"run.refused_to_start"_s, {{u"error"_s, raised.error().toJson()}}};
            m_run.error = raised.error();
            co_return co_await move(Outcome::Refused, index, m_run.reason);
        }
    }
    CO_CHECK(m_journal->audit(m_run.startedBy, u"run.started"_s, {{u"run"_s, m_runId}, {u"plan"_s, m_run.planDigest}}));
    const Message event{u"run.started"_s, {{u"by"_s, m_run.startedBy}, {u"from"_s, m_run.plan.from}, {u"to"_s, m_run.plan.to}}};
    co_return co_await move(Outcome::Begin, index, event);
}

Async<> Orchestrator::Private::isSameTarget(Facts expected, QStringList ignored)
{
    const QStringList names{u"target.identity"_s, u"target.digest"_s};
    Facts found;
    for (const QString &name : names) {
        CO_TRY(const Facts facts, co_await FactSource::collectFrom(name, m_target));
        found.insert(name, facts[name]);
    }
    co_return compareFacts(without(only(expected, names), ignored), without(found, ignored));
}

Async<> Orchestrator::Private::tellSilent(QMap<QString, Error> hosts)
{
    const int index = hasStep(m_at) ? m_at : 0;
    for (const auto &[host, why] : hosts.asKeyValueRange()) {
        if (std::ranges::any_of(std::as_const(m_steps), [&host](const StepRecord &step) { return step.results[stepresult::silentHosts].toObject().contains(host); })) {
            continue;
        }
        QJsonObject silent = m_steps[index].results[stepresult::silentHosts].toObject();
        silent.insert(host, why.toJson());
        m_steps[index].results.insert(stepresult::silentHosts, silent);
        const auto spec = m_target.host(host);
        const QJsonObject args{{u"host"_s, spec ? spec->text() : host}, {u"error"_s, why.toJson()}};
        CO_CHECK(co_await save(index, about("run.host_silent", index, args)));
    }
    co_return {};
}

Async<> Orchestrator::Private::keepFacts(Facts expected, QStringList ignored)
{
    QList<StepSpec> begun;
    for (int i = 0; hasStep(i); ++i) {
        if (const StepState at = m_steps[i].state; at != StepState::Pending && at != StepState::Preparing && at != StepState::Prepared) {
            begun.append(spec(i));
        }
    }
    QList<Message> told;
    const KeeperTools tools{m_processes, m_lockDescriptor >= 0 ? QList<int>{m_lockDescriptor} : QList<int>(), [&told](const Message &done) { told.append(done); }, m_run.plan.facts, expected, begun};
    const Result<> kept = co_await FactKeeper::keep(m_target, ignored, tools);
    for (const Message &sentence : std::as_const(told)) {
        CO_CHECK(co_await save(-1, sentence));
    }
    co_return kept;
}

Async<> Orchestrator::Private::lookAtWorld(Facts expected, QStringList ignored, QStringList among, NeedsHost needsHost)
{
    if (m_planProblem) {
        co_return fail(*m_planProblem);
    }
    const qint64 begin = m_clock->monotonic();
    for (int attempt = 1;; ++attempt) {
        Result<> same;
        Result<> kept;
        if (among.isEmpty()) {
            // Before anything is put right: another description may name another balancer.
            kept = co_await isSameTarget(expected, ignored);
        }
        if (among.isEmpty() && kept) {
            CO_CHECK(fence());
            kept = co_await keepFacts(expected, ignored);
        } else if (!among.isEmpty()) {
            CO_CHECK(fence());
            kept = co_await keepBack(expected, ignored);
        }
        const Result<FactLook> look = kept ? co_await FactSource::look(m_target) : Result<FactLook>();
        Result<> known = look ? Result<>() : fail(look.error());
        if (look) {
            for (const auto &[fact, host] : look->unknown.asKeyValueRange()) {
                const bool isNeeded = among.isEmpty() ? !needsHost || needsHost(host) : among.contains(fact);
                if (isNeeded && known) {
                    known = fail(look->silent[host]);
                }
            }
        }
        if (!kept) {
            same = fail(kept.error());
        } else if (!known) {
            same = fail(known.error());
        } else if (among.isEmpty()) {
            const QStringList passedOver = ignored + look->unknown.keys();
            same = compareFacts(without(expected, passedOver), without(look->facts, passedOver));
        } else {
            same = compareFacts(only(expected, among), only(look->facts, among));
        }
        if (same && !look->silent.isEmpty()) {
            CO_CHECK(co_await tellSilent(look->silent));
        }
        // A service that is asked its version may be restarting just now; who gives no answer at all, as a load balancer that
        // is being restarted, gets more time.
        const bool isSilent = !same && (!kept || !known) && same.error().kind == Error::Kind::Transient;
        if (same || (attempt >= factTries && (!isSilent || m_clock->monotonic() - begin >= silenceMs))) {
            co_return same;
        }
        if (isSilent && attempt == factTries) {
            CO_CHECK(co_await save(-1, {u"run.asks_again"_s, {{u"error"_s, same.error().toJson()}, {u"limit"_s, silenceMs}}}));
        }
        if (const auto slept = co_await m_clock->sleep(qMin(200 * attempt, 1000), m_stop.get_token()); !slept) {
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
    // Nothing is begun while a host of the target is away, as a later step may need it; but what has begun goes on where it can.
    NeedsHost needsHost;
    if (auto step = StepRegistry::create(spec(index)); step && (index > 0 || at != StepState::Pending)) {
        needsHost = [this, asked = std::shared_ptr<Step>(std::move(*step))](const QString &host) { return asked->needsHost(m_target, host); };
    }
    if (const auto same = co_await lookAtWorld(withToldFacts(m_run.plan.factsBefore(index), m_steps), ignored, {}, needsHost); !same) {
        QJsonObject args{{u"error"_s, same.error().toJson()}};
        if (index == 0 && at == StepState::Pending) {
            CO_CHECK(co_await goBack(Outcome::Refused, index, about("run.refused_to_start", index, args), same.error()));
        } else {
            CO_CHECK(co_await hold(Outcome::FactChanged, index, about("run.world_changed", index, args), same.error()));
        }
        co_return false;
    }
    if (at == StepState::Pending || at == StepState::Preparing || at == StepState::Prepared) {
        CO_TRY(const bool approved, co_await isStillApproved(index));
        if (!approved) {
            co_return false;
        }
        CO_TRY(const bool space, co_await hasSpace(index));
        if (!space) {
            co_return false;
        }
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
            m_steps[index].results.remove(stepresult::untouched);
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
    const bool retried = m_steps[index].results.take(stepresult::retried).toBool();
    const auto found = co_await m_step->inspect(*this, m_steps[index].undo);
    const auto unknown = std::exchange(m_unknown, {});
    if (found && *found == Inspection::NotStarted) {
        m_steps[index].results.insert(stepresult::untouched, true);
    } else if (found && *found != Inspection::Unknown) {
        m_steps[index].results.remove(stepresult::untouched);
    }
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
    if (found && !unknown && retried && m_step->takesAWord()) {
        m_steps[index].results.remove(stepresult::untouched);
        co_return co_await move(Outcome::Partial, index, about("run.step_applied_again", index));
    }
    // Retried, and still unknown: why it stopped is what it was.
    const Error error = unknown ? *unknown : !found ? found.error()
        : retried                                   ? m_steps[index].error
                                                    : Error();
    m_steps[index].error = error;
    if (error.code.isEmpty()) {
        co_return co_await hold(Outcome::Unknown, index, about("run.step_interrupted", index));
    }
    QJsonObject args{{u"error"_s, error.toJson()}};
    // Proven not to have begun, it only waits for what stopped it.
    const bool untouched = found && *found == Inspection::NotStarted && !spec(index).changesState;
    co_return co_await hold(Outcome::Unknown, index, about(untouched ? "run.step_failed_held" : "run.step_unknown", index, args), error);
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
        const qint64 wait = waitBeforeRetry();
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
    if (error.code == "host.fenced"_L1) {
        // Somebody else leads there: what would be taken back is no longer this run's.
        co_return co_await hold(Outcome::FailHold, index, about("run.step_failed_held", index, args), error);
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

Async<> Orchestrator::Private::finish()
{
    const int last = int(m_steps.size()) - 1;
    if (last >= 0 && !m_steps[last].results[stepresult::finalizing].toBool()) {
        m_stop = {};
        if (const auto same = co_await lookAtWorld(withToldFacts(m_run.plan.factsBefore(m_steps.size()), m_steps), {}, {}); !same) {
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
        CO_CHECK(fence());
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

// --- the clock

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
    timer.start(std::chrono::milliseconds(decisionPollMs));
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
