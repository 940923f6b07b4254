// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/checklist.h"
#include "check/configurationstate.h"
#include "deploy/deployplan.h"
#include "gate/staging.h"
#include "metrics/metricstore.h"
#include "metrics/watcher.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "run/journal.h"

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

/// A failed check as the reason of a failed step. Where it wants the run to be held it is said so by the kind: the
/// step's inspection then finds that nothing was begun.
std::unexpected<Error> because(const QString &code, const CheckResult &result)
{
    return fail(code, {{u"check"_s, result.title.toJson()}, {u"cause"_s, result.error.toJson()}, {u"gate"_s, gateOfCheck(result.id)}}, result.error.where,
                wantsHold(result.error) ? Error::Kind::Unknown : Error::Kind::Permanent);
}

/// Of those that failed the one to tell of: one that only asks to be waited for comes last. nullptr: none.
const CheckResult *worst(const QList<CheckResult> &results)
{
    const CheckResult *found = nullptr;
    for (const CheckResult &result : results) {
        if (result.status == CheckResult::Status::Failed && (!found || (wantsHold(found->error) && !wantsHold(result.error)))) {
            found = &result;
        }
    }
    return found;
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
        const bool waits = !done && !result.finding.isEmpty();
        context.progress({count, ended->size(), u"checks"_s, waits ? result.finding : Message{u"check.doing"_s, {{u"check"_s, result.title.toJson()}}}});
        if (done) {
            context.log({result.status == CheckResult::Status::Passed ? u"check.told"_s : u"check.told_bad"_s,
                         {{u"check"_s, result.title.toJson()}, {u"finding"_s, result.finding.toJson()}}});
        }
    };
}

/// Of a later release on a way of several: the earlier ones serve already.
bool isFurther(const StepSpec &spec)
{
    return spec.id.contains(u'/');
}

CheckScope scopeOf(const StepContext &context, const StepSpec &spec)
{
    const QJsonObject &params = spec.params;
    CheckScope scope;
    const QList<StepSpec> &steps = context.plan().steps;
    if (const qsizetype index = std::ranges::find(steps, spec.id, &StepSpec::id) - steps.begin(); index < steps.size()) {
        scope.expectedReleases = runningReleases(context.plan().factsBefore(index));
    }
    const QList<ReleaseDigest> digests = releaseDigests(context.plan());
    for (const ReleaseDigest &release : digests) {
        scope.releaseDigests.append(release.digest + u' ' + release.version);
    }
    scope.inRun = true;
    if (const auto journal = Journal::open(context.target().stateDirectory, Journal::Mode::ReadOnly)) {
        const auto run = (*journal)->run(context.runId());
        scope.breakGlass = run ? run->breakGlass : BreakGlass();
        scope.since = run ? run->started : QDateTime();
        // What was broken later to let it go on counts as well.
        const auto commands = (*journal)->commands(context.runId());
        for (const CommandRecord &command : commands.value_or(QList<CommandRecord>())) {
            const BreakGlass more = command.glass();
            scope.breakGlass.gates += more.gates;
            if (scope.breakGlass.reason.isEmpty() && !more.gates.isEmpty()) {
                scope.breakGlass = more;
            }
        }
    }
    scope.target = context.target();
    if (isFurther(spec)) {
        // A run that is half-way there doesn't turn back for the hour, nor for what is tried on staging meanwhile.
        scope.target.blackout.clear();
        scope.target.staging = {};
    }
    scope.expectedVersion = params[u"expected"_s].toString();
    scope.releaseFolder = params[u"preview"_s].toString();
    scope.packageSize = params[u"packageSize"_s].toInteger();
    scope.unpackedSize = params[u"unpackedSize"_s].toInteger();
    scope.logDirectory = context.runDirectory();
    if (context.lockDescriptor() >= 0) {
        scope.inherit = {context.lockDescriptor()};
    }
    if (const QJsonObject identity = params[u"identity"_s].toObject(); !identity.isEmpty()) {
        scope.identities = {{scope.expectedVersion, identity}};
    }
    return scope;
}

/** Before anything changes: what must be well, and what is not well already. */
class PrecheckStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

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
        if (const CheckResult *failure = worst(results)) {
            const QString known = isFurther(spec()) ? (failure->mayBeKnown ? u"check.failed_between_known"_s : u"check.failed_between"_s) : failure->mayBeKnown ? u"check.failed_before_known"_s
                                                                                                                                                                : u"check.failed_before"_s;
            co_return because(wantsHold(failure->error) ? u"check.held_before"_s : known, *failure);
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

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CheckScope scope = scopeOf(context, spec());
        scope.afterUpdate = true;
        QHash<QString, CheckResult> before;
        const QJsonArray known = context.result(u"precheck"_s, u"checks"_s).toArray();
        for (const auto &entry : known) {
            const auto result = CheckResult::fromJson(entry.toObject());
            before.insert(result.id, result);
            if (!result.record.isEmpty()) {
                scope.recorded.insert(result.id, result.record);
            }
        }
        scope.hasBaseline = !known.isEmpty();
        CO_TRY(QList<CheckResult> results, co_await runCheckList(scope, teller(context), stop));
        excuse(context, before, results);
        context.setResult(u"checks"_s, toJson(results));
        // A peak right after the change settles; what is broken stays so.
        constexpr int tries = 3;
        for (int attempt = 1; attempt < tries && worst(results) && !hasLasting(scope, results); ++attempt) {
            CO_CHECK(co_await context.clock().sleep(1000, stop));
            scope.only = failedOf(results);
            CO_TRY(QList<CheckResult> again, co_await runCheckList(scope, teller(context), stop));
            excuse(context, before, again);
            for (const CheckResult &result : std::as_const(again)) {
                *std::ranges::find(results, result.id, &CheckResult::id) = result;
            }
            context.setResult(u"checks"_s, toJson(results));
        }
        if (const CheckResult *failure = worst(results)) {
            // A way back has nothing to go back to; a person may say that it is none of its doing.
            const QString failed = failure->mayBeKnown && !scope.hasBaseline ? u"check.failed_back_known"_s : u"check.failed_after"_s;
            co_return because(wantsHold(failure->error) ? u"check.held_after"_s : failed, *failure);
        }
        CO_TRY(const QJsonObject left, co_await configurationNow(context.target()));
        context.setResult(u"configuration"_s, left);
        co_return {};
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }

private:
    /// What was not well before the update is not its fault, and is not well now either.
    static void excuse(StepContext &context, const QHash<QString, CheckResult> &before, QList<CheckResult> &results)
    {
        for (CheckResult &result : results) {
            const auto earlier = before.constFind(result.id);
            if (result.status != CheckResult::Status::Failed || earlier == before.constEnd() || !wasSoBefore(*earlier, result)) {
                continue;
            }
            const Message notOurs{u"check.not_ours"_s, {{u"check"_s, result.title.toJson()}, {u"cause"_s, result.error.toJson()}}};
            result.status = CheckResult::Status::Warning;
            result.error = Error{notOurs.code, notOurs.args, Error::Kind::Permanent, result.error.where};
            result.finding = notOurs;
            context.log(notOurs);
        }
    }

    static QStringList failedOf(const QList<CheckResult> &results)
    {
        QStringList ids;
        for (const CheckResult &result : results) {
            if (result.status == CheckResult::Status::Failed) {
                ids.append(result.id);
            }
        }
        return ids;
    }

    /// Whether one of those that failed is not asked again.
    static bool hasLasting(const CheckScope &scope, const QList<CheckResult> &results)
    {
        const QStringList failed = failedOf(results);
        const QList<CheckItem> items = CheckKind::all(scope);
        return std::ranges::any_of(items, [&failed](const CheckItem &item) { return item.once && failed.contains(item.id); });
    }
};

const StepRegistry::Registration precheck(u"precheck"_s, 1, [](StepSpec spec) { return std::make_unique<PrecheckStep>(std::move(spec)); });
const StepRegistry::Registration health(u"health"_s, 1, [](StepSpec spec) { return std::make_unique<HealthStep>(std::move(spec)); });

StepSpec checking(const PlanningContext &context, const QString &kind, const QJsonObject &params, bool after, bool hasBaseline = false)
{
    CheckScope scope;
    scope.target = context.target;
    scope.afterUpdate = after;
    scope.hasBaseline = hasBaseline;
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

Async<> checkStartable(PlanningContext context, StagedRelease release)
{
    CheckScope scope;
    scope.target = withoutSpares(context.target);
    scope.expectedVersion = context.installed;
    scope.releaseFolder = release.preview;
    scope.only = {u"compose"_s};
    CO_TRY(const QList<CheckResult> results, co_await runCheckList(scope, {}, {}));
    const CheckResult *failure = worst(results);
    co_return failure ? Result<>(fail(failure->error)) : Result<>();
}

Async<QList<StepSpec>> planHealth(PlanningContext context, StagedRelease release, bool checkedBefore)
{
    const Manifest &manifest = release.info.manifest;
    QJsonObject params{{u"expected"_s, manifest.version.toString()}};
    // Of a release that is only gone back to the journal knows it.
    if (!manifest.build.isEmpty() || !manifest.commit.isEmpty()) {
        params.insert(u"identity"_s, QJsonObject{{u"build"_s, manifest.build}, {u"commit"_s, manifest.commit}});
    }
    // An update has its own checks before; a rollback has none to compare with.
    co_return QList<StepSpec>{checking(context, u"health"_s, params, true, checkedBefore && params.contains("identity"_L1))};
}

} // namespace cutover
