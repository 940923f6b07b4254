// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationlock.h"

#include "database/postgresactivity.h"

#include <QCoroFuture>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QThread>

using namespace Qt::StringLiterals;

namespace cutover {

struct MigrationLock::Private {
    DatabaseSpec database;
    QString application;
    std::unique_ptr<postgres::Session> session;
};

namespace {

using postgres::Row;
using postgres::Session;

/// "cutover" in ASCII. Advisory locks are of one database.
constexpr qint64 lockKey = 0x63'75'74'6f'76'65'72;
constexpr int betweenLooksMs = 300;
constexpr qint64 leftoverMs = 4000; ///< Longer than a server takes to notice that its client is gone.
constexpr qint64 terminatedMs = 10000;

QStringList named(const QList<Row> &rows)
{
    QStringList names;
    for (const Row &row : rows) {
        postgres::Activity activity;
        activity.pid = row[0].toLongLong();
        activity.user = row[1].toString();
        activity.application = row[2].toString();
        activity.queryStart = row[3].toDateTime();
        names.append(activity.text());
    }
    return names;
}

constexpr auto who = "a.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(a.query_start, a.backend_start)";

Result<> take(Session &session, const DatabaseSpec &database)
{
    TRY(const QVariant taken, session.value(u"SELECT pg_try_advisory_lock($1)"_s, {lockKey}));
    if (taken.toBool()) {
        return {};
    }
    TRY(const auto holders, session.rows(u"SELECT "_s + QLatin1StringView(who) + u" FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid WHERE l.locktype = 'advisory' AND l.granted "
                                                                                 "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                                                                                 "AND l.classid::bigint = $1 AND l.objid::bigint = $2 AND l.objsubid = 1"_s,
                                         {lockKey >> 32, lockKey & 0xffffffff}));
    return fail(u"migration.busy"_s, {{u"database"_s, database.name}, {u"holders"_s, QJsonArray::fromStringList(named(holders))}},
                postgres::addressOf(database), Error::Kind::Transient);
}

/// With the lock held nobody's work is under way but that of a program that was killed.
Result<> endLeftovers(Session &session, const DatabaseSpec &database, const QString &application, const std::stop_token &stop)
{
    QElapsedTimer timer;
    timer.start();
    bool terminated = false;
    while (!stop.stop_requested()) {
        TRY(const auto left, session.rows(u"SELECT "_s + QLatin1StringView(who) + u" FROM pg_stat_activity a WHERE a.application_name = $1 AND a.datname = current_database()"_s, {application}));
        if (left.isEmpty()) {
            return {};
        }
        if (!terminated && timer.elapsed() > leftoverMs) {
            CHECK(session.execute(u"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"_s, {application}));
            terminated = true;
        }
        if (timer.elapsed() > leftoverMs + terminatedMs) {
            return fail(u"migration.leftover"_s, {{u"database"_s, database.name}, {u"holders"_s, QJsonArray::fromStringList(named(left))}},
                        postgres::addressOf(database), Error::Kind::Transient);
        }
        QThread::msleep(betweenLooksMs);
    }
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

QStringList blockers(Session &session, const QString &application)
{
    const auto rows = session.rows(u"SELECT "_s + QLatin1StringView(who)
                                       + u" FROM pg_stat_activity a WHERE a.pid IN (SELECT unnest(pg_blocking_pids(w.pid)) FROM pg_stat_activity w "
                                         "WHERE w.application_name = $1 AND w.datname = current_database() AND w.wait_event_type = 'Lock')"_s,
                                   {application});
    return rows ? named(*rows) : QStringList();
}

} // namespace

MigrationLock::MigrationLock(const DatabaseSpec &database)
    : d(std::make_shared<Private>())
{
    d->database = database;
}

MigrationLock::~MigrationLock()
{
    // A connection ends on the thread that it was made on, and the lock with it.
    m_worker.run([d = d] {
                // At once: a busy server notices a moment later that a client is gone, and whoever comes next would find it taken.
                if (d->session) {
                    (void)d->session->value(u"SELECT pg_advisory_unlock($1)"_s, {lockKey});
                }
                d->session.reset();
            })
        .waitForFinished();
}

Async<std::unique_ptr<MigrationLock>> MigrationLock::acquire(DatabaseSpec database, QString application, std::stop_token stop)
{
    std::unique_ptr<MigrationLock> lock(new MigrationLock(database));
    lock->d->application = application;
    if (database.driver != "postgresql"_L1) {
        co_return lock;
    }
    CO_CHECK(co_await lock->m_worker.run([d = lock->d, stop]() -> Result<> {
        TRY(d->session, Session::open(d->database, {}, stop));
        CHECK(take(*d->session, d->database));
        return endLeftovers(*d->session, d->database, d->application, stop);
    }));
    co_return lock;
}

Async<QStringList> MigrationLock::watch(std::stop_token done)
{
    if (d->database.driver != "postgresql"_L1) {
        co_return QStringList();
    }
    co_return co_await m_worker.run([d = d, done]() -> Result<QStringList> {
        QStringList last;
        while (!done.stop_requested()) {
            if (const QStringList now = blockers(*d->session, d->application); !now.isEmpty()) {
                last = now;
            }
            QThread::msleep(betweenLooksMs);
        }
        return last;
    });
}

} // namespace cutover
