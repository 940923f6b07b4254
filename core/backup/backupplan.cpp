// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupplan.h"

#include "backup/redismember.h"
#include "backup/restorepoints.h"
#include "database/database.h"
#include "deploy/composeimages.h"
#include "deploy/composevolumes.h"
#include "plan/instancefacts.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QJsonArray namesOf(const QList<RedisSpec> &servers)
{
    QJsonArray names;
    for (const RedisSpec &server : servers) {
        names.append(server.name);
    }
    return names;
}

} // namespace

Async<QList<StepSpec>> backupSteps(PlanningContext context, Message reason, QStringList without)
{
    qint64 size = 0;
    QJsonArray databases;
    for (const DatabaseSpec &spec : std::as_const(context.target.databases)) {
        if (without.contains(spec.name)) {
            continue;
        }
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const qint64 bytes, co_await database->size());
        size += bytes;
        databases.append(spec.name);
    }
    const bool noDatabase = databases.isEmpty();
    QJsonArray proven = databases;
    const QList<RedisSpec> servers = backedUpRedis(context.target);
    const QJsonArray serverNames = namesOf(servers);
    for (const auto &name : serverNames) {
        databases.append(name);
    }
    StepSpec backup;
    backup.id = u"backup"_s;
    backup.kind = u"backup"_s;
    backup.params = {{u"version"_s, context.installed}, {u"reason"_s, reason.toJson()}};
    if (!servers.isEmpty() && reason.code != "backup.reason.update"_L1) {
        backup.params.insert(u"redisMayMiss"_s, true);
    }
    backup.title = {u"backup.step"_s, {}};
    // To the megabyte: the exact size changes between planning and approval.
    constexpr qint64 megabyte = 1000LL * 1000;
    backup.intent = {u"backup.step.intent"_s,
                     {{u"databases"_s, databases},
                      {u"files"_s, context.target.configuration.size()},
                      {u"size"_s, (size + megabyte - 1) / megabyte * megabyte},
                      {u"directory"_s, context.target.backup.directory}}};
    if (!without.isEmpty()) {
        backup.params.insert(u"without"_s, QJsonArray::fromStringList(without));
        backup.intent.code = databases.isEmpty() ? u"backup.step.intent_files"_s : u"backup.step.intent_without"_s;
        backup.intent.args.insert(u"without"_s, QJsonArray::fromStringList(without));
    }
    backup.expectedMs = context.measuredMs.value(backup.kind, 500 + size / 100000);
    backup.changesState = false;

    StepSpec verify;
    verify.id = u"verify_backup"_s;
    verify.kind = u"verify_backup"_s;
    verify.params = {{u"backup"_s, backup.id}};
    verify.title = {u"backup.verify"_s, {}};
    verify.intent = {noDatabase && !without.isEmpty() ? u"backup.verify.intent_files"_s : u"backup.verify.intent"_s, {{u"databases"_s, proven}}};
    if (!servers.isEmpty()) {
        verify.intent = {u"backup.verify.intent_redis"_s, {{u"intent"_s, verify.intent.toJson()}, {u"servers"_s, namesOf(servers)}}};
    }
    verify.expectedMs = context.measuredMs.value(verify.kind, 500 + size / 100000);
    verify.changesState = false;
    co_return QList<StepSpec>{backup, verify};
}

Async<QList<StepSpec>> planBackup(PlanningContext context, StagedRelease release)
{
    return backupSteps(context, {u"backup.reason.update"_s, {{u"version"_s, release.info.manifest.version.toString()}}});
}

Async<QList<StepSpec>> planCleanUp(PlanningContext context, StagedRelease release)
{
    StepSpec step;
    step.id = u"clean_up"_s;
    step.kind = u"clean_up"_s;
    step.params = {{u"keep"_s, context.target.backup.keep},
                   {u"versions"_s, QJsonArray{context.installed, release.info.manifest.version.toString()}}};
    step.title = {u"backup.clean_up"_s, {}};
    step.intent = {u"backup.clean_up.intent"_s, {{u"keep"_s, context.target.backup.keep}}};
    // What is not there to be asked now stays, and is offered another time.
    CO_TRY(const QList<RestorePoint> points, co_await readRestorePoints(context.target.stateDirectory));
    QStringList needed = versionsOf(points) + context.running.values() + QStringList{context.installed, context.origin};
    needed.removeDuplicates();
    // A staging target shares Docker with production more often than not, and knows nothing of its restore points.
    const auto left = context.target.isProduction() ? co_await leftoverImages(context.target, needed, context.target.backup.keep) : Result<QStringList>();
    if (left && !left->isEmpty()) {
        step.params.insert(u"images"_s, QJsonArray::fromStringList(*left));
        step.intent = {u"backup.clean_up.intent_images"_s, {{u"keep"_s, context.target.backup.keep}, {u"images"_s, QJsonArray::fromStringList(*left)}}};
    }
    const auto unused = context.target.isProduction() ? co_await unusedVolumes(context.target, needed, {release.preview}) : Result<UnusedVolumes>();
    if (unused && !unused->leftover.isEmpty()) {
        const auto volumes = QJsonArray::fromStringList(unused->leftover);
        step.params.insert(u"volumes"_s, volumes);
        step.intent = {u"backup.clean_up.intent_volumes"_s, {{u"intent"_s, step.intent.toJson()}, {u"volumes"_s, volumes}}};
    }
    step.expectedMs = context.measuredMs.value(step.kind, 500);
    step.changesState = false;
    // What is left lying does not make the update bad.
    step.automaticRollback = false;
    co_return QList<StepSpec>{step};
}

QStringList versionsOf(const QList<RestorePoint> &points)
{
    QStringList versions;
    for (const RestorePoint &point : points) {
        if (point.available) {
            // Services that a release did not restart ran an older one at the point.
            versions += runningReleases(point.facts).values() + QStringList{point.version};
        }
    }
    versions.removeDuplicates();
    return versions;
}

CleanUpChoice chooseForCleanUp(const QList<RestorePoint> &newestFirst, int keep, const QString &runId, const QStringList &neededVersions)
{
    CleanUpChoice choice;
    bool provenSeen = false;
    for (const RestorePoint &point : newestFirst) {
        if (!point.available) {
            continue;
        }
        const bool newestProven = point.proven.isValid() && !std::exchange(provenSeen, provenSeen || point.proven.isValid());
        const bool needed = newestProven || point.runId == runId || neededVersions.contains(point.version);
        if (choice.kept.size() < keep || needed) {
            choice.kept.append(point.id);
        } else {
            choice.remove.append(point);
        }
    }
    return choice;
}

} // namespace cutover
