// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/worker.h"
#include "target/target.h"

#include <memory>
#include <stop_token>

namespace cutover {

/**
 * Keeps migrations of a database apart: on PostgreSQL an advisory lock, held by a session of its own that
 * also sees who is in the way of the migration's sessions. On SQLite the run lock and the file's own have to do.
 * Event-loop thread; lives longer than what it waits for.
 */
class MigrationLock
{
public:
    /// application: how the migration's sessions are named on the server. Sessions of that name that a killed
    /// program left behind are waited for, then ended. Errors: Transient "migration.busy" names who
    /// has the lock, "migration.leftover" a session that does not end.
    [[nodiscard]] static Async<std::unique_ptr<MigrationLock>> acquire(DatabaseSpec database, QString application, std::stop_token stop);
    ~MigrationLock();
    Q_DISABLE_COPY_MOVE(MigrationLock)

    /// Looks until done is requested; returns who the migration last waited for, "psql (pid 4711, query since 14:03:12)".
    [[nodiscard]] Async<QStringList> watch(std::stop_token done);

private:
    explicit MigrationLock(const DatabaseSpec &database);
    struct Private;
    std::shared_ptr<Private> d; ///< Its session lives on the worker.
    Worker m_worker;
};

} // namespace cutover
