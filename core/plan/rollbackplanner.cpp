// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/rollbackplan.h"

#include "backup/backupplan.h"
#include "backup/redismember.h"
#include "backup/restorepoints.h"
#include "check/copyroom.h"
#include "database/database.h"
#include "deploy/balancerkeeper.h"
#include "deploy/colourplan.h"
#include "deploy/colours.h"
#include "deploy/deployplan.h"
#include "deploy/runtime.h"
#include "gate/gates.h"
#include "migration/migrationplan.h"
#include "plan/keyeddigest.h"
#include "plan/loss.h"
#include "system/clock.h"
#include "system/jsonvalues.h"
#include "target/databaseidentity.h"

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
    {"rollback.runs_already",
     QT_TRANSLATE_NOOP("catalogue", "%{version} runs already."),
     QT_TRANSLATE_NOOP("catalogue", "Choose another commit.")},
    {"rollback.commit_mode",
     QT_TRANSLATE_NOOP("catalogue", "The commit %{commit} can be gone back to by code alone, not by “%{mode}”: no restore point tells how the database was then."),
     QT_TRANSLATE_NOOP("catalogue", "Leave “--mode” out, or choose a restore point.")},
    {"rollback.nothing_to_downgrade",
     QT_TRANSLATE_NOOP("catalogue", "No migration has run since this restore point."),
     QT_TRANSLATE_NOOP("catalogue", "Roll back the code alone.")},
    {"rollback.not_in_backup",
     QT_TRANSLATE_NOOP("catalogue", "This restore point has no backup of %{database}, which can't be read: %{error}"),
     QT_TRANSLATE_NOOP("catalogue", "Choose a restore point that has one.")},
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

/// What each managed instance ran at the point, where that is known; else the version installed then.
InstanceReleases releasesThen(const Target &target, const RestorePoint &point)
{
    InstanceReleases releases = releasesAt(target, {}, point.version);
    const InstanceReleases then = runningReleases(point.facts);
    for (auto [instance, version] : releases.asKeyValueRange()) {
        version = then.value(instance, version);
    }
    // Which colour served then does not matter: what it ran is what the other one shall run now.
    for (const ServiceSpec &service : target.services) {
        const auto known = std::ranges::find_if(service.instances, [&](const InstanceSpec &instance) { return then.contains(instance.name); });
        for (const InstanceSpec &instance : service.instances) {
            if (service.isBlueGreen() && known != service.instances.end() && releases.contains(instance.name)) {
                releases.insert(instance.name, then[known->name]);
            }
        }
    }
    return releases;
}

/// The folders of the point's releases are still there.
Result<> checkReleases(const Target &target, const RestorePoint &point)
{
    const QStringList versions = releasesThen(target, point).values() + QStringList{point.version};
    for (const QString &version : versions) {
        if (!QDir(target.releaseDirectory(version)).exists()) {
            return fail(u"rollback.release_gone"_s, {{u"version"_s, version}}, target.releaseDirectory(version));
        }
    }
    return {};
}

/// Rolling back to the point's code: only services that do not run it already.
Async<QList<StepSpec>> codeSteps(PlanningContext context, RestorePoint point, Facts now)
{
    CO_CHECK(checkReleases(context.target, point));
    const InstanceReleases then = releasesThen(context.target, point);
    InstanceReleases back;
    for (const ServiceSpec &service : std::as_const(context.target.services)) {
        const bool moves = service.managed && std::ranges::any_of(service.instances, [&](const InstanceSpec &instance) {
                               const QString fact = instanceFact(instance.name);
                               return now.contains(fact) && now[fact].toString() != then[instance.name];
                           });
        for (const InstanceSpec &instance : service.instances) {
            if (moves) {
                back.insert(instance.name, then[instance.name]);
            }
        }
    }
    const QList<StepSpec> left = leftSpareSteps(context, back);
    if (back.isEmpty() && now[u"release.current"_s].toString() == point.version) {
        co_return left;
    }
    CO_TRY(const QList<StepSpec> fetch, co_await fetchBackSteps(context, startedOnes(context, back)));
    co_return fetch + deploySteps(context, point.version, back) + left;
}

Async<QString> contractSincePoint(PlanningContext context, RestorePoint point)
{
    for (const DatabaseSpec &database : std::as_const(context.target.databases)) {
        if (database.migrations.isEmpty()) {
            continue;
        }
        CO_TRY(const QString contract, co_await contractSince(context, database, backupOf(point, database).revision));
        if (!contract.isEmpty()) {
            co_return contract;
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
    CO_TRY(const QString contract, co_await contractSincePoint(context, point));
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

/// What could not be measured is part of what is approved.
void tellUnmeasured(const QList<Error> &unmeasured, QList<StepSpec> *steps)
{
    QJsonArray causes;
    for (const Error &cause : unmeasured) {
        causes.append(Message{cause.code, cause.args}.toJson());
    }
    for (StepSpec &step : *steps) {
        if (step.kind == "verify_backup"_L1 && !causes.isEmpty()) {
            step.intent = {u"backup.verify.intent_unmeasured"_s, {{u"intent"_s, step.intent.toJson()}, {u"causes"_s, causes}}};
        }
    }
}

/// The code first, so that nobody writes what the downgrade then takes away.
Async<> planDowngrade(PlanningContext context, RestorePoint point, Plan *plan)
{
    CO_TRY(const QList<StepSpec> backup, co_await backupSteps(context, {u"backup.reason.rollback"_s, {{u"version"_s, point.version}}}));
    CO_TRY(const QList<StepSpec> configuration, configurationSteps(context, point, plan->facts));
    const Result<QList<StepSpec>> code = co_await codeSteps(context, point, plan->facts);
    QList<StepSpec> before = backup + configuration + code.value_or(QList<StepSpec>());
    // Nothing of the newer release runs on, idle or not, when its schema goes.
    before += retireSteps(context, before, Retire::All);
    qint64 aheadMs = 0;
    for (const StepSpec &step : std::as_const(before)) {
        aheadMs += context.measuredMs.value(step.kind, step.expectedMs);
    }
    QList<StepSpec> back;
    Loss loss, holdAbove;
    for (const DatabaseSpec &database : std::as_const(context.target.databases)) {
        if (!database.migrations.isEmpty()) {
            CO_TRY(const QList<StepSpec> steps, co_await planDowngrades(context, database, backupOf(point, database).revision, aheadMs));
            back += steps;
            for (const StepSpec &step : steps) {
                const LossLimit limit = LossLimit::read(step.params);
                for (const auto &[name, count] : limit.holdAbove().asKeyValueRange()) {
                    // A column can be taken from more than once: what the first takes is not there for the second.
                    const QString full = lossName(context.target, database.name, name);
                    loss[full] = qMax(loss[full], limit.counted[name]);
                    holdAbove[full] = qMax(holdAbove[full], count);
                }
            }
        }
    }
    if (back.isEmpty()) {
        co_return fail(u"rollback.nothing_to_downgrade"_s, {{u"id"_s, point.id}});
    }
    CO_CHECK(code);
    CO_CHECK(co_await lookForProof(context.target, &before));
    plan->loss = lossToJson(above(loss, {}));
    plan->policy.insert(u"holdAbove"_s, lossToJson(holdAbove));
    plan->risk = plan->loss.isEmpty() ? u"low"_s : u"medium"_s;
    plan->steps = before + back;
    co_return Result<>();
}

/// releases: what the instances run before they are stopped, or after they were started; else version.
StepSpec servicesStep(const PlanningContext &context, const QString &kind, const QString &version, const InstanceReleases &releases)
{
    QJsonArray instances;
    QJsonArray idle;
    QJsonObject others;
    QStringList versions{version};
    StepSpec step;
    const QSet<QString> idleOnes = idleInstances(context.target, context.colours);
    for (const ServiceSpec &service : context.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (!service.managed) {
                continue;
            }
            // It may run for the way back, and write: it is stopped too, and not started again.
            if (idleOnes.contains(instance.name)) {
                idle.append(instance.name);
                continue;
            }
            const QString release = releases.value(instance.name, version);
            instances.append(instance.name);
            if (release != version) {
                others.insert(instance.name, release);
                versions.append(release);
            }
            step.changes.insert(instanceFact(instance.name), kind == "start_services"_L1 ? QJsonValue(release) : QJsonValue(QJsonValue::Null));
            if (service.isBlueGreen()) {
                step.changes.insert(balancerFact(service.name), balancerFactValue(kind == "start_services"_L1 ? QStringList{instance.colour} : QStringList()));
            }
        }
        // A run that was given up may have left it, and it would write.
        if (service.managed && service.spare) {
            idle.append(service.spare->name);
        }
    }
    versions.removeDuplicates();
    const QJsonObject names{{u"instances"_s, instances}, {u"version"_s, versions.join(u", "_s)}};
    step.id = kind;
    step.kind = kind;
    step.params = {{u"instances"_s, instances}, {u"release"_s, version}};
    if (!idle.isEmpty() && kind == "stop_services"_L1) {
        step.params.insert(u"idle"_s, idle);
    }
    if (!others.isEmpty()) {
        step.params.insert(u"otherReleases"_s, others);
    }
    step.title = {u"backup."_s + kind, names};
    step.intent = {u"backup."_s + kind + u".intent"_s, names};
    step.expectedMs = context.measuredMs.value(kind, 2000);
    return step;
}

/// Nobody is served while a run is held behind the stop of services; this long somebody may decide.
constexpr qint64 holdWhileDownMs = 5LL * 60 * 1000;

/** What a restore would give up, and the preview of it by database. */
struct RestoreCost {
    LossLimit limit;
    QJsonObject backups; ///< Database → backup.
    QMap<QString, QString> tables;
    QMap<QString, QList<Message>> remarks; ///< What to know beside it, by database.
    UnknownLoss unknown;
};

/// Databases that are missing or damaged: they are replaced whole, and what that loses nobody can count.
Async<UnknownLoss> unreadableDatabases(Target target, RestorePoint point)
{
    UnknownLoss unknown;
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const std::optional<Error> why, co_await database->whyUnreadable({}));
        if (!why) {
            continue;
        }
        if (backupOf(point, spec).file.isEmpty()) {
            co_return fail(u"rollback.not_in_backup"_s, {{u"database"_s, spec.name}, {u"error"_s, why->toJson()}}, point.directory);
        }
        CO_CHECK(checkDatabaseFolder(target, spec));
        unknown.insert(spec.name, *why);
    }
    co_return unknown;
}

/// What was there then; what is there now can't be told.
QString unknownTable(const BackupInfo &info)
{
    QString table = u"@table\t@then\t@now\t@lost\t@holds_above"_s;
    for (const auto &[name, rows] : info.rows.asKeyValueRange()) {
        table += u"\n%1\t%2\t@unknown\t@unknown\t–"_s.arg(name).arg(rows);
    }
    return table;
}

/// aheadMs: until writers are stopped, beside the time to approve the plan.
Async<RestoreCost> costOfRestore(PlanningContext context, RestorePoint point, UnknownLoss unknown, qint64 aheadMs)
{
    RestoreCost cost;
    cost.unknown = unknown;
    const qint64 since = point.created.msecsTo(Clock::system().now());
    for (const DatabaseSpec &spec : std::as_const(context.target.databases)) {
        const BackupInfo info = backupOf(point, spec);
        if (info.file.isEmpty()) {
            continue;
        }
        if (unknown.contains(spec.name)) {
            cost.tables.insert(spec.name, unknownTable(info));
            cost.backups.insert(spec.name, toJson(info));
            continue;
        }
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const auto now, co_await database->countRows());
        CO_TRY(const auto lost, co_await database->estimateLoss(info, {}));
        cost.remarks.insert(spec.name, database->remarks());
        for (const auto &[name, rows] : lost.asKeyValueRange()) {
            cost.limit.add(lossName(context.target, spec.name, name), rows, since, approvalMs + aheadMs);
        }
        const Loss holdAbove = cost.limit.holdAbove();
        QMap<QString, QString> names; // A loss is told with "/" behind a schema.
        for (const auto &[name, rows] : lost.asKeyValueRange()) {
            names.insert(name, name);
        }
        for (const auto &[name, rows] : now.asKeyValueRange()) {
            const QString told = QString(name).replace(u'.', u'/');
            names.insert(lost.contains(told) ? told : name, name);
        }
        QString table = u"@table\t@then\t@now\t@lost\t@holds_above"_s;
        for (const auto &[told, name] : names.asKeyValueRange()) {
            const bool counted = now.contains(name);
            table += u"\n%1\t%2\t%3\t%4\t%5"_s.arg(name, counted ? QString::number(info.rows.value(name)) : QString(), counted ? QString::number(now[name]) : QString(),
                                                   QString::number(lost.value(told)), QString::number(holdAbove.value(lossName(context.target, spec.name, told))));
        }
        cost.tables.insert(spec.name, table);
        cost.backups.insert(spec.name, toJson(info));
    }
    co_return cost;
}

StepSpec countLossStep(const RestoreCost &cost, const QString &id, bool fenced)
{
    const QJsonObject names{{u"loss"_s, lossStated(cost.limit.counted)},
                            {u"limit"_s, lossStated(cost.limit.holdAbove())},
                            {u"unknown"_s, QJsonArray::fromStringList(cost.unknown.keys())}};
    StepSpec step;
    step.id = id;
    step.kind = u"count_loss"_s;
    step.params = {{u"backups"_s, cost.backups}, {u"fenced"_s, fenced}};
    if (fenced) {
        step.params.insert(u"before"_s, u"count_loss"_s);
    }
    cost.limit.write(step.params);
    step.title = {u"backup."_s + id, {}};
    step.intent = {u"backup."_s + id + u".intent"_s, names};
    if (!cost.unknown.isEmpty()) {
        const bool all = cost.unknown.size() == cost.backups.size();
        step.params.insert(u"unknown"_s, unknownLossToJson(cost.unknown));
        step.intent.code = all ? u"backup.count_loss.intent_unknown"_s : step.intent.code + u"_partly"_s;
    }
    step.expectedMs = 500;
    step.changesState = false;
    return step;
}

/// Puts the backup in the place of a database that can't be read.
Async<StepSpec> rebuildStep(DatabaseSpec spec, RestorePoint point, BackupInfo info, Error why)
{
    const bool missing = isMissing(why);
    CO_TRY(const auto database, Database::create(spec));
    CO_TRY(const QString aside, co_await database->asideName(u"damaged-"_s + Clock::system().now().toUTC().toString(u"yyyyMMdd-HHmmss"_s)));
    const QJsonObject names{{u"database"_s, spec.name}, {u"created"_s, point.created.toString(Qt::ISODate)}, {u"aside"_s, aside}};
    StepSpec step;
    step.kind = u"rebuild_database"_s;
    step.params = {{u"database"_s, spec.name}, {u"restorePoint"_s, point.id}, {u"backup"_s, toJson(info)}, {u"aside"_s, aside}};
    step.title = {u"backup.rebuild_database"_s, names};
    step.intent = {missing ? u"backup.rebuild_database.intent_missing"_s : u"backup.rebuild_database.intent_damaged"_s, names};
    // The file is a new one, which the step itself tells.
    // Whether its head can be read or not: between the move and the swap it can't.
    step.changes = {{u"target.identity"_s, QJsonValue::Null},
                    {unreadableFact(spec.name), QJsonValue::Null},
                    {u"migration.head:"_s + spec.name, info.revision}};
    co_return step;
}

StepSpec restoreStep(const RestoreCost &cost, const Target &target, const DatabaseSpec &spec, const RestorePoint &point, const BackupInfo &info, bool closed)
{
    Loss lost;
    const QString own = lossName(target, spec.name, {});
    for (const auto &[name, rows] : cost.limit.counted.asKeyValueRange()) {
        if (name.startsWith(own)) {
            lost.insert(name, rows);
        }
    }
    const QJsonObject names{{u"database"_s, spec.name}, {u"created"_s, point.created.toString(Qt::ISODate)}, {u"loss"_s, lossMessages(lost)}};
    StepSpec step;
    step.kind = u"restore_database"_s;
    step.params = {{u"database"_s, spec.name},
                   {u"restorePoint"_s, point.id},
                   {u"backup"_s, toJson(info)},
                   {u"counted"_s, u"count_loss_fenced"_s},
                   {u"before"_s, u"backup_fenced"_s}};
    step.title = {u"backup.restore_database"_s, names};
    step.intent = {lossMessages(lost).isEmpty() ? u"backup.restore_database.intent_none"_s : u"backup.restore_database.intent"_s, names};
    QJsonArray remarks;
    const QList<Message> told = cost.remarks.value(spec.name);
    for (const Message &remark : told) {
        remarks.append(remark.toJson());
    }
    if (!remarks.isEmpty()) {
        step.intent = {u"backup.restore_database.intent_remarks"_s, {{u"intent"_s, step.intent.toJson()}, {u"remarks"_s, remarks}}};
    }
    step.changes = {{u"migration.head:"_s + spec.name, info.revision}};
    if (closed) {
        step.params.insert(u"closed"_s, true);
        step.changes.insert(closedFact(spec.name), QJsonValue::Null);
    }
    return step;
}

/// Those that are read, counted and replaced, and that can be closed to writers which no plan stops.
Async<QStringList> closable(Target target, RestoreCost cost)
{
    QStringList names;
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        CO_TRY(const auto database, Database::create(spec));
        if (database->canClose() && cost.backups.contains(spec.name) && !cost.unknown.contains(spec.name)) {
            CO_CHECK(co_await database->checkMayClose());
            names.append(spec.name);
        }
    }
    co_return names;
}

StepSpec closeStep(const QStringList &databases)
{
    const QJsonObject names{{u"databases"_s, QJsonArray::fromStringList(databases)}};
    StepSpec step;
    step.id = u"close_databases"_s;
    step.kind = u"close_databases"_s;
    step.params = names;
    step.title = {u"backup.close_databases"_s, names};
    step.intent = {u"backup.close_databases.intent"_s, names};
    step.expectedMs = 500;
    for (const QString &name : databases) {
        step.changes.insert(closedFact(name), true);
    }
    return step;
}

/**
 * Everything back to the point. The safety backup and its proof while services still serve; then they
 * are stopped and all others kept out, what came since is backed up too, and what goes is counted for good. Up to the first
 * restored database a failure starts the services again as they were.
 */
Async<> planRestore(PlanningContext context, RestorePoint point, Plan *plan)
{
    if (!point.available) {
        co_return fail(u"rollback.backup_gone"_s, {{u"id"_s, point.id}}, point.directory);
    }
    CO_CHECK(checkReleases(context.target, point));
    CO_TRY(const UnknownLoss unknown, co_await unreadableDatabases(context.target, point));
    CO_TRY(QList<StepSpec> steps, co_await backupSteps(context, {u"backup.reason.rollback"_s, {{u"version"_s, point.version}}}, unknown.keys()));
    QMap<QString, qint64> copies;
    for (const DatabaseSpec &database : std::as_const(context.target.databases)) {
        if (!unknown.contains(database.name)) {
            // One that has lost much is smaller now than what is restored.
            copies.insert(database.name, backupOf(point, database).content);
        }
    }
    CO_TRY(const QList<Error> unmeasured, co_await lookForCopies(context.target, copies));
    tellUnmeasured(unmeasured, &steps);
    qint64 aheadMs = 0;
    for (const StepSpec &step : std::as_const(steps)) {
        aheadMs += step.expectedMs;
    }
    CO_TRY(const RestoreCost cost, co_await costOfRestore(context, point, unknown, aheadMs));
    plan->loss = lossToJson(cost.limit.counted);
    setUnknownLoss(*plan, unknown);

    StepSpec last = steps.first();
    last.id = u"backup_fenced"_s;
    last.params[u"reason"_s] = Message{u"backup.reason.rollback_fenced"_s, {{u"version"_s, point.version}}}.toJson();
    last.title = {u"backup.fenced"_s, {}};
    last.intent.code.replace(u"backup.step"_s, u"backup.fenced"_s);
    steps.append(countLossStep(cost, u"count_loss"_s, false));
    // What is started again at the end is there before anything is stopped.
    InstanceReleases started = releasesThen(context.target, point);
    const QSet<QString> idle = idleInstances(context.target, context.colours);
    for (const QString &instance : idle) {
        started.remove(instance);
    }
    CO_TRY(const QList<StepSpec> fetch, co_await fetchBackSteps(context, started));
    steps += fetch;
    const qsizetype fence = steps.size();
    steps.append(servicesStep(context, u"stop_services"_s, context.installed, context.running));
    // The step asks again; here it is told before a long backup. Who does not answer now may by then.
    if (const Result<> may = co_await checkRights(context.target, json::toStrings(steps.last().params[u"instances"]) + json::toStrings(steps.last().params[u"idle"]), {}); !may && may.error().kind != Error::Kind::Transient) {
        co_return fail(may.error());
    }
    CO_TRY(const QStringList closed, co_await closable(context.target, cost));
    if (!closed.isEmpty()) {
        steps.append(closeStep(closed));
    }
    steps.append(last);
    steps.append(countLossStep(cost, u"count_loss_fenced"_s, true));
    const Loss holdAbove = cost.limit.holdAbove();
    for (const DatabaseSpec &spec : std::as_const(context.target.databases)) {
        if (!cost.backups.contains(spec.name)) {
            continue;
        }
        const BackupInfo info = backupOf(point, spec);
        StepSpec step;
        if (cost.unknown.contains(spec.name)) {
            CO_TRY(step, co_await rebuildStep(spec, point, info, cost.unknown[spec.name]));
        } else {
            step = restoreStep(cost, context.target, spec, point, info, closed.contains(spec.name));
        }
        step.id = u"restore_database:"_s + spec.name;
        step.previews = {{u"table"_s, spec.name, cost.tables[spec.name]}};
        step.expectedMs = context.measuredMs.value(step.kind, 500 + info.size / 100000);
        step.pointOfNoReturn = true;
        // A rebuilt one tells so itself, once the new file is in its place.
        step.irreversible = !cost.unknown.contains(spec.name);
        steps.append(step);
    }
    CO_TRY(const QList<StepSpec> configuration, configurationSteps(context, point, plan->facts));
    steps += configuration;
    steps += redisStays(context.target, point);
    if (plan->facts[u"release.current"_s].toString() != point.version) {
        steps += deploySteps(context, point.version, {});
    }
    steps.append(servicesStep(context, u"start_services"_s, point.version, releasesThen(context.target, point)));
    // Between the stop and the start nobody is served.
    for (qsizetype i = fence; i < steps.size(); ++i) {
        steps[i].expectedMs = context.measuredMs.value(steps[i].kind, steps[i].expectedMs);
        steps[i].expectedDowntimeMs = steps[i].expectedMs;
    }
    plan->risk = u"high"_s;
    plan->steps = steps;
    plan->policy.insert(u"holdAbove"_s, lossToJson(holdAbove));
    // Up to the point of no return the old version is served again without being asked for.
    plan->policy.insert(u"automaticRollback"_s, true);
    plan->policy.insert(u"holdDefault"_s, u"rollback"_s);
    plan->policy.insert(u"holdMs"_s, qMin<qint64>(context.target.policy.holdMs, holdWhileDownMs));
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

Async<Plan> beginRollback(PlanningContext &context, QString to, QString mode)
{
    Plan plan;
    plan.kind = u"rollback"_s;
    plan.targetName = context.target.name;
    plan.environment = context.target.environment;
    plan.from = context.installed;
    plan.to = to;
    plan.path = {to};
    plan.updateType = u"downgrade"_s;
    plan.mode = mode;
    plan.policy = policyOf(context.target);
    addGates(plan, context.target);
    plan.engineVersion = QStringLiteral(CUTOVER_VERSION);
    CO_TRY(plan.facts, co_await FactSource::collect(context.target));
    CO_CHECK(checkNoneClosed(context.target, plan.facts));
    context.running = runningReleases(plan.facts);
    followColours(context.colours, plan.facts);
    co_return plan;
}

Async<> lookForProof(Target target, QList<StepSpec> *backup)
{
    QList<Error> all;
    // One after the other, each dropped before the next.
    for (const DatabaseSpec &database : std::as_const(target.databases)) {
        CO_TRY(const QList<Error> unmeasured, co_await lookForCopies(target, {{database.name, 0}}));
        all += unmeasured;
    }
    tellUnmeasured(all, backup);
    co_return Result<>();
}

void addTimes(Plan &plan, const PlanningContext &context)
{
    for (StepSpec &step : plan.steps) {
        step.expectedMs = context.measuredMs.value(step.kind, step.expectedMs);
        plan.expectedMs += step.expectedMs;
        plan.expectedDowntimeMs += step.expectedDowntimeMs;
    }
}

Async<Plan> planRollback(PlanningContext context, RestorePoint point, QString mode)
{
    CO_TRY(Plan plan, co_await beginRollback(context, point.version, mode));
    plan.restorePoint = point.id;
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
    if (mode == "code"_L1) {
        // Nobody goes back to it at once: an update starts it anew.
        plan.steps += retireSteps(context, plan.steps, Retire::All);
    }
    addTimes(plan, context);
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
            cost.loss = lossFromJson(plan->loss);
            cost.holdAbove = lossFromJson(plan->policy[u"holdAbove"]);
            cost.unknownLoss = unknownLossMessages(unknownLoss(*plan));
        } else {
            cost.unavailable = plan.error();
        }
        costs.append(cost);
    }
    co_return costs;
}

} // namespace cutover
