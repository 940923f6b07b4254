// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What an update needs of a PostgreSQL server: that it answers and is whole, has connections left, no
// transaction that stands in the way, followers that keep up, and room for data and WAL.

#include "check/checklist.h"
#include "check/copyroom.h"
#include "database/postgresactivity.h"
#include "database/postgresschema.h"
#include "system/worker.h"

#include <QCoroFuture>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using namespace postgres;

constexpr int oldestSupported = 130000; ///< DROP DATABASE … WITH (FORCE).
constexpr qint64 lagLimit = 64 << 20;
constexpr qint64 keptLimit = 1LL << 30;
/// Ours: one for statements, one beside it, and pg_dump's leader; its workers come on top.
constexpr int ownConnections = 3;

Result<Finding> server(const DatabaseSpec &spec, const CheckScope &, Session &session)
{
    const QString version = session.version() >= 100000 ? u"%1.%2"_s.arg(session.version() / 10000).arg(session.version() % 10000)
                                                        : QString::number(session.version());
    if (session.version() < oldestSupported) {
        return wrong(u"check.postgres_old"_s, {{u"version"_s, version}, {u"oldest"_s, oldestSupported / 10000}}, addressOf(spec));
    }
    TRY(const QVariant standby, session.value(u"SELECT pg_is_in_recovery()"_s));
    if (standby.toBool()) {
        return wrong(u"check.postgres_standby"_s, {{u"database"_s, spec.name}}, addressOf(spec));
    }
    TRY(const QVariant size, session.value(u"SELECT pg_database_size(current_database())"_s));
    TRY(const Integrity integrity, checkIntegrityOf(session, spec));
    TRY(const QString revision, revisionOf(session));
    return passed(integrity.byAmcheck ? u"check.postgres_ok_amcheck"_s : u"check.postgres_ok"_s,
                  {{u"version"_s, version}, {u"size"_s, size.toLongLong()}, {u"indexes"_s, integrity.looked}, {u"revision"_s, revision.isEmpty() ? u"–"_s : revision}});
}

Result<Finding> connections(const DatabaseSpec &spec, const CheckScope &scope, Session &session)
{
    TRY(const ConnectionCount count, countConnections(session));
    const qint64 available = count.maximum - count.reserved - count.all;
    const int needed = scope.afterUpdate ? 0 : ownConnections + spec.postgres.jobs;
    const int limit = scope.target.check.maxConnections;
    TRY(const HiddenSessions hidden, hiddenSessions(session));
    const QJsonValue active = hidden.count > 0 ? QJsonValue(Message{u"check.postgres_active_hidden"_s, {}}.toJson()) : QJsonValue(count.active);
    const QJsonObject args{{u"active"_s, active}, {u"all"_s, count.all}, {u"maximum"_s, count.maximum}, {u"free"_s, available}, {u"needed"_s, needed}, {u"limit"_s, limit}};
    if (limit > 0 && count.all > limit) {
        return wrong(u"check.postgres_connections_many"_s, args, addressOf(spec));
    }
    if (limit > 0 && available >= needed) {
        return passed(u"check.postgres_connections_within"_s, args);
    }
    return available < needed ? wrong(u"check.postgres_connections_few"_s, args, addressOf(spec)) : passed(u"check.postgres_connections_ok"_s, args);
}

Result<Finding> transactions(const DatabaseSpec &spec, const CheckScope &, Session &session)
{
    TRY(const QList<Activity> found, longTransactions(session, spec.postgres.longTransactionMs));
    if (found.isEmpty()) {
        TRY(const HiddenSessions hidden, hiddenSessions(session));
        if (hidden.count > 0) {
            return doubtful({u"check.postgres_transactions_hidden"_s, {{u"count"_s, hidden.count}, {u"role"_s, hidden.role}, {u"limit"_s, spec.postgres.longTransactionMs}}, Error::Kind::Permanent, addressOf(spec)});
        }
        return passed(u"check.postgres_transactions_ok"_s, {{u"limit"_s, spec.postgres.longTransactionMs}});
    }
    const Activity &oldest = found.first();
    return wrong(u"check.postgres_long_transaction"_s,
                 {{u"count"_s, found.size()},
                  {u"limit"_s, spec.postgres.longTransactionMs},
                  {u"who"_s, oldest.text()},
                  {u"pid"_s, oldest.pid},
                  {u"session"_s, u"%1-%2"_s.arg(oldest.pid).arg(oldest.started.toMSecsSinceEpoch())},
                  {u"started"_s, oldest.started.toUTC().toString(Qt::ISODateWithMs)},
                  {u"user"_s, oldest.user},
                  {u"client"_s, oldest.client},
                  {u"state"_s, oldest.state},
                  {u"age"_s, oldest.transactionStart.msecsTo(QDateTime::currentDateTimeUtc())},
                  {u"database"_s, spec.name}},
                 addressOf(spec));
}

Result<Finding> replication(const DatabaseSpec &spec, const CheckScope &, Session &session)
{
    TRY(const QList<Replica> followers, replicas(session));
    TRY(const QList<postgres::Slot> slotList, slotsOf(session));
    for (const postgres::Slot &slot : slotList) {
        if (!slot.active) {
            return wrong(u"check.postgres_slot_inactive"_s, {{u"slot"_s, slot.name}, {u"kept"_s, slot.keptBytes}}, addressOf(spec));
        }
        if (slot.keptBytes > keptLimit) {
            return wrong(u"check.postgres_slot_behind"_s, {{u"slot"_s, slot.name}, {u"kept"_s, slot.keptBytes}, {u"limit"_s, keptLimit}}, addressOf(spec));
        }
    }
    qint64 lag = 0;
    for (const Replica &follower : followers) {
        if (follower.state.isEmpty()) {
            return doubtful({u"check.postgres_replication_hidden"_s, {{u"count"_s, followers.size()}, {u"role"_s, spec.postgres.user}}, Error::Kind::Permanent, addressOf(spec)});
        }
        lag = qMax(lag, follower.lagBytes);
        if (follower.lagBytes > lagLimit) {
            return wrong(u"check.postgres_lag"_s, {{u"replica"_s, follower.name}, {u"lag"_s, follower.lagBytes}, {u"limit"_s, lagLimit}}, addressOf(spec));
        }
    }
    return passed(u"check.postgres_replication_ok"_s, {{u"replicas"_s, followers.size()}, {u"slots"_s, slotList.size()}, {u"lag"_s, lag}});
}

Result<Finding> space(const DatabaseSpec &spec, const CheckScope &scope, Session &session)
{
    return roomForCopy(spec, scope.target, session);
}

using Look = Result<Finding> (*)(const DatabaseSpec &spec, const CheckScope &scope, Session &session);

Finding look(const DatabaseSpec &spec, const CheckScope &scope, const std::stop_token &stop, Look what)
{
    const auto session = Session::open(spec, {}, stop);
    if (!session) {
        return wrong(session.error());
    }
    const auto found = what(spec, scope, **session);
    return found ? *found : wrong(found.error());
}

QCoro::Task<Finding> run(CheckScope scope, DatabaseSpec spec, std::stop_token stop, Look what)
{
    Worker worker;
    co_return co_await worker.run([scope, spec, stop, what] { return look(spec, scope, stop, what); });
}

CheckItem item(const DatabaseSpec &spec, const QString &id, const QString &title, bool required, Look what)
{
    return {id + u':' + spec.name, {title, {{u"database"_s, spec.name}}}, required, [spec, what](CheckScope scope, std::stop_token stop) {
                return run(std::move(scope), spec, stop, what);
            }};
}

const CheckKind kind(31, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const DatabaseSpec &spec : scope.target.databases) {
        if (spec.driver != "postgresql"_L1) {
            continue;
        }
        items.append(item(spec, u"database"_s, u"check.database"_s, true, server));
        items.append(item(spec, u"connections"_s, u"check.postgres_connections"_s, true, connections));
        if (!scope.afterUpdate) {
            items.append(item(spec, u"transactions"_s, u"check.postgres_transactions"_s, true, transactions));
            items.append(item(spec, u"database_space"_s, u"check.postgres_space_title"_s, true, space));
        }
        items.append(item(spec, u"replication"_s, u"check.postgres_replication"_s, false, replication));
    }
    return items;
});

const Catalogue::Registration titles{
    {"check.postgres_connections", QT_TRANSLATE_NOOP("catalogue", "Connections of %{database}")},
    {"check.postgres_transactions", QT_TRANSLATE_NOOP("catalogue", "Long transactions in %{database}")},
    {"check.postgres_space_title", QT_TRANSLATE_NOOP("catalogue", "Room for data and WAL of %{database}")},
    {"check.postgres_replication", QT_TRANSLATE_NOOP("catalogue", "Replication of %{database}")},
    {"check.postgres_ok",
     QT_TRANSLATE_NOOP("catalogue", "PostgreSQL %{version}, %{size:bytes}, at revision %{revision}; no invalid index and no checksum failure "
                                    "(amcheck is not there, so data were not read)")},
    {"check.postgres_ok_amcheck",
     QT_TRANSLATE_NOOP("catalogue", "PostgreSQL %{version}, %{size:bytes}, at revision %{revision}; amcheck found %{indexes} %{indexes|index|indexes} whole")},
    {"check.postgres_connections_ok",
     QT_TRANSLATE_NOOP("catalogue", "%{active} active, %{all} of %{maximum} connections taken, %{free} free")},
    {"check.postgres_active_hidden", QT_TRANSLATE_NOOP("catalogue", "an unknown number")},
    {"check.postgres_connections_within",
     QT_TRANSLATE_NOOP("catalogue", "%{active} active, %{all} of %{maximum} connections taken, %{free} free; at most %{limit} expected")},
    {"check.postgres_transactions_ok", QT_TRANSLATE_NOOP("catalogue", "None older than %{limit:duration}")},
    {"check.postgres_replication_ok",
     QT_TRANSLATE_NOOP("catalogue", "%{replicas} %{replicas|replica|replicas}, %{slots} %{slots|slot|slots}, at most %{lag:bytes} behind")},
};

const Catalogue::Registration problems{
    {"check.postgres_old",
     QT_TRANSLATE_NOOP("catalogue", "The server is PostgreSQL %{version}; expected %{oldest} or newer."),
     QT_TRANSLATE_NOOP("catalogue", "Upgrade the server before it is updated by Cutover.")},
    {"check.postgres_standby",
     QT_TRANSLATE_NOOP("catalogue", "The server of “%{database}” is a standby: it can't be written to."),
     QT_TRANSLATE_NOOP("catalogue", "Name the primary in target.yaml.")},
    {"check.postgres_connections_few",
     QT_TRANSLATE_NOOP("catalogue", "%{free} of %{maximum} connections are free (%{all} taken, %{active} active); the update needs %{needed}."),
     QT_TRANSLATE_NOOP("catalogue", "End sessions that nobody needs, lower “jobs” of this database, or raise max_connections.")},
    {"check.postgres_connections_many",
     QT_TRANSLATE_NOOP("catalogue", "%{all} connections are taken (%{active} active, the server allows %{maximum}); at most %{limit} expected."),
     QT_TRANSLATE_NOOP("catalogue", "Update at a quieter time, or find out which programs hold so many, from pg_stat_activity: SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC.")},
    {"check.postgres_long_transaction",
     QT_TRANSLATE_NOOP("catalogue", "The transaction of %{who} by %{user} from %{client} is open for %{age:duration} (%{state}), the limit is %{limit:duration}; "
                                    "%{count} %{count|transaction is|transactions are} as old."),
     QT_TRANSLATE_NOOP("catalogue", "Migrations would wait for it and shut others out. Let it finish, or end the session: 'cutoverctl database end-session %{session} --database %{database}'.")},
    {"check.postgres_transactions_hidden",
     QT_TRANSLATE_NOOP("catalogue", "How old the transactions of %{count} %{count|session|sessions} in this database are is hidden from the role %{role}; of those that it may see none is older than %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Let a superuser run GRANT pg_read_all_stats TO %{role}.")},
    {"check.postgres_slot_inactive",
     QT_TRANSLATE_NOOP("catalogue", "Nobody reads the replication slot “%{slot}”; the server keeps %{kept:bytes} of WAL for it."),
     QT_TRANSLATE_NOOP("catalogue", "Start its reader, or drop the slot: SELECT pg_drop_replication_slot('%{slot}').")},
    {"check.postgres_slot_behind",
     QT_TRANSLATE_NOOP("catalogue", "The server keeps %{kept:bytes} of WAL for the replication slot “%{slot}”, the limit is %{limit:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "Find out why its reader is slow before an update writes more.")},
    {"check.postgres_replication_hidden",
     QT_TRANSLATE_NOOP("catalogue", "How far %{count} %{count|replica is|replicas are} behind is hidden from the role %{role}."),
     QT_TRANSLATE_NOOP("catalogue", "Let a superuser run GRANT pg_monitor TO %{role}.")},
    {"check.postgres_lag",
     QT_TRANSLATE_NOOP("catalogue", "The replica “%{replica}” is %{lag:bytes} behind, the limit is %{limit:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "Wait until it has caught up, or find out what holds it.")},
};

} // namespace

} // namespace cutover
