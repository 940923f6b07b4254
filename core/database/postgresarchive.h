// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"
#include "database/postgressession.h"

/**
 * The folder of a backup: dump/ (pg_dump's own, for pg_restore), roles.sql (without passwords) and
 * database.json (what pg_dump does not keep: encoding, collation, owner, rights and settings of the
 * database itself, extension versions, the roles that it needs). Blocking, from a Worker.
 */
namespace cutover::postgres {

[[nodiscard]] QString dumpIn(const QString &folder);
[[nodiscard]] QString rolesIn(const QString &folder);
[[nodiscard]] QString descriptionIn(const QString &folder);

/// What database.json holds, read from the server.
[[nodiscard]] Result<QJsonObject> describe(Session &session);
/// Subscriptions of logical replication that the database had; a restore does not make them again.
[[nodiscard]] QStringList subscriptionsIn(const QJsonObject &description);
/// Read back from a backup.
[[nodiscard]] Result<QJsonObject> readDescription(const QString &folder);

/// One digest over names, sizes and contents of all files, and their bytes together.
struct Folder {
    QString sha256;
    qint64 size = 0;
};
[[nodiscard]] Result<Folder> measure(const QString &folder, const std::stop_token &stop);
/// "database.backup_missing" or "database.backup_altered" unless it is what was written.
[[nodiscard]] Result<> checkArchive(const BackupInfo &info, const std::stop_token &stop);

/// Roles and extension versions that the backup needs and the server does not have:
/// "database.roles_missing", "database.extension_missing".
[[nodiscard]] Result<> checkServerHas(Session &maintenance, const QJsonObject &description, const QString &folder);

} // namespace cutover::postgres
