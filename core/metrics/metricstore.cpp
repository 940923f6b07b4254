// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/metricstore.h"

#include "system/files.h"
#include "system/random.h"
#include "system/sqlitevfs.h"

#include <QFileInfo>
#include <QHash>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

struct MetricStore::Private {
    QString path;
    QString connection;
    QHash<QString, qint64> ids; ///< Of series; they never change.

    ~Private()
    {
        QSqlDatabase::database(connection, false).close();
        QSqlDatabase::removeDatabase(connection);
    }

    [[nodiscard]] QSqlDatabase database() const { return QSqlDatabase::database(connection, false); }

    [[nodiscard]] std::unexpected<Error> failed(const QSqlError &error) const
    {
        return fail(u"metrics.store"_s, {{u"path"_s, path}, {u"reason"_s, error.databaseText()}}, path, Error::Kind::Transient);
    }

    [[nodiscard]] Result<> execute(const QString &sql) const
    {
        QSqlQuery query(database());
        if (!query.exec(sql)) {
            return failed(query.lastError());
        }
        return {};
    }

    [[nodiscard]] Result<> make() const
    {
        CHECK(execute(u"PRAGMA journal_mode=WAL"_s));
        CHECK(execute(u"PRAGMA synchronous=NORMAL"_s));
        CHECK(execute(u"CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"_s));
        CHECK(execute(u"CREATE TABLE IF NOT EXISTS point (series INTEGER NOT NULL REFERENCES series, time INTEGER NOT NULL,"
                      " value REAL NOT NULL, PRIMARY KEY (series, time)) WITHOUT ROWID"_s));
        return {};
    }

    [[nodiscard]] Result<qint64> idOf(const QString &name)
    {
        if (const auto known = ids.constFind(name); known != ids.constEnd()) {
            return *known;
        }
        QSqlQuery query(database());
        query.prepare(u"INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id"_s);
        query.addBindValue(name);
        if (!query.exec() || !query.next()) {
            return failed(query.lastError());
        }
        return query.value(0).toLongLong();
    }

    [[nodiscard]] Result<> insert(const QList<std::pair<QString, MetricPoint>> &points)
    {
        QHash<QString, qint64> added;
        QSqlQuery query(database());
        if (!query.prepare(u"INSERT OR REPLACE INTO point (series, time, value) VALUES (?, ?, ?)"_s)) {
            return failed(query.lastError());
        }
        for (const auto &[name, point] : points) {
            if (!std::isfinite(point.value)) {
                continue; // A gap says it better; SQLite has no NaN.
            }
            TRY(const qint64 id, idOf(name));
            added.insert(name, id);
            query.bindValue(0, id);
            query.bindValue(1, point.time);
            query.bindValue(2, point.value);
            if (!query.exec()) {
                return failed(query.lastError());
            }
        }
        query.finish();
        CHECK(execute(u"COMMIT"_s));
        // Only now: an id of a transaction that was rolled back may be given to another series.
        ids.insert(added);
        return {};
    }
};

MetricStore::MetricStore(std::unique_ptr<Private> d)
    : d(std::move(d))
{
}

MetricStore::~MetricStore() = default;

Result<std::unique_ptr<MetricStore>> MetricStore::open(const QString &stateDirectory, Mode mode)
{
    installSqliteVfs();
    auto d = std::make_unique<Private>();
    d->path = stateDirectory + u"/metrics.db"_s;
    d->connection = u"metrics-"_s + Random::system().id();
    if (mode == Mode::ReadOnly && !QFileInfo::exists(d->path)) {
        return fail(u"metrics.no_store"_s, {{u"path"_s, d->path}}, d->path);
    }
    if (mode == Mode::ReadWrite) {
        CHECK(files::makePath(stateDirectory));
    }
    QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, d->connection);
    database.setDatabaseName(d->path);
    database.setConnectOptions(mode == Mode::ReadOnly ? u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=2000"_s
                                                      : u"QSQLITE_BUSY_TIMEOUT=2000"_s);
    if (!database.open()) {
        return d->failed(database.lastError());
    }
    if (mode == Mode::ReadWrite) {
        CHECK(d->make());
    }
    return std::unique_ptr<MetricStore>(new MetricStore(std::move(d)));
}

Result<> MetricStore::append(const QList<std::pair<QString, MetricPoint>> &points)
{
    CHECK(d->execute(u"BEGIN IMMEDIATE"_s));
    auto result = d->insert(points);
    if (!result) {
        (void)d->execute(u"ROLLBACK"_s);
    }
    return result;
}

Result<QList<MetricPoint>> MetricStore::series(const QString &name, qint64 from, qint64 to)
{
    QSqlQuery query(d->database());
    query.setForwardOnly(true);
    query.prepare(u"SELECT time, value FROM point WHERE series = (SELECT id FROM series WHERE name = ?)"
                  " AND time BETWEEN ? AND ? ORDER BY time"_s);
    query.addBindValue(name);
    query.addBindValue(from);
    query.addBindValue(to);
    if (!query.exec()) {
        return d->failed(query.lastError());
    }
    QList<MetricPoint> points;
    while (query.next()) {
        points.append({query.value(0).toLongLong(), query.value(1).toDouble()});
    }
    return points;
}

Result<QStringList> MetricStore::names()
{
    QSqlQuery query(d->database());
    if (!query.exec(u"SELECT name FROM series ORDER BY name"_s)) {
        return d->failed(query.lastError());
    }
    QStringList names;
    while (query.next()) {
        names.append(query.value(0).toString());
    }
    return names;
}

Result<> MetricStore::prune(qint64 before)
{
    QSqlQuery query(d->database());
    query.prepare(u"DELETE FROM point WHERE time < ?"_s);
    query.addBindValue(before);
    if (!query.exec()) {
        return d->failed(query.lastError());
    }
    return {};
}

} // namespace cutover
