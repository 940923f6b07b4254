// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

struct sqlite3;
class QSqlDatabase;

namespace cutover {

/// Makes a fault-counting layer over the default SQLite VFS the process's default, so that Qt's
/// QSQLITE driver goes through it too. Call once, before the first connection; idempotent.
void installSqliteVfs();

/// The native handle of an open QSQLITE connection; nullptr for another driver.
[[nodiscard]] sqlite3 *sqliteHandle(const QSqlDatabase &database);

} // namespace cutover
