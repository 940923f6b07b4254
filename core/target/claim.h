// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QDateTime>

namespace cutover {

/**
 * Which target a database belongs to. Written beside the database's file (FILE.cutover-owner), not
 * into it, and bound to that very file by its identity: a backup, a restored or copied database does
 * not carry it, nor does a copy of the whole folder.
 */
struct DatabaseClaim {
    QString database; ///< Name in target.yaml.
    QString file; ///< Of the database, links followed.
    QString target; ///< Name of the owner.
    QString path; ///< Of the owner's target.yaml.
    QString state; ///< Its state folder.
    QString machine; ///< Digest of its machine id.
    QString host; ///< Name of its machine, for people.
    QString identity; ///< Of the file: file system and inode.
    QString by; ///< Who used it first.
    QDateTime since;
};

/// "file-system id:inode"; empty when the file does not exist. The file system's own id is used
/// where it has one: device numbers may change with each boot. Any thread.
[[nodiscard]] Result<QString> fileIdentity(const QString &path);
/// SHA-256 of this machine's id, salted.
[[nodiscard]] Result<QString> machineDigest();
/// The same from the first of the files that holds an id; where none does, from one that is made once and kept in ownFile.
[[nodiscard]] Result<QString> machineDigest(const QStringList &files, const QString &ownFile);

/// Claims the databases at first use; afterwards "target.claimed" when one belongs to another target
/// file, another state folder or another machine. All are looked at before one is claimed. Blocking, small.
[[nodiscard]] Result<> claimDatabases(const Target &target);
/// The claims that keep the target from its databases.
[[nodiscard]] Result<QList<DatabaseClaim>> foreignClaims(const Target &target);
/// Moves all claims to this target, those that can't be read as well. The claims that were another's.
[[nodiscard]] Result<QList<DatabaseClaim>> adoptDatabases(const Target &target);

} // namespace cutover
