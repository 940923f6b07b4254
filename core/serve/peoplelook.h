// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "checklist/checklistgate.h"
#include "serve/peopleviews.h"

#include <optional>

namespace cutover {

/** What somebody wants to know about a plan or a run, with all that it takes to look by oneself. Value type. */
struct PeopleQuestion {
    QString targetFile;
    QString stateDirectory;
    QString who; ///< Who asks, and would start the plan.
    QString run; ///< Empty: about a plan.
    QString digest; ///< Of a plan; of one that was asked to be approved the beginning will do.
    std::optional<Plan> plan; ///< Where the asking session has it.
    QList<CheckResult> checks; ///< Of that session, for a plan that was not run.
    QString checksOf; ///< Version that those were made for.
};

/**
 * Looks at what people have to agree to, with a journal and a target of its own: gates, approvals, checklists. It reads journals
 * (of staging, too), plans and keys, which takes its time: made and used by one worker, never on an event loop. Blocking.
 */
class PeopleLook
{
public:
    /// The target's file is read anew: a plan is of the target as it is now.
    [[nodiscard]] static Result<PeopleLook> open(const PeopleQuestion &question);

    [[nodiscard]] const GateScope &scope() const { return m_scope; }
    [[nodiscard]] Result<GatesView> gates();
    [[nodiscard]] Result<ApprovalView> approval();
    [[nodiscard]] Result<ChecklistView> checklist();

    /// "approval.list": what was asked to be approved and can still be run. run and digest of the question don't count.
    [[nodiscard]] static Result<QJsonObject> requests(const PeopleQuestion &question);

private:
    PeopleLook() = default;
    [[nodiscard]] static Result<PeopleLook> begin(const PeopleQuestion &question);
    [[nodiscard]] Result<> readBook();
    [[nodiscard]] ApprovalView viewOf(const GateScope &scope, const GateFinding &gate) const;

    GateScope m_scope;
    std::unique_ptr<Journal> m_journal;
    QList<ApprovalRecord> m_approvals;
    QList<ApprovalRequest> m_requests;
    QList<CheckResult> m_checks;
};

} // namespace cutover
