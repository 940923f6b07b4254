// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/planners.h"

#include "config/configurationplan.h"
#include "database/database.h"
#include "deploy/colourplan.h"
#include "gate/gates.h"
#include "migration/migrationplan.h"
#include "plan/loss.h"
#include "plan/releasesource.h"
#include "release/commitversion.h"

#include <QFileInfo>
#include <QHash>
#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"plan.check_version", QT_TRANSLATE_NOOP("catalogue", "Installed version")},
    {"plan.check_version.intent", QT_TRANSLATE_NOOP("catalogue", "Check that %{from} is installed")},
}};

StepSpec checkVersionStep(const QString &from)
{
    StepSpec step;
    step.id = u"check_version"_s;
    step.kind = step.id;
    step.params = {{u"from"_s, from}};
    step.title = {u"plan.check_version"_s, step.params};
    step.intent = {u"plan.check_version.intent"_s, step.params};
    step.changesState = false;
    return step;
}

/// Parameters that name another step, by kind. Any other may be equal to a step's id by chance: a
/// service called "watch", a database called "backup".
const QMultiHash<QString, QString> &references()
{
    static const QMultiHash<QString, QString> parameters{{u"verify_backup"_s, u"backup"_s}};
    return parameters;
}

/// Steps of one hop have ids of their own; references from one step to another by id follow.
void prefixIds(QList<StepSpec> &steps, const QString &prefix)
{
    for (StepSpec &step : steps) {
        step.id = prefix + step.id;
        const QStringList parameters = references().values(step.kind);
        for (const QString &parameter : parameters) {
            step.params[parameter] = QString(prefix + step.params[parameter].toString());
        }
    }
}

QJsonObject policyOf(const Target &target)
{
    const PolicySpec &policy = target.policy;
    return {{u"transientRetries"_s, policy.transientRetries},
            {u"holdMs"_s, policy.holdMs},
            {u"holdDefault"_s, policy.holdDefault == PolicySpec::Default::Rollback ? u"rollback"_s : u"hold"_s},
            {u"latestStartMinute"_s, policy.latestStartMinuteOfDay},
            {u"windowEndMinute"_s, policy.windowEndMinuteOfDay},
            {u"turnBackMarginMs"_s, policy.turnBackMarginMs},
            {u"automaticRollback"_s, target.watch.automaticRollback}};
}

int riskRank(const QString &risk)
{
    return risk == u"high" ? 3 : risk == u"medium" ? 2
        : risk == u"low"                           ? 1
                                                   : 0;
}

} // namespace

Async<Plan> planUpdate(PlanningContext context, QList<StagedRelease> path)
{
    if (path.isEmpty()) {
        co_return fail(u"plan.nothing_to_do"_s, {{u"version"_s, context.installed}});
    }
    context.origin = context.installed;
    const Version from = Version::parse(context.installed).value_or(Version{});
    Plan plan;
    plan.kind = u"update"_s;
    plan.targetName = context.target.name;
    plan.environment = context.target.environment;
    plan.from = context.installed;
    plan.to = path.last().info.manifest.version.toString();
    plan.updateType = updateTypeName(typeOfUpdate(from, path.last().info.manifest.version));
    plan.policy = policyOf(context.target);
    addGates(plan, context.target);
    plan.engineVersion = QStringLiteral(CUTOVER_VERSION);
    CO_TRY(plan.facts, co_await FactSource::collect(context.target));
    CO_CHECK(checkNoneClosed(context.target, plan.facts));
    context.running = runningReleases(plan.facts);
    followColours(context.colours, plan.facts);

    const auto source = ReleaseSource::of(context.target);
    QList<Hop> hops;
    QSet<QString> migrated;
    for (const StagedRelease &release : std::as_const(path)) {
        const QString version = release.info.manifest.version.toString();
        plan.path.append(version);
        if (riskRank(release.info.manifest.risk) > riskRank(plan.risk)) {
            plan.risk = release.info.manifest.risk;
        }
        QList<StepSpec> steps = QList{checkVersionStep(context.installed)} + source->acquireSteps(release);
        CO_TRY(const QList<StepSpec> checks, co_await planChecks(context, release));
        CO_TRY(const QList<StepSpec> backup, co_await planBackup(context, release));
        CO_TRY(QList<StepSpec> migrations, co_await planMigrations(context, release));
        CO_TRY(const QList<StepSpec> configuration, co_await planConfiguration(context, release));
        CO_TRY(QList<StepSpec> deploy, co_await planDeploy(context, release));
        CO_TRY(const QList<StepSpec> health, co_await planHealth(context, release));
        CO_TRY(const QList<StepSpec> features, co_await planFeatures(context, release));
        CO_TRY(const QList<StepSpec> watch, co_await planWatch(context, release));

        // What an earlier hop migrates is not migrated again.
        migrations.removeIf([&migrated](const StepSpec &step) {
            const QString key = step.params[u"database"].toString() + u'/' + step.params[u"revision"].toString();
            if (migrated.contains(key)) {
                return true;
            }
            migrated.insert(key);
            return false;
        });
        // The files and images of a release lie beside the old ones before anything that serves is
        // touched: migrations run from them.
        const auto split = std::stable_partition(deploy.begin(), deploy.end(), [](const StepSpec &step) {
            return step.id == ReleaseSource::placeStep() || step.kind == "fetch"_L1;
        });
        steps += checks;
        steps += QList<StepSpec>(deploy.begin(), split);
        steps += backup;
        steps += migrations;
        // New code finds its configuration when it starts, and the old code keeps what it read.
        steps += configuration;
        steps += QList<StepSpec>(split, deploy.end());
        steps += health;
        steps += features;
        steps += watch;
        steps += retireSteps(context, steps, &release == &path.last() ? Retire::ButKept : Retire::All);
        if (&release == &path.last()) {
            CO_TRY(plan.owed, co_await owedMigrations(context, release));
            CO_TRY(const QList<StepSpec> cleanUp, co_await planCleanUp(context, release));
            steps += cleanUp;
        }
        // Results of the first hop's pre-checks are the baseline of the whole run, under their plain ids.
        const QString prefix = &release == &path.first() ? QString() : QString(version + u'/');
        if (!prefix.isEmpty()) {
            prefixIds(steps, prefix);
        }
        hops.append({context.installed, version, prefix});
        plan.steps += steps;
        context.installed = version;
        for (const StepSpec &step : std::as_const(steps)) {
            follow(context.running, step.changes);
            followColours(context.colours, step.changes);
        }
    }
    CO_TRY(plan.steps, withConfigurationFacts(context.target, plan.steps));
    CO_TRY(plan.steps, co_await withCommandSteps(context.target, plan.steps, hops));

    Loss loss, holdAbove;
    for (const StepSpec &step : std::as_const(plan.steps)) {
        const Loss takesAway = lossFromJson(step.params[u"takesAway"]);
        for (const auto &[name, count] : takesAway.asKeyValueRange()) {
            const QString full = lossName(context.target, step.params[u"database"].toString(), name);
            loss[full] = qMax(loss[full], count);
        }
        for (const auto &[name, count] : LossLimit::read(step.params).holdAbove().asKeyValueRange()) {
            const QString full = lossName(context.target, step.params[u"database"].toString(), name);
            holdAbove[full] = qMax(holdAbove[full], count);
        }
    }
    plan.loss = lossToJson(above(loss, {}));
    if (!holdAbove.isEmpty()) {
        plan.policy.insert(u"holdAbove"_s, lossToJson(holdAbove));
    }
    qint64 wayBack = 0;
    QJsonObject measuredBack;
    for (StepSpec &step : plan.steps) {
        const qint64 measured = context.measuredMs.value(step.kind, -1);
        if (measured >= 0 && step.kind != u"watch") {
            step.expectedMs = measured;
        }
        plan.expectedMs += step.expectedMs;
        plan.expectedDowntimeMs += step.expectedDowntimeMs;
        if (step.changesState) {
            // What was never taken back is taken to go back as fast as it goes forward.
            const qint64 back = context.measuredRevertMs.value(step.kind, -1);
            wayBack += back >= 0 ? back : step.expectedMs;
            if (back >= 0) {
                measuredBack.insert(step.kind, back);
            }
        }
    }
    plan.policy.insert(u"rollbackMs"_s, wayBack);
    if (!measuredBack.isEmpty()) {
        plan.policy.insert(u"revertMs"_s, measuredBack);
    }
    co_return plan;
}

} // namespace cutover
