// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

#include <QDateTime>

namespace cutover {

/// Database for driver "postgresql": Qt SQL for statements, PostgreSQL's own programs for dump and
/// restore. A backup is a folder, see postgresarchive.h.
[[nodiscard]] Result<std::unique_ptr<Database>> makePostgresDatabase(const DatabaseSpec &spec);

/// A database of that name on the same server with what the backup holds, for rehearsals. What fails or is stopped
/// leaves none behind. Errors "database.clone_name", "database.clone_exists": no other one is touched. inherit: descriptors that the
/// programs keep, of the lock under which nothing removes the backup. Event-loop thread.
[[nodiscard]] Async<> clonePostgres(DatabaseSpec spec, BackupInfo info, QString name, Database::ProgressFunction progress, std::stop_token stop,
                                    QList<int> inherit = {});
/** A former database that a restore has kept beside the one that it put in its place. */
struct FormerDatabase {
    QString name;
    QString identity; ///< Database::identity(), while it was the live one.
    QDateTime replaced; ///< As its name tells.
    bool wasClosed = false; ///< Nobody could write to it when it was backed up for the last time. Else it may hold rows which are in no backup.
};
/// Oldest first. Event-loop thread.
[[nodiscard]] Async<QList<FormerDatabase>> formerPostgres(DatabaseSpec spec);
/// Drops those of these names, and scratch databases of runs that were killed; what was dropped. Only while no run is on its way.
/// Event-loop thread.
[[nodiscard]] Async<QStringList> dropFormerPostgres(DatabaseSpec spec, QStringList names);
/// Whether the backup is that of a database with this identity from when nobody could write to it. Blocking, from a Worker.
[[nodiscard]] bool isLastBackupOf(const FormerDatabase &former, const DatabaseSpec &spec, const BackupInfo &info);

} // namespace cutover
