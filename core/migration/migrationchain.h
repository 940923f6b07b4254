// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

namespace cutover {

/**
 * One migration: NNNN_name.up.sql and NNNN_name.down.sql in a release. Header lines of the files:
 *   -- cutover: phase=expand|contract|data
 *   -- cutover: loses=TABLE            (rows of it are lost by the file that says so)
 *   -- cutover: loses=TABLE.COLUMN     (values other than null and its default are lost)
 *   -- cutover: batch=TABLE key=COLUMN size=1000   (data: the statements run per key range, :from and
 *      :to its first and last key; those that name neither run once, before the first range)
 */
struct Migration {
    QString revision; ///< "0002"
    QString name;
    QString phase = QStringLiteral("expand");
    QString up, down; ///< SQL as it will run; down empty: irreversible.
    QString upSha256;
    QStringList loses; ///< By the way back: "TABLE" or "TABLE.COLUMN".
    QStringList upLoses; ///< The same, by up. What isn't announced here must still be there afterwards.
    std::optional<QMap<QString, qint64>> upLimit; ///< Set by whoever runs it: the most of upLoses that up may take away, from its first batch on.
    QString batchTable, batchKey;
    int batchSize = 0;

    /// Behind it nothing automatic goes back: what it took away does not come with its way back.
    [[nodiscard]] bool isPointOfNoReturn() const;
};

/// Reads a folder, in order of revisions; errors "migration.*" name file and line: gaps, duplicates,
/// missing down file of an expand migration, bad header, unfinished statement.
[[nodiscard]] Result<QList<Migration>> readMigrations(const QString &folder);

/// As recorded in the database's own table, cutover_migrations, which also keeps the way back. The table of
/// an older version is extended in place by the first migration that runs; older versions go on with it.
struct AppliedMigration {
    QString revision, name, sha256;
    QString cursor; ///< Data migration under way: last key done, as an SQL literal; empty when finished.
    QString phase;
    QString down; ///< The down file's text; empty: irreversible.
    QString changed; ///< When it was applied or went on last, ISO, UTC.
    QMap<QString, qint64> lost = {}; ///< What of the announced it has taken away so far, in all processes that ran it.

    /// What downgrade() and downgradeLoss() need.
    [[nodiscard]] Migration migration() const;
};
/// In order of revisions.
[[nodiscard]] Async<QList<AppliedMigration>> appliedMigrations(DatabaseSpec database);

/// Each migration in one transaction with its bookkeeping row (data migrations: one per batch).
/// Applied already with the same digest: nothing happens; a data migration goes on behind its cursor.
/// Undone ("migration.shrinks") when it leaves fewer rows or values than there were, unless its
/// upLoses announce it, and ("migration.takes_more", with the counts as "lost") when it takes away more
/// of the announced than upLimit; of a data migration the batches before stay. Returns what of the
/// announced it took away from its first batch on, those before an interruption counted too.
[[nodiscard]] Async<QMap<QString, qint64>> upgrade(DatabaseSpec database, Migration migration, Database::ProgressFunction progress, std::stop_token stop);
/// Not applied: nothing happens. Refused unless it is the newest applied one ("migration.not_newest").
[[nodiscard]] Async<> downgrade(DatabaseSpec database, Migration migration, std::stop_token stop);
/// Rows and values that a downgrade would lose now, counted, by "TABLE" or "TABLE.COLUMN".
[[nodiscard]] Async<QMap<QString, qint64>> downgradeLoss(DatabaseSpec database, QList<Migration> migrations);
/// What an upgrade announces that it takes away, counted now: at most so much.
[[nodiscard]] Async<QMap<QString, qint64>> upgradeLoss(DatabaseSpec database, Migration migration);

} // namespace cutover
