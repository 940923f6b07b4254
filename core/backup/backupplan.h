// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// A restore point of everything and its proof (kinds "backup" and "verify_backup"); the reason is
/// data, in the style of "before 1.3.0". Without some databases, as they can't be read, it does not
/// count as proven.
[[nodiscard]] Async<QList<StepSpec>> backupSteps(PlanningContext context, Message reason, QStringList without = {});

/// The releases that ran at the available ones of these.
[[nodiscard]] QStringList versionsOf(const QList<RestorePoint> &points);

/// What to remove: points beyond the newest keep, never one that is needed (the newest proven, one
/// of the run, one whose version is in neededVersions), and ids in folder that no point accounts for.
struct CleanUpChoice {
    QList<RestorePoint> remove;
    QStringList kept; ///< Ids.
};
[[nodiscard]] CleanUpChoice chooseForCleanUp(const QList<RestorePoint> &newestFirst, int keep, const QString &runId,
                                             const QStringList &neededVersions);

} // namespace cutover
