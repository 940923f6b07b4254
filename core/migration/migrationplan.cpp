// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationplan.h"

#include "migration/migrationtool.h"

using namespace Qt::StringLiterals;

namespace cutover {

Async<QList<StepSpec>> planMigrations(PlanningContext context, StagedRelease release)
{
    QList<StepSpec> steps;
    for (const DatabaseSpec &database : context.target.databases) {
        if (!database.migrations.isEmpty()) {
            CO_TRY(const MigrationTool *tool, MigrationTool::named(database.migrationTool.tool));
            CO_TRY(const PlannedMigrations planned, co_await tool->plan(context, release, database));
            steps += planned.steps;
        }
    }
    co_return steps;
}

Async<QStringList> owedMigrations(PlanningContext context, StagedRelease release)
{
    QStringList owed;
    for (const DatabaseSpec &database : context.target.databases) {
        if (!database.migrations.isEmpty()) {
            CO_TRY(const MigrationTool *tool, MigrationTool::named(database.migrationTool.tool));
            CO_TRY(const QStringList revisions, co_await tool->owed(context, release, database));
            for (const QString &revision : revisions) {
                owed.append(database.name + u':' + revision);
            }
        }
    }
    co_return owed;
}

Async<QList<StepSpec>> planDowngrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs)
{
    CO_TRY(const MigrationTool *tool, MigrationTool::named(database.migrationTool.tool));
    co_return co_await tool->planDowngrades(context, database, revision, aheadMs);
}

Async<> checkCodeAlone(PlanningContext context, StagedRelease release)
{
    for (const DatabaseSpec &database : context.target.databases) {
        if (!database.migrations.isEmpty()) {
            CO_TRY(const MigrationTool *tool, MigrationTool::named(database.migrationTool.tool));
            CO_CHECK(co_await tool->checkCode(context, release, database));
        }
    }
    co_return {};
}

Async<QString> contractSince(PlanningContext context, DatabaseSpec database, QString revision)
{
    CO_TRY(const MigrationTool *tool, MigrationTool::named(database.migrationTool.tool));
    co_return co_await tool->contractSince(context, database, revision);
}

} // namespace cutover
