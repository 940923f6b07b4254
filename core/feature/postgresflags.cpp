// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresplaces.h"
#include "database/postgresrefusal.h"
#include "feature/flagtable.h"
#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using postgres::Row;

FeatureFlag flagFrom(const Row &row)
{
    return {row[0].toString(),
            row[1].toString(),
            row[2].toBool(),
            hundredths(row[3].toDouble()) / 100.0,
            QDateTime::fromString(row[4].toString(), Qt::ISODateWithMs),
            row[5].toString()};
}

constexpr auto columns = "name, description, enabled::boolean, rollout::float8, "
                         "to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), coalesce(changed_by, '')";

/** In the schema "public", where a service's own tables are unless it says otherwise. */
class PostgresFlags : public FlagTable
{
public:
    PostgresFlags(std::unique_ptr<postgres::Session> session, const DatabaseSpec &database, const FeatureStoreSpec &spec)
        : m_session(std::move(session))
        , m_database(database)
        , m_flags(u"public."_s + postgres::quoted(spec.table))
        , m_audit(u"public."_s + postgres::quoted(spec.auditTable))
    {
    }

    Result<> change(const std::function<Result<>()> &work) override
    {
        // Nobody is connected while its name changes, so it stays what it is as long as we are.
        if (m_session->database() == postgres::closedName(postgres::databaseName(m_database))) {
            return fail(u"feature.database_closed"_s, {{u"database"_s, m_database.name}, {u"address"_s, postgres::addressOf(m_database)}}, postgres::addressOf(m_database));
        }
        return m_session->transaction([&]() -> Result<> {
            CHECK(create());
            // What is read is written to next; readers go on.
            CHECK(m_session->execute(u"LOCK TABLE "_s + m_flags + u" IN SHARE ROW EXCLUSIVE MODE"_s));
            return work();
        });
    }

    Result<QList<FeatureFlag>> flags() override { return read(std::nullopt); }

    Result<std::optional<FeatureFlag>> flag(const QString &name) override
    {
        TRY(const QList<FeatureFlag> found, read(name));
        return found.isEmpty() ? std::nullopt : std::optional(found.first());
    }

    Result<> set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason) override
    {
        TRY(const std::optional<FeatureFlag> from, flag(name));
        const QString now = Clock::system().now().toUTC().toString(Qt::ISODateWithMs);
        if (to) {
            CHECK(m_session->execute(u"INSERT INTO "_s + m_flags
                                         + u" (name, description, enabled, rollout, changed, changed_by) VALUES ($1, $2, $3, $4, $5, $6) "
                                           "ON CONFLICT (name) DO UPDATE SET description = excluded.description, enabled = excluded.enabled, "
                                           "rollout = excluded.rollout, changed = excluded.changed, changed_by = excluded.changed_by"_s,
                                     {name, to->description.isNull() ? u""_s : to->description, to->enabled, hundredths(to->rollout) / 100.0, now, by}));
        } else {
            CHECK(m_session->execute(u"DELETE FROM "_s + m_flags + u" WHERE name = $1"_s, {name}));
        }
        const auto enabled = [](const std::optional<FeatureFlag> &flag) { return flag ? QVariant(flag->enabled) : QVariant(); };
        const auto rollout = [](const std::optional<FeatureFlag> &flag) { return flag ? QVariant(flag->rollout) : QVariant(); };
        return m_session->execute(u"INSERT INTO "_s + m_audit
                                      + u" (time, name, from_enabled, to_enabled, from_rollout, to_rollout, by, reason) "
                                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"_s,
                                  {now, name, enabled(from), enabled(to), rollout(from), rollout(to), by, reason.isNull() ? u""_s : reason});
    }

private:
    Result<bool> has(const QString &table)
    {
        TRY(const QVariant found, m_session->value(u"SELECT to_regclass($1)::text"_s, {table}));
        return !found.isNull();
    }

    /// Only what is missing: a role that may write the flags need not be one that may make tables.
    Result<> create()
    {
        TRY(const bool flags, has(m_flags));
        if (!flags) {
            CHECK(m_session->execute(u"CREATE TABLE "_s + m_flags
                                     + u" (name text PRIMARY KEY, description text NOT NULL DEFAULT '', enabled boolean NOT NULL DEFAULT false, "
                                       "rollout double precision NOT NULL DEFAULT 0 CHECK (rollout BETWEEN 0 AND 100), changed timestamptz, changed_by text)"_s));
        }
        TRY(const bool audit, has(m_audit));
        if (!audit) {
            CHECK(m_session->execute(u"CREATE TABLE "_s + m_audit
                                     + u" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time timestamptz NOT NULL, name text NOT NULL, "
                                       "from_enabled boolean, to_enabled boolean, from_rollout double precision, to_rollout double precision, "
                                       "by text NOT NULL, reason text NOT NULL DEFAULT '')"_s));
        }
        return {};
    }

    /// All of them by name, or the one of that name.
    Result<QList<FeatureFlag>> read(const std::optional<QString> &name)
    {
        QList<FeatureFlag> all;
        TRY(const bool known, has(m_flags));
        if (!known) {
            return all;
        }
        const QString which = name ? u" WHERE name = $1"_s : QString();
        TRY(const QList<Row> rows, m_session->rows(u"SELECT "_s + QLatin1StringView(columns) + u" FROM "_s + m_flags + which + u" ORDER BY name COLLATE \"C\""_s, name ? QVariantList{*name} : QVariantList()));
        for (const Row &row : rows) {
            all.append(flagFrom(row));
        }
        return all;
    }

    std::unique_ptr<postgres::Session> m_session;
    DatabaseSpec m_database;
    QString m_flags;
    QString m_audit;
};

} // namespace

Result<std::unique_ptr<FlagTable>> openPostgresFlags(const DatabaseSpec &database, const FeatureStoreSpec &spec)
{
    TRY(auto session, postgres::Session::open(database));
    return std::make_unique<PostgresFlags>(std::move(session), database, spec);
}

} // namespace cutover
