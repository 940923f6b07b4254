// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresplaces.h"

#include "database/postgresextensions.h"
#include "database/postgresrefusal.h"
#include "system/clock.h"
#include "system/json.h"

#include <QJsonArray>
#include <QTimeZone>

#include <chrono>
#include <thread>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

/// NAMEDATALEN - 1.
constexpr qsizetype longestName = 63;
constexpr int swapTries = 2; ///< Of five seconds each.
constexpr QLatin1StringView before("_before_");
constexpr QStringView swapTime = u"yyyyMMddHHmmsszzz"; ///< Of UTC, behind that.

/// As much of the name as fits; a shortened one keeps what tells it from its like.
QString beside(const QString &live, const QString &suffix)
{
    QString base = live;
    if (base.toUtf8().size() + suffix.toUtf8().size() > longestName) {
        const QString mark = u'_' + json::sha256(live.toUtf8()).first(8);
        while ((base + mark + suffix).toUtf8().size() > longestName) {
            base.chop(1);
        }
        base += mark;
    }
    return base + suffix;
}

QString readyComment(const QString &sha256)
{
    return u"Cutover: restored from "_s + sha256 + u", not in place yet"_s;
}

QString replacedComment(const QString &live)
{
    return u"Cutover: was "_s + live + u" until a restore"_s;
}

/// Nobody could write to it any more when it was backed up for the last time.
QString backedUpComment(const QString &live)
{
    return replacedComment(live) + u", closed when it was backed up"_s;
}

/// Where TimescaleDB was made, with the functions that people call; empty where it is not.
QString schemaOfTimescale(const QJsonObject &description)
{
    for (const auto &extension : description["extensions"_L1].toArray()) {
        if (extension["name"_L1].toString() == "timescaledb"_L1) {
            return extension["schema"_L1].toString();
        }
    }
    return {};
}

/// Where TimescaleDB's functions for its jobs are; empty where it is not. Up to 2.11 they were in _timescaledb_internal.
Result<QString> schemaOfJobs(Session &session)
{
    TRY(const QVariant schema, session.value(u"SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = 'start_background_workers' "
                                             "AND n.nspname IN ('_timescaledb_functions', '_timescaledb_internal') ORDER BY 1 LIMIT 1"_s));
    return schema.toString();
}

void endSessions(Session &maintenance, const QString &identity)
{
    const auto others = maintenance.rows(u"SELECT pid FROM pg_stat_activity WHERE datid = nullif($1, '')::oid AND pid <> pg_backend_pid()"_s, {identity});
    const QList<Row> found = others.value_or(QList<Row>());
    for (const Row &row : found) {
        // One by one: a session of a superuser that may not be ended must not save the rest.
        (void)maintenance.execute(u"SELECT pg_terminate_backend($1)"_s, {row[0].toInt()});
    }
}

/** Ends a database's sessions, again and again, from a thread and a connection of its own. */
class Terminator
{
public:
    Terminator(const DatabaseSpec &spec, const QString &database)
        : m_thread([spec, database](const std::stop_token &stop) {
            const auto session = Session::open(spec, spec.postgres.maintenanceDatabase);
            while (session && !stop.stop_requested()) {
                endSessions(**session, database);
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
        })
    {
    }

private:
    std::jthread m_thread;
};

QString sessionsOf(Session &maintenance, const QString &identity, const QString &other)
{
    QStringList names;
    const auto rows = maintenance.rows(u"SELECT coalesce(nullif(application_name, ''), usename, backend_type), pid FROM pg_stat_activity WHERE datid IN (nullif($1, '')::oid, nullif($2, '')::oid)"_s, {identity, other});
    const QList<Row> found = rows.value_or(QList<Row>());
    for (const Row &row : found) {
        names.append(u"%1 (pid %2)"_s.arg(row[0].toString(), row[1].toString()));
    }
    return names.isEmpty() ? u"?"_s : names.join(u", "_s);
}

/// Changes names, which takes that nobody is connected: those who are get ended, again and again.
Result<> renamed(const DatabaseSpec &spec, Session &maintenance, const QString &identity, const QString &other, const std::function<Result<>()> &rename)
{
    Result<> done;
    for (int attempt = 0; attempt < swapTries; ++attempt) {
        {
            const Terminator terminator(spec, identity);
            done = maintenance.transaction(rename);
        }
        if (done || done.error().code != "database.in_use"_L1) {
            break;
        }
        done.error().args.insert(u"who"_s, sessionsOf(maintenance, identity, other));
    }
    return done;
}

std::unexpected<Error> taken(const DatabaseSpec &spec, const QString &live)
{
    return fail(u"database.closed_taken"_s, {{u"database"_s, spec.name}, {u"address"_s, addressOf(spec)}, {u"name"_s, live}, {u"closed"_s, closedName(live)}}, addressOf(spec));
}

/// Gives the database the other name, unless it has it.
Result<> rename(const DatabaseSpec &spec, Session &maintenance, const QString &live, const QString &from, const QString &to)
{
    TRY(const bool isFrom, exists(maintenance, from));
    TRY(const bool isTo, exists(maintenance, to));
    if (isFrom && isTo) {
        return taken(spec, live);
    }
    if (!isFrom) {
        return {};
    }
    TRY(const QString identity, identityOf(maintenance, from));
    // Waits up to five seconds for others to leave, with the name locked against new ones.
    return renamed(spec, maintenance, identity, {}, [&] { return maintenance.execute(u"ALTER DATABASE %1 RENAME TO %2"_s.arg(quoted(from), quoted(to))); });
}

} // namespace

QString proofName(const QString &live)
{
    return beside(live, u"_cutover_proof"_s);
}

QString freshName(const QString &live)
{
    return beside(live, u"_cutover_new"_s);
}

QString closedName(const QString &live)
{
    return beside(live, u"_cutover_closed"_s);
}

Result<> close(const DatabaseSpec &spec, Session &maintenance, const QString &live)
{
    return rename(spec, maintenance, live, live, closedName(live));
}

Result<> reopen(const DatabaseSpec &spec, Session &maintenance, const QString &live)
{
    return rename(spec, maintenance, live, closedName(live), live);
}

QString reopeningStatement(const DatabaseSpec &spec)
{
    const QString live = databaseName(spec);
    return u"ALTER DATABASE %1 RENAME TO %2"_s.arg(quoted(closedName(live)), quoted(live));
}

Result<> checkMayClose(const DatabaseSpec &spec, Session &maintenance, const QString &live)
{
    TRY(const bool isLive, exists(maintenance, live));
    TRY(const bool isClosed, exists(maintenance, closedName(live)));
    if (isLive && isClosed) {
        // Somebody has made another one beside it.
        return taken(spec, live);
    }
    TRY(const QString name, standingName(maintenance, live));
    TRY(const QList<Row> rows,
        maintenance.rows(u"SELECT pg_has_role(current_user, d.datdba, 'USAGE'), r.rolsuper OR r.rolcreatedb, quote_ident(current_user) "
                         "FROM pg_database d, pg_roles r WHERE d.datname = $1 AND r.rolname = current_user"_s,
                         {name}));
    if (rows.isEmpty() || (rows.first()[0].toBool() && rows.first()[1].toBool())) {
        return {};
    }
    const QString lacks = rows.first()[0].toBool() ? u"%1 may not create databases"_s : u"%1 does not own the database"_s;
    return fail(u"database.no_right"_s, {{u"database"_s, spec.name}, {u"address"_s, addressOf(spec)}, {u"reason"_s, lacks.arg(rows.first()[2].toString())}}, addressOf(spec));
}

Result<QString> standingName(Session &maintenance, const QString &live)
{
    TRY(const bool isThere, exists(maintenance, live));
    if (isThere) {
        return live;
    }
    const QString closed = closedName(live);
    TRY(const bool isClosed, exists(maintenance, closed));
    return isClosed ? closed : live;
}

Result<bool> exists(Session &maintenance, const QString &name)
{
    TRY(const QVariant found, maintenance.value(u"SELECT 1 FROM pg_database WHERE datname = $1"_s, {name}));
    return !found.isNull();
}

Result<> drop(Session &maintenance, const QString &name)
{
    TRY(const bool there, exists(maintenance, name));
    if (!there) {
        return {};
    }
    const Result<> dropped = maintenance.change(u"DROP DATABASE IF EXISTS %1 WITH (FORCE)"_s.arg(quoted(name)));
    if (dropped || dropped.error().code != "database.no_right"_L1) {
        return dropped;
    }
    // Forced, it refuses to end an autovacuum worker for whoever is no superuser; otherwise the server ends those by itself.
    return maintenance.change(u"DROP DATABASE IF EXISTS %1"_s.arg(quoted(name)));
}

Result<> createLike(Session &maintenance, const QString &name, const QJsonObject &description)
{
    const auto text = [&description](QLatin1StringView key) { return description[key].toString(); };
    QString sql = u"CREATE DATABASE %1 TEMPLATE template0 ENCODING %2 LC_COLLATE %3 LC_CTYPE %4 OWNER %5"_s.arg(
        quoted(name), literal(text("encoding"_L1)), literal(text("collate"_L1)), literal(text("ctype"_L1)), quoted(text("owner"_L1)));
    const QString provider = text("provider"_L1);
    if (maintenance.version() >= 150000 && provider != "c"_L1) {
        const bool icu = provider == "i"_L1;
        sql += icu ? u" LOCALE_PROVIDER icu ICU_LOCALE "_s : u" LOCALE_PROVIDER builtin BUILTIN_LOCALE "_s;
        sql += literal(text("locale"_L1));
        if (icu && !text("icuRules"_L1).isEmpty()) {
            sql += u" ICU_RULES "_s + literal(text("icuRules"_L1));
        }
    } else if (maintenance.version() >= 150000) {
        sql += u" LOCALE_PROVIDER libc"_s;
    }
    TRY(const QVariant tablespace, maintenance.value(u"SELECT 1 FROM pg_tablespace WHERE spcname = $1"_s, {text("tablespace"_L1)}));
    if (!tablespace.isNull() && text("tablespace"_L1) != "pg_default"_L1) {
        sql += u" TABLESPACE "_s + quoted(text("tablespace"_L1));
    }
    return maintenance.change(sql);
}

Result<> announceRestore(Session &fresh, const QJsonObject &description)
{
    // Source: TimescaleDB's manual, "Migrate data, pg_dump and pg_restore".
    const QString schema = schemaOfTimescale(description);
    return schema.isEmpty() ? Result<>() : fresh.change(u"SELECT %1.timescaledb_pre_restore()"_s.arg(quoted(schema)));
}

Result<> finishContent(Session &fresh, const QJsonObject &description)
{
    const QString own = schemaOfTimescale(description);
    if (own.isEmpty()) {
        return {};
    }
    TRY(const QString schema, schemaOfJobs(fresh));
    // That starts the jobs, which would alter what is still to be compared, and act a second time on the world outside. Stopped
    // in the same transaction, whose end they wait for, they never begin.
    return fresh.transaction([&]() -> Result<> {
        CHECK(fresh.execute(u"SELECT %1.timescaledb_post_restore()"_s.arg(quoted(own))));
        return schema.isEmpty() ? Result<>() : fresh.execute(u"SELECT %1.stop_background_workers()"_s.arg(quoted(schema)));
    });
}

Result<> startJobs(const DatabaseSpec &spec, Session &maintenance, const QString &live)
{
    TRY(const bool isThere, exists(maintenance, live));
    if (!isThere) {
        return {};
    }
    // Who can't look knows of no jobs.
    const auto session = Session::open(spec, live);
    const QString schema = session ? schemaOfJobs(**session).value_or(QString()) : QString();
    if (schema.isEmpty()) {
        return {};
    }
    TRY(const QVariant started, (*session)->value(u"SELECT %1.start_background_workers()"_s.arg(quoted(schema))));
    // It fails without an error where its launcher does not answer.
    return started.toBool() ? Result<>() : fail(u"database.jobs_silent"_s, {{u"reason"_s, Message{u"database.jobs_silent"_s, {}}.toJson()}});
}

bool allowsJobs(const QJsonObject &description)
{
    // TimescaleDB's catalogue tables have to be filled in their order.
    return !hasExtension(description, "timescaledb"_L1);
}

Result<> applyProperties(Session &maintenance, const QString &name, const QJsonObject &description)
{
    const QString database = quoted(name);
    return maintenance.transaction([&]() -> Result<> {
        if (!description["defaultRights"_L1].toBool()) {
            CHECK(maintenance.execute(u"REVOKE ALL ON DATABASE %1 FROM PUBLIC"_s.arg(database)));
            const QJsonArray rights = description["rights"_L1].toArray();
            for (const auto &right : rights) {
                const QString role = right["role"_L1].toString();
                CHECK(maintenance.execute(u"GRANT %1 ON DATABASE %2 TO %3%4"_s.arg(
                    right["right"_L1].toString(), database, role.isEmpty() ? u"PUBLIC"_s : quoted(role),
                    right["grantable"_L1].toBool() ? u" WITH GRANT OPTION"_s : QString())));
            }
        }
        const QJsonArray settings = description["settings"_L1].toArray();
        for (const auto &setting : settings) {
            const QString role = setting["role"_L1].toString();
            const QString place = role.isEmpty() ? QString(u"DATABASE "_s + database) : QString(u"ROLE "_s + quoted(role) + u" IN DATABASE "_s + database);
            // Lists are kept as lists, everything else is one text. Those that pg_dump knows.
            static const QStringList lists{u"search_path"_s, u"session_preload_libraries"_s, u"local_preload_libraries"_s, u"shared_preload_libraries"_s,
                                           u"temp_tablespaces"_s, u"unix_socket_directories"_s};
            const QString value = setting["value"_L1].toString();
            const bool list = lists.contains(setting["name"_L1].toString());
            CHECK(maintenance.execute(u"ALTER %1 SET %2 = %3"_s.arg(place, quoted(setting["name"_L1].toString()), list ? value : literal(value))));
        }
        return maintenance.execute(u"ALTER DATABASE %1 CONNECTION LIMIT %2"_s.arg(database).arg(description["connectionLimit"_L1].toInt(-1)));
    });
}

Result<> markReady(Session &maintenance, const QString &name, const QString &sha256)
{
    return maintenance.transaction([&]() -> Result<> {
        CHECK(maintenance.execute(u"ALTER DATABASE %1 ALLOW_CONNECTIONS false"_s.arg(quoted(name))));
        return maintenance.execute(u"COMMENT ON DATABASE %1 IS %2"_s.arg(quoted(name), literal(readyComment(sha256))));
    });
}

Result<bool> isReady(Session &maintenance, const QString &name, const QString &sha256)
{
    TRY(const QVariant ready,
        maintenance.value(u"SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn AND shobj_description(oid, 'pg_database') = $2"_s,
                          {name, readyComment(sha256)}));
    return !ready.isNull();
}

Result<QString> swapIn(const DatabaseSpec &spec, Session &maintenance, const QString &live, const QString &fresh, const QJsonObject &description,
                       const QString &aside)
{
    TRY(const bool isThere, exists(maintenance, live));
    TRY(const bool isClosed, exists(maintenance, closedName(live)));
    if (isThere && isClosed) {
        return taken(spec, live);
    }
    const QString former = isClosed ? closedName(live) : live;
    // By number: the names change under way.
    TRY(const QString liveId, identityOf(maintenance, former));
    TRY(const QString freshId, identityOf(maintenance, fresh));
    const QString now = Clock::system().now().toUTC().toString(swapTime);
    QString kept = liveId.isEmpty() ? QString() : aside.isEmpty() ? beside(live, before + now)
                                                                  : aside;
    const QString comment = !aside.isEmpty() ? u"Cutover: was %1, damaged, until it was built anew"_s.arg(live)
        : isClosed                           ? backedUpComment(live)
                                             : replacedComment(live);
    const auto rename = [&]() -> Result<> {
        if (!kept.isEmpty()) {
            // Waits up to five seconds for others to leave, with the name locked against new ones.
            CHECK(maintenance.execute(u"ALTER DATABASE %1 RENAME TO %2"_s.arg(quoted(former), quoted(kept))));
            CHECK(maintenance.execute(u"ALTER DATABASE %1 ALLOW_CONNECTIONS false"_s.arg(quoted(kept))));
            CHECK(maintenance.execute(u"COMMENT ON DATABASE %1 IS %2"_s.arg(quoted(kept), literal(comment))));
        }
        CHECK(maintenance.execute(u"ALTER DATABASE %1 RENAME TO %2"_s.arg(quoted(fresh), quoted(live))));
        CHECK(maintenance.execute(u"ALTER DATABASE %1 ALLOW_CONNECTIONS true"_s.arg(quoted(live))));
        const QString own = description["comment"_L1].toString();
        return maintenance.execute(u"COMMENT ON DATABASE %1 IS %2"_s.arg(quoted(live), own.isEmpty() ? u"NULL"_s : literal(own)));
    };
    // Its door is closed: who was let in while it was open does not come back.
    endSessions(maintenance, freshId);
    CHECK(renamed(spec, maintenance, liveId, freshId, rename));
    return kept;
}

Result<> bringBack(Session &maintenance, const QString &live, const QString &aside)
{
    TRY(const bool isThere, exists(maintenance, live));
    TRY(const bool isAside, exists(maintenance, aside));
    if (isThere || !isAside) {
        return {};
    }
    return maintenance.transaction([&]() -> Result<> {
        CHECK(maintenance.execute(u"ALTER DATABASE %1 RENAME TO %2"_s.arg(quoted(aside), quoted(live))));
        return maintenance.execute(u"ALTER DATABASE %1 ALLOW_CONNECTIONS true"_s.arg(quoted(live)));
    });
}

QString asideName(const QString &live, const QString &mark)
{
    return beside(live, u'_' + mark);
}

Result<std::unique_ptr<Session>> lookInto(const DatabaseSpec &spec, Session &maintenance, const QString &name, std::stop_token stop)
{
    const QString door = u"ALTER DATABASE "_s + quoted(name) + u" ALLOW_CONNECTIONS "_s;
    CHECK(maintenance.change(door + u"true"_s));
    auto session = Session::open(spec, name, std::move(stop));
    CHECK(maintenance.change(door + u"false"_s));
    return session;
}

Result<QString> identityOf(Session &maintenance, const QString &name)
{
    TRY(const QVariant oid, maintenance.value(u"SELECT oid::text FROM pg_database WHERE datname = $1"_s, {name}));
    return oid.toString();
}

Result<QList<FormerDatabase>> replaced(Session &maintenance, const QString &live)
{
    // The comment and the closed door, so that nobody's own database of such a name is taken for ours. The server
    // drops none that has subscriptions: their publishers keep a slot for each.
    TRY(const QList<Row> rows,
        maintenance.rows(u"SELECT datname, oid::text, shobj_description(oid, 'pg_database') = $1 FROM pg_database d WHERE NOT datallowconn "
                         "AND shobj_description(oid, 'pg_database') IN ($1, $2) AND NOT EXISTS (SELECT FROM pg_subscription s WHERE s.subdbid = d.oid) ORDER BY 1"_s,
                         {backedUpComment(live), replacedComment(live)}));
    QList<FormerDatabase> found;
    for (const Row &row : rows) {
        const QString name = row[0].toString();
        // One that somebody has renamed does not say when; a local time would not know an hour of the year.
        const qsizetype at = name.lastIndexOf(before);
        const QString told = at < 0 ? QString() : name.sliced(at + before.size());
        constexpr qsizetype dateSize = 8;
        const QDateTime when(QDate::fromString(told.left(dateSize), swapTime.first(dateSize)), QTime::fromString(told.mid(dateSize), swapTime.sliced(dateSize)), QTimeZone::UTC);
        found.append({name, row[1].toString(), when, row[2].toBool()});
    }
    return found;
}

} // namespace cutover::postgres
