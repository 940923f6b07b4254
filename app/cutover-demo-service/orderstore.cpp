// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "orderstore.h"

#include "feature/bucket.h"

#include <QDateTime>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QSqlRecord>
#include <QThread>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

bool isPostgres(const QString &database)
{
    return database.startsWith(u"postgresql:");
}

void openFile(QSqlDatabase &database, const QString &file)
{
    // Never makes a database: a missing one is a fault to be told.
    database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=20000;QSQLITE_OPEN_URI"_s);
    database.setDatabaseName(u"file:"_s + file + u"?mode=rw"_s);
    if (database.open()) {
        // What is acknowledged survives a power failure.
        QSqlQuery(u"PRAGMA synchronous=FULL"_s, database);
    }
}

void openServer(QSqlDatabase &database, const QUrl &url)
{
    database.setHostName(url.host());
    database.setPort(url.port(5432));
    database.setDatabaseName(url.path().mid(1));
    database.setUserName(url.userName());
    database.setConnectOptions(u"connect_timeout=5;application_name=trading"_s);
    database.open();
}

/// The calling thread's connection, opened at its first use.
QSqlDatabase connection(const QString &where)
{
    const QString name = u"orders-%1"_s.arg(reinterpret_cast<quintptr>(QThread::currentThreadId()));
    QSqlDatabase database = QSqlDatabase::contains(name) ? QSqlDatabase::database(name, false)
                                                         : QSqlDatabase::addDatabase(isPostgres(where) ? u"QPSQL"_s : u"QSQLITE"_s, name);
    if (!database.isOpen()) {
        if (isPostgres(where)) {
            openServer(database, QUrl(where));
        } else {
            openFile(database, where);
        }
    }
    return database;
}

Reply failure(const QSqlError &error)
{
    return {503, {{u"error"_s, error.text()}}};
}

QString now()
{
    return QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs);
}

} // namespace

OrderStore::OrderStore(const QString &database, int schema)
    : m_database(database)
    , m_schema(schema)
{
}

QString OrderStore::problem()
{
    QSqlDatabase database = connection(m_database);
    if (!database.isOpen()) {
        return u"cannot open %1: %2"_s.arg(m_database, database.lastError().text());
    }
    const QSqlRecord columns = database.record(u"orders"_s);
    const QString needed = m_schema >= 4 ? u"notional"_s : m_schema >= 2 ? u"client_tag"_s
                                                                         : u"client_id"_s;
    if (!columns.contains(needed)) {
        return u"%1 has no column orders.%2, which this release needs"_s.arg(m_database, needed);
    }
    return {};
}

template<typename Work>
Reply OrderStore::insist(Work work)
{
    Reply reply = work();
    if (reply.status == 503 && isPostgres(m_database)) {
        connection(m_database).close();
        reply = work();
    }
    return reply;
}

Reply OrderStore::place(const Order &order)
{
    if (order.clientId.isEmpty() || order.symbol.isEmpty() || order.quantity <= 0 || (order.side != u"buy" && order.side != u"sell")) {
        return {400, {{u"error"_s, u"symbol, side (buy or sell), quantity above 0 and client_id are needed"_s}}};
    }
    return insist([this, &order] { return tryToPlace(order); });
}

Reply OrderStore::tryToPlace(const Order &order)
{
    QSqlDatabase database = connection(m_database);
    QSqlQuery query(database);
    // SQLite's takes the write lock at once; a reader's snapshot could not be upgraded later.
    if (!query.exec(isPostgres(m_database) ? u"BEGIN"_s : u"BEGIN IMMEDIATE"_s)) {
        return failure(query.lastError());
    }
    const auto abandon = [&](const QSqlError &error) {
        query.finish();
        query.exec(u"ROLLBACK"_s);
        return failure(error);
    };
    QStringList columns{u"symbol"_s, u"side"_s, u"quantity"_s, u"price"_s, u"\"user\""_s, u"client_id"_s, u"created_at"_s};
    QVariantList values{order.symbol, order.side, order.quantity, order.price, order.user, order.clientId, now()};
    if (m_schema >= 2) {
        columns += u"client_tag"_s;
        values += order.clientTag;
    }
    if (m_schema >= 4) {
        columns += u"notional"_s;
        values += order.quantity * order.price;
    }
    query.prepare(u"INSERT INTO orders (%1) VALUES (%2) ON CONFLICT (client_id) DO NOTHING RETURNING id"_s.arg(
        columns.join(u", "_s), QStringList(columns.size(), u"?"_s).join(u", "_s)));
    for (const QVariant &value : std::as_const(values)) {
        query.addBindValue(value);
    }
    if (!query.exec()) {
        return abandon(query.lastError());
    }
    const bool isNew = query.next();
    qint64 id = isNew ? query.value(0).toLongLong() : 0;
    query.finish();
    if (!isNew) {
        query.prepare(u"SELECT id FROM orders WHERE client_id = ?"_s);
        query.addBindValue(order.clientId);
        if (!query.exec() || !query.next()) {
            return abandon(query.lastError());
        }
        id = query.value(0).toLongLong();
        query.finish();
    } else if (m_schema >= 2) {
        query.prepare(u"INSERT INTO order_events (order_id, event, created_at) VALUES (?, 'accepted', ?)"_s);
        query.addBindValue(id);
        query.addBindValue(now());
        if (!query.exec()) {
            return abandon(query.lastError());
        }
    }
    if (!query.exec(u"COMMIT"_s)) {
        return abandon(query.lastError());
    }
    return {isNew ? 201 : 200, {{u"id"_s, id}, {u"client_id"_s, order.clientId}}};
}

Reply OrderStore::order(qint64 id)
{
    return insist([this, id]() -> Reply {
        QSqlQuery query(connection(m_database));
        query.prepare(u"SELECT symbol, side, quantity, price, \"user\", client_id, created_at FROM orders WHERE id = ?"_s);
        query.addBindValue(id);
        if (!query.exec()) {
            return failure(query.lastError());
        }
        if (!query.next()) {
            return {404, {{u"error"_s, u"no order %1"_s.arg(id)}}};
        }
        return {200,
                {{u"id"_s, id},
                 {u"symbol"_s, query.value(0).toString()},
                 {u"side"_s, query.value(1).toString()},
                 {u"quantity"_s, query.value(2).toDouble()},
                 {u"price"_s, query.value(3).toDouble()},
                 {u"user"_s, query.value(4).toString()},
                 {u"client_id"_s, query.value(5).toString()},
                 {u"created_at"_s, query.value(6).toString()}}};
    });
}

Reply OrderStore::health()
{
    return insist([this]() -> Reply {
        QSqlQuery query(connection(m_database));
        if (!query.exec(u"SELECT 1 FROM orders LIMIT 1"_s)) {
            return failure(query.lastError());
        }
        return {200, {{u"status"_s, u"ok"_s}, {u"database"_s, u"ok"_s}}};
    });
}

Reply OrderStore::feature(const QString &name, const QString &user)
{
    return insist([this, &name, &user]() -> Reply {
        QSqlQuery query(connection(m_database));
        query.prepare(u"SELECT enabled, rollout FROM feature_flags WHERE name = ?"_s);
        query.addBindValue(name);
        if (!query.exec()) {
            return failure(query.lastError());
        }
        // A flag nobody has made yet is off.
        const bool known = query.next();
        const double rollout = known ? query.value(1).toDouble() : 0;
        const bool on = known && query.value(0).toBool()
            && cutover::featureBucket(name.toStdString(), user.toStdString()) < rollout * 100;
        return {200, {{u"feature"_s, name}, {u"user"_s, user}, {u"enabled"_s, on}, {u"rollout"_s, rollout}}};
    });
}

} // namespace demo
