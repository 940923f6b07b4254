// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"
#include "migration/migrationchain.h"

#include <optional>

/**
 * What migrationchain.h promises, on an open connection. Blocking: from a Worker.
 */
namespace cutover::migration {

using Loss = QMap<QString, qint64>;
using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

[[nodiscard]] Result<QList<AppliedMigration>> applied(sqlite::Connection &connection);
[[nodiscard]] Result<std::optional<AppliedMigration>> find(sqlite::Connection &connection, const QString &revision);
[[nodiscard]] Result<Loss> countLoss(sqlite::Connection &connection, const QStringList &loses);
[[nodiscard]] Result<> upgrade(sqlite::Connection &connection, const Migration &migration, const ProgressFunction &progress,
                               const std::stop_token &stop);

/// Judges, inside the downgrade's transaction, what it would lose; an error keeps everything as it is.
using Judge = std::function<Result<>(const Loss &loss)>;
[[nodiscard]] Result<> downgrade(sqlite::Connection &connection, const Migration &migration, const Judge &judge = {});

} // namespace cutover::migration
