// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migration/migrationchain.h"
#include "plan/planners.h"

namespace cutover {

/// Contract migrations that a release brings but leaves to a later one: they take away what the
/// installed release still uses. One becomes due once the installed release carries it itself.
/// "DATABASE:REVISION".
[[nodiscard]] Async<QStringList> owedMigrations(PlanningContext context, StagedRelease release);

/// Steps (kind "downgrade") from the database's present head back to a revision (empty: before the
/// first), newest first. Error "migration.irreversible" names one that has no way back. aheadMs: how
/// long the steps before them are expected to take, during which writers go on.
[[nodiscard]] Async<QList<StepSpec>> planDowngrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs = 0);

/// The first migration applied since a revision that took away what earlier code needs; empty: none.
[[nodiscard]] Async<QString> contractSince(PlanningContext context, DatabaseSpec database, QString revision);

/// Whether a release's code alone can go with every database as it is; as MigrationTool::checkCode().
[[nodiscard]] Async<> checkCodeAlone(PlanningContext context, StagedRelease release);

} // namespace cutover
