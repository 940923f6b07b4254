// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/journalprivate.h"

#include "system/filelock.h"

#include <QFile>
#include <QFileInfo>

namespace cutover {

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
        return d->adoptPeople(run);
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

Result<> Journal::takeConn(const ConnRecord &taker, bool force, const QString &from)
{
    return d->write([this, &taker, force, &from]() -> Result<> {
        TRY(const std::optional<ConnRecord> held, conn());
        const bool ours = held && held->session == taker.session;
        if (held && !ours && (!force || (!from.isEmpty() && held->holder != from))) {
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
