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

/// Who may use a file, as the file system keeps it.
struct FileAccess {
    int mode = 0; ///< Permission bits, as of chmod.
    qint64 owner = 0;
    qint64 group = 0;
    bool operator==(const FileAccess &) const = default;
};

struct BackupInfo {
    QString file; ///< Or folder.
    QString sha256; ///< Of the file; of a folder: over names, sizes and digests of its files.
    qint64 size = 0;
    QString schemaDigest;
    QString revision; ///< Migration head.
    QMap<QString, qint64> rows; ///< By table.
    QString journalMode = {}; ///< SQLite: of the live database then, as a file built anew of this shall have it; empty: not known.
    std::optional<FileAccess> access = {}; ///< SQLite: the same of the live file; absent: not known, as of backups made before it was kept.
    qint64 content = 0; ///< PostgreSQL: bytes of the database itself then, with its indexes; 0: not known.
};
[[nodiscard]] QJsonObject toJson(const BackupInfo &info);
[[nodiscard]] BackupInfo backupInfoFromJson(const QJsonObject &json);
/// "database.backup_differs" names what of found is not as in expected; tables that expected does not name don't matter.
[[nodiscard]] Result<> compareBackups(const BackupInfo &expected, const BackupInfo &found);

/** Where on this host a database grows, as data or as a log. */
struct DatabaseFolders {
    QStringList paths;
    QList<Error> unseen; ///< Why others can't be told: "database.wal_…".
};

/**
 * A database of the target, by driver. Each object owns one worker thread and one connection.
 * Event-loop thread; nothing blocks. Codes "database.*"; a lock held by others is Transient ("database.locked").
 */
class Database
{
public:
    using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

    virtual ~Database() = default;
    /// Descriptors that its programs (pg_dump, pg_restore) keep: the run lock, so that no other runner begins while one of them,
    /// left over by a killed runner, is at work. Before anything else; none below zero.
    void setInherit(const QList<int> &descriptors);
    [[nodiscard]] virtual QString suffix() const = 0; ///< What a backup's name ends in.
    [[nodiscard]] virtual QString progressUnit() const = 0; ///< What a ProgressFunction counts: "pages", "rows".
    [[nodiscard]] virtual Async<qint64> size() = 0;
    /// "database.folder_…" says why none can be told.
    [[nodiscard]] virtual Async<DatabaseFolders> folders() = 0;
    [[nodiscard]] virtual Async<> check() = 0; ///< Integrity.
    [[nodiscard]] virtual Async<QMap<QString, qint64>> countRows() = 0;
    [[nodiscard]] virtual Async<QString> schemaDigest() = 0; ///< Of normalised definitions, our own bookkeeping table left out.
    /// A consistent copy of the live database, writers going on.
    [[nodiscard]] virtual Async<BackupInfo> backup(QString file, ProgressFunction progress, std::stop_token stop) = 0;
    /// Proves a backup by restoring it into a scratch file or database beside it: digest, integrity, schema, revision, row counts.
    [[nodiscard]] virtual Async<> verifyBackup(BackupInfo info, std::stop_token stop) = 0;
    /// What a verifyBackup() that was killed has left. Nothing where there is nothing.
    [[nodiscard]] virtual Async<> dropProof();
    /// Puts a backup into the live database (made when it is missing); writers must be stopped. Atomic, safe to repeat.
    [[nodiscard]] virtual Async<> restore(BackupInfo info, ProgressFunction progress, std::stop_token stop) = 0;

    /// Told which file is about to become the database; on the worker. An error ends the change before that.
    /// Not asked where databases are no files.
    using SwapFunction = std::function<Result<>(const QString &file)>;
    /// Why the live database's content can't be told (missing, damaged); empty: it can. Reads all of it.
    /// Other errors (locked, no right to read it, a server that does not answer) are errors.
    [[nodiscard]] virtual Async<std::optional<Error>> whyUnreadable(std::stop_token stop) = 0;
    /// For such a database: builds the backup beside it, moves what is there to aside, with its logs, and
    /// puts the new one in its place. Deletes nothing; writers must be stopped; safe to repeat as long as
    /// the database is missing or the damaged one.
    [[nodiscard]] virtual Async<> rebuild(BackupInfo info, QString aside, SwapFunction aboutToSwap, ProgressFunction progress, std::stop_token stop) = 0;
    /// After an interrupted rebuild(): what was moved aside is the database again. Nothing when nothing was.
    [[nodiscard]] virtual Async<> bringBack(QString aside, SwapFunction aboutToSwap) = 0;
    /// Where rebuild() may move it to: the database's own name or file, and mark.
    [[nodiscard]] virtual Async<QString> asideName(QString mark) = 0;
    [[nodiscard]] virtual Async<bool> isAside(QString aside) = 0; ///< Whether something is there.
    /// What tells the very database that is there from another one in its place; empty when it is missing.
    [[nodiscard]] virtual Async<QString> identity() = 0;

    /// What a restore of the backup would give up now, exactly: rows by "TABLE" that the backup has not or
    /// has with other values, values by "TABLE.COLUMN" in columns that it has not, of rows that it has.
    /// Zeros are left out. The backup's digest is checked first. What a driver has to build for that it
    /// keeps for restore(), with progress; the live database is only read.
    [[nodiscard]] virtual Async<QMap<QString, qint64>> lossAgainst(BackupInfo info, ProgressFunction progress, std::stop_token stop) = 0;
    /// The same for a plan, which builds nothing: exact where that costs nothing, else about.
    [[nodiscard]] virtual Async<QMap<QString, qint64>> estimateLoss(BackupInfo info, std::stop_token stop);
    /// The restore does not come: gives up what lossAgainst() has kept for it.
    [[nodiscard]] virtual Async<> forget();
    /// What people should know beside the result of the last of lossAgainst(), estimateLoss(), restore(), rebuild() and reopen().
    [[nodiscard]] virtual QList<Message> remarks() const;
    /// Whether nothing was restored over the live database since this backup of it, made when writers were stopped.
    [[nodiscard]] virtual Async<bool> holdsTheSame(BackupInfo info, std::stop_token stop) = 0;

    /// Whether close() can keep writers out that no plan stops: other hosts, cron jobs, unmanaged services.
    [[nodiscard]] virtual bool canClose() const;
    /// Ends everybody's sessions and lets nobody in but this program, until reopen() or the swap of restore(), over any
    /// crash. Safe to repeat. "database.in_use" names who can't be ended.
    [[nodiscard]] virtual Async<> close();
    [[nodiscard]] virtual Async<> reopen(); ///< Nothing where it isn't closed.
    [[nodiscard]] virtual Async<bool> isClosed();
    [[nodiscard]] virtual Async<> checkMayClose(); ///< That our account has the right, before anything is stopped.

    [[nodiscard]] static Result<std::unique_ptr<Database>> create(const DatabaseSpec &spec);

protected:
    [[nodiscard]] const QList<int> &inherit() const { return m_inherit; }

private:
    QList<int> m_inherit;
};

/// Whether an error means that there is no such database.
[[nodiscard]] bool isMissing(const Error &error);
/// Whether an error means that the database is missing or damaged, not that it can't be read just now.
[[nodiscard]] bool isUnreadable(const Error &error);
/// The fact that tells so of a database; absent while its migration head can be read.
[[nodiscard]] QString unreadableFact(const QString &database);
/// The fact, true, that a restore keeps writers out of a database; absent else.
[[nodiscard]] QString closedFact(const QString &database);
/// No such fact, as for a new plan: "database.left_closed" by a restore that has not come to its end.
[[nodiscard]] Result<> checkNoneClosed(const Target &target, const QJsonObject &facts);

} // namespace cutover
