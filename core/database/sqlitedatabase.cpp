// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/sqlitedatabase.h"

#include "database/comparison.h"
#include "database/progressrelay.h"
#include "database/schema.h"
#include "database/sqlite.h"
#include "database/sqliteswap.h"
#include "system/files.h"
#include "target/claim.h"

#include <QCoroFuture>
#include <QFile>
#include <QFileInfo>

#include <sqlite3.h>
#include <sys/stat.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using sqlite::Connection;

constexpr int pagesPerStep = 512;

/// Which file it is, whatever its name.
struct FileIdentity {
    quint64 device = 0;
    quint64 inode = 0;
    bool operator==(const FileIdentity &) const = default;
};

FileIdentity identityOf(const QString &file)
{
    struct stat info;
    if (::stat(QFile::encodeName(file).constData(), &info) != 0) {
        return {};
    }
    return {info.st_dev, info.st_ino};
}

Result<> isWanted(const std::stop_token &stop)
{
    if (stop.stop_requested()) {
        return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    return {};
}

/// Copies from into to, in one transaction of to: whole or not at all.
Result<> copyPages(Connection &from, Connection &to, bool sourceIsLive, ProgressRelay &progress, const std::stop_token &stop)
{
    sqlite3_backup *backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (!backup) {
        return fail(to.error());
    }
    Result<> result;
    int restarts = 0;
    int left = 0;
    int code = SQLITE_OK;
    while (code == SQLITE_OK && result) {
        // A writer in another process makes a copy without a snapshot start again; after a few
        // times the rest is copied at a stretch, which makes writers wait for that long.
        code = sqlite3_backup_step(backup, restarts > 3 ? -1 : pagesPerStep);
        const int total = sqlite3_backup_pagecount(backup);
        const int nowLeft = sqlite3_backup_remaining(backup);
        restarts += left > 0 && nowLeft > left ? 1 : 0;
        left = nowLeft;
        progress.tell(total - left, total);
        result = isWanted(stop);
        if (sourceIsLive && code == SQLITE_OK && result) {
            sqlite3_sleep(1);
        }
    }
    const int finished = sqlite3_backup_finish(backup);
    CHECK(result);
    if (code != SQLITE_DONE || finished != SQLITE_OK) {
        const int failure = code != SQLITE_DONE ? code : finished;
        // The connection at fault is the one that has the error; a lock can be on either side.
        Error error = sqlite3_errcode(from.handle()) == (failure & 0xff) ? from.error(failure) : to.error(failure);
        if (error.code == "database.io"_L1 && code == SQLITE_DONE) {
            error.kind = Error::Kind::Unknown;
        }
        return fail(error);
    }
    return {};
}

Result<BackupInfo> describe(const QString &file, const QStringList &tables, const std::stop_token &stop)
{
    TRY(Connection copy, Connection::open(file, Connection::Mode::Existing, stop));
    BackupInfo info;
    TRY(info.schemaDigest, schemaDigestOf(copy));
    TRY(info.revision, migrationHeadOf(copy));
    TRY(info.rows, countRowsOf(copy, tables));
    return info;
}

/// The file is the one that was written; looked at before anything reads it as a database.
Result<> checkFile(const BackupInfo &info)
{
    const QFileInfo file(info.file);
    if (!file.isFile()) {
        return fail(u"database.backup_missing"_s, {{u"file"_s, info.file}}, info.file);
    }
    TRY(const QString digest, files::sha256(info.file));
    if (file.size() != info.size || digest != info.sha256) {
        return fail(u"database.backup_altered"_s,
                    {{u"file"_s, info.file}, {u"expected"_s, info.sha256}, {u"found"_s, digest}, {u"size"_s, file.size()}}, info.file);
    }
    return {};
}

Result<> checkSpace(const QString &path, qint64 needed)
{
    TRY(const qint64 free, files::freeBytes(path));
    if (free < needed) {
        return fail(u"database.backup_space"_s, {{u"path"_s, path}, {u"free"_s, free}, {u"needed"_s, needed}}, path);
    }
    return {};
}

Result<> removeDatabase(const QString &file)
{
    for (const auto suffix : {"-journal"_L1, "-wal"_L1, "-shm"_L1, ""_L1}) {
        CHECK(files::remove(file + suffix));
    }
    return {};
}

/// What becomes a database once it is whole.
QString freshFor(const QString &file)
{
    const QFileInfo place(file);
    return place.path() + "/."_L1 + place.fileName() + ".cutover-tmp"_L1;
}

class SqliteDatabase : public Database
{
public:
    explicit SqliteDatabase(const DatabaseSpec &spec)
        : m_spec(spec)
        , m_identity(identityOf(spec.file))
    {
    }

    QString suffix() const override { return u".sqlite"_s; }
    QString progressUnit() const override { return u"pages"_s; }

    Async<qint64> size() override
    {
        co_return co_await m_worker.run([this]() -> Result<qint64> {
            TRY(Connection live, open());
            return pagesOf(live);
        });
    }

    Async<DatabaseFolders> folders() override
    {
        co_return DatabaseFolders{{QFileInfo(m_spec.file).absolutePath()}, {}};
    }

    Async<> check() override
    {
        co_return co_await m_worker.run([this]() -> Result<> {
            TRY(Connection live, open());
            return checkIntegrityOf(live);
        });
    }

    Async<QMap<QString, qint64>> countRows() override
    {
        co_return co_await m_worker.run([this]() -> Result<QMap<QString, qint64>> {
            TRY(Connection live, open());
            // One snapshot for all tables.
            CHECK(live.execute(u"BEGIN"_s));
            return countRowsOf(live, m_spec.countTables);
        });
    }

    Async<QString> schemaDigest() override
    {
        co_return co_await m_worker.run([this]() -> Result<QString> {
            TRY(Connection live, open());
            return schemaDigestOf(live);
        });
    }

    Async<BackupInfo> backup(QString file, ProgressFunction progress, std::stop_token stop) override
    {
        ProgressRelay relay(std::move(progress));
        co_return co_await m_worker.run([this, file, &relay, stop] { return writeBackup(file, relay, stop); });
    }

    Async<> verifyBackup(BackupInfo info, std::stop_token stop) override
    {
        co_return co_await m_worker.run([this, info, stop] { return prove(info, stop); });
    }

    Async<> restore(BackupInfo info, ProgressFunction progress, std::stop_token stop) override
    {
        ProgressRelay relay(std::move(progress));
        co_return co_await m_worker.run([this, info, &relay, stop] { return putBack(info, relay, stop); });
    }

    Async<QMap<QString, qint64>> lossAgainst(BackupInfo info, ProgressFunction, std::stop_token stop) override
    {
        co_return co_await m_worker.run([this, info, stop]() -> Result<QMap<QString, qint64>> {
            CHECK(checkFile(info));
            TRY(Connection live, open(stop));
            return cutover::lossAgainst(live, info.file);
        });
    }

    Async<bool> holdsTheSame(BackupInfo info, std::stop_token stop) override
    {
        co_return co_await m_worker.run([this, info, stop]() -> Result<bool> {
            CHECK(checkFile(info));
            TRY(Connection live, open(stop));
            return cutover::holdsTheSame(live, info.file);
        });
    }

    Async<std::optional<Error>> whyUnreadable(std::stop_token stop) override
    {
        co_return co_await m_worker.run([this, stop]() -> Result<std::optional<Error>> {
            const Result<> whole = isWhole(stop);
            if (whole || isUnreadable(whole.error())) {
                return whole ? std::optional<Error>() : whole.error();
            }
            return fail(whole.error());
        });
    }

    Async<> rebuild(BackupInfo info, QString aside, SwapFunction aboutToSwap, ProgressFunction progress, std::stop_token stop) override
    {
        ProgressRelay relay(std::move(progress));
        co_return co_await m_worker.run([this, info, aside, aboutToSwap, &relay, stop] { return buildAnew(info, aside, aboutToSwap, relay, stop); });
    }

    Async<> bringBack(QString aside, SwapFunction aboutToSwap) override
    {
        co_return co_await m_worker.run([this, aside, aboutToSwap]() -> Result<> {
            const QString live = linkedFile(m_spec.file);
            if (QFileInfo::exists(live) || !QFileInfo::exists(aside)) {
                return {};
            }
            CHECK(aboutToSwap(aside));
            return moveDatabase(aside, live);
        });
    }

    // A name and a look at one file: nothing that waits.
    Async<QString> asideName(QString mark) override { co_return QString(m_spec.file + u'.' + mark); }
    Async<bool> isAside(QString aside) override { co_return QFileInfo::exists(aside); }
    Async<QString> identity() override { co_return fileIdentity(m_spec.file); }

private:
    // All of these run on the worker.

    Result<Connection> open(const std::stop_token &stop = {})
    {
        TRY(Connection live, Connection::open(m_spec.file, Connection::Mode::Existing, stop));
        const FileIdentity now = identityOf(m_spec.file);
        if (m_identity == FileIdentity()) {
            m_identity = now;
        }
        if (now != m_identity) {
            return fail(u"database.replaced"_s, {{u"file"_s, m_spec.file}, {u"database"_s, m_spec.name}}, m_spec.file);
        }
        return live;
    }

    static Result<qint64> pagesOf(Connection &connection)
    {
        TRY(const QVariant pages, connection.value(u"PRAGMA page_count"_s));
        TRY(const QVariant pageSize, connection.value(u"PRAGMA page_size"_s));
        return pages.toLongLong() * pageSize.toLongLong();
    }

    Result<BackupInfo> writeBackup(const QString &file, ProgressRelay &relay, const std::stop_token &stop)
    {
        const QFileInfo target(file);
        const QString partial = freshFor(file);
        TRY(Connection live, open(stop));
        TRY(const qint64 bytes, pagesOf(live));
        CHECK(checkSpace(target.path(), bytes));
        // Made before SQLite opens it, so that no moment has it readable by others.
        CHECK(removeDatabase(partial));
        CHECK(files::replace(partial, {}, files::privateFile));
        Result<BackupInfo> info = writePartial(live, partial, relay, stop);
        if (!info) {
            (void)removeDatabase(partial);
            return info;
        }
        TRY(info->sha256, files::sha256(partial));
        info->size = QFileInfo(partial).size();
        info->access = accessOf(m_spec.file);
        CHECK(files::rename(partial, file));
        info->file = file;
        return info;
    }

    Result<BackupInfo> writePartial(Connection &live, const QString &partial, ProgressRelay &relay, const std::stop_token &stop)
    {
        QString mode;
        {
            TRY(Connection copy, Connection::open(partial, Connection::Mode::Existing, stop));
            TRY(const QVariant said, live.value(u"PRAGMA journal_mode"_s));
            mode = said.toString();
            if (mode == "wal"_L1) {
                // A write-ahead log lets writers go on beside this snapshot; without one it would shut them out.
                CHECK(live.execute(u"BEGIN"_s));
                CHECK(live.value(u"SELECT count(*) FROM sqlite_master"_s));
            }
            CHECK(copyPages(live, copy, true, relay, stop));
            // One file, whatever the mode of the live database is.
            CHECK(copy.value(u"PRAGMA journal_mode = DELETE"_s));
        }
        TRY(BackupInfo info, describe(partial, m_spec.countTables, stop));
        info.journalMode = mode;
        return info;
    }

    Result<> prove(const BackupInfo &info, const std::stop_token &stop)
    {
        CHECK(checkFile(info));
        const QString scratch = info.file + ".proof"_L1;
        CHECK(checkSpace(QFileInfo(info.file).path(), info.size));
        CHECK(removeDatabase(scratch));
        const Result<> proven = proveIn(scratch, info, stop);
        const Result<> removed = removeDatabase(scratch);
        return proven ? removed : proven;
    }

    Result<> proveIn(const QString &scratch, const BackupInfo &info, const std::stop_token &stop)
    {
        CHECK(files::replace(scratch, {}, files::privateFile));
        {
            TRY(Connection from, Connection::open(info.file, Connection::Mode::Existing, stop));
            TRY(Connection to, Connection::open(scratch, Connection::Mode::Existing, stop));
            ProgressRelay silent({});
            CHECK(copyPages(from, to, false, silent, stop));
            CHECK(checkIntegrityOf(to));
        }
        TRY(const BackupInfo found, describe(scratch, {}, stop));
        return compareBackups(info, found);
    }

    Result<> putBack(const BackupInfo &info, ProgressRelay &relay, const std::stop_token &stop)
    {
        CHECK(checkFile(info));
        if (const QString place = linkedFile(m_spec.file); !QFileInfo::exists(place)) {
            CHECK(makeEmpty(place, info));
        }
        TRY(Connection live, Connection::open(m_spec.file, Connection::Mode::Existing, stop));
        m_identity = identityOf(m_spec.file);
        {
            TRY(Connection from, Connection::open(info.file, Connection::Mode::Existing, stop));
            CHECK(copyPages(from, live, false, relay, stop));
        }
        // The log is brought into the file now, while nobody else uses it; not needed for correctness.
        (void)live.value(u"PRAGMA wal_checkpoint(TRUNCATE)"_s);
        return isAsBackedUp(live, info);
    }

    /// A database of nothing, in no moment readable by others than the one before it.
    static Result<> makeEmpty(const QString &place, const BackupInfo &info)
    {
        const QString fresh = freshFor(place);
        CHECK(removeDatabase(fresh));
        CHECK(files::replace(fresh, {}, files::privateFile));
        Result<> done = giveToOwnerOf({}, info.access, fresh);
        if (done) {
            done = files::rename(fresh, place);
        }
        if (!done) {
            (void)removeDatabase(fresh);
        }
        return done;
    }

    Result<> isWhole(const std::stop_token &stop)
    {
        TRY(Connection live, open(stop));
        CHECK(live.value(u"SELECT count(*) FROM sqlite_master"_s));
        return checkIntegrityOf(live);
    }

    Result<> buildAnew(const BackupInfo &info, const QString &aside, const SwapFunction &aboutToSwap, ProgressRelay &relay, const std::stop_token &stop)
    {
        CHECK(checkFile(info));
        const QString live = linkedFile(m_spec.file);
        const QFileInfo place(live);
        const QString fresh = freshFor(live);
        CHECK(checkSpace(place.path(), info.size));
        CHECK(removeDatabase(fresh));
        // An older backup does not tell; what is left of the file may.
        const bool hasLog = info.journalMode.isEmpty() ? hadWriteAheadLog(live) || hadWriteAheadLog(aside) : info.journalMode == "wal"_L1;
        Result<> done = fill(fresh, info, hasLog, relay, stop);
        if (done) {
            done = giveToOwnerOf(place.exists() ? live : aside, info.access, fresh);
        }
        if (done) {
            done = moveDatabase(live, aside);
        }
        if (done) {
            done = aboutToSwap(fresh);
        }
        if (!done) {
            (void)removeDatabase(fresh);
            return done;
        }
        CHECK(files::rename(fresh, live));
        m_identity = identityOf(m_spec.file);
        return {};
    }

    /// A new file with what the backup holds, proven; in the journal mode that its services had left it in.
    Result<> fill(const QString &fresh, const BackupInfo &info, bool hasLog, ProgressRelay &relay, const std::stop_token &stop)
    {
        CHECK(files::replace(fresh, {}, files::privateFile));
        TRY(Connection to, Connection::open(fresh, Connection::Mode::Existing, stop));
        {
            TRY(Connection from, Connection::open(info.file, Connection::Mode::Existing, stop));
            CHECK(copyPages(from, to, false, relay, stop));
        }
        CHECK(isAsBackedUp(to, info));
        CHECK(to.value(hasLog ? u"PRAGMA journal_mode = WAL"_s : u"PRAGMA journal_mode = DELETE"_s));
        return {};
    }

    static Result<> isAsBackedUp(Connection &connection, const BackupInfo &info)
    {
        CHECK(checkIntegrityOf(connection));
        BackupInfo found;
        TRY(found.schemaDigest, schemaDigestOf(connection));
        TRY(found.revision, migrationHeadOf(connection));
        TRY(found.rows, countRowsOf(connection, {}));
        return compareBackups(info, found);
    }

    DatabaseSpec m_spec;
    FileIdentity m_identity; ///< Null: not seen yet.
    Worker m_worker; ///< Last, so that it ends before what it uses.
};

} // namespace

Result<std::unique_ptr<Database>> makeSqliteDatabase(const DatabaseSpec &spec)
{
    return std::make_unique<SqliteDatabase>(spec);
}

} // namespace cutover
