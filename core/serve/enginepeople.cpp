// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What people have to agree to: gates, approvals, checklists. A worker looks (peoplelook.h), what is written is written here.

#include "serve/engineserviceprivate.h"

#include "approval/approval.h"
#include "check/checklist.h"
#include "gate/peoplesection.h"
#include "serve/peoplelook.h"
#include "system/clock.h"
#include "system/jsonvalues.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int LongestText = 1000;
constexpr int MostEvents = 100000;

} // namespace

PeopleQuestion EngineService::Private::question(const QJsonObject &params) const
{
    PeopleQuestion asked{.targetFile = targetFile,
                         .stateDirectory = target.stateDirectory,
                         .who = who,
                         .run = params[u"run"].toString(),
                         .digest = params[u"digest"].toString(),
                         .plan = {},
                         .checks = lastChecks,
                         .checksOf = lastChecksOf};
    if (const auto plan = plans.constFind(asked.digest); plan != plans.cend()) {
        asked.plan = *plan;
    }
    return asked;
}

Async<GatesView> EngineService::Private::gatesOf(QJsonObject params)
{
    Worker worker;
    co_return co_await worker.run([asked = question(params)]() -> Result<GatesView> {
        TRY(PeopleLook look, PeopleLook::open(asked));
        return look.gates();
    });
}

Async<QJsonObject> EngineService::Private::gates(QJsonObject params)
{
    CO_TRY(const GatesView view, co_await gatesOf(params));
    co_return view.toJson();
}

Async<QJsonObject> EngineService::Private::approvalPlan(QJsonObject params)
{
    Worker worker;
    co_return co_await worker.run([asked = question(params)]() -> Result<QJsonObject> {
        TRY(const PeopleLook look, PeopleLook::open(asked));
        return QJsonObject{{u"plan"_s, look.scope().plan.toJson()}, {u"digest"_s, look.scope().digest}};
    });
}

Async<ApprovalView> EngineService::Private::approvalOf(QJsonObject params)
{
    Worker worker;
    co_return co_await worker.run([asked = question(params)]() -> Result<ApprovalView> {
        TRY(PeopleLook look, PeopleLook::open(asked));
        return look.approval();
    });
}

Async<GateScope> EngineService::Private::scopeOf(QJsonObject params)
{
    Worker worker;
    co_return co_await worker.run([asked = question(params)]() -> Result<GateScope> {
        TRY(const PeopleLook look, PeopleLook::open(asked));
        return look.scope();
    });
}

Async<QJsonObject> EngineService::Private::requestApproval(QJsonObject params)
{
    CO_TRY(const GateScope scope, co_await scopeOf(params));
    if (!scope.target.approval.required) {
        co_return fail(u"approval.not_needed"_s, {{u"target"_s, scope.target.name}});
    }
    CO_CHECK(journal->addApprovalRequest({scope.digest, scope.plan, who, scope.now}));
    CO_TRY(const ApprovalView view, co_await approvalOf(params));
    co_return QJsonObject{{u"approval"_s, view.toJson()}};
}

Async<QJsonObject> EngineService::Private::addApproval(QJsonObject params)
{
    // A plan that was sent along as a file is this target's, or none.
    if (params[u"plan"].isObject()) {
        CO_CHECK(adoptPlan(params));
    }
    struct Approved {
        GateScope scope;
        ApprovalRecord record;
        QDateTime until;
    };
    Worker worker;
    CO_TRY(const Approved approved, co_await worker.run([asked = question(params), signature = params[u"signature"].toString().toUtf8()]() -> Result<Approved> {
        TRY(const PeopleLook look, PeopleLook::open(asked));
        const GateScope &scope = look.scope();
        TRY(const ApprovalRecord record, checkApproval(scope.target.approval, scope.plan, scope.digest, signature, asked.who, scope.now));
        const ApprovalRules rules = approvalRules(scope.target.approval, scope.plan);
        const QDateTime until = expiryOf(rules, record);
        if (scope.now >= until) {
            return fail(u"approval.expired"_s, {{u"approver"_s, record.approver}, {u"until"_s, until.toString(Qt::ISODate)}, {u"valid"_s, rules.validMs}});
        }
        return Approved{scope, record, until};
    }));
    const auto &[scope, record, until] = approved;
    // Kept as well: so that it can be told later what has changed since.
    CO_CHECK(journal->addApprovalRequest({scope.digest, scope.plan, who, scope.now}));
    CO_CHECK(journal->addApproval(record));
    CO_TRY(const ApprovalView view, co_await approvalOf(params));
    co_return QJsonObject{{u"approval"_s, view.toJson()}, {u"approver"_s, record.approver}, {u"expires"_s, json::fromTime(until)}};
}

Async<QJsonObject> EngineService::Private::approvalList()
{
    Worker worker;
    co_return co_await worker.run([asked = question({})] { return PeopleLook::requests(asked); });
}

Async<ChecklistView> EngineService::Private::checklistOf(QJsonObject params)
{
    Worker worker;
    co_return co_await worker.run([asked = question(params)]() -> Result<ChecklistView> {
        TRY(PeopleLook look, PeopleLook::open(asked));
        return look.checklist();
    });
}

Async<QJsonObject> EngineService::Private::checklist(QJsonObject params)
{
    CO_TRY(const ChecklistView view, co_await checklistOf(params));
    co_return view.toJson();
}

Async<QJsonObject> EngineService::Private::tick(QJsonObject params)
{
    struct Before {
        GateScope scope;
        ChecklistView view;
    };
    Worker worker;
    CO_TRY(const Before now, co_await worker.run([asked = question(params)]() -> Result<Before> {
        TRY(PeopleLook look, PeopleLook::open(asked));
        TRY(const ChecklistView view, look.checklist());
        return Before{look.scope(), view};
    }));
    const auto &[scope, before] = now;
    const QString item = params[u"item"].toString();
    const QString note = secrets().masked(params[u"note"].toString().simplified().left(LongestText));
    CO_CHECK(mayTick(before.items, item, note, !scope.run.isEmpty()));
    const bool done = params[u"done"].toBool(true);
    CO_CHECK(journal->addTick({scope.digest, scope.run, item, done, who, scope.now, note}));
    CO_TRY(const ChecklistView after, co_await checklistOf(params));
    if (!before.open.isEmpty() && after.open.isEmpty()) {
        CO_CHECK(journal->audit(who, u"checklist.closed"_s, {{u"run"_s, scope.run}}));
    }
    co_return after.toJson();
}

Result<BreakGlass> EngineService::Private::glassFrom(const QJsonObject &params, const QList<GateFinding> &found)
{
    QStringList shut;
    for (const GateFinding &gate : found) {
        if (!gate.isOpen()) {
            shut.append(gate.gate);
        }
    }
    const QStringList named = json::toStrings(params[u"gates"]);
    const QStringList checks = checksIn(named);
    CHECK(checkPassedOver(target, checks));
    const QJsonValue given = params[u"breakGlass"];
    if ((!given.isString() || given.toString().isEmpty()) && checks.isEmpty()) {
        return shut.isEmpty() ? Result<BreakGlass>(BreakGlass()) : fail(firstShut(found));
    }
    const QString reason = secrets().masked(given.toString().simplified().left(LongestText));
    if (reason.size() < GlassWish::ShortestReason) {
        return fail(u"gate.reason_missing"_s, {{u"given"_s, reason}, {u"minimum"_s, GlassWish::ShortestReason}});
    }
    // A reason is for what its giver has seen; what has shut since then, or was never told, stays shut.
    if (named.isEmpty() && !shut.isEmpty()) {
        return fail(u"gate.not_named"_s, {{u"gates"_s, QJsonArray::fromStringList(shut)}, {u"option"_s, shut.join(u',')}});
    }
    for (const GateFinding &gate : found) {
        if (!gate.isOpen() && !named.contains(gate.gate)) {
            return fail(gate.error);
        }
    }
    // Where nothing is shut, or passed over, no glass is broken.
    const QStringList broken = shut + checks;
    return broken.isEmpty() ? BreakGlass() : BreakGlass{who, reason, broken, Clock::system().now()};
}

Async<QJsonObject> EngineService::Private::report(QString id)
{
    Worker worker;
    co_return co_await worker.run([asked = question({{u"run"_s, id}}), id]() -> Result<QJsonObject> {
        TRY(const auto journal, Journal::open(asked.stateDirectory, Journal::Mode::Looking));
        TRY(const RunRecord record, journal->run(id));
        TRY(const auto steps, journal->steps(id));
        TRY(const auto events, journal->events(id, 0, MostEvents));
        TRY(const auto commands, journal->commands(id));
        TRY(const auto approvals, journal->approvals(record.planDigest));
        QList<ReportSection> sections{peopleSection(record, events, approvals)};
        // A target that can't be read any more has no checklist; what was done is told all the same.
        auto look = PeopleLook::open(asked);
        const auto view = look ? look->checklist() : Result<ChecklistView>(fail(look.error()));
        sections.append(view ? checklistSection(view->items) : checklistSection(view.error()));
        return QJsonObject{{u"html"_s, reportHtml(record, steps, events, commands, sections)}};
    });
}

} // namespace cutover
