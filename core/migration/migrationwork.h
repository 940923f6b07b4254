// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"
#include "migration/holdings.h"
#include "migration/migrationchain.h"

#include <optional>

/**
 * What migrationchain.h promises, on an open connection. Blocking: from a Worker.
 */
namespace cutover::migration {

using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

[[nodiscard]] Result<QList<AppliedMigration>> applied(sqlite::Connection &connection);
[[nodiscard]] Result<std::optional<AppliedMigration>> find(sqlite::Connection &connection, const QString &revision);
[[nodiscard]] Result<Loss> countLoss(sqlite::Connection &connection, const QStringList &loses);
/// Returns what of upLoses is gone by it: in this call and in those before it.
[[nodiscard]] Result<Loss> upgrade(sqlite::Connection &connection, const Migration &migration, const ProgressFunction &progress,
                                   const std::stop_token &stop);

/// Judges, inside the downgrade's transaction, what it would lose: first what it announces, then, if
/// there is any, what it doesn't. An error keeps everything as it is.
using Judge = std::function<Result<>(const Loss &loss)>;
[[nodiscard]] Result<> downgrade(sqlite::Connection &connection, const Migration &migration, const Judge &judge = {});

} // namespace cutover::migration
