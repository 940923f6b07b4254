// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/peoplelook.h"

#include "approval/approval.h"
#include "serve/engineserviceprivate.h"
#include "system/clock.h"
#include "system/jsonvalues.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qsizetype shortestDigest = 6; ///< Of a beginning; less may be anybody's.

} // namespace

Result<PeopleLook> PeopleLook::begin(const PeopleQuestion &question)
{
    PeopleLook look;
    TRY(look.m_scope.target, Target::load(question.targetFile));
    look.m_scope.startedBy = question.who;
    look.m_scope.now = Clock::system().now();
    TRY(look.m_journal, Journal::open(question.stateDirectory, Journal::Mode::Looking));
    return look;
}

Result<> PeopleLook::readBook()
{
    TRY(m_approvals, m_journal->approvals());
    TRY(m_requests, m_journal->approvalRequests());
    return {};
}

Result<PeopleLook> PeopleLook::open(const PeopleQuestion &question)
{
    TRY(PeopleLook look, begin(question));
    CHECK(look.readBook());
    GateScope &scope = look.m_scope;
    if (!question.run.isEmpty()) {
        TRY(const RunRecord record, look.m_journal->run(question.run));
        scope.plan = record.plan;
        scope.digest = record.planDigest;
        scope.run = record.id;
        scope.startedBy = record.startedBy;
        return look;
    }
    if (question.plan) {
        scope.plan = *question.plan;
        scope.digest = question.digest;
    } else {
        const auto named = [&question](const ApprovalRequest &request) { return question.digest.size() >= shortestDigest && request.digest.startsWith(question.digest); };
        const auto request = std::ranges::find_if(look.m_requests, named);
        if (request == look.m_requests.cend()) {
            return fail(u"approval.unknown_plan"_s, {{u"digest"_s, question.digest.left(12)}});
        }
        scope.plan = request->plan;
        scope.digest = request->digest;
    }
    if (question.checksOf == scope.plan.to) {
        look.m_checks = question.checks;
    }
    return look;
}

ApprovalView PeopleLook::viewOf(const GateScope &scope, const GateFinding &gate) const
{
    ApprovalView view;
    const ApprovalSpec &spec = scope.target.approval;
    view.required = true;
    view.validMs = approvalValidMs(spec, scope.plan);
    for (const ApproverSpec &approver : spec.approvers) {
        view.approvers.append(approver.name);
    }
    view.warnings = gate.warnings;
    view.request = approvalRequest(scope.plan, scope.digest);
    view.fileName = approvalFileName(scope.digest);
    const auto request = std::ranges::find(m_requests, scope.digest, &ApprovalRequest::digest);
    if (request != m_requests.cend()) {
        view.requestedBy = request->by;
        view.requestedAt = request->created;
    }
    if (gate.isOpen()) {
        view.valid = true;
        view.approver = gate.finding.args[u"approver"].toString();
        view.signedAt = json::toTime(gate.finding.args[u"signed"]);
        view.expires = json::toTime(gate.finding.args[u"until"]);
        return view;
    }
    view.error = gate.error;
    // What was approved last, where that was another plan: what has changed since.
    for (const ApprovalRecord &record : m_approvals) {
        const bool earlier = view.error.code == "approval.other_plan"_L1 && record.digest.startsWith(view.error.args[u"earlier"].toString());
        if (!earlier && record.digest != scope.digest) {
            continue;
        }
        view.approver = record.approver;
        view.signedAt = record.signedAt;
        view.expires = record.signedAt.addMSecs(view.validMs);
        const auto then = std::ranges::find(m_requests, record.digest, &ApprovalRequest::digest);
        if (earlier && then != m_requests.cend()) {
            view.changes = planDifferences(then->plan, scope.plan);
        }
        break;
    }
    return view;
}

Result<ApprovalView> PeopleLook::approval()
{
    return m_scope.target.approval.required ? viewOf(m_scope, approvalGate(m_approvals, m_scope)) : ApprovalView();
}

Result<GatesView> PeopleLook::gates()
{
    GatesView view;
    TRY(view.gates, lookAtGates(*m_journal, m_scope));
    const auto approval = std::ranges::find(view.gates, u"approval"_s, &GateFinding::gate);
    if (approval != view.gates.cend()) {
        view.approval = viewOf(m_scope, *approval);
    }
    return view;
}

Result<ChecklistView> PeopleLook::checklist()
{
    ChecklistView view;
    view.run = m_scope.run;
    TRY(view.items, checklistFor(*m_journal, m_scope, m_checks));
    if (!m_scope.run.isEmpty()) {
        TRY(const RunRecord record, m_journal->run(m_scope.run));
        TRY(const QList<OpenItem> open, openItems(*m_journal, record));
        for (const OpenItem &item : open) {
            view.open.append(item.name);
        }
    }
    return view;
}

Result<QJsonObject> PeopleLook::requests(const PeopleQuestion &question)
{
    TRY(PeopleLook look, begin(question));
    const Target &target = look.m_scope.target;
    QJsonArray array;
    if (!target.approval.required) {
        return QJsonObject{{u"requests"_s, array}};
    }
    CHECK(look.readBook());
    const QString installed = installedVersion(target);
    for (const ApprovalRequest &request : std::as_const(look.m_requests)) {
        // What starts from another version than the installed one can't be run any more.
        if (request.plan.from != installed) {
            continue;
        }
        GateScope scope = look.m_scope;
        scope.plan = request.plan;
        scope.digest = request.digest;
        array.append(QJsonObject{{u"digest"_s, request.digest},
                                 {u"kind"_s, request.plan.kind},
                                 {u"from"_s, request.plan.from},
                                 {u"to"_s, request.plan.to},
                                 {u"by"_s, request.by},
                                 {u"created"_s, json::fromTime(request.created)},
                                 {u"approval"_s, look.viewOf(scope, approvalGate(look.m_approvals, scope)).toJson()}});
    }
    return QJsonObject{{u"requests"_s, array}};
}

} // namespace cutover
