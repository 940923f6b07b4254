// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresdatabase.h"

#include "database/postgresactivity.h"
#include "database/postgresarchive.h"
#include "database/postgrescomparison.h"
#include "database/postgresextensions.h"
#include "database/postgresplaces.h"
#include "database/postgresprogress.h"
#include "database/postgresrefusal.h"
#include "database/postgresschema.h"
#include "database/postgrestools.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/memoryfile.h"
#include "system/random.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using namespace postgres;

constexpr qint64 betweenLooksMs = 250;
constexpr qsizetype longestName = 63; ///< Of anything in PostgreSQL; it cuts off the rest without a word.

/// A dump on its way: its folder and the snapshot that everything is read from.
struct Dump {
    QString partial;
    QString snapshot;
    QString database; ///< Under which name we are in it.
    int version = 0;
    QMap<QString, qint64> weights; ///< Rows by table, for progress.
    BackupInfo info;
};

/// Folders of dumps that were killed. Their names are never used again: a pg_dump that outlived us may still write there.
Result<> removeLeftovers(const QFileInfo &target)
{
    const QDir folder(target.path());
    const QStringList names = folder.entryList({u'.' + target.fileName() + u".*.cutover-tmp"_s}, QDir::Dirs | QDir::Hidden);
    for (const QString &name : names) {
        CHECK(files::removeTree(folder.filePath(name)));
    }
    return {};
}

class PostgresDatabase : public Database
{
public:
    explicit PostgresDatabase(const DatabaseSpec &spec)
        : m_spec(spec)
    {
    }

    ~PostgresDatabase() override
    {
        // A connection ends on the thread that it was made on.
        m_worker.run([this] {
                    m_session.reset();
                    m_fresh.reset();
                })
            .waitForFinished();
    }

    QString suffix() const override { return u".pgdump"_s; }
    QString progressUnit() const override { return u"rows"_s; }

    Async<qint64> size() override
    {
        co_return co_await m_worker.run([this]() -> Result<qint64> {
            TRY(Session * session, live());
            TRY(const QVariant bytes, session->value(u"SELECT pg_database_size(current_database())"_s));
            return bytes.toLongLong();
        });
    }

    Async<DatabaseFolders> folders() override
    {
        co_return co_await m_worker.run([this]() -> Result<DatabaseFolders> {
            TRY(Session * session, live());
            return localFolders(*session, m_spec);
        });
    }

    Async<> check() override
    {
        co_return co_await m_worker.run([this]() -> Result<> {
            TRY(Session * session, live());
            CHECK(checkIntegrityOf(*session, m_spec));
            return {};
        });
    }

    Async<QMap<QString, qint64>> countRows() override
    {
        co_return co_await m_worker.run([this]() -> Result<QMap<QString, qint64>> {
            TRY(Session * session, live());
            QMap<QString, qint64> rows;
            // One snapshot for all tables.
            CHECK(session->transaction([&]() -> Result<> {
                CHECK(session->execute(u"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"_s));
                TRY(rows, countRowsOf(*session, m_spec.countTables));
                return {};
            }));
            return rows;
        });
    }

    Async<QString> schemaDigest() override
    {
        const auto server = std::make_shared<std::pair<QString, int>>();
        CO_CHECK(co_await m_worker.run([this, server]() -> Result<> {
            TRY(Session * session, live());
            *server = {session->database(), session->version()};
            return {};
        }));
        co_return co_await digestOf(server->first, server->second, {}, {});
    }

    Async<BackupInfo> backup(QString file, ProgressFunction progress, std::stop_token stop) override
    {
        CO_TRY(Dump dump, co_await m_worker.run([this, file, stop] { return beginDump(file, stop); }));
        Result<BackupInfo> info = co_await writeDump(dump, file, std::move(progress), stop);
        const Result<> ended = co_await m_worker.run([this, dump, failed = !info]() -> Result<> {
            m_session.reset(); // And with it the snapshot.
            return failed ? files::removeTree(dump.partial) : Result<>();
        });
        // What went wrong matters more than what is left of it.
        if (info && !ended) {
            co_return fail(ended.error());
        }
        co_return info;
    }

    Async<> verifyBackup(BackupInfo info, std::stop_token stop) override
    {
        CO_CHECK(co_await m_worker.run([info, stop] { return checkArchive(info, stop); }));
        CO_TRY(const QString name, co_await liveName());
        const QString scratch = proofName(name);
        Result<> proven = co_await fill(scratch, info, {}, stop);
        if (proven) {
            proven = co_await compareWith(scratch, info, stop);
        }
        // Also when somebody has asked to stop.
        const Result<> dropped = co_await m_worker.run([this, scratch] { return dropBeside(scratch); });
        co_return proven ? dropped : proven;
    }

    Async<> dropProof() override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name] { return dropBeside(proofName(name)); });
    }

    Async<> restore(BackupInfo info, ProgressFunction progress, std::stop_token stop) override
    {
        co_return co_await putInPlace(info, {}, std::move(progress), stop);
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

    Async<> rebuild(BackupInfo info, QString aside, SwapFunction, ProgressFunction progress, std::stop_token stop) override
    {
        co_return co_await putInPlace(info, aside, std::move(progress), stop);
    }

    Async<> bringBack(QString aside, SwapFunction) override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name, aside]() -> Result<> {
            TRY(const auto maintenance, openMaintenance());
            CHECK(postgres::bringBack(*maintenance, name, aside));
            startJobs(*maintenance, name);
            return {};
        });
    }

    Async<QString> asideName(QString mark) override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return postgres::asideName(name, mark);
    }

    Async<bool> isAside(QString aside) override
    {
        co_return co_await m_worker.run([this, aside]() -> Result<bool> {
            TRY(const auto maintenance, openMaintenance());
            return exists(*maintenance, aside);
        });
    }

    Async<QString> identity() override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name]() -> Result<QString> {
            TRY(const auto maintenance, openMaintenance());
            TRY(const QString standing, standingName(*maintenance, name));
            return identityOf(*maintenance, standing);
        });
    }

    Async<QMap<QString, qint64>> lossAgainst(BackupInfo info, ProgressFunction progress, std::stop_token stop) override
    {
        // What a restore would put in place is what is compared with, and it stays for that restore.
        CO_TRY(const QString fresh, co_await makeReady(info, std::move(progress), stop));
        CO_TRY(const Comparison found, co_await m_worker.run([this, fresh, stop]() -> Result<Comparison> {
            TRY(const auto maintenance, openMaintenance(stop));
            TRY(const auto copy, lookInto(m_spec, *maintenance, fresh, stop));
            TRY(const auto live, Session::open(m_spec, {}, stop));
            return compare(*live, *copy);
        }));
        CO_TRY(m_remarks, co_await remarksOn(info, found.reshaped));
        co_return found.loss;
    }

    Async<QMap<QString, qint64>> estimateLoss(BackupInfo info, std::stop_token stop) override
    {
        CO_TRY(const Comparison found, co_await m_worker.run([this, info, stop]() -> Result<Comparison> {
            if (!QFileInfo::exists(info.file)) {
                return fail(u"database.backup_missing"_s, {{u"file"_s, info.file}}, info.file);
            }
            TRY(const QJsonObject description, readDescription(info.file));
            TRY(const auto live, Session::open(m_spec, {}, stop));
            return estimate(*live, description["traces"_L1].toObject(), info.rows);
        }));
        CO_TRY(m_remarks, co_await remarksOn(info, found.reshaped));
        co_return found.loss;
    }

    Async<> forget() override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name] { return dropBeside(freshName(name)); });
    }

    QList<Message> remarks() const override { return m_remarks; }

    Async<bool> holdsTheSame(BackupInfo info, std::stop_token stop) override
    {
        CO_TRY(const QString name, co_await liveName());
        // A restore puts another database in the place of the one that was backed up.
        co_return co_await m_worker.run([this, info, name, stop]() -> Result<bool> {
            CHECK(checkArchive(info, stop));
            TRY(const QJsonObject description, readDescription(info.file));
            TRY(const auto maintenance, openMaintenance(stop));
            TRY(const QString standing, standingName(*maintenance, name));
            TRY(const QString now, identityOf(*maintenance, standing));
            return !now.isEmpty() && now == description["identity"_L1].toString();
        });
    }

    Async<> clone(BackupInfo info, QString name, ProgressFunction progress, std::stop_token stop)
    {
        CO_CHECK(co_await m_worker.run([info, stop] { return checkArchive(info, stop); }));
        CO_TRY(const QString live, co_await liveName());
        // What a restore makes, keeps and drops is named after the live one.
        const bool isOurs = std::ranges::any_of(QStringList{u"_cutover_"_s, u"_before_"_s, u"_damaged-"_s}, [&](const QString &mark) { return name.startsWith(live + mark); });
        if (name.isEmpty() || name.toUtf8().size() > longestName || name == live || name == m_spec.postgres.maintenanceDatabase || isOurs) {
            co_return fail(u"database.clone_name"_s, {{u"name"_s, name}, {u"database"_s, m_spec.name}}, addressOf(m_spec));
        }
        const auto made = std::make_shared<bool>(false);
        const Result<> filled = co_await fill(name, info, std::move(progress), stop, made);
        const Result<> done = !filled ? filled : co_await m_worker.run([this, info, name, stop]() -> Result<> {
            m_fresh.reset();
            TRY(const QJsonObject description, readDescription(info.file));
            TRY(const auto maintenance, openMaintenance(stop));
            return applyProperties(*maintenance, name, description);
        });
        if (!done && *made) {
            (void)co_await m_worker.run([this, name] { return dropBeside(name); });
        }
        co_return done;
    }

    bool canClose() const override { return true; }

    Async<> close() override { return turnTheDoor(&postgres::close); }
    Async<> reopen() override { return turnTheDoor(&postgres::reopen); }
    Async<> checkMayClose() override { return aboutTheDoor(&postgres::checkMayClose); }

    Async<bool> isClosed() override
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name]() -> Result<bool> {
            TRY(const auto maintenance, openMaintenance());
            // With another one beside it of the name, nobody is kept out.
            TRY(const bool isLive, exists(*maintenance, name));
            TRY(const bool isClosed, exists(*maintenance, closedName(name)));
            return isClosed && !isLive;
        });
    }

    Async<QList<FormerDatabase>> former()
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name]() -> Result<QList<FormerDatabase>> {
            TRY(const auto maintenance, openMaintenance());
            return replaced(*maintenance, name);
        });
    }

    Async<QStringList> dropFormer(QStringList wanted)
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name, wanted]() -> Result<QStringList> {
            TRY(const auto maintenance, openMaintenance());
            TRY(const QList<FormerDatabase> kept, replaced(*maintenance, name));
            QStringList names;
            for (const FormerDatabase &each : kept) {
                if (wanted.contains(each.name)) {
                    names.append(each.name);
                }
            }
            for (const QString &scratch : {proofName(name), freshName(name)}) {
                TRY(const bool there, exists(*maintenance, scratch));
                if (there) {
                    names.append(scratch);
                }
            }
            for (const QString &each : std::as_const(names)) {
                CHECK(drop(*maintenance, each));
            }
            return names;
        });
    }

private:
    /// The connection to the live database; a new one where there is none or the last one was lost. On the worker.
    Result<Session *> live(const std::stop_token &stop = {})
    {
        if (m_session) {
            m_session->setStop(stop);
            if (const auto alive = m_session->value(u"SELECT 1"_s)) {
                return m_session.get();
            } else if (alive.error().kind == Error::Kind::Cancelled) {
                return fail(alive.error());
            }
            m_session.reset();
        }
        TRY(m_session, Session::open(m_spec, {}, stop));
        return m_session.get();
    }

    Result<std::unique_ptr<Session>> openMaintenance(const std::stop_token &stop = {}) const
    {
        return Session::open(m_spec, m_spec.postgres.maintenanceDatabase, stop);
    }

    Async<> aboutTheDoor(Result<> (*work)(const DatabaseSpec &, Session &, const QString &))
    {
        CO_TRY(const QString name, co_await liveName());
        co_return co_await m_worker.run([this, name, work]() -> Result<> {
            m_session.reset(); // Ours would be in the way, too.
            TRY(const auto maintenance, openMaintenance());
            return work(m_spec, *maintenance, name);
        });
    }

    Async<> turnTheDoor(Result<> (*work)(const DatabaseSpec &, Session &, const QString &))
    {
        const Result<> done = co_await aboutTheDoor(work);
        CO_TRY(const QString name, co_await liveName());
        CO_CHECK(co_await m_worker.run([this, name]() -> Result<> {
            TRY(const auto maintenance, openMaintenance());
            m_remarks.clear();
            startJobs(*maintenance, name);
            return {};
        }));
        co_return done;
    }

    /// Where the live database is open, its jobs are to run, whatever became of a new name. On the worker.
    void startJobs(Session &maintenance, const QString &name)
    {
        if (const Result<> started = postgres::startJobs(m_spec, maintenance, name); !started) {
            m_remarks.append({u"database.jobs_stopped"_s, {{u"database"_s, m_spec.name}, {u"address"_s, addressOf(m_spec, name)}, {u"reason"_s, started.error().args["reason"_L1]}}});
        }
    }

    /// As target.yaml says, else as the service file does; the database itself may be gone.
    Async<QString> liveName()
    {
        if (!m_spec.postgres.database.isEmpty()) {
            // A copy of its own: co_return moves from what it is given.
            co_return QString(m_spec.postgres.database);
        }
        co_return co_await m_worker.run([this]() -> Result<QString> { return databaseName(m_spec); });
    }

    /// The backup beside the live database, whole and proven, as markReady() leaves it: made now, or by an earlier call.
    Async<QString> makeReady(BackupInfo info, ProgressFunction progress, std::stop_token stop)
    {
        CO_CHECK(co_await m_worker.run([info, stop] { return checkArchive(info, stop); }));
        CO_TRY(const QString name, co_await liveName());
        const QString fresh = freshName(name);
        CO_TRY(const bool ready, co_await m_worker.run([this, info, fresh, stop]() -> Result<bool> {
            m_session.reset(); // Ours would be in the way, too.
            TRY(const auto maintenance, openMaintenance(stop));
            return isReady(*maintenance, fresh, info.sha256);
        }));
        if (!ready) {
            if (const Result<> made = co_await makeFresh(fresh, info, std::move(progress), stop); !made) {
                // It takes up space that may be what was missing.
                (void)co_await m_worker.run([this, fresh] { return dropBeside(fresh); });
                co_return fail(made.error());
            }
        }
        co_return fresh;
    }

    Async<> putInPlace(BackupInfo info, QString aside, ProgressFunction progress, std::stop_token stop)
    {
        CO_TRY(const QString name, co_await liveName());
        CO_TRY(const QString fresh, co_await makeReady(info, std::move(progress), stop));
        CO_CHECK(co_await m_worker.run([this, info, name, fresh, aside, stop]() -> Result<> {
            TRY(const QJsonObject description, readDescription(info.file));
            TRY(const auto maintenance, openMaintenance(stop));
            const auto swapped = swapIn(m_spec, *maintenance, name, fresh, description, aside);
            m_remarks.clear();
            startJobs(*maintenance, name);
            CHECK(swapped);
            return {};
        }));
        CO_TRY(const QList<Message> remarks, co_await remarksOn(info, {}));
        m_remarks += remarks;
        co_return Result<>();
    }

    Async<QList<Message>> remarksOn(BackupInfo info, QStringList reshaped)
    {
        co_return co_await m_worker.run([this, info, reshaped]() -> Result<QList<Message>> {
            TRY(const QJsonObject description, readDescription(info.file));
            QList<Message> remarks;
            if (!reshaped.isEmpty()) {
                remarks.append({u"database.reshaped"_s, {{u"database"_s, m_spec.name}, {u"tables"_s, QJsonArray::fromStringList(reshaped)}}});
            }
            if (const QStringList names = subscriptionsIn(description); !names.isEmpty()) {
                remarks.append({u"database.subscriptions"_s, {{u"database"_s, m_spec.name}, {u"subscriptions"_s, QJsonArray::fromStringList(names)}}});
            }
            return remarks;
        });
    }

    /// Every table's pages are read; what lies beside them (long values) the backup reads. An index is no content.
    Result<> isWhole(const std::stop_token &stop)
    {
        TRY(const auto session, Session::open(m_spec, {}, stop));
        CHECK(session->execute(u"SET enable_indexonlyscan = off"_s));
        CHECK(countRowsOf(*session, {}));
        return {};
    }

    Result<Dump> beginDump(const QString &file, const std::stop_token &stop)
    {
        const QFileInfo target(file);
        CHECK(removeLeftovers(target));
        TRY(Session * session, live(stop));
        CHECK(session->execute(u"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"_s));
        const auto begun = describeDump(*session, target);
        if (!begun) {
            m_session.reset();
        }
        return begun;
    }

    Result<Dump> describeDump(Session &session, const QFileInfo &target)
    {
        Dump dump;
        dump.version = session.version();
        dump.database = session.database();
        TRY(const QVariant snapshot, session.value(u"SELECT pg_export_snapshot()"_s));
        dump.snapshot = snapshot.toString();
        TRY(const QJsonObject description, describe(session));
        TRY(const Estimate estimate, estimateOf(session));
        // Packed it is smaller, as a rule; but what can't be packed is not.
        TRY(const qint64 free, files::freeBytes(target.path()));
        if (free < estimate.bytes) {
            return fail(u"database.backup_space"_s, {{u"path"_s, target.path()}, {u"free"_s, free}, {u"needed"_s, estimate.bytes}}, target.path());
        }
        TRY(dump.info.rows, countRowsOf(session, m_spec.countTables));
        TRY(dump.info.revision, revisionOf(session));
        TRY(const QVariant content, session.value(u"SELECT pg_database_size(current_database())"_s));
        dump.info.content = content.toLongLong();
        dump.weights = estimate.rows;
        for (const auto &[table, rows] : dump.info.rows.asKeyValueRange()) {
            dump.weights.insert(table, rows);
        }
        dump.partial = u"%1/.%2.%3.cutover-tmp"_s.arg(target.path(), target.fileName(), Random::system().id());
        CHECK(files::makePath(dump.partial));
        QFile::setPermissions(dump.partial, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
        const Result<> written = files::replace(descriptionIn(dump.partial), QJsonDocument(description).toJson(), files::privateFile);
        if (!written) {
            (void)files::removeTree(dump.partial);
            return fail(written.error());
        }
        return dump;
    }

    Async<BackupInfo> writeDump(Dump dump, QString file, ProgressFunction progress, std::stop_token stop)
    {
        const auto watch = std::make_shared<TableWatch>(dump.weights, std::move(progress));
        ToolRun run;
        run.program = u"pg_dump"_s;
        run.inherit = inherit();
        run.database = dump.database;
        run.arguments = {u"--format=directory"_s, u"--jobs=%1"_s.arg(m_spec.postgres.jobs), u"--file=%1"_s.arg(dumpIn(dump.partial)),
                         u"--snapshot=%1"_s.arg(dump.snapshot), u"--lock-wait-timeout=%1"_s.arg(lockWaitMs), u"--verbose"_s};
        run.onLine = [watch](const QString &line) { watch->hear(line); };
        ToolRun packed = run;
        // Since version 16; not in every build.
        packed.arguments.append(u"--compress=zstd:1"_s);
        const bool mayPack = dump.version >= 160000;
        Result<QByteArray> dumped = co_await watched(mayPack ? packed : run, dump.version, watch, dump.partial, stop);
        if (!dumped && mayPack && dumped.error().args["reason"_L1].toString().contains("does not support compression"_L1)) {
            dumped = co_await watched(run, dump.version, watch, dump.partial, stop);
        }
        CO_CHECK(dumped);
        ToolRun roles;
        roles.program = u"pg_dumpall"_s;
        roles.inherit = inherit();
        roles.database = m_spec.postgres.maintenanceDatabase;
        roles.arguments = {u"--roles-only"_s, u"--no-role-passwords"_s, u"--file=%1"_s.arg(rolesIn(dump.partial)),
                           u"--database=%1"_s.arg(m_spec.postgres.maintenanceDatabase)};
        CO_CHECK(co_await runTool(m_spec, dump.version, roles, dump.partial, stop));
        CO_TRY(dump.info.schemaDigest, co_await digestOf(dump.database, dump.version, dump.snapshot, stop));
        CO_CHECK(co_await m_worker.run([&dump, file, stop] { return keepDump(dump, file, stop); }));
        watch->tellDone();
        co_return dump.info;
    }

    static Result<> keepDump(Dump &dump, const QString &file, const std::stop_token &stop)
    {
        TRY(const Folder folder, measure(dump.partial, stop));
        dump.info.sha256 = folder.sha256;
        dump.info.size = folder.size;
        dump.info.file = file;
        // Of an attempt that ended before anybody knew of it.
        CHECK(files::removeTree(file));
        return files::rename(dump.partial, file);
    }

    /// Runs the program while its progress is looked at. By a session of its own: a look that fails (a view that the server has not,
    /// or that our role may not read) would end the transaction of the snapshot that the program reads from.
    Async<QByteArray> watched(ToolRun run, int version, std::shared_ptr<TableWatch> watch, QString where, std::stop_token stop)
    {
        std::stop_source ended;
        auto looking = look(run.database, version, watch, ended.get_token());
        Result<QByteArray> output = co_await runTool(m_spec, version, std::move(run), std::move(where), stop);
        ended.request_stop();
        co_await looking;
        co_return output;
    }

    QCoro::Task<> look(QString database, int version, std::shared_ptr<TableWatch> watch, std::stop_token ended)
    {
        constexpr int firstWithFigures = 140000;
        const auto session = std::make_shared<std::unique_ptr<Session>>();
        while (version >= firstWithFigures && co_await Clock::system().sleep(betweenLooksMs, ended)) {
            const auto underWay = co_await m_worker.run([this, database, session]() -> Result<QMap<QString, qint64>> {
                if (!*session) {
                    TRY(*session, Session::open(m_spec, database));
                }
                return TableWatch::underWay(**session);
            });
            if (!underWay) {
                break; // No figures then but what the program says itself.
            }
            watch->tell(*underWay);
        }
        // A connection ends on the thread that it was made on.
        (void)co_await m_worker.run([session]() -> Result<> {
            session->reset();
            return {};
        });
    }

    Async<QString> digestOf(QString database, int version, QString snapshot, std::stop_token stop)
    {
        ToolRun run;
        run.program = u"pg_dump"_s;
        run.inherit = inherit();
        run.database = std::move(database);
        // A subscription is made again only by a restore, not by a proof.
        run.arguments = {u"--schema-only"_s, u"--no-subscriptions"_s, u"--lock-wait-timeout=%1"_s.arg(lockWaitMs)};
        const QStringList left = bookkeepingTables();
        for (const QString &pattern : left) {
            run.arguments.append(u"--exclude-table="_s + pattern);
        }
        if (!snapshot.isEmpty()) {
            run.arguments.append(u"--snapshot="_s + snapshot);
        }
        CO_TRY(const QByteArray definitions, co_await runTool(m_spec, version, run, {}, stop));
        co_return co_await m_worker.run([definitions]() -> Result<QString> { return schemaDigestOf(QString::fromUtf8(definitions)); });
    }

    /// A database of that name with the backup's content, made anew; m_fresh is connected to it.
    /// made: one that is there already is an error, and not replaced; told whether it was made.
    Async<> fill(QString name, BackupInfo info, ProgressFunction progress, std::stop_token stop, std::shared_ptr<bool> made = {})
    {
        struct Begun {
            int version = 0;
            bool jobs = true;
            bool extensions = false; ///< pg_restore would not make them as they were.
        };
        CO_TRY(const Begun begun, co_await m_worker.run([this, name, info, stop, made]() -> Result<Begun> {
            m_fresh.reset();
            TRY(const QJsonObject description, readDescription(info.file));
            TRY(const auto maintenance, openMaintenance(stop));
            CHECK(checkServerHas(*maintenance, description, info.file));
            if (made) {
                TRY(const bool isThere, exists(*maintenance, name));
                if (isThere) {
                    return fail(u"database.clone_exists"_s, {{u"name"_s, name}}, addressOf(m_spec));
                }
            } else {
                CHECK(drop(*maintenance, name));
            }
            CHECK(createLike(*maintenance, name, description));
            if (made) {
                *made = true;
            }
            TRY(m_fresh, Session::open(m_spec, name, stop));
            TRY(const bool extensions, haveToBeMade(*m_fresh, description));
            return Begun{m_fresh->version(), allowsJobs(description), extensions};
        }));
        const auto watch = std::make_shared<TableWatch>(info.rows, std::move(progress));
        ToolRun run;
        run.program = u"pg_restore"_s;
        run.inherit = inherit();
        run.database = name;
        run.arguments = {u"--format=directory"_s, u"--exit-on-error"_s, u"--no-subscriptions"_s, u"--verbose"_s, dumpIn(info.file)};
        MemoryFile others;
        if (begun.extensions) {
            CO_TRY(const QByteArray left, co_await restoreExtensions(run, begun.version, info, stop));
            CO_CHECK(others.write(left));
            run.inherit.append(others.descriptor());
            run.arguments.append(u"--use-list="_s + others.path());
        }
        run.arguments.append(u"--jobs=%1"_s.arg(begun.jobs ? m_spec.postgres.jobs : 1));
        run.onLine = [watch](const QString &line) { watch->hear(line); };
        CO_CHECK(co_await watched(run, begun.version, watch, {}, stop));
        watch->tellDone();
        co_return co_await m_worker.run([this, info]() -> Result<> {
            TRY(const QJsonObject description, readDescription(info.file));
            return finishContent(*m_fresh, description);
        });
    }

    /// The backup's schemas and extensions, into what m_fresh is connected to; for --use-list, what is left to restore.
    Async<QByteArray> restoreExtensions(ToolRun run, int version, BackupInfo info, std::stop_token stop)
    {
        ToolRun list = run;
        list.connects = false;
        list.arguments.append(u"--list"_s);
        CO_TRY(const QByteArray all, co_await runTool(m_spec, version, list, {}, stop));
        const Entries entries = partedEntries(all);
        if (!entries.schemas.isEmpty()) {
            MemoryFile schemas;
            CO_CHECK(schemas.write(entries.schemas));
            run.inherit.append(schemas.descriptor());
            run.arguments.append(u"--use-list="_s + schemas.path());
            CO_CHECK(co_await runTool(m_spec, version, run, {}, stop));
        }
        CO_CHECK(co_await m_worker.run([this, info]() -> Result<> {
            TRY(const QJsonObject description, readDescription(info.file));
            CHECK(makeExtensions(*m_fresh, description));
            return announceRestore(*m_fresh, description);
        }));
        co_return entries.others;
    }

    Async<> makeFresh(QString fresh, BackupInfo info, ProgressFunction progress, std::stop_token stop)
    {
        CO_CHECK(co_await fill(fresh, info, std::move(progress), stop));
        CO_CHECK(co_await compareWith(fresh, info, stop));
        co_return co_await m_worker.run([this, info, fresh, stop] { return finishFresh(fresh, info, stop); });
    }

    Result<> dropBeside(const QString &name)
    {
        m_fresh.reset();
        TRY(const auto maintenance, openMaintenance());
        return drop(*maintenance, name);
    }

    Async<> compareWith(QString name, BackupInfo info, std::stop_token stop)
    {
        CO_TRY(const int version, co_await m_worker.run([this]() -> Result<int> { return m_fresh->version(); }));
        BackupInfo found;
        CO_TRY(found.schemaDigest, co_await digestOf(name, version, {}, stop));
        co_return co_await m_worker.run([this, info, found]() mutable -> Result<> {
            TRY(found.rows, countRowsOf(*m_fresh, info.rows.keys()));
            TRY(found.revision, revisionOf(*m_fresh));
            TRY(const QJsonObject then, readDescription(info.file));
            TRY(const QJsonObject now, describe(*m_fresh));
            if (then["extensions"_L1] != now["extensions"_L1]) {
                const auto text = [](const QJsonObject &of) { return QString::fromUtf8(QJsonDocument(of["extensions"_L1].toArray()).toJson(QJsonDocument::Compact)); };
                return fail(u"database.backup_differs"_s,
                            {{u"file"_s, info.file}, {u"what"_s, u"extensions"_s}, {u"expected"_s, text(then)}, {u"found"_s, text(now)}}, info.file);
            }
            CHECK(checkIntegrityOf(*m_fresh, m_spec));
            return compareBackups(info, found);
        });
    }

    /// What a database needs that is to be served from, once its content is proven. Then it is closed until the swap.
    Result<> finishFresh(const QString &fresh, const BackupInfo &info, const std::stop_token &stop)
    {
        // Without statistics the first queries would be planned badly.
        CHECK(m_fresh->execute(u"ANALYZE"_s));
        m_fresh.reset();
        TRY(const QJsonObject description, readDescription(info.file));
        TRY(const auto maintenance, openMaintenance(stop));
        CHECK(applyProperties(*maintenance, fresh, description));
        return markReady(*maintenance, fresh, info.sha256);
    }

    DatabaseSpec m_spec;
    QList<Message> m_remarks; ///< Written by one of ours at a time, on the worker or behind it.
    // These only on the worker.
    std::unique_ptr<Session> m_session; ///< To the live database.
    std::unique_ptr<Session> m_fresh; ///< To one beside it.
    Worker m_worker; ///< Last, so that it ends before what it uses.
};

} // namespace

Result<std::unique_ptr<Database>> makePostgresDatabase(const DatabaseSpec &spec)
{
    return std::make_unique<PostgresDatabase>(spec);
}

Async<> clonePostgres(DatabaseSpec spec, BackupInfo info, QString name, Database::ProgressFunction progress, std::stop_token stop, QList<int> inherit)
{
    PostgresDatabase database(spec);
    database.setInherit(inherit);
    co_return co_await database.clone(info, name, std::move(progress), stop);
}

Async<QList<FormerDatabase>> formerPostgres(DatabaseSpec spec)
{
    PostgresDatabase database(spec);
    co_return co_await database.former();
}

Async<QStringList> dropFormerPostgres(DatabaseSpec spec, QStringList names)
{
    PostgresDatabase database(spec);
    co_return co_await database.dropFormer(names);
}

bool isLastBackupOf(const FormerDatabase &former, const DatabaseSpec &spec, const BackupInfo &info)
{
    const auto description = readDescription(info.file);
    // Only while it was closed was it there under that name.
    return description && (*description)["identity"_L1].toString() == former.identity && (*description)["name"_L1].toString() == closedName(databaseName(spec));
}

} // namespace cutover
