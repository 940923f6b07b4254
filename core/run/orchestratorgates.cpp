// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What has to be so before a run begins, and before it changes anything: blackout, approval, staging, checklist.

#include "run/orchestratorprivate.h"

#include "check/spacefloor.h"
#include "gate/gates.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

GateScope scopeOf(const Target &target, const RunRecord &run, const QDateTime &now)
{
    return {target, run.plan, run.planDigest, run.id, run.startedBy, now};
}

} // namespace

Result<Error> Orchestrator::Private::gatesAtStart()
{
    TRY(const QList<GateFinding> gates, lookAtGates(*m_journal, scopeOf(m_target, m_run, m_clock->now())));
    const BreakGlass &glass = m_run.breakGlass;
    for (const GateFinding &gate : gates) {
        // The glass was broken for those that were shut then, and for no other.
        if (!gate.isOpen() && !glass.gates.contains(gate.gate)) {
            Error error = gate.error;
            error.args.insert(u"gate"_s, gate.gate);
            return error;
        }
    }
    // What it was is told by the journal: later the same gate may be another.
    for (const GateFinding &gate : gates) {
        const Message event = gate.isOpen() ? Message{u"run.gate_open"_s, {{u"gate"_s, gate.gate}, {u"finding"_s, gate.finding.toJson()}}}
                                            : Message{u"run.gate_overridden"_s, {{u"gate"_s, gate.gate}, {u"error"_s, gate.error.toJson()}, {u"by"_s, glass.by}, {u"reason"_s, glass.reason}}};
        CHECK(m_journal->addEvent(m_runId, {}, m_mask.masked(event)));
        for (const Message &warning : gate.warnings) {
            CHECK(m_journal->addEvent(m_runId, {}, m_mask.masked(Message{u"run.gate_warned"_s, {{u"warning"_s, warning.toJson()}}})));
        }
    }
    return Error();
}

Result<std::optional<Message>> Orchestrator::Private::refusedByGate(const CommandRecord &command, Outcome outcome)
{
    TRY(const auto shut, shutOnTheWay(*m_journal, m_target, m_run, m_steps, outcome, command.verb == "resume"_L1 ? command.args["hold"_L1].toString() : QString(), m_clock->now()));
    const BreakGlass glass = command.glass();
    for (const GateFinding &gate : shut) {
        if (glass.isEmpty() || !glass.gates.contains(gate.gate)) {
            return Message{u"run.refused_gate"_s, {{u"error"_s, gate.error.toJson()}}};
        }
    }
    for (const GateFinding &gate : shut) {
        const Message event{u"run.gate_overridden"_s, {{u"gate"_s, gate.gate}, {u"error"_s, gate.error.toJson()}, {u"by"_s, glass.by}, {u"reason"_s, glass.reason}}};
        CHECK(m_journal->addEvent(m_runId, {}, m_mask.masked(event)));
    }
    return std::nullopt;
}

bool Orchestrator::Private::hasBegunToChange(int index) const
{
    // They lay a release beside the others; nothing that serves knows of it yet.
    static const QStringList places{u"unpack"_s, u"checkout_release"_s, u"fetch"_s};
    for (int i = 0; i < index; ++i) {
        if (spec(i).changesState && !places.contains(spec(i).kind) && isPrepared(m_steps[i])) {
            return true;
        }
    }
    return false;
}

Async<bool> Orchestrator::Private::isStillApproved(int index)
{
    if (!m_target.approval.required || m_run.breakGlass.gates.contains(u"approval"_s) || !spec(index).changesState) {
        co_return true;
    }
    if (hasBegunToChange(index)) {
        // It is not left half-way for a signature.
        co_return true;
    }
    CO_TRY(const GateFinding approval, lookAtApproval(*m_journal, scopeOf(m_target, m_run, m_clock->now())));
    CO_TRY(const QList<CommandRecord> commands, m_journal->commands(m_runId));
    if (approval.isOpen() || std::ranges::any_of(commands, [](const CommandRecord &command) { return command.glass().gates.contains(u"approval"_s); })) {
        co_return true;
    }
    const QJsonObject args{{u"error"_s, approval.error.toJson()}};
    CO_CHECK(co_await hold(Outcome::FactChanged, index, about("run.gate_held", index, args), approval.error));
    co_return false;
}

Async<bool> Orchestrator::Private::hasSpace(int index)
{
    // What is half-way is not kept there by a disk that it does not write to; nor is a way back, once it has changed anything: behind
    // the stop of services nobody is served.
    static const QStringList ofUpdates{u"backup"_s, u"verify_backup"_s, u"migrate"_s};
    static const QStringList ofRollbacks{u"backup"_s, u"verify_backup"_s, u"count_loss"_s};
    const bool isUpdate = m_run.plan.kind == "update"_L1;
    const QStringList &writes = isUpdate ? ofUpdates : ofRollbacks;
    if (!writes.contains(spec(index).kind) || (!isUpdate && hasBegunToChange(index))) {
        co_return true;
    }
    const auto space = co_await lookAtSpace(m_target);
    if (space) {
        // Told once, not before each migration.
        const auto first = std::ranges::find_if(m_run.plan.steps, [&writes](const StepSpec &step) { return writes.contains(step.kind); });
        for (const Error &unknown : first->id == spec(index).id ? *space : QList<Error>()) {
            log({u"run.space_unknown"_s, {{u"error"_s, unknown.toJson()}}});
        }
        co_return true;
    }
    const QJsonObject args{{u"error"_s, space.error().toJson()}};
    CO_CHECK(co_await hold(Outcome::FactChanged, index, about("run.space_held", index, args), space.error()));
    co_return false;
}

} // namespace cutover
