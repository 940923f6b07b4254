// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migration/alembic.h"
#include "migration/alembicsql.h"

namespace cutover::alembic {

/**
 * What a revision's file says of itself. Comments in it are read as the headers of our own chain:
 *   # cutover: phase=expand|contract|data
 *   # cutover: loses=TABLE, loses=TABLE.COLUMN, loses=nothing
 * Within "def downgrade" a loss is of the way back, elsewhere of the way there. They are needed only
 * where the SQL does not tell.
 */
struct RevisionFile {
    QString sha256;
    QString phase; ///< Empty: not said.
    bool upSaid = false, downSaid = false; ///< That losses are named.
    QList<Lost> upLoses, downLoses;
    bool leavesTransaction = false; ///< Part of it runs outside the transaction (autocommit_block).
    QString source;
};

/// Blocking: from a Worker. Error "migration.header" with FILE:LINE.
[[nodiscard]] Result<RevisionFile> readRevisionFile(const QString &file);
/// Whether env.py or the ini file has each statement commit by itself (isolation level AUTOCOMMIT). Blocking.
[[nodiscard]] Result<bool> commitsEachStatement(const Project &project);
/// SHA-256 over the ini file and env.py: what every revision runs with. Blocking.
[[nodiscard]] Result<QString> environmentDigest(const Project &project);
/// What goes now, as count() has it; the ini file, env.py and the revision's file say whether they choose a schema
/// themselves. Blocking: from a Worker.
[[nodiscard]] Result<Loss> countLosses(const Project &project, const QString &revisionFile, const QList<Lost> &losses);

} // namespace cutover::alembic
