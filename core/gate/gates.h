// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "gate/staging.h"
#include "run/journal.h"
#include "run/transitions.h"
#include "target/target.h"

#include <optional>

namespace cutover {

/** One thing that has to be so before a run may begin, as it is now. Value type. */
struct GateFinding {
    QString gate; ///< "blackout", "approval", "staging", "checklist"
    Message title;
    Message finding; ///< What there is to know: when it opens or shuts, who signed.
    Error error; ///< Why it is shut; empty code: it is open.
    QList<Message> warnings = {}; ///< What doesn't shut it and is still not as it should be: an approver's key that can't be read.
    [[nodiscard]] bool isOpen() const { return error.code.isEmpty(); }
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static GateFinding fromJson(const QJsonObject &json);
};

/** What the gates are asked about. */
struct GateScope {
    Target target;
    Plan plan;
    QString digest; ///< Of the plan.
    QString run; ///< Empty: there is no run of it yet.
    QString startedBy; ///< Who starts it, or has started it.
    QDateTime now;
};

/// Those that apply, in the order in which they are told: blackout and staging to updates alone, so that a way back is always
/// open; approval and checklist to every plan. Reads the journal, and for staging that of the other target. Blocking, small.
[[nodiscard]] Result<QList<GateFinding>> lookAtGates(Journal &journal, const GateScope &scope);
/// The first that is shut; empty code: none is.
[[nodiscard]] Error firstShut(const QList<GateFinding> &gates);
/// The approval gate alone: what may run out while a run goes on.
[[nodiscard]] Result<GateFinding> lookAtApproval(Journal &journal, const GateScope &scope);
/// The same by approvals that were read already. Reads the keys.
[[nodiscard]] GateFinding approvalGate(const QList<ApprovalRecord> &records, const GateScope &scope);
/// Whether the hour allows an update, and when the next blackout begins. expectedMs: how long it takes; 0: not known. Pure.
[[nodiscard]] GateFinding blackoutGate(const QList<BlackoutSpec> &blackout, const QDateTime &now, qint64 expectedMs = 0);
/// Whether releases were tried on the staging target. Reads its journal.
[[nodiscard]] GateFinding stagingGate(const Target &target, const QList<ReleaseDigest> &releases, const QDateTime &now);
/// What keeps a held run from going on by a decision: blackout hours, as at its start, and the approval that ran out and held it. Empty: nothing. Going back is always open; so is a
/// run whose glass was broken for those hours, and one that a window held while it asked something. outcome: what the decision
/// brings about; hold: id of the command that it takes back, or empty.
[[nodiscard]] Result<QList<GateFinding>> shutOnTheWay(Journal &journal, const Target &target, const RunRecord &run, const QList<StepRecord> &steps, Outcome outcome,
                                                      const QString &hold, const QDateTime &now);
/// For people: "Blackout hours" of "blackout". Also of a check that is passed over ("check:ID").
[[nodiscard]] Message gateTitle(const QString &gate);
[[nodiscard]] QStringList gateTitles(const QStringList &gates);
/// Puts what the gates demand into the plan's policy, so that digest and approval cover it: "blackout", "approval", "staging",
/// "checklist" (required items), each where the target has it.
void addGates(Plan &plan, const Target &target);

} // namespace cutover
