// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/journal.h"

#include "audit/auditchain.h"
#include "run/journalschema.h"
#include "run/spacereserve.h"
#include "system/clock.h"
#include "system/faultpoints.h"
#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "system/sqlitevfs.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QVariant>

#include <atomic>
#include <sqlite3.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr auto runColumns = "id, plan, plan_digest, state, reason, error, approved_by, started_by, created, started, ended, "
                            "active_ms, held_until"_L1;
constexpr auto restorePointColumns = "id, run, created, version, reason, facts, directory, size, members, proven, available"_L1;

QVariant stored(const QJsonObject &object)
{
    return object.isEmpty() ? QVariant(QMetaType::fromType<QString>()) : QVariant(QString::fromUtf8(json::canonical(object)));
}

QVariant stored(const Message &message)
{
    return message.isEmpty() ? stored(QJsonObject()) : stored(message.toJson());
}

QVariant stored(const Error &error)
{
    return error.code.isEmpty() ? stored(QJsonObject()) : stored(error.toJson());
}

QVariant stored(const QDateTime &time)
{
    return time.isValid() ? QVariant(time.toMSecsSinceEpoch()) : QVariant(QMetaType::fromType<qint64>());
}

QJsonObject objectFrom(const QVariant &value)
{
    return QJsonDocument::fromJson(value.toString().toUtf8()).object();
}

Error errorFrom(const QVariant &value)
{
    return value.isNull() ? Error() : Error::fromJson(objectFrom(value));
}

QDateTime timeFrom(const QVariant &value)
{
    return value.isNull() ? QDateTime() : QDateTime::fromMSecsSinceEpoch(value.toLongLong(), QTimeZone::UTC);
}

Result<RunRecord> runFrom(const QSqlQuery &row)
{
    RunRecord run;
    run.id = row.value(0).toString();
    TRY(run.plan, Plan::fromJson(objectFrom(row.value(1))));
    run.planDigest = row.value(2).toString();
    run.state = runStateFromName(row.value(3).toString());
    run.reason = Message::fromJson(objectFrom(row.value(4)));
    run.error = errorFrom(row.value(5));
    run.approvedBy = row.value(6).toString();
    run.startedBy = row.value(7).toString();
    run.created = timeFrom(row.value(8));
    run.started = timeFrom(row.value(9));
    run.ended = timeFrom(row.value(10));
    run.activeMs = row.value(11).toLongLong();
    run.heldUntil = timeFrom(row.value(12));
    return run;
}

RestorePoint restorePointFrom(const QSqlQuery &row)
{
    return {
        .id = row.value(0).toString(),
        .runId = row.value(1).toString(),
        .created = timeFrom(row.value(2)),
        .version = row.value(3).toString(),
        .reason = Message::fromJson(objectFrom(row.value(4))),
        .facts = objectFrom(row.value(5)),
        .directory = row.value(6).toString(),
        .size = row.value(7).toLongLong(),
        .members = objectFrom(row.value(8)),
        .proven = timeFrom(row.value(9)),
        .available = row.value(10).toBool(),
    };
}

CommandRecord commandFrom(const QSqlQuery &row)
{
    return {
        .id = row.value(0).toString(),
        .runId = row.value(1).toString(),
        .verb = row.value(2).toString(),
        .args = objectFrom(row.value(3)),
        .expectedState = row.value(4).toString(),
        .by = row.value(5).toString(),
        .created = timeFrom(row.value(6)),
        .taken = timeFrom(row.value(7)),
        .outcome = Message::fromJson(objectFrom(row.value(8))),
    };
}

AuditRecord auditFrom(const QSqlQuery &row)
{
    return {
        .sequence = row.value(0).toLongLong(),
        .time = timeFrom(row.value(1)),
        .who = row.value(2).toString(),
        .what = row.value(3).toString(),
        .args = objectFrom(row.value(4)),
        .hash = row.value(5).toString(),
    };
}

} // namespace

struct Journal::Private {
    QString directory;
    QString path;
    QString connection;
    QSqlDatabase database;

    ~Private() { close(); }

    void close()
    {
        if (!connection.isEmpty()) {
            database = {};
            QSqlDatabase::removeDatabase(connection);
            connection.clear();
        }
    }

    std::unexpected<Error> failure(const QSqlError &error) const
    {
        const int extended = error.nativeErrorCode().toInt();
        const QJsonObject args{{u"path"_s, path}, {u"reason"_s, error.databaseText()}, {u"code"_s, extended}};
        switch (extended & 0xff) {
        case SQLITE_FULL:
            return fail(u"journal.no_space"_s, args, path);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return fail(u"journal.busy"_s, args, path, Error::Kind::Transient);
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return fail(u"journal.damaged"_s, args, path);
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            // A commit whose sync failed may still be found after a crash.
            return fail(u"journal.io"_s, args, path, Error::Kind::Unknown);
        default:
            return fail(u"journal.failed"_s, args, path);
        }
    }

    Result<QSqlQuery> exec(const QString &sql, const QVariantList &values = {}) const
    {
        QSqlQuery query(database);
        query.setForwardOnly(true);
        if (!query.prepare(sql)) {
            return failure(query.lastError());
        }
        for (const QVariant &value : values) {
            // Qt binds a string that was never set as NULL; here that is an empty string.
            const bool unset = value.typeId() == QMetaType::QString && !value.isNull() && value.toString().isNull();
            query.addBindValue(unset ? QVariant(u""_s) : value);
        }
        if (!query.exec()) {
            return failure(query.lastError());
        }
        return query;
    }

    /// Rows changed.
    Result<int> change(const QString &sql, const QVariantList &values) const
    {
        TRY(const QSqlQuery query, exec(sql, values));
        return query.numRowsAffected();
    }

    /// Some shortages come as input/output errors: the shared-memory file of the log cannot grow.
    bool isFull(const Error &error) const
    {
        if (error.code == "journal.no_space"_L1 || error.code == "file.no_space"_L1) {
            return true;
        }
        return error.code == "journal.io"_L1 && files::freeBytes(directory).value_or(0) < 256 * 1024;
    }

    template<class Work>
    Result<> attempt(const Work &work) const
    {
        faultpoints::forget();
        CHECK(exec(u"BEGIN IMMEDIATE"_s));
        Result<> result = work();
        if (result) {
            if (auto committed = exec(u"COMMIT"_s); !committed) {
                result = std::unexpected(std::move(committed).error());
            }
        }
        if (!result && !sqlite3_get_autocommit(sqliteHandle(database))) {
            (void)exec(u"ROLLBACK"_s);
        }
        return result;
    }

    /// One durable transaction. When the disk is full, once more in the space kept back for it.
    template<class Work>
    Result<> write(const Work &work) const
    {
        Result<> result = attempt(work);
        if (!result && isFull(result.error()) && releaseReserve(directory)) {
            result = attempt(work);
        }
        return result;
    }

    Result<> openOnce(Mode mode)
    {
        static std::atomic<quint64> number = 0;
        close();
        connection = QString(u"cutover-journal-"_s + QString::number(++number));
        database = QSqlDatabase::addDatabase(u"QSQLITE"_s, connection);
        database.setDatabaseName(path);
        database.setConnectOptions(mode != Mode::ReadWrite ? u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=10000"_s
                                                           : u"QSQLITE_BUSY_TIMEOUT=10000"_s);
        if (!database.open()) {
            return failure(database.lastError());
        }
        if (mode != Mode::ReadWrite) {
            TRY(const int version, userVersion());
            return version > known() ? newer(version) : Result<>();
        }
        CHECK(exec(u"PRAGMA journal_mode=WAL"_s));
        CHECK(exec(u"PRAGMA synchronous=FULL"_s));
        CHECK(exec(u"PRAGMA foreign_keys=ON"_s));
        return attempt([this]() -> Result<> {
            TRY(int version, userVersion());
            if (version > known()) {
                return newer(version);
            }
            if (version == known()) {
                return {};
            }
            for (; version < known(); ++version) {
                for (const QString &statement : journalMigrations()[version]) {
                    CHECK(exec(statement));
                }
            }
            CHECK(exec(QString(u"PRAGMA user_version="_s + QString::number(version))));
            return {};
        });
    }

    static int known() { return int(journalMigrations().size()); }

    Result<> newer(int version) const
    {
        return fail(u"journal.newer"_s, {{u"path"_s, path}, {u"found"_s, version}, {u"known"_s, known()}}, path);
    }

    Result<int> userVersion() const
    {
        TRY(QSqlQuery query, exec(u"PRAGMA user_version"_s));
        return query.next() ? query.value(0).toInt() : 0;
    }

    Result<> insertEvent(const QString &runId, const QString &stepId, const Message &message) const
    {
        if (message.isEmpty()) {
            return {};
        }
        CHECK(exec(u"INSERT INTO events(run, step, time, code, args) VALUES(?, ?, ?, ?, ?)"_s,
                   {runId, stepId, stored(Clock::system().now()), message.code, stored(message.args)}));
        return {};
    }

    Result<> changeRun(const RunRecord &run) const
    {
        TRY(const int rows,
            change(u"UPDATE runs SET plan_digest = ?, state = ?, reason = ?, error = ?, approved_by = ?, started_by = ?, created = ?, "
                   "started = ?, ended = ?, active_ms = ?, held_until = ? WHERE id = ?"_s,
                   {run.planDigest, stateName(run.state), stored(run.reason), stored(run.error), run.approvedBy, run.startedBy,
                    stored(run.created), stored(run.started), stored(run.ended), run.activeMs, stored(run.heldUntil), run.id}));
        return rows == 1 ? Result<>() : fail(u"journal.no_run"_s, {{u"run"_s, run.id}}, path);
    }

    Result<> changeStep(const StepRecord &step) const
    {
        faultpoints::announce("step-" + QByteArray::number(step.index) + '-' + stateName(step.state).toLatin1());
        TRY(const int rows,
            change(u"UPDATE steps SET state = ?, attempt = ?, undo = ?, results = ?, error = ?, started = ?, ended = ?, "
                   "duration_ms = ? WHERE run = ? AND position = ?"_s,
                   {stateName(step.state), step.attempt, stored(step.undo), stored(step.results), stored(step.error),
                    stored(step.started), stored(step.ended), step.durationMs, step.runId, step.index}));
        return rows == 1 ? Result<>() : fail(u"journal.no_step"_s, {{u"run"_s, step.runId}, {u"step"_s, step.index}}, path);
    }

    Result<> insertAudit(const QString &who, const QString &what, const QJsonObject &args) const
    {
        AuditRecord record{.sequence = 1, .time = Clock::system().now(), .who = who, .what = what, .args = args};
        QString previous;
        TRY(QSqlQuery last, exec(u"SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"_s));
        if (last.next()) {
            record.sequence = last.value(0).toLongLong() + 1;
            previous = last.value(1).toString();
        }
        last.finish();
        CHECK(exec(u"INSERT INTO audit(sequence, time, who, what, args, hash) VALUES(?, ?, ?, ?, ?, ?)"_s,
                   {record.sequence, stored(record.time), who, what, stored(args), auditHash(previous, record)}));
        return {};
    }

    template<class Record, class Read>
    Result<QList<Record>> list(const QString &sql, const QVariantList &values, const Read &read) const
    {
        TRY(QSqlQuery query, exec(sql, values));
        QList<Record> records;
        while (query.next()) {
            records.append(read(query));
        }
        // A row that cannot be read ends the loop like the last one.
        if (query.lastError().isValid()) {
            return failure(query.lastError());
        }
        return records;
    }

    Result<QList<RunRecord>> listRuns(const QString &rest, const QVariantList &values) const
    {
        TRY(QSqlQuery query, exec(QString(u"SELECT "_s + runColumns + u" FROM runs "_s + rest), values));
        QList<RunRecord> records;
        while (query.next()) {
            TRY(RunRecord record, runFrom(query));
            records.append(std::move(record));
        }
        if (query.lastError().isValid()) {
            return failure(query.lastError());
        }
        return records;
    }
};

Journal::Journal(std::unique_ptr<Private> p)
    : d(std::move(p))
{
}

Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const QString &stateDirectory, Mode mode)
{
    installSqliteVfs();
    auto d = std::make_unique<Private>();
    d->directory = QFileInfo(stateDirectory).absoluteFilePath();
    d->path = QString(d->directory + u"/journal.db"_s);
    if (mode != Mode::ReadWrite) {
        if (!QFileInfo::exists(d->path) && mode == Mode::Looking) {
            d->path = u":memory:"_s;
            CHECK(d->openOnce(Mode::ReadWrite));
            return std::unique_ptr<Journal>(new Journal(std::move(d)));
        }
        if (!QFileInfo::exists(d->path)) {
            return fail(u"journal.absent"_s, {{u"path"_s, d->path}}, d->path);
        }
        CHECK(d->openOnce(mode));
        return std::unique_ptr<Journal>(new Journal(std::move(d)));
    }
    CHECK(files::makePath(d->directory));
    // Turning the log on does not wait for others that do the same, so one at a time.
    TRY(const FolderTurn turn, FolderTurn::take(d->directory));
    Result<> opened = d->openOnce(mode);
    if (!opened && d->isFull(opened.error()) && releaseReserve(d->directory)) {
        opened = d->openOnce(mode);
    }
    if (opened) {
        holdReserve(d->directory);
    }
    if (!opened) {
        return std::unexpected(std::move(opened).error());
    }
    return std::unique_ptr<Journal>(new Journal(std::move(d)));
}

qint64 Journal::dataVersion()
{
    auto query = d->exec(u"PRAGMA data_version"_s);
    // That counts what others commit; our own changes are counted by the connection.
    return (query && query->next() ? query->value(0).toLongLong() : 0) + sqlite3_total_changes64(sqliteHandle(d->database));
}

Result<> Journal::addRun(const RunRecord &run)
{
    return d->write([this, &run]() -> Result<> {
        TRY(QSqlQuery active, d->exec(u"SELECT id, state FROM runs WHERE state NOT IN ('succeeded', 'rolledBack', 'abandoned')"_s));
        if (active.next() && !isFinal(run.state)) {
            return fail(u"journal.run_active"_s, {{u"run"_s, active.value(0).toString()}, {u"state"_s, active.value(1).toString()}}, d->path);
        }
        active.finish();
        CHECK(d->exec(QString(u"INSERT INTO runs("_s + runColumns + u") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"_s),
                      {run.id, stored(run.plan.toJson()), run.planDigest, stateName(run.state), stored(run.reason), stored(run.error),
                       run.approvedBy, run.startedBy, stored(run.created), stored(run.started), stored(run.ended), run.activeMs,
                       stored(run.heldUntil)}));
        for (qsizetype at = 0; at < run.plan.steps.size(); ++at) {
            CHECK(d->exec(u"INSERT INTO steps(run, position, id, state) VALUES(?, ?, ?, ?)"_s,
                          {run.id, at, run.plan.steps[at].id, stateName(StepState::Pending)}));
        }
        return {};
    });
}

Result<> Journal::updateRun(const RunRecord &run, const Message &event)
{
    return d->write([this, &run, &event]() -> Result<> {
        CHECK(d->changeRun(run));
        return d->insertEvent(run.id, {}, event);
    });
}

Result<RunRecord> Journal::run(const QString &id)
{
    TRY(QList<RunRecord> found, d->listRuns(u"WHERE id = ?"_s, {id}));
    if (found.isEmpty()) {
        return fail(u"journal.no_run"_s, {{u"run"_s, id}}, d->path);
    }
    return found.takeFirst();
}

Result<QList<RunRecord>> Journal::runs(int limit)
{
    return d->listRuns(u"ORDER BY number DESC LIMIT ?"_s, {limit});
}

Result<std::optional<RunRecord>> Journal::activeRun()
{
    TRY(QList<RunRecord> found, d->listRuns(u"WHERE state NOT IN ('succeeded', 'rolledBack', 'abandoned')"_s, {}));
    return found.isEmpty() ? std::nullopt : std::optional(found.takeFirst());
}

Result<> Journal::updateStep(const StepRecord &step, const Message &event)
{
    return d->write([this, &step, &event]() -> Result<> {
        CHECK(d->changeStep(step));
        return d->insertEvent(step.runId, step.id, event);
    });
}

Result<QList<StepRecord>> Journal::steps(const QString &runId)
{
    return d->list<StepRecord>(u"SELECT run, position, id, state, attempt, undo, results, error, started, ended, duration_ms FROM steps "
                               "WHERE run = ? ORDER BY position"_s,
                               {runId}, [](const QSqlQuery &row) {
                                   return StepRecord{
                                       .runId = row.value(0).toString(),
                                       .index = row.value(1).toInt(),
                                       .id = row.value(2).toString(),
                                       .state = stepStateFromName(row.value(3).toString()),
                                       .attempt = row.value(4).toInt(),
                                       .undo = objectFrom(row.value(5)),
                                       .results = objectFrom(row.value(6)),
                                       .error = errorFrom(row.value(7)),
                                       .started = timeFrom(row.value(8)),
                                       .ended = timeFrom(row.value(9)),
                                       .durationMs = row.value(10).toLongLong(),
                                   };
                               });
}

Result<> Journal::updateRunAndStep(const RunRecord &run, const StepRecord &step, const Message &event)
{
    return d->write([this, &run, &step, &event]() -> Result<> {
        CHECK(d->changeRun(run));
        CHECK(d->changeStep(step));
        return d->insertEvent(run.id, step.id, event);
    });
}

Result<> Journal::addEvent(const QString &runId, const QString &stepId, const Message &message)
{
    return d->write([this, &runId, &stepId, &message] { return d->insertEvent(runId, stepId, message); });
}

Result<QList<EventRecord>> Journal::events(const QString &runId, qint64 afterSequence, int limit)
{
    return d->list<EventRecord>(
        u"SELECT sequence, run, step, time, code, args FROM events WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?"_s,
        {runId, afterSequence, limit}, [](const QSqlQuery &row) {
            return EventRecord{
                .sequence = row.value(0).toLongLong(),
                .runId = row.value(1).toString(),
                .stepId = row.value(2).toString(),
                .time = timeFrom(row.value(3)),
                .message = {row.value(4).toString(), objectFrom(row.value(5))},
            };
        });
}

Result<> Journal::addCommand(const CommandRecord &command)
{
    return d->write([this, &command]() -> Result<> {
        // A console that lost its link sends again; the same id is the same command.
        TRY(QSqlQuery same, d->exec(u"SELECT run, verb FROM commands WHERE id = ?"_s, {command.id}));
        if (same.next()) {
            if (same.value(0).toString() == command.runId && same.value(1).toString() == command.verb) {
                return {};
            }
            return fail(u"journal.command_id"_s, {{u"id"_s, command.id}, {u"verb"_s, same.value(1).toString()}}, d->path);
        }
        same.finish();
        CHECK(d->exec(u"INSERT INTO commands(id, run, verb, args, expected_state, given_by, created) VALUES(?, ?, ?, ?, ?, ?, ?)"_s,
                      {command.id, command.runId, command.verb, stored(command.args), command.expectedState, command.by,
                       stored(command.created.isValid() ? command.created : Clock::system().now())}));
        return {};
    });
}

Result<QList<CommandRecord>> Journal::pendingCommands(const QString &runId)
{
    return d->list<CommandRecord>(u"SELECT id, run, verb, args, expected_state, given_by, created, taken, outcome FROM commands "
                                  "WHERE run = ? AND taken IS NULL ORDER BY number"_s,
                                  {runId}, commandFrom);
}

Result<> Journal::finishCommand(const QString &id, const Message &outcome)
{
    return d->write([this, &id, &outcome]() -> Result<> {
        TRY(const int rows, d->change(u"UPDATE commands SET taken = ?, outcome = ? WHERE id = ? AND taken IS NULL"_s, {stored(Clock::system().now()), stored(outcome), id}));
        return rows == 1 ? Result<>() : fail(u"journal.command_taken"_s, {{u"id"_s, id}}, d->path);
    });
}

Result<QList<CommandRecord>> Journal::commands(const QString &runId)
{
    return d->list<CommandRecord>(u"SELECT id, run, verb, args, expected_state, given_by, created, taken, outcome FROM commands "
                                  "WHERE run = ? ORDER BY number"_s,
                                  {runId}, commandFrom);
}

Result<> Journal::addRestorePoint(const RestorePoint &point)
{
    return d->write([this, &point]() -> Result<> {
        CHECK(d->exec(QString(u"INSERT INTO restore_points("_s + restorePointColumns
                              + u") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET run = excluded.run, "
                                "created = excluded.created, version = excluded.version, reason = excluded.reason, "
                                "facts = excluded.facts, directory = excluded.directory, size = excluded.size, "
                                "members = excluded.members, proven = excluded.proven, available = excluded.available"_s),
                      {point.id, point.runId, stored(point.created), point.version, stored(point.reason), stored(point.facts), point.directory,
                       point.size, stored(point.members), stored(point.proven), point.available}));
        return {};
    });
}

Result<QList<RestorePoint>> Journal::restorePoints()
{
    return d->list<RestorePoint>(
        QString(u"SELECT "_s + restorePointColumns + u" FROM restore_points ORDER BY created DESC, number DESC"_s), {}, restorePointFrom);
}

Result<RestorePoint> Journal::restorePoint(const QString &id)
{
    TRY(QList<RestorePoint> found,
        d->list<RestorePoint>(QString(u"SELECT "_s + restorePointColumns + u" FROM restore_points WHERE id = ?"_s), {id}, restorePointFrom));
    if (found.isEmpty()) {
        return fail(u"journal.no_restore_point"_s, {{u"id"_s, id}}, d->path);
    }
    return found.takeFirst();
}

Result<std::optional<ConnRecord>> Journal::conn()
{
    TRY(QSqlQuery query, d->exec(u"SELECT holder, session, since, note FROM conn"_s));
    if (!query.next()) {
        return std::nullopt;
    }
    return ConnRecord{query.value(0).toString(), query.value(1).toString(), timeFrom(query.value(2)), query.value(3).toString()};
}

Result<> Journal::takeConn(const ConnRecord &taker, bool force)
{
    return d->write([this, &taker, force]() -> Result<> {
        TRY(const std::optional<ConnRecord> held, conn());
        const bool ours = held && held->session == taker.session;
        if (held && !ours && !force) {
            return fail(u"journal.conn_held"_s,
                        {{u"holder"_s, held->holder}, {u"since"_s, held->since.toString(Qt::ISODate)}, {u"note"_s, held->note}}, d->path);
        }
        CHECK(d->exec(u"INSERT INTO conn(only, holder, session, since, note) VALUES(1, ?, ?, ?, ?) ON CONFLICT(only) DO UPDATE SET "
                      "holder = excluded.holder, session = excluded.session, since = excluded.since, note = excluded.note"_s,
                      {taker.holder, taker.session, stored(taker.since.isValid() ? taker.since : Clock::system().now()), taker.note}));
        if (held && !ours) {
            return d->insertAudit(taker.holder, u"conn.taken_over"_s, {{u"from"_s, held->holder}, {u"note"_s, taker.note}});
        }
        return ours ? Result<>() : d->insertAudit(taker.holder, u"conn.taken"_s, {});
    });
}

Result<> Journal::releaseConn(const QString &session)
{
    return d->write([this, &session]() -> Result<> {
        TRY(const std::optional<ConnRecord> held, conn());
        if (!held || held->session != session) {
            return {};
        }
        CHECK(d->exec(u"DELETE FROM conn"_s));
        return d->insertAudit(held->holder, u"conn.released"_s, {});
    });
}

Result<> Journal::audit(const QString &who, const QString &what, const QJsonObject &args)
{
    return d->write([this, &who, &what, &args] { return d->insertAudit(who, what, args); });
}

Result<QList<AuditRecord>> Journal::auditTrail(int limit)
{
    return d->list<AuditRecord>(u"SELECT sequence, time, who, what, args, hash FROM audit ORDER BY sequence DESC LIMIT ?"_s, {limit},
                                auditFrom);
}

Result<> Journal::verifyAudit()
{
    // One statement, so that rows and their number are of one moment.
    TRY(QSqlQuery query, d->exec(u"SELECT sequence, time, who, what, args, hash, "
                                 "(SELECT seq FROM sqlite_sequence WHERE name = 'audit') FROM audit ORDER BY sequence"_s));
    AuditChain chain;
    qint64 last = 0;
    while (query.next()) {
        CHECK(chain.add(auditFrom(query)));
        last = query.value(6).toLongLong();
    }
    if (query.lastError().isValid()) {
        return d->failure(query.lastError());
    }
    if (last == 0) {
        TRY(QSqlQuery sequence, d->exec(u"SELECT seq FROM sqlite_sequence WHERE name = 'audit'"_s));
        last = sequence.next() ? sequence.value(0).toLongLong() : 0;
    }
    return chain.finish(last);
}

} // namespace cutover
