// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/checklist.h"
#include "metrics/metricstore.h"
#include "metrics/watcher.h"
#include "plan/planners.h"
#include "plan/step.h"

#include <QHash>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QJsonArray toJson(const QList<CheckResult> &results)
{
    QJsonArray array;
    for (const CheckResult &result : results) {
        array.append(result.toJson());
    }
    return array;
}

/// A failed check as the reason of a failed step.
std::unexpected<Error> because(const QString &code, const CheckResult &result)
{
    return fail(code, {{u"check"_s, result.title.toJson()}, {u"cause"_s, result.error.toJson()}}, result.error.where);
}

/// Tells the run how far the list is.
CheckSink teller(StepContext &context)
{
    auto ended = std::make_shared<QHash<QString, bool>>();
    return [&context, ended](const CheckResult &result) {
        const bool done = result.status >= CheckResult::Status::Passed;
        ended->insert(result.id, done);
        if (result.status == CheckResult::Status::Waiting) {
            return;
        }
        const qint64 count = std::ranges::count(*ended, true);
        context.progress({count, ended->size(), u"checks"_s, {u"check.doing"_s, {{u"check"_s, result.title.toJson()}}}});
        if (done) {
            context.log({result.status == CheckResult::Status::Passed ? u"check.told"_s : u"check.told_bad"_s,
                         {{u"check"_s, result.title.toJson()}, {u"finding"_s, result.finding.toJson()}}});
        }
    };
}

CheckScope scopeOf(const StepContext &context, const StepSpec &spec)
{
    const QJsonObject &params = spec.params;
    CheckScope scope;
    const QList<StepSpec> &steps = context.plan().steps;
    if (const qsizetype index = std::ranges::find(steps, spec.id, &StepSpec::id) - steps.begin(); index < steps.size()) {
        scope.expectedReleases = runningReleases(context.plan().factsBefore(index));
    }
    scope.target = context.target();
    scope.expectedVersion = params[u"expected"_s].toString();
    scope.releaseFolder = params[u"preview"_s].toString();
    scope.packageSize = params[u"packageSize"_s].toInteger();
    scope.unpackedSize = params[u"unpackedSize"_s].toInteger();
    return scope;
}

/** Before anything changes: what must be well, and what is not well already. */
class PrecheckStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        if (hasMetrics(target)) {
            // Started now, there is a baseline to compare the new version with.
            CO_CHECK(co_await ensureWatcher(target, stop));
        }
        CO_TRY(const QList<CheckResult> results, co_await runCheckList(scopeOf(context, spec()), teller(context), stop));
        context.setResult(u"checks"_s, toJson(results));
        context.setResult(u"baseline"_s, baseline(context));
        for (const CheckResult &result : results) {
            if (result.status == CheckResult::Status::Failed) {
                co_return because(u"check.failed_before"_s, result);
            }
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }

private:
    /// The newest figures of the watcher.
    static QJsonObject baseline(StepContext &context)
    {
        const qint64 now = context.clock().now().toMSecsSinceEpoch();
        QJsonObject figures{{u"time"_s, now}};
        const auto store = MetricStore::open(context.target().stateDirectory, MetricStore::Mode::ReadOnly);
        if (!store) {
            return figures;
        }
        for (const QString &name : {u"errors"_s, u"requests"_s, u"orders"_s, u"latency_p95"_s}) {
            if (const auto points = (*store)->series(name, now - 60000, now); points && !points->isEmpty()) {
                figures.insert(name, points->last().value);
            }
        }
        return figures;
    }
};

/** After the change: whether all of it works that worked before. */
class HealthStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CheckScope scope = scopeOf(context, spec());
        scope.afterUpdate = true;
        QHash<QString, CheckResult> before;
        const QJsonArray known = context.result(u"precheck"_s, u"checks"_s).toArray();
        for (const QJsonValue &entry : known) {
            const auto result = CheckResult::fromJson(entry.toObject());
            before.insert(result.id, result);
        }
        // A peak right after the change settles; what is broken stays so.
        constexpr int tries = 3;
        for (int attempt = 1;; ++attempt) {
            CO_TRY(QList<CheckResult> results, co_await runCheckList(scope, teller(context), stop));
            const CheckResult *failure = nullptr;
            for (CheckResult &result : results) {
                if (result.status != CheckResult::Status::Failed) {
                    continue;
                }
                const auto earlier = before.constFind(result.id);
                if (earlier != before.constEnd() && earlier->status >= CheckResult::Status::Warning) {
                    result.status = CheckResult::Status::Warning;
                    context.log({u"check.not_ours"_s, {{u"check"_s, result.title.toJson()}, {u"cause"_s, result.error.toJson()}}});
                } else if (!failure) {
                    failure = &result;
                }
            }
            context.setResult(u"checks"_s, toJson(results));
            if (!failure) {
                co_return {};
            }
            if (attempt == tries) {
                co_return because(u"check.failed_after"_s, *failure);
            }
            CO_CHECK(co_await context.clock().sleep(1000, stop));
        }
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
};

const StepRegistry::Registration precheck(u"precheck"_s, 1, [](StepSpec spec) { return std::make_unique<PrecheckStep>(std::move(spec)); });
const StepRegistry::Registration health(u"health"_s, 1, [](StepSpec spec) { return std::make_unique<HealthStep>(std::move(spec)); });

StepSpec checking(const PlanningContext &context, const QString &kind, const QJsonObject &params, bool after)
{
    CheckScope scope;
    scope.target = context.target;
    scope.afterUpdate = after;
    StepSpec step;
    step.id = kind;
    step.kind = kind;
    step.params = params;
    step.title = {u"check.title_"_s + kind, {}};
    step.intent = {u"check.intent_"_s + kind, {{u"count"_s, CheckKind::all(scope).size()}, {u"version"_s, params[u"expected"_s]}}};
    step.expectedMs = context.measuredMs.value(kind, 3000);
    step.changesState = false;
    return step;
}

} // namespace

Async<QList<StepSpec>> planChecks(PlanningContext context, StagedRelease release)
{
    const QJsonObject params{{u"expected"_s, context.installed},
                             {u"preview"_s, release.preview},
                             {u"packageSize"_s, release.verified.size},
                             {u"unpackedSize"_s, release.verified.unpackedSize}};
    co_return QList<StepSpec>{checking(context, u"precheck"_s, params, false)};
}

Async<QList<StepSpec>> planHealth(PlanningContext context, StagedRelease release)
{
    const QJsonObject params{{u"expected"_s, release.info.manifest.version.toString()}};
    co_return QList<StepSpec>{checking(context, u"health"_s, params, true)};
}

} // namespace cutover
