// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/sqlite.h"
#include "feature/flagtable.h"
#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

FeatureFlag flagFrom(const sqlite::Statement &row)
{
    return {row.text(0),
            row.text(1),
            row.column(2).toBool(),
            hundredths(row.column(3).toDouble()) / 100.0,
            QDateTime::fromString(row.text(4), Qt::ISODateWithMs),
            row.text(5)};
}

constexpr auto columns = "name, description, enabled, rollout, changed, changed_by"_L1;

class SqliteFlags : public FlagTable
{
public:
    SqliteFlags(sqlite::Connection connection, const FeatureStoreSpec &spec);

    Result<> change(const std::function<Result<>()> &work) override;
    Result<QList<FeatureFlag>> flags() override;
    Result<std::optional<FeatureFlag>> flag(const QString &name) override;
    Result<> set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason) override;

private:
    sqlite::Connection m_connection;
    QString m_flags;
    QString m_audit;
    FeatureStoreSpec m_spec;
};

SqliteFlags::SqliteFlags(sqlite::Connection connection, const FeatureStoreSpec &spec)
    : m_connection(std::move(connection))
    , m_flags(sqlite::quoted(spec.table))
    , m_audit(sqlite::quoted(spec.auditTable))
    , m_spec(spec)
{
}

Result<> SqliteFlags::change(const std::function<Result<>()> &work)
{
    return m_connection.transaction([&]() -> Result<> {
        for (const QString &statement : featureSchema(m_spec)) {
            CHECK(m_connection.execute(statement));
        }
        return work();
    });
}

Result<QList<FeatureFlag>> SqliteFlags::flags()
{
    TRY(const bool known, m_connection.hasTable(m_spec.table));
    QList<FeatureFlag> all;
    if (!known) {
        return all;
    }
    TRY(sqlite::Statement rows, m_connection.prepare(u"SELECT "_s + columns + u" FROM "_s + m_flags + u" ORDER BY name"_s));
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            return all;
        }
        all.append(flagFrom(rows));
    }
}

Result<std::optional<FeatureFlag>> SqliteFlags::flag(const QString &name)
{
    TRY(const bool known, m_connection.hasTable(m_spec.table));
    if (!known) {
        return std::nullopt;
    }
    TRY(sqlite::Statement rows, m_connection.prepare(u"SELECT "_s + columns + u" FROM "_s + m_flags + u" WHERE name = ?"_s, {name}));
    TRY(const bool found, rows.step());
    return found ? std::optional(flagFrom(rows)) : std::nullopt;
}

Result<> SqliteFlags::set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason)
{
    TRY(const std::optional<FeatureFlag> from, flag(name));
    const QString now = Clock::system().now().toUTC().toString(Qt::ISODateWithMs);
    if (to) {
        CHECK(m_connection.execute(u"INSERT INTO "_s + m_flags + u" ("_s + columns
                                       + u") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET description = excluded.description,"
                                         " enabled = excluded.enabled, rollout = excluded.rollout, changed = excluded.changed,"
                                         " changed_by = excluded.changed_by"_s,
                                   {name, to->description, to->enabled, hundredths(to->rollout) / 100.0, now, by}));
    } else {
        CHECK(m_connection.execute(u"DELETE FROM "_s + m_flags + u" WHERE name = ?"_s, {name}));
    }
    const auto enabled = [](const std::optional<FeatureFlag> &flag) { return flag ? QVariant(flag->enabled) : QVariant(); };
    const auto rollout = [](const std::optional<FeatureFlag> &flag) { return flag ? QVariant(flag->rollout) : QVariant(); };
    return m_connection.execute(u"INSERT INTO "_s + m_audit
                                    + u" (time, name, from_enabled, to_enabled, from_rollout, to_rollout, by, reason)"
                                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"_s,
                                {now, name, enabled(from), enabled(to), rollout(from), rollout(to), by, reason});
}

} // namespace

QStringList featureSchema(const FeatureStoreSpec &spec)
{
    return {u"CREATE TABLE IF NOT EXISTS "_s + sqlite::quoted(spec.table)
                + u" (name TEXT PRIMARY KEY, description TEXT NOT NULL DEFAULT '', enabled INTEGER NOT NULL DEFAULT 0,"
                  " rollout REAL NOT NULL DEFAULT 0 CHECK (rollout BETWEEN 0 AND 100), changed TEXT, changed_by TEXT)"_s,
            u"CREATE TABLE IF NOT EXISTS "_s + sqlite::quoted(spec.auditTable)
                + u" (id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, name TEXT NOT NULL, from_enabled INTEGER,"
                  " to_enabled INTEGER, from_rollout REAL, to_rollout REAL, by TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '')"_s};
}

Result<std::unique_ptr<FlagTable>> openSqliteFlags(const DatabaseSpec &database, const FeatureStoreSpec &spec)
{
    TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
    return std::make_unique<SqliteFlags>(std::move(connection), spec);
}

} // namespace cutover
