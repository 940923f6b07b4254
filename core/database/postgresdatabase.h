// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

namespace cutover {

/// Database for driver "postgresql": Qt SQL for statements, PostgreSQL's own programs for dump and
/// restore. A backup is a folder, see postgresarchive.h.
[[nodiscard]] Result<std::unique_ptr<Database>> makePostgresDatabase(const DatabaseSpec &spec);

/// A database of that name on the same server with what the backup holds, for rehearsals. What fails or is stopped
/// leaves none behind. Errors "database.clone_name", "database.clone_exists": no other one is touched. inherit: descriptors that the
/// programs keep, of the lock under which nothing removes the backup. Event-loop thread.
[[nodiscard]] Async<> clonePostgres(DatabaseSpec spec, BackupInfo info, QString name, Database::ProgressFunction progress, std::stop_token stop,
                                    QList<int> inherit = {});
/// Which of the former databases that restores have kept.
enum class Former {
    BackedUp, ///< Nobody could write to them when they were backed up for the last time.
    All, ///< Also those that may hold rows which are in no backup.
};
/// Drops former databases, and scratch databases of runs that were killed; their names. Only while no run is on its way.
/// Event-loop thread.
[[nodiscard]] Async<QStringList> dropReplacedPostgres(DatabaseSpec spec, Former which);
/// The former databases that dropping those backed up leaves. Event-loop thread.
[[nodiscard]] Async<QStringList> formerPostgres(DatabaseSpec spec);

} // namespace cutover
