// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What people decide while a run goes on: judged, taken between steps, and looked for while one works.

#include "run/orchestratorprivate.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

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
    auto verdict = judge(command);
    if (verdict) {
        CO_TRY(const auto shut, refusedByGate(command, *verdict));
        if (shut) {
            verdict = std::unexpected(*shut);
        }
    }
    Message outcome{u"run.command_taken"_s, {}};
    if (!verdict) {
        outcome = verdict.error();
    } else {
        const int index = current();
        const QJsonObject by{{u"by"_s, command.by}};
        QJsonObject byFrom = by;
        byFrom.insert(u"from"_s, m_run.plan.from);
        byFrom.insert(u"because"_s, because());
        bool refused = false;
        bool believed = false; // On the person's word, as nothing else can tell.
        if (*verdict == Outcome::Accept) {
            m_at = index;
            auto step = StepRegistry::create(spec(index));
            const Result<Inspection> found = step ? co_await (*step)->inspect(*this, m_steps[index].undo) : Result<Inspection>(fail(step.error()));
            const Inspection wanted = isGoingBack(m_run, m_steps) ? Inspection::NotStarted : Inspection::Done;
            believed = found && *found == Inspection::Unknown && (*step)->takesAWord();
            refused = !believed && (!found || *found != wanted);
        }
        const QJsonObject args{{u"run"_s, m_runId},
                               {u"command"_s, command.id},
                               {u"verb"_s, command.verb},
                               {u"step"_s, hasStep(index) ? m_steps[index].id : QString()},
                               {u"refused"_s, refused}};
        CO_CHECK(m_journal->audit(command.by, u"run.command"_s, args));
        if (refused) {
            outcome = about(isGoingBack(m_run, m_steps) ? "run.refused_accept_not_back" : "run.refused_accept_not_done", index);
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
                args.insert(u"because"_s, because());
                m_run.reason = about(copies.isEmpty() ? "run.abandoned_by" : "run.abandoned_with_copies", index, args);
                if (const Message closed = leftClosed(m_run.plan, m_steps); !closed.isEmpty()) {
                    m_run.reason = {u"run.abandoned_closed"_s, {{u"abandoned"_s, m_run.reason.toJson()}, {u"closed"_s, closed.toJson()}}};
                }
                CO_CHECK(co_await move(Outcome::Abandon, index, m_run.reason));
                break;
            }
            case Outcome::Accept: {
                const bool back = isGoingBack(m_run, m_steps);
                m_steps[index].results.remove(stepresult::untouched);
                const char *const code = back ? (believed ? "run.step_accepted_back_by_word" : "run.step_accepted_back")
                                              : (believed ? "run.step_accepted_by_word" : "run.step_accepted");
                CO_CHECK(co_await move(Outcome::Accept, index, about(code, index, by)));
                break;
            }
            case Outcome::RetryPrepared:
            case Outcome::RetryUnprepared: {
                const auto step = StepRegistry::create(spec(index));
                const bool anew = *verdict == Outcome::RetryUnprepared || (step && (*step)->asksAnew());
                if (!anew) {
                    m_steps[index].results.insert(stepresult::retried, true);
                }
                CO_CHECK(co_await move(anew ? Outcome::RetryUnprepared : Outcome::RetryPrepared, index, about("run.step_retried", index, by)));
                break;
            }
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

} // namespace cutover
