// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/worker.h"
#include "target/target.h"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace cutover {

struct BackupInfo {
    QString file; ///< Or folder.
    QString sha256; ///< Of the file; of a folder: over names, sizes and digests of its files.
    qint64 size = 0;
    QString schemaDigest;
    QString revision; ///< Migration head.
    QMap<QString, qint64> rows; ///< By table.
    QString journalMode = {}; ///< SQLite: of the live database then, as a file built anew of this shall have it; empty: not known.
};
[[nodiscard]] QJsonObject toJson(const BackupInfo &info);
[[nodiscard]] BackupInfo backupInfoFromJson(const QJsonObject &json);
/// "database.backup_differs" names what of found is not as in expected; tables that expected does not name don't matter.
[[nodiscard]] Result<> compareBackups(const BackupInfo &expected, const BackupInfo &found);

/**
 * A database of the target, by driver. Each object owns one worker thread and one connection.
 * Event-loop thread; nothing blocks. Codes "database.*"; a lock held by others is Transient ("database.locked").
 */
class Database
{
public:
    using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

    virtual ~Database() = default;
    [[nodiscard]] virtual QString suffix() const = 0; ///< What a backup's name ends in.
    [[nodiscard]] virtual QString progressUnit() const = 0; ///< What a ProgressFunction counts: "pages", "rows".
    [[nodiscard]] virtual Async<qint64> size() = 0;
    [[nodiscard]] virtual Async<> check() = 0; ///< Integrity.
    [[nodiscard]] virtual Async<QMap<QString, qint64>> countRows() = 0;
    [[nodiscard]] virtual Async<QString> schemaDigest() = 0; ///< Of normalised definitions, our own bookkeeping table left out.
    /// A consistent copy of the live database, writers going on.
    [[nodiscard]] virtual Async<BackupInfo> backup(QString file, ProgressFunction progress, std::stop_token stop) = 0;
    /// Proves a backup by restoring it into a scratch file or database beside it: digest, integrity, schema, revision, row counts.
    [[nodiscard]] virtual Async<> verifyBackup(BackupInfo info, std::stop_token stop) = 0;
    /// Puts a backup into the live database (made when it is missing); writers must be stopped. Atomic, safe to repeat.
    [[nodiscard]] virtual Async<> restore(BackupInfo info, ProgressFunction progress, std::stop_token stop) = 0;

    /// Told which file is about to become the database; on the worker. An error ends the change before that.
    using SwapFunction = std::function<Result<>(const QString &file)>;
    /// Why the live database's content can't be told (missing, damaged); empty: it can. Reads all of it.
    /// Other errors (locked, no right to read it) are errors. A driver that can't rebuild() always answers empty.
    [[nodiscard]] virtual Async<std::optional<Error>> whyUnreadable(std::stop_token stop);
    /// For such a database: builds the backup beside it, moves what is there to aside, with its logs, and
    /// puts the new one in its place. Deletes nothing; writers must be stopped; safe to repeat as long as
    /// the database is missing or the damaged one. A driver that can't: "database.no_rebuild".
    [[nodiscard]] virtual Async<> rebuild(BackupInfo info, QString aside, SwapFunction aboutToSwap, ProgressFunction progress, std::stop_token stop);
    /// After an interrupted rebuild(): what was moved aside is the database again. Nothing when nothing was.
    [[nodiscard]] virtual Async<> bringBack(QString aside, SwapFunction aboutToSwap);

    /// What a restore of the backup would give up now, exactly, by primary key: rows by "TABLE" that the
    /// backup has not or has with other values, values by "TABLE.COLUMN" in columns that it has not.
    /// Zeros are left out. The backup's digest is checked first. A driver that can't tell: "database.no_comparison".
    [[nodiscard]] virtual Async<QMap<QString, qint64>> lossAgainst(BackupInfo info, std::stop_token stop);
    /// Whether the live database is what the backup holds, row by row; for telling whether a restore has begun.
    [[nodiscard]] virtual Async<bool> holdsTheSame(BackupInfo info, std::stop_token stop);

    [[nodiscard]] static Result<std::unique_ptr<Database>> create(const DatabaseSpec &spec);
};

/// Whether an error means that the database is missing or damaged, not that it can't be read just now.
[[nodiscard]] bool isUnreadable(const Error &error);
/// The fact that tells so of a database; absent while its migration head can be read.
[[nodiscard]] QString unreadableFact(const QString &database);

} // namespace cutover
