// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/instancefacts.h"
#include "plan/plan.h"
#include "release/repository.h"
#include "run/journal.h"

namespace cutover {

/** A release of the path, downloaded and verified, unpacked nowhere yet. */
struct StagedRelease {
    ReleaseInfo info;
    QString package; ///< Path of the verified package file.
    package::Verified verified;
    QString preview; ///< Folder with its migrations unpacked for looking at; below STATE/cache.
    QStringList passedOver = {}; ///< Services ("all") that releases restart which lie before this one, and which the way leaves out.
};

/// What planning may know beyond target and releases.
struct PlanningContext {
    Target target;
    QMap<QString, qint64> measuredMs; ///< Step kind → median of past runs.
    QString installed; ///< Version; on a way of several hops, the one before the hop that is planned.
    QString origin = {}; ///< Version installed at planning; empty: installed.
    QMap<QString, qint64> measuredRevertMs = {}; ///< Step kind → median of past runs that went back.
    InstanceReleases running = {}; ///< Before the hop that is planned; an instance not named: installed.
    QMap<QString, QDateTime> doneAt = {}; ///< Id of a step → when a run last did it, and did not take it back.
    ServingColours colours = {}; ///< Before the hop that is planned, of services with the strategy blue_green.
};

// Each room contributes its steps; the lead planner (plan/updateplanner) puts them in order.
[[nodiscard]] Async<QList<StepSpec>> planChecks(PlanningContext context, StagedRelease release); ///< check/: kind "precheck"
/// check/: whether the release's instances could be started, by the services and images that it names; an update's pre-checks ask the same.
[[nodiscard]] Async<> checkStartable(PlanningContext context, StagedRelease release);
/// check/: kind "health". checkedBefore: the same run has pre-checks, unless it only goes back to an installed release.
[[nodiscard]] Async<QList<StepSpec>> planHealth(PlanningContext context, StagedRelease release, bool checkedBefore = true);
[[nodiscard]] Async<QList<StepSpec>> planBackup(PlanningContext context, StagedRelease release); ///< backup/: kinds "backup", "verify_backup"
[[nodiscard]] Async<QList<StepSpec>> planMigrations(PlanningContext context, StagedRelease release); ///< migration/: kind "migrate", one per migration, SQL up and down as previews
[[nodiscard]] Async<QList<StepSpec>> planDeploy(PlanningContext context, StagedRelease release); ///< deploy/: "unpack", "fetch" where images are needed, "switch_release" and one "deploy_instance" per instance (or "recreate")
[[nodiscard]] Async<QList<StepSpec>> planConfiguration(PlanningContext context, StagedRelease release); ///< config/: kind "configure", masked diff as preview
[[nodiscard]] Async<QList<StepSpec>> planFeatures(PlanningContext context, StagedRelease release); ///< feature/: kind "features"
[[nodiscard]] Async<QList<StepSpec>> planWatch(PlanningContext context, StagedRelease release); ///< metrics/: kind "watch"
[[nodiscard]] Async<QList<StepSpec>> planCleanUp(PlanningContext context, StagedRelease release); ///< backup/: kind "clean_up"
/// One release of the way: its steps have ids that begin with prefix (empty: with no other hop's).
struct Hop {
    QString from; ///< Version.
    QString to;
    QString prefix;
};
/// command/: inserts the target's own command steps where they belong, one for each hop, and asks their
/// preview programs now what they would do.
[[nodiscard]] Async<QList<StepSpec>> withCommandSteps(Target target, QList<StepSpec> steps, QList<Hop> hops);

/// The whole update along the path.
[[nodiscard]] Async<Plan> planUpdate(PlanningContext context, QList<StagedRelease> path);
/// Back to a restore point: mode "code", "downgrade" or "restore"; loss counted now.
[[nodiscard]] Async<Plan> planRollback(PlanningContext context, RestorePoint point, QString mode);
/// Back to the code of a commit, staged by ReleaseSource::stageCommit(); the database, configuration and flags stay.
[[nodiscard]] Async<Plan> planRollbackToCommit(PlanningContext context, StagedRelease release);
/// What each mode would take and lose.
struct RollbackCost {
    QString mode;
    qint64 expectedMs = 0;
    qint64 expectedDowntimeMs = 0;
    QMap<QString, qint64> loss;
    Error unavailable;
    QMap<QString, qint64> holdAbove; ///< By name as in loss: the run holds and asks above it.
    QJsonArray unknownLoss = {}; ///< Messages: what can't be counted, and why.
};
[[nodiscard]] Async<QList<RollbackCost>> rollbackCosts(PlanningContext context, RestorePoint point);

} // namespace cutover
