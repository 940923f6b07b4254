// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

// The journal's own, for its sources alone: journal.cpp keeps runs and what they make, journalpeople.cpp what
// people sign.

#include "run/journal.h"

#include "audit/auditchain.h"
#include "run/journalschema.h"
#include "run/spacereserve.h"
#include "system/clock.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/json.h"
#include "system/sqlitevfs.h"

#include <QJsonDocument>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QVariant>

#include <atomic>
#include <sqlite3.h>

namespace cutover {

using namespace Qt::StringLiterals;

namespace journalrows {

inline constexpr auto runColumns = "id, plan, plan_digest, state, reason, error, approved_by, started_by, created, started, ended, "
                                   "active_ms, held_until"_L1;
inline constexpr auto restorePointColumns = "id, run, created, version, reason, facts, directory, size, members, proven, available"_L1;

inline QVariant stored(const QJsonObject &object)
{
    return object.isEmpty() ? QVariant(QMetaType::fromType<QString>()) : QVariant(QString::fromUtf8(json::canonical(object)));
}

inline QVariant stored(const Message &message)
{
    return message.isEmpty() ? stored(QJsonObject()) : stored(message.toJson());
}

inline QVariant stored(const Error &error)
{
    return error.code.isEmpty() ? stored(QJsonObject()) : stored(error.toJson());
}

inline QVariant stored(const QDateTime &time)
{
    return time.isValid() ? QVariant(time.toMSecsSinceEpoch()) : QVariant(QMetaType::fromType<qint64>());
}

inline QJsonObject objectFrom(const QVariant &value)
{
    return QJsonDocument::fromJson(value.toString().toUtf8()).object();
}

inline Error errorFrom(const QVariant &value)
{
    return value.isNull() ? Error() : Error::fromJson(objectFrom(value));
}

inline QDateTime timeFrom(const QVariant &value)
{
    return value.isNull() ? QDateTime() : QDateTime::fromMSecsSinceEpoch(value.toLongLong(), QTimeZone::UTC);
}

inline Result<RunRecord> runFrom(const QSqlQuery &row)
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

inline RestorePoint restorePointFrom(const QSqlQuery &row)
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

inline CommandRecord commandFrom(const QSqlQuery &row)
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

inline AuditRecord auditFrom(const QSqlQuery &row)
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

} // namespace journalrows

using namespace journalrows;

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
        query.finish();
        CHECK(readBreakGlass(records));
        return records;
    }

    // Of journalpeople.cpp.
    /// Whether the tables of what people sign are there: one that is only read may be older.
    Result<bool> knowsPeople() const;
    Result<> readBreakGlass(QList<RunRecord> &runs) const;
    /// What was signed for the plan of a run that is added becomes that run's.
    Result<> adoptPeople(const RunRecord &run) const;
};

} // namespace cutover
