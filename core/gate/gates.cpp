// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gate/gates.h"

#include "approval/approval.h"
#include "checklist/checklistgate.h"
#include "run/blackout.h"
#include "run/decisions.h"
#include "system/jsonvalues.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 questionMs = 10LL * 60 * 1000; ///< A run that a window held while it asked goes on where it was; longer, and it has been held.

QString iso(const QDateTime &time)
{
    return time.toUTC().toString(Qt::ISODate);
}

} // namespace

GateFinding blackoutGate(const QList<BlackoutSpec> &blackout, const QDateTime &now, qint64 expectedMs)
{
    GateFinding found{u"blackout"_s, gateTitle(u"blackout"_s), {u"gate.blackout_none"_s, {}}, {}};
    if (const auto hours = blackoutAt(blackout, now)) {
        found.error = {u"gate.blackout_now"_s, {{u"reason"_s, hours->reason}, {u"until"_s, iso(hours->end)}, {u"wait"_s, now.msecsTo(hours->end)}}};
        found.finding = {found.error.code, found.error.args};
    } else if (const auto next = nextBlackout(blackout, now)) {
        const bool reached = now.addMSecs(expectedMs) > next->begin;
        found.finding = {reached ? u"gate.blackout_reached"_s : u"gate.blackout_next"_s,
                         {{u"reason"_s, next->reason}, {u"begin"_s, iso(next->begin)}, {u"until"_s, iso(next->end)}, {u"expected"_s, expectedMs}}};
    }
    return found;
}

GateFinding stagingGate(const Target &target, const QList<ReleaseDigest> &releases, const QDateTime &now)
{
    GateFinding found{u"staging"_s, gateTitle(u"staging"_s), {}, {}};
    const auto proof = stagingProof(target, releases, now);
    if (proof) {
        found.finding = {u"staging.proven"_s, {{u"target"_s, proof->target}, {u"run"_s, proof->run}, {u"ended"_s, iso(proof->ended)}, {u"by"_s, proof->by}}};
    } else {
        found.error = proof.error();
        found.finding = {found.error.code, found.error.args};
    }
    return found;
}

QJsonObject GateFinding::toJson() const
{
    QJsonObject json{{u"gate"_s, gate}, {u"title"_s, title.toJson()}, {u"finding"_s, finding.toJson()}, {u"open"_s, isOpen()}};
    if (!isOpen()) {
        json.insert(u"error"_s, error.toJson());
    }
    if (!warnings.isEmpty()) {
        json.insert(u"warnings"_s, json::fromList(warnings));
    }
    return json;
}

GateFinding GateFinding::fromJson(const QJsonObject &json)
{
    return {json[u"gate"].toString(), Message::fromJson(json[u"title"].toObject()), Message::fromJson(json[u"finding"].toObject()), Error::fromJson(json[u"error"].toObject()),
            json::toList<Message>(json[u"warnings"])};
}

GateFinding approvalGate(const QList<ApprovalRecord> &records, const GateScope &scope)
{
    GateFinding found{u"approval"_s, gateTitle(u"approval"_s), {}, {}};
    const ApprovalRules rules = approvalRules(scope.target.approval, scope.plan);
    const auto valid = approvalFor(rules, scope.plan, scope.digest, records, scope.startedBy, scope.now);
    found.warnings = rules.passedOver;
    if (valid) {
        found.finding = {u"approval.valid"_s, {{u"approver"_s, valid->approver}, {u"signed"_s, iso(valid->signedAt)}, {u"until"_s, iso(expiryOf(rules, *valid))}}};
    } else {
        found.error = valid.error();
        found.finding = {found.error.code, found.error.args};
    }
    return found;
}

Result<GateFinding> lookAtApproval(Journal &journal, const GateScope &scope)
{
    TRY(const auto records, journal.approvals());
    return approvalGate(records, scope);
}

namespace {

/// It was held a moment ago to be asked something, at an hour at which it ran.
Result<bool> isHeldToAsk(Journal &journal, const RunRecord &run, const QString &hold, const QDateTime &now)
{
    if (hold.isEmpty()) {
        return false;
    }
    TRY(const auto commands, journal.commands(run.id));
    const auto held = std::ranges::find(commands, hold, &CommandRecord::id);
    return held != commands.cend() && held->verb == "hold"_L1 && isHeldByCommand(run, hold) && held->created.msecsTo(now) <= questionMs;
}

} // namespace

Result<QList<GateFinding>> shutOnTheWay(Journal &journal, const Target &target, const RunRecord &run, const QList<StepRecord> &steps, Outcome outcome, const QString &hold,
                                        const QDateTime &now)
{
    QList<GateFinding> shut;
    const bool goesOn = outcome == Outcome::Resume || outcome == Outcome::RetryPrepared || outcome == Outcome::RetryUnprepared || outcome == Outcome::Accept;
    if (!goesOn || run.state != RunState::Held || isGoingBack(run, steps)) {
        return shut;
    }
    if (run.plan.kind != "rollback"_L1 && !run.breakGlass.gates.contains(u"blackout"_s)) {
        TRY(const bool asks, isHeldToAsk(journal, run, hold, now));
        const GateFinding blackout = blackoutGate(target.blackout, now);
        if (!asks && !blackout.isOpen()) {
            shut.append(blackout);
        }
    }
    if (run.reason.code == "run.gate_held"_L1) {
        TRY(const GateFinding approval, lookAtApproval(journal, {target, run.plan, run.planDigest, run.id, run.startedBy, now}));
        if (!approval.isOpen()) {
            shut.append(approval);
        }
    }
    return shut;
}

Message gateTitle(const QString &gate)
{
    if (gate.startsWith("check:"_L1)) {
        return {u"gate.check"_s, {{u"check"_s, gate.section(u':', 1)}}};
    }
    return {u"gate."_s + gate, {}};
}

QStringList gateTitles(const QStringList &gates)
{
    QStringList titles;
    for (const QString &gate : gates) {
        titles.append(gateTitle(gate).text());
    }
    return titles;
}

Result<QList<GateFinding>> lookAtGates(Journal &journal, const GateScope &scope)
{
    QList<GateFinding> gates;
    const bool update = scope.plan.kind != "rollback"_L1;
    if (update && !scope.target.blackout.isEmpty()) {
        gates.append(blackoutGate(scope.target.blackout, scope.now, scope.plan.expectedMs));
    }
    if (scope.target.approval.required) {
        TRY(const GateFinding approval, lookAtApproval(journal, scope));
        gates.append(approval);
    }
    if (update && !scope.target.staging.target.isEmpty()) {
        gates.append(stagingGate(scope.target, releaseDigests(scope.plan), scope.now));
    }
    TRY(const auto checklist, checklistGate(journal, scope));
    if (checklist) {
        gates.append(*checklist);
    }
    return gates;
}

Error firstShut(const QList<GateFinding> &gates)
{
    for (const GateFinding &gate : gates) {
        if (!gate.isOpen()) {
            return gate.error;
        }
    }
    return {};
}

void addGates(Plan &plan, const Target &target)
{
    const bool update = plan.kind != "rollback"_L1;
    if (update && !target.blackout.isEmpty()) {
        plan.policy.insert(u"blackout"_s, blackoutToJson(target.blackout));
    }
    if (target.approval.required) {
        plan.policy.insert(u"approval"_s, approvalPolicy(target.approval));
    }
    if (update && !target.staging.target.isEmpty()) {
        plan.policy.insert(u"staging"_s, QJsonObject{{u"target"_s, target.staging.target}, {u"validMs"_s, target.staging.validMs}});
    }
    QJsonArray required;
    for (const ManualItemSpec &item : target.manualItems) {
        if (item.required) {
            required.append(QJsonObject{{u"name"_s, item.name}, {u"text"_s, item.text}, {u"when"_s, item.when}});
        }
    }
    if (!required.isEmpty()) {
        plan.policy.insert(u"checklist"_s, required);
    }
}

} // namespace cutover
