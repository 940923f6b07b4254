// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/**
 * What identifies a database of a driver, by member ("server"): a driver whose databases are no files
 * registers how to ask for it, at file scope. Blocking, from any thread. A server that can't be asked
 * is an error: nobody can tell then which system this is.
 */
class DatabaseIdentity
{
public:
    using Function = Result<QJsonObject> (*)(const DatabaseSpec &database);
    DatabaseIdentity(const QString &driver, Function function);
    [[nodiscard]] static Function of(const QString &driver); ///< nullptr where none is registered.
};

/// A restore puts another file in the place of a database: that one is the target's from now on. Before it is
/// put there, so that no moment has a database that nobody vouches for. Blocking, small; any thread.
[[nodiscard]] Result<> pinDatabaseFile(const Target &target, const QString &database, const QString &file);
/// Where a missing database's file would be: its folder is there, on the file system that the file was
/// pinned on. "target.database_folder", "target.database_disk".
[[nodiscard]] Result<> checkDatabaseFolder(const Target &target, const DatabaseSpec &database);

} // namespace cutover
