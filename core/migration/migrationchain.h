// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

namespace cutover {

/**
 * One migration: NNNN_name.up.sql and NNNN_name.down.sql in a release. Header lines of the files:
 *   -- cutover: phase=expand|contract|data
 *   -- cutover: loses=TABLE            (down: rows or columns of it are lost)
 *   -- cutover: batch=TABLE key=COLUMN size=1000   (data: the statements run per key range :from … :to)
 */
struct Migration {
    QString revision; ///< "0002"
    QString name;
    QString phase = QStringLiteral("expand");
    QString up, down; ///< SQL as it will run; down empty: irreversible.
    QString upSha256;
    QStringList loses;
    QString batchTable, batchKey;
    int batchSize = 0;
};

/// Reads a folder; errors "migration.*" name file and line: gaps, duplicates, missing down file of an expand migration, bad header.
[[nodiscard]] Result<QList<Migration>> readMigrations(const QString &folder);

/// Applied revisions with their digests, in order, from the table cutover_migrations.
struct AppliedMigration {
    QString revision, name, sha256;
    QString cursor; ///< Data migration under way: last key done; empty when finished.
};
[[nodiscard]] Async<QList<AppliedMigration>> appliedMigrations(DatabaseSpec database);

/// Each migration in one transaction with its bookkeeping row (data migrations: one per batch).
[[nodiscard]] Async<> upgrade(DatabaseSpec database, Migration migration, Database::ProgressFunction progress, std::stop_token stop);
[[nodiscard]] Async<> downgrade(DatabaseSpec database, Migration migration, std::stop_token stop);
/// Rows and values that a downgrade would lose now, by table, counted.
[[nodiscard]] Async<QMap<QString, qint64>> downgradeLoss(DatabaseSpec database, QList<Migration> migrations);

} // namespace cutover
