// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresactivity.h"

#include "system/worker.h"

#include <QCoroFuture>
#include <QFile>
#include <QFileInfo>
#include <QHostAddress>

#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr auto columns = "a.pid, a.backend_start, coalesce(a.usename, ''), coalesce(a.application_name, ''), "
                         "coalesce(host(a.client_addr), 'local'), coalesce(a.state, ''), a.xact_start, a.query_start, "
                         "left(coalesce(a.query, ''), 200)";

Activity activityFrom(const Row &row)
{
    return {row[0].toLongLong(), row[1].toDateTime(), row[2].toString(), row[3].toString(), row[4].toString(),
            row[5].toString(), row[6].toDateTime(), row[7].toDateTime(), row[8].toString()};
}

Result<QList<Activity>> activities(Session &session, const QString &sql, const QVariantList &values = {})
{
    TRY(const QList<Row> rows, session.rows(sql, values));
    QList<Activity> found;
    for (const Row &row : rows) {
        found.append(activityFrom(row));
    }
    return found;
}

Result<> terminate(const DatabaseSpec &spec, qint64 pid, const QDateTime &started)
{
    TRY(const auto session, Session::open(spec));
    // To the millisecond, as our own times are; microseconds would never be equal again.
    TRY(const QVariant ended,
        session->value(u"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 "
                       "AND abs(extract(epoch FROM backend_start) * 1000 - $2) < 1 AND pid <> pg_backend_pid()"_s,
                       {pid, started.toMSecsSinceEpoch()}));
    if (!ended.toBool()) {
        TRY(const QList<Row> hidden,
            session->rows(u"SELECT coalesce(usename, ''), quote_ident(current_user) FROM pg_stat_activity WHERE pid = $1 AND backend_start IS NULL"_s, {pid}));
        if (!hidden.isEmpty()) {
            return fail(u"database.session_hidden"_s,
                        {{u"pid"_s, pid}, {u"database"_s, spec.name}, {u"user"_s, hidden.first()[0].toString()}, {u"role"_s, hidden.first()[1].toString()}}, addressOf(spec));
        }
        return fail(u"database.session_gone"_s, {{u"pid"_s, pid}, {u"database"_s, spec.name}}, addressOf(spec));
    }
    return {};
}

} // namespace

QString Activity::text() const
{
    const QString name = application.isEmpty() ? user : application;
    const QDateTime since = queryStart.isValid() ? queryStart : started;
    if (!since.isValid()) {
        return u"%1 (pid %2)"_s.arg(name).arg(pid); // Hidden from our role.
    }
    return u"%1 (pid %2, query since %3)"_s.arg(name).arg(pid).arg(since.toLocalTime().toString(u"HH:mm:ss"_s));
}

Result<QList<Activity>> lockHolders(Session &session)
{
    return activities(session,
                      u"SELECT "_s + QLatin1StringView(columns)
                          + u" FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND (a.pid IN ("
                            "SELECT unnest(pg_blocking_pids(w.pid)) FROM pg_stat_activity w WHERE w.datname = current_database() "
                            // What a session waits for is hidden from other roles, its locks are not.
                            "AND w.pid IN (SELECT pid FROM pg_locks WHERE NOT granted)) OR a.pid IN (SELECT l.pid FROM pg_locks l "
                            "WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation' "
                            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))) "
                            "AND a.pid NOT IN (SELECT pid FROM pg_locks WHERE NOT granted) ORDER BY a.query_start LIMIT 5"_s);
}

QString lockHoldersText(const DatabaseSpec &spec)
{
    QStringList names;
    if (const auto session = Session::open(spec)) {
        if (const auto holders = lockHolders(**session)) {
            for (const Activity &holder : *holders) {
                names.append(holder.text());
            }
        }
    }
    return names.isEmpty() ? u"?"_s : names.join(u", "_s);
}

Result<QList<Activity>> longTransactions(Session &session, qint64 olderThanMs)
{
    return activities(session,
                      u"SELECT "_s + QLatin1StringView(columns)
                          + u" FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() "
                            "AND a.backend_type = 'client backend' AND a.xact_start < clock_timestamp() - make_interval(secs => $1 / 1000.0) "
                            "ORDER BY a.xact_start"_s,
                      {olderThanMs});
}

Result<HiddenSessions> hiddenSessions(Session &session)
{
    // Source: PostgreSQL, "The Cumulative Statistics System": state and times of a session are for its own role and for
    // pg_read_all_stats, to which a superuser counts.
    TRY(const QList<Row> rows,
        session.rows(u"SELECT count(*) FILTER (WHERE NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AND NOT pg_has_role(current_user, usesysid, 'USAGE')), "
                     "quote_ident(current_user) FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL"_s));
    return HiddenSessions{rows.first()[0].toLongLong(), rows.first()[1].toString()};
}

Result<ConnectionCount> countConnections(Session &session)
{
    // Only clients have a role and a database: replication has none, autovacuum no role. Where the type may be seen it decides.
    TRY(const QList<Row> rows,
        session.rows(u"SELECT count(*) FILTER (WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()), count(*), "
                     "current_setting('max_connections')::bigint, current_setting('superuser_reserved_connections')::bigint "
                     "+ coalesce(current_setting('reserved_connections', true), '0')::bigint "
                     "FROM pg_stat_activity WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'"_s));
    const Row &row = rows.first();
    return ConnectionCount{row[0].toLongLong(), row[1].toLongLong(), row[2].toLongLong(), row[3].toLongLong()};
}

Result<QList<Replica>> replicas(Session &session)
{
    // On a standby nobody writes, so there is nothing to be behind of.
    TRY(const QList<Row> rows,
        session.rows(u"SELECT application_name, coalesce(state, ''), coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() "
                     "THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn), 0)::bigint FROM pg_stat_replication"_s));
    QList<Replica> found;
    for (const Row &row : rows) {
        found.append({row[0].toString(), row[1].toString(), row[2].toLongLong()});
    }
    return found;
}

Result<QList<Slot>> slotsOf(Session &session)
{
    TRY(const QList<Row> rows,
        session.rows(u"SELECT slot_name, active, coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() "
                     "ELSE pg_current_wal_lsn() END, restart_lsn), 0)::bigint FROM pg_replication_slots ORDER BY 1"_s));
    QList<Slot> found;
    for (const Row &row : rows) {
        found.append({row[0].toString(), row[1].toBool(), row[2].toLongLong()});
    }
    return found;
}

namespace {

/// The WAL's folder where it lies apart from the data; empty: within.
Result<QString> walFolderOf(const DatabaseSpec &spec, const QString &data)
{
    const PostgresSpec &own = spec.postgres;
    if (!own.walFolder.isEmpty()) {
        return own.walFolder;
    }
    // Who may not search the folder finds no link there, whether there is one or not.
    const bool seen = ::faccessat(AT_FDCWD, QFile::encodeName(data).constData(), X_OK, AT_EACCESS) == 0;
    if (!seen && own.dataFolder.isEmpty()) {
        return fail(u"database.wal_hidden"_s, {{u"database"_s, spec.name}, {u"folder"_s, data}}, data);
    }
    const QFileInfo wal(data + u"/pg_wal"_s);
    if (!seen || !wal.isSymLink()) {
        return QString();
    }
    // Of a server that sees its folders under other names, as in a container, the link leads elsewhere here.
    if (!wal.exists() || !own.dataFolder.isEmpty()) {
        return fail(u"database.wal_apart"_s, {{u"database"_s, spec.name}, {u"folder"_s, wal.filePath()}, {u"place"_s, wal.symLinkTarget()}}, wal.filePath());
    }
    return wal.filePath();
}

DatabaseFolders withWal(const DatabaseSpec &spec, const QString &data)
{
    const auto wal = walFolderOf(spec, data);
    if (!wal) {
        return {{data}, {wal.error()}};
    }
    return {wal->isEmpty() ? QStringList{data} : QStringList{data, *wal}, {}};
}

} // namespace

Result<DatabaseFolders> localFolders(Session &session, const DatabaseSpec &spec)
{
    const PostgresSpec &own = spec.postgres;
    for (const QString &folder : {own.dataFolder, own.walFolder}) {
        if (!folder.isEmpty() && !QFileInfo(folder).isDir()) {
            return fail(u"database.folder_missing"_s, {{u"database"_s, spec.name}, {u"folder"_s, folder}}, folder);
        }
    }
    if (!own.dataFolder.isEmpty()) {
        return withWal(spec, own.dataFolder);
    }
    const QString address = addressOf(spec);
    TRY(const QVariant host, session.value(u"SELECT host(inet_server_addr())"_s));
    if (!host.isNull() && !QHostAddress(host.toString()).isLoopback()) {
        return fail(u"database.folder_elsewhere"_s, {{u"database"_s, spec.name}, {u"address"_s, address}}, address);
    }
    TRY(const QVariant may, session.value(u"SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')"_s));
    if (!may.toBool()) {
        TRY(const QVariant role, session.value(u"SELECT quote_ident(current_user)"_s));
        return fail(u"database.folder_hidden"_s, {{u"database"_s, spec.name}, {u"address"_s, address}, {u"role"_s, role.toString()}}, address);
    }
    TRY(const QVariant setting, session.value(u"SELECT current_setting('data_directory')"_s));
    const QString data = setting.toString();
    // A server in a container names a folder that may be another one here, or none.
    if (!QFileInfo::exists(data)) {
        return fail(u"database.folder_inside"_s, {{u"database"_s, spec.name}, {u"address"_s, address}, {u"folder"_s, data}}, address);
    }
    return withWal(spec, data);
}

Async<> terminateSession(DatabaseSpec spec, qint64 pid, QDateTime started)
{
    Worker worker;
    co_return co_await worker.run([spec, pid, started] { return terminate(spec, pid, started); });
}

} // namespace cutover::postgres
