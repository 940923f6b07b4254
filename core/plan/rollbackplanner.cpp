// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/planners.h"

#include "backup/backupplan.h"
#include "backup/restorepoints.h"
#include "database/database.h"
#include "migration/migrationplan.h"
#include "plan/keyeddigest.h"

#include <QDir>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"rollback.release_gone",
     QT_TRANSLATE_NOOP("catalogue", "The folder of release %{version} is gone, so its code can't be started."),
     QT_TRANSLATE_NOOP("catalogue", "Install %{version} again from the repository, or choose another restore point.")},
    {"rollback.backup_gone",
     QT_TRANSLATE_NOOP("catalogue", "The backup of this restore point was removed by clean up."),
     QT_TRANSLATE_NOOP("catalogue", "Choose a newer restore point.")},
    {"rollback.contract",
     QT_TRANSLATE_NOOP("catalogue", "Migration %{revision} took away what release %{version} needs."),
     QT_TRANSLATE_NOOP("catalogue", "Downgrade the database as well, or restore it.")},
    {"rollback.nothing",
     QT_TRANSLATE_NOOP("catalogue", "%{version} runs already with the configuration of this restore point."),
     QT_TRANSLATE_NOOP("catalogue", "To bring data back, restore the database.")},
    {"rollback.nothing_to_downgrade",
     QT_TRANSLATE_NOOP("catalogue", "No migration has run since this restore point."),
     QT_TRANSLATE_NOOP("catalogue", "Roll back the code alone.")},
    {"rollback.unknown_mode",
     QT_TRANSLATE_NOOP("catalogue", "There is no way of rolling back called “%{mode}”; expected code, downgrade or restore."),
     QT_TRANSLATE_NOOP("catalogue", "Choose one of the three.")},
}};

BackupInfo backupOf(const RestorePoint &point, const DatabaseSpec &database)
{
    return backupInfoFromJson(point.members[databaseMember(database.name)].toObject());
}

/// A release that lies unpacked beside the current one, as far as planners look at it.
StagedRelease installedRelease(const PlanningContext &context, const QString &version)
{
    StagedRelease release;
    release.info.manifest.product = context.target.product;
    release.info.manifest.version = Version::parse(version).value_or(Version{});
    release.verified.manifest = release.info.manifest;
    release.preview = context.target.releaseDirectory(version);
    return release;
}

/// Configuration files that are not as they were then.
Result<QList<StepSpec>> configurationSteps(const PlanningContext &context, const RestorePoint &point, const Facts &now)
{
    QList<StepSpec> steps;
    for (const ConfigurationSpec &spec : context.target.configuration) {
        const QString fact = configurationFact(spec.file);
        const QJsonObject member = point.members[configurationMember(spec.file)].toObject();
        if (member.isEmpty() || now[fact].toString() == member["content"_L1].toString()) {
            continue;
        }
        if (!point.available) {
            return fail(u"rollback.backup_gone"_s, {{u"id"_s, point.id}}, point.directory);
        }
        const QJsonObject names{{u"file"_s, spec.file}, {u"created"_s, point.created.toString(Qt::ISODate)}};
        StepSpec step;
        step.id = u"restore_configuration:"_s + QString::number(steps.size() + 1);
        step.kind = u"restore_configuration"_s;
        step.params = {{u"file"_s, spec.file}, {u"backup"_s, member}};
        step.title = {u"backup.restore_configuration"_s, names};
        step.intent = {u"backup.restore_configuration.intent"_s, names};
        step.changes = {{fact, member["content"_L1]}};
        step.expectedMs = 100;
        steps.append(step);
    }
    return steps;
}

/// Rolling back to the point's code: only services that do not run it already.
Async<QList<StepSpec>> codeSteps(PlanningContext context, RestorePoint point, Facts now)
{
    if (!QDir(context.target.releaseDirectory(point.version)).exists()) {
        co_return fail(u"rollback.release_gone"_s, {{u"version"_s, point.version}}, context.target.releaseDirectory(point.version));
    }
    StagedRelease release = installedRelease(context, point.version);
    for (const ServiceSpec &service : context.target.services) {
        const bool moves = service.managed && std::ranges::any_of(service.instances, [&](const InstanceSpec &instance) {
                               const QString fact = u"instance:"_s + instance.name;
                               return now.contains(fact) && now[fact] != point.facts[fact] && now[fact].toString() != point.version;
                           });
        if (moves) {
            release.info.manifest.restart.append(service.name);
        }
    }
    const bool nobody = release.info.manifest.restart.isEmpty();
    if (nobody && now[u"release.current"_s].toString() == point.version) {
        co_return QList<StepSpec>();
    }
    CO_TRY(QList<StepSpec> steps, co_await planDeploy(context, release));
    steps.removeIf([nobody](const StepSpec &step) {
        return step.kind == "unpack"_L1 || (nobody && step.kind != "switch_release"_L1);
    });
    co_return steps;
}

Async<QString> contractSince(PlanningContext context, RestorePoint point)
{
    for (const DatabaseSpec &database : context.target.databases) {
        if (database.migrations.isEmpty()) {
            continue;
        }
        const QString then = backupOf(point, database).revision;
        CO_TRY(const QList<AppliedMigration> applied, co_await appliedMigrations(database));
        for (const AppliedMigration &migration : applied) {
            if (migration.revision > then && migration.phase == "contract"_L1) {
                co_return migration.revision;
            }
        }
    }
    co_return QString();
}

Async<QList<StepSpec>> healthSteps(PlanningContext context, RestorePoint point)
{
    const StagedRelease release = installedRelease(context, point.version);
    return planHealth(std::move(context), release);
}

/// The code alone; expanded schemas stay, as the earlier release works with them.
Async<> planCode(PlanningContext context, RestorePoint point, Plan *plan)
{
    CO_TRY(const QString contract, co_await contractSince(context, point));
    if (!contract.isEmpty()) {
        co_return fail(u"rollback.contract"_s, {{u"revision"_s, contract}, {u"version"_s, point.version}});
    }
    CO_TRY(const QList<StepSpec> configuration, configurationSteps(context, point, plan->facts));
    CO_TRY(const QList<StepSpec> code, co_await codeSteps(context, point, plan->facts));
    if (configuration.isEmpty() && code.isEmpty()) {
        co_return fail(u"rollback.nothing"_s, {{u"version"_s, point.version}});
    }
    plan->risk = u"low"_s;
    plan->steps = configuration + code;
    co_return Result<>();
}

/// The code first, so that nobody writes what the downgrade then takes away.
Async<> planDowngrade(PlanningContext context, RestorePoint point, Plan *plan)
{
    QList<StepSpec> back;
    for (const DatabaseSpec &database : context.target.databases) {
        if (!database.migrations.isEmpty()) {
            CO_TRY(const QList<StepSpec> steps, co_await planDowngrades(context, database, backupOf(point, database).revision));
            back += steps;
        }
    }
    if (back.isEmpty()) {
        co_return fail(u"rollback.nothing_to_downgrade"_s, {{u"id"_s, point.id}});
    }
    for (const StepSpec &step : std::as_const(back)) {
        const QJsonObject accepted = step.params["accepted"_L1].toObject();
        for (auto lost = accepted.begin(); lost != accepted.end(); ++lost) {
            if (lost->toInteger() > 0) {
                plan->loss.insert(lost.key(), *lost);
            }
        }
    }
    CO_TRY(const QList<StepSpec> backup, co_await backupSteps(context, u"before rolling back to "_s + point.version));
    CO_TRY(const QList<StepSpec> configuration, configurationSteps(context, point, plan->facts));
    CO_TRY(const QList<StepSpec> code, co_await codeSteps(context, point, plan->facts));
    plan->risk = plan->loss.isEmpty() ? u"low"_s : u"medium"_s;
    plan->steps = backup + configuration + code + back;
    co_return Result<>();
}

StepSpec servicesStep(const PlanningContext &context, const QString &kind, const QString &release)
{
    QJsonArray instances;
    StepSpec step;
    for (const ServiceSpec &service : context.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.managed) {
                instances.append(instance.name);
                step.changes.insert(u"instance:"_s + instance.name,
                                    kind == "start_services"_L1 ? QJsonValue(release) : QJsonValue(QJsonValue::Null));
            }
        }
    }
    const QJsonObject names{{u"instances"_s, instances}, {u"version"_s, release}};
    step.id = kind;
    step.kind = kind;
    step.params = {{u"instances"_s, instances}, {u"release"_s, release}};
    step.title = {u"backup."_s + kind, names};
    step.intent = {u"backup."_s + kind + u".intent"_s, names};
    step.expectedMs = context.measuredMs.value(kind, 2000);
    return step;
}

/// Everything back to the point: writers stopped first, so that the safety backup holds whatever is given up.
Async<> planRestore(PlanningContext context, RestorePoint point, Plan *plan)
{
    if (!point.available) {
        co_return fail(u"rollback.backup_gone"_s, {{u"id"_s, point.id}}, point.directory);
    }
    if (!QDir(context.target.releaseDirectory(point.version)).exists()) {
        co_return fail(u"rollback.release_gone"_s, {{u"version"_s, point.version}}, context.target.releaseDirectory(point.version));
    }
    CO_TRY(const QList<StepSpec> backup, co_await backupSteps(context, u"before rolling back to "_s + point.version));
    QList<StepSpec> steps{servicesStep(context, u"stop_services"_s, context.installed)};
    steps += backup;
    for (const DatabaseSpec &spec : context.target.databases) {
        const BackupInfo info = backupOf(point, spec);
        if (info.file.isEmpty()) {
            continue;
        }
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const auto now, co_await database->countRows());
        qint64 lost = 0;
        QString table = u"Table\tThen\tNow\tLost"_s;
        for (const auto &[name, rows] : now.asKeyValueRange()) {
            const qint64 then = info.rows.value(name);
            const qint64 more = qMax<qint64>(0, rows - then);
            lost += more;
            if (more > 0) {
                plan->loss.insert(context.target.databases.size() > 1 ? QString(spec.name + u'.' + name) : name, more);
            }
            table += u"\n%1\t%2\t%3\t%4"_s.arg(name).arg(then).arg(rows).arg(more);
        }
        const QJsonObject names{{u"database"_s, spec.name}, {u"created"_s, point.created.toString(Qt::ISODate)}, {u"lost"_s, lost}};
        StepSpec step;
        step.id = u"restore_database:"_s + spec.name;
        step.kind = u"restore_database"_s;
        step.params = {{u"database"_s, spec.name}, {u"restorePoint"_s, point.id}, {u"backup"_s, toJson(info)}};
        step.title = {u"backup.restore_database"_s, names};
        step.intent = {u"backup.restore_database.intent"_s, names};
        step.previews = {{u"table"_s, spec.name, table}};
        step.changes = {{u"migration.head:"_s + spec.name, info.revision}};
        step.expectedMs = context.measuredMs.value(step.kind, 500 + info.size / 100000);
        step.pointOfNoReturn = true;
        step.automaticRollback = false;
        steps.append(step);
    }
    CO_TRY(const QList<StepSpec> configuration, configurationSteps(context, point, plan->facts));
    steps += configuration;
    if (plan->facts[u"release.current"_s].toString() != point.version) {
        CO_TRY(const QList<StepSpec> deploy, co_await planDeploy(context, installedRelease(context, point.version)));
        std::ranges::copy_if(deploy, std::back_inserter(steps), [](const StepSpec &step) { return step.kind == "switch_release"_L1; });
    }
    steps.append(servicesStep(context, u"start_services"_s, point.version));
    // Between the first and the last of these nobody is served.
    for (StepSpec &step : steps) {
        step.expectedMs = context.measuredMs.value(step.kind, step.expectedMs);
        step.expectedDowntimeMs = step.expectedMs;
    }
    plan->risk = u"high"_s;
    plan->steps = steps;
    co_return Result<>();
}

QJsonObject policyOf(const Target &target)
{
    // A rollback is never refused for the hour, and a failed one waits for a person: going forward
    // again by itself would go back to what was left for a reason.
    return {{u"transientRetries"_s, target.policy.transientRetries},
            {u"holdMs"_s, target.policy.holdMs},
            {u"holdDefault"_s, u"hold"_s},
            {u"latestStartMinute"_s, -1},
            {u"windowEndMinute"_s, -1},
            {u"turnBackMarginMs"_s, target.policy.turnBackMarginMs},
            {u"automaticRollback"_s, false}};
}

} // namespace

Async<Plan> planRollback(PlanningContext context, RestorePoint point, QString mode)
{
    Plan plan;
    plan.kind = u"rollback"_s;
    plan.targetName = context.target.name;
    plan.environment = context.target.environment;
    plan.from = context.installed;
    plan.to = point.version;
    plan.path = {point.version};
    plan.updateType = u"downgrade"_s;
    plan.restorePoint = point.id;
    plan.mode = mode;
    plan.policy = policyOf(context.target);
    plan.engineVersion = QStringLiteral(CUTOVER_VERSION);
    CO_TRY(plan.facts, co_await FactSource::collect(context.target));
    if (mode == "code"_L1) {
        CO_CHECK(co_await planCode(context, point, &plan));
    } else if (mode == "downgrade"_L1) {
        CO_CHECK(co_await planDowngrade(context, point, &plan));
    } else if (mode == "restore"_L1) {
        CO_CHECK(co_await planRestore(context, point, &plan));
    } else {
        co_return fail(u"rollback.unknown_mode"_s, {{u"mode"_s, mode}});
    }
    CO_TRY(const QList<StepSpec> health, co_await healthSteps(context, point));
    plan.steps += health;
    for (StepSpec &step : plan.steps) {
        step.expectedMs = context.measuredMs.value(step.kind, step.expectedMs);
        plan.expectedMs += step.expectedMs;
        plan.expectedDowntimeMs += step.expectedDowntimeMs;
    }
    co_return plan;
}

Async<QList<RollbackCost>> rollbackCosts(PlanningContext context, RestorePoint point)
{
    QList<RollbackCost> costs;
    for (const QString &mode : {u"code"_s, u"downgrade"_s, u"restore"_s}) {
        RollbackCost cost;
        cost.mode = mode;
        const Result<Plan> plan = co_await planRollback(context, point, mode);
        if (plan) {
            cost.expectedMs = plan->expectedMs;
            cost.expectedDowntimeMs = plan->expectedDowntimeMs;
            for (auto lost = plan->loss.begin(); lost != plan->loss.end(); ++lost) {
                cost.loss.insert(lost.key(), lost->toInteger());
            }
        } else {
            cost.unavailable = plan.error();
        }
        costs.append(cost);
    }
    co_return costs;
}

} // namespace cutover
