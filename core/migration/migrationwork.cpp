// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationwork.h"

#include "database/schema.h"
#include "migration/migrationheader.h"
#include "migration/migrationscript.h"
#include "system/clock.h"

#include <QElapsedTimer>

#include <sqlite3.h>

using namespace Qt::StringLiterals;

namespace cutover {

Migration AppliedMigration::migration() const
{
    Migration migration;
    migration.revision = revision;
    migration.name = name;
    migration.phase = phase;
    migration.upSha256 = sha256;
    migration.down = down;
    // It was read without error before it was recorded.
    Migration back;
    (void)readMigrationHeader(down, name, back);
    migration.loses = back.loses;
    return migration;
}

namespace migration {

namespace {

using sqlite::Connection;

QString fileOf(const Migration &migration, QLatin1StringView direction)
{
    return migration.revision + u'_' + migration.name + u'.' + direction + u".sql"_s;
}

Result<> makeTable(Connection &connection)
{
    return connection.execute(u"CREATE TABLE IF NOT EXISTS cutover_migrations (revision TEXT PRIMARY KEY, name TEXT NOT NULL,"
                              " phase TEXT NOT NULL, sha256 TEXT NOT NULL, down TEXT NOT NULL, cursor TEXT NOT NULL, changed TEXT NOT NULL)"_s);
}

Result<> record(Connection &connection, const Migration &migration, const QString &cursor)
{
    // The header's losses may stand in the up file; the way back needs them.
    QString down = migration.down;
    if (!down.isEmpty()) {
        Migration back;
        CHECK(readMigrationHeader(down, fileOf(migration, "down"_L1), back));
        for (const QString &lost : migration.loses) {
            if (!back.loses.contains(lost)) {
                down = u"-- cutover: loses="_s + lost + u'\n' + down;
            }
        }
    }
    return connection.execute(u"INSERT OR REPLACE INTO cutover_migrations (revision, name, phase, sha256, down, cursor, changed)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
                              {migration.revision, migration.name, migration.phase, migration.upSha256, down, cursor,
                               Clock::system().now().toUTC().toString(Qt::ISODateWithMs)});
}

Result<qint64> brokenReferences(Connection &connection)
{
    TRY(const QVariant count, connection.value(u"SELECT count(*) FROM pragma_foreign_key_check"_s));
    return count.toLongLong();
}

/// Scripts run without foreign keys, as rebuilding a table needs it; what they leave is checked.
Result<> withReferencesKept(Connection &connection, const QString &where, const std::function<Result<>()> &work)
{
    TRY(const qint64 before, brokenReferences(connection));
    CHECK(work());
    TRY(const qint64 after, brokenReferences(connection));
    if (after > before) {
        return fail(u"migration.references"_s, {{u"count"_s, after - before}}, where);
    }
    return {};
}

Result<std::optional<AppliedMigration>> findUnchanged(Connection &connection, const Migration &migration)
{
    TRY(const auto row, find(connection, migration.revision));
    if (row && row->sha256 != migration.upSha256) {
        return fail(u"migration.changed"_s,
                    {{u"revision"_s, migration.revision}, {u"expected"_s, row->sha256}, {u"found"_s, migration.upSha256}},
                    fileOf(migration, "up"_L1));
    }
    return row;
}

/// The keys of the next range behind the cursor; count 0: there is none.
struct Range {
    QVariant from, to;
    QString cursor; ///< to, as an SQL literal.
    qint64 count = 0;
};

Result<Range> nextRange(Connection &connection, const Migration &migration, const QString &cursor)
{
    const QString key = sqlite::quoted(migration.batchKey);
    const QString behind = cursor.isEmpty() ? QString() : QString(u" WHERE "_s + key + u" > "_s + cursor);
    TRY(sqlite::Statement row,
        connection.prepare(u"SELECT min(k), max(k), quote(max(k)), count(*) FROM (SELECT "_s + key + u" AS k FROM "_s
                               + sqlite::quoted(migration.batchTable) + behind + u" ORDER BY 1 LIMIT ?)"_s,
                           {migration.batchSize}));
    CHECK(row.step());
    return Range{row.column(0), row.column(1), row.text(2), row.integer(3)};
}

Result<> upgradeWhole(Connection &connection, const Migration &migration)
{
    const QString file = fileOf(migration, "up"_L1);
    TRY(const QList<ScriptStatement> statements, splitScript(migration.up, file));
    return connection.transaction([&]() -> Result<> {
        CHECK(makeTable(connection));
        TRY(const auto row, findUnchanged(connection, migration));
        if (row) {
            return {};
        }
        CHECK(withReferencesKept(connection, file, [&] { return runStatements(connection, statements, file); }));
        return record(connection, migration, {});
    });
}

Result<> upgradeInRanges(Connection &connection, const Migration &migration, const ProgressFunction &progress, const std::stop_token &stop)
{
    const QString file = fileOf(migration, "up"_L1);
    TRY(const QList<ScriptStatement> statements, splitScript(migration.up, file));
    QList<ScriptStatement> once, perRange;
    for (const ScriptStatement &statement : statements) {
        (statement.isPerRange() ? perRange : once).append(statement);
    }
    TRY(const QVariant total, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(migration.batchTable)));
    qint64 done = -1;
    bool finished = false;
    while (!finished) {
        if (stop.stop_requested()) {
            return fail(u"system.cancelled"_s, {}, file, Error::Kind::Cancelled);
        }
        QElapsedTimer timer;
        timer.start();
        CHECK(connection.transaction([&]() -> Result<> {
            CHECK(makeTable(connection));
            TRY(const auto row, findUnchanged(connection, migration));
            if (row && row->cursor.isEmpty()) {
                finished = true;
                return {};
            }
            if (done < 0 && row) {
                TRY(const QVariant before, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(migration.batchTable) + u" WHERE "_s + sqlite::quoted(migration.batchKey) + u" <= "_s + row->cursor));
                done = before.toLongLong();
            }
            done = qMax(done, 0);
            if (!row) {
                CHECK(runStatements(connection, once, file));
            }
            TRY(const Range range, nextRange(connection, migration, row ? row->cursor : QString()));
            if (range.count > 0) {
                CHECK(runStatements(connection, perRange, file, range.from, range.to));
                done += range.count;
            }
            // Inside the transaction no row can come behind the last range.
            finished = range.count < migration.batchSize;
            return record(connection, migration, finished ? QString() : range.cursor);
        }));
        if (progress) {
            progress(finished ? total.toLongLong() : qMin(done, total.toLongLong()), total.toLongLong());
        }
        if (!finished) {
            // Writers that wait for the lock poll it; without a pause they would never get it.
            sqlite3_sleep(int(qBound(1, timer.elapsed() / 4, 50)));
        }
    }
    return {};
}

} // namespace

Result<QList<AppliedMigration>> applied(Connection &connection)
{
    QList<AppliedMigration> all;
    TRY(const bool known, connection.hasTable(migrationTable));
    if (!known) {
        return all;
    }
    TRY(sqlite::Statement rows,
        connection.prepare(u"SELECT revision, name, sha256, cursor, phase, down FROM cutover_migrations ORDER BY revision"_s));
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            return all;
        }
        all.append({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5)});
    }
}

Result<std::optional<AppliedMigration>> find(Connection &connection, const QString &revision)
{
    TRY(const QList<AppliedMigration> all, applied(connection));
    for (const AppliedMigration &migration : all) {
        if (migration.revision == revision) {
            return migration;
        }
    }
    return std::nullopt;
}

/// Which rows count; empty when there is no such table.
static Result<QString> rowsOf(Connection &connection, const QString &table)
{
    TRY(const QVariant exists, connection.value(u"SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?"_s, {table}));
    return exists.isValid() ? u"1"_s : QString();
}

/// Which rows have a value of their own in the column; empty when there is no such column.
static Result<QString> valuesOf(Connection &connection, const QString &table, const QString &column)
{
    TRY(sqlite::Statement row, connection.prepare(u"SELECT dflt_value FROM pragma_table_info(?) WHERE name = ?"_s, {table, column}));
    TRY(const bool exists, row.step());
    if (!exists) {
        return QString();
    }
    const QString name = sqlite::quoted(column);
    const QString fallback = row.text(0);
    const QString notNull = name + u" IS NOT NULL"_s;
    return fallback.isEmpty() ? notNull : QString(notNull + u" AND "_s + name + u" IS NOT ("_s + fallback + u')');
}

Result<Loss> countLoss(Connection &connection, const QStringList &loses)
{
    Loss loss;
    for (const QString &lost : loses) {
        const QString table = lost.section(u'.', 0, 0);
        const QString column = lost.section(u'.', 1);
        TRY(const QString kept, column.isEmpty() ? rowsOf(connection, table) : valuesOf(connection, table, column));
        if (kept.isEmpty()) {
            loss.insert(lost, 0);
            continue;
        }
        TRY(const QVariant count, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(table) + u" WHERE "_s + kept));
        loss.insert(lost, count.toLongLong());
    }
    return loss;
}

Result<> upgrade(Connection &connection, const Migration &migration, const ProgressFunction &progress, const std::stop_token &stop)
{
    return migration.batchTable.isEmpty() ? upgradeWhole(connection, migration)
                                          : upgradeInRanges(connection, migration, progress, stop);
}

namespace {

/// What a database holds: rows by table ("orders"), values by column ("orders.price"), names in lower case.
Result<QMap<QString, qint64>> holdings(Connection &connection)
{
    QMap<QString, qint64> found;
    QStringList tables;
    TRY(sqlite::Statement names,
        connection.prepare(u"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                           "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'cutover_migrations'"_s));
    while (true) {
        TRY(const bool more, names.step());
        if (!more) {
            break;
        }
        tables.append(names.text(0));
    }
    for (const QString &table : std::as_const(tables)) {
        QStringList columns;
        TRY(sqlite::Statement info, connection.prepare(u"SELECT name FROM pragma_table_info(?)"_s, {table}));
        while (true) {
            TRY(const bool more, info.step());
            if (!more) {
                break;
            }
            columns.append(info.text(0));
        }
        QString sql = u"SELECT count(*)"_s;
        for (const QString &column : std::as_const(columns)) {
            sql += u", count("_s + sqlite::quoted(column) + u')';
        }
        TRY(sqlite::Statement counts, connection.prepare(sql + u" FROM "_s + sqlite::quoted(table)));
        TRY([[maybe_unused]] const bool row, counts.step());
        found.insert(table.toLower(), counts.text(0).toLongLong());
        for (qsizetype i = 0; i < columns.size(); ++i) {
            found.insert(QString(table + u'.' + columns[i]).toLower(), counts.text(int(i) + 1).toLongLong());
        }
    }
    return found;
}

/// What is less than before without having been announced by a "loses" line. A script that says
/// nothing of its losses is not believed.
Loss unannounced(const QMap<QString, qint64> &before, const QMap<QString, qint64> &after, const QStringList &announced)
{
    QStringList known;
    for (const QString &name : announced) {
        known.append(name.toLower());
    }
    Loss loss;
    for (const auto &[name, count] : before.asKeyValueRange()) {
        const QString table = name.section(u'.', 0, 0);
        const qint64 left = after.value(name, 0);
        if (left < count && !known.contains(name) && !known.contains(table)) {
            loss.insert(name, count - left);
        }
    }
    return loss;
}

} // namespace

Result<> downgrade(Connection &connection, const Migration &migration, const Judge &judge)
{
    const QString file = fileOf(migration, "down"_L1);
    return connection.transaction([&]() -> Result<> {
        TRY(const QList<AppliedMigration> all, applied(connection));
        bool present = false;
        for (const AppliedMigration &other : all) {
            present = present || other.revision == migration.revision;
        }
        if (!present) {
            return {};
        }
        if (all.last().revision != migration.revision) {
            return fail(u"migration.not_newest"_s, {{u"revision"_s, migration.revision}, {u"newest"_s, all.last().revision}}, file);
        }
        if (migration.down.isEmpty()) {
            return fail(u"migration.irreversible"_s, {{u"revision"_s, migration.revision}}, file);
        }
        QMap<QString, qint64> before;
        if (judge) {
            TRY(const Loss loss, countLoss(connection, migration.loses));
            CHECK(judge(loss));
            TRY(before, holdings(connection));
        }
        TRY(const QList<ScriptStatement> statements, splitScript(migration.down, file));
        CHECK(withReferencesKept(connection, file, [&] { return runStatements(connection, statements, file); }));
        if (judge) {
            TRY(const auto after, holdings(connection));
            if (const Loss more = unannounced(before, after, migration.loses); !more.isEmpty()) {
                CHECK(judge(more));
            }
        }
        return connection.execute(u"DELETE FROM cutover_migrations WHERE revision = ?"_s, {migration.revision});
    });
}

} // namespace migration
} // namespace cutover
