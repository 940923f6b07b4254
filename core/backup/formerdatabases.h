// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgresdatabase.h"
#include "run/journal.h"

namespace cutover {

/**
 * A former database that a restore has left beside the new one, and the restore point that holds all of it: its last backup, made
 * when nobody could write to it any more.
 */
struct HeldFormer {
    DatabaseSpec spec;
    FormerDatabase former;
    QString point; ///< Its id; empty: none that is available.
};

/// Those of all PostgreSQL databases of the target. Event-loop thread.
[[nodiscard]] Async<QList<HeldFormer>> formerDatabases(Target target, QList<RestorePoint> points);

/// Whether its rows are in a backup that can be restored, so that it may be dropped: the point is proven, or its backup of this
/// database is now, as far as there is room for that. inherit: as of clonePostgres(). Errors "backup.former_unheld" and what the proof
/// found. Event-loop thread.
[[nodiscard]] Async<> mayDrop(Target target, HeldFormer held, QList<RestorePoint> points, QList<int> inherit, std::stop_token stop);

} // namespace cutover
