// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupplan.h"

#include "database/database.h"

using namespace Qt::StringLiterals;

namespace cutover {

Async<QList<StepSpec>> backupSteps(PlanningContext context, Message reason, QStringList without)
{
    qint64 size = 0;
    QJsonArray databases;
    for (const DatabaseSpec &spec : context.target.databases) {
        if (without.contains(spec.name)) {
            continue;
        }
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const qint64 bytes, co_await database->size());
        size += bytes;
        databases.append(spec.name);
    }
    StepSpec backup;
    backup.id = u"backup"_s;
    backup.kind = u"backup"_s;
    backup.params = {{u"version"_s, context.installed}, {u"reason"_s, reason.toJson()}};
    backup.title = {u"backup.step"_s, {}};
    // To the megabyte: the exact size changes between planning and approval.
    constexpr qint64 megabyte = 1000 * 1000;
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
    verify.intent = {databases.isEmpty() && !without.isEmpty() ? u"backup.verify.intent_files"_s : u"backup.verify.intent"_s, {{u"databases"_s, databases}}};
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
    step.expectedMs = context.measuredMs.value(step.kind, 500);
    step.changesState = false;
    // What is left lying does not make the update bad.
    step.automaticRollback = false;
    co_return QList<StepSpec>{step};
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
