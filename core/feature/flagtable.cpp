// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

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

FlagTable::FlagTable(sqlite::Connection &connection, const FeatureStoreSpec &spec)
    : m_connection(connection)
    , m_flags(sqlite::quoted(spec.table))
    , m_audit(sqlite::quoted(spec.auditTable))
    , m_spec(spec)
{
}

Result<> FlagTable::create()
{
    for (const QString &statement : featureSchema(m_spec)) {
        CHECK(m_connection.execute(statement));
    }
    return {};
}

Result<QList<FeatureFlag>> FlagTable::flags()
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

Result<std::optional<FeatureFlag>> FlagTable::flag(const QString &name)
{
    TRY(const bool known, m_connection.hasTable(m_spec.table));
    if (!known) {
        return std::nullopt;
    }
    TRY(sqlite::Statement rows, m_connection.prepare(u"SELECT "_s + columns + u" FROM "_s + m_flags + u" WHERE name = ?"_s, {name}));
    TRY(const bool found, rows.step());
    return found ? std::optional(flagFrom(rows)) : std::nullopt;
}

Result<> FlagTable::set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason)
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

Result<DatabaseSpec> featureDatabase(const Target &target)
{
    const DatabaseSpec *database = target.database(target.features.database);
    if (!database || database->driver != "sqlite"_L1) {
        return fail(u"feature.no_store"_s, {{u"target"_s, target.name}}, target.path);
    }
    return *database;
}

} // namespace cutover
