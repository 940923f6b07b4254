// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationwork.h"

#include "database/schema.h"
#include "migration/migrationheader.h"
#include "migration/migrationscript.h"
#include "plan/loss.h"
#include "system/clock.h"
#include "system/json.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>

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

/// Tables of before losses were kept have no such column.
Result<bool> keepsLosses(Connection &connection)
{
    TRY(const QVariant found, connection.value(u"SELECT 1 FROM pragma_table_info('cutover_migrations') WHERE name = 'lost'"_s));
    return found.isValid();
}

Result<> makeTable(Connection &connection)
{
    CHECK(connection.execute(u"CREATE TABLE IF NOT EXISTS cutover_migrations (revision TEXT PRIMARY KEY, name TEXT NOT NULL,"
                             " phase TEXT NOT NULL, sha256 TEXT NOT NULL, down TEXT NOT NULL, cursor TEXT NOT NULL, changed TEXT NOT NULL,"
                             " lost TEXT NOT NULL DEFAULT '{}')"_s));
    TRY(const bool kept, keepsLosses(connection));
    return kept ? Result<>() : connection.execute(u"ALTER TABLE cutover_migrations ADD COLUMN lost TEXT NOT NULL DEFAULT '{}'"_s);
}

/// lost: by all of it so far.
Result<> record(Connection &connection, const Migration &migration, const QString &cursor, const Loss &lost)
{
    return connection.execute(u"INSERT OR REPLACE INTO cutover_migrations (revision, name, phase, sha256, down, cursor, changed, lost)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"_s,
                              {migration.revision, migration.name, migration.phase, migration.upSha256, migration.down, cursor,
                               Clock::system().now().toUTC().toString(Qt::ISODateWithMs), QString::fromUtf8(json::canonical(lossToJson(lost)))});
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

/// "migration.shrinks" when something is less than before that the up file does not announce.
Result<> judgeShrinks(const Migration &migration, const Shrinks &shrinks)
{
    if (shrinks.isEmpty()) {
        return {};
    }
    const QStringList texts = shrinkTexts(shrinks);
    return fail(u"migration.shrinks"_s,
                {{u"revision"_s, migration.revision}, {u"lost"_s, QJsonArray::fromStringList(texts)}, {u"first"_s, texts.first().section(u' ', 0, 0)}},
                fileOf(migration, "up"_L1));
}

/// "migration.takes_more" when more than is agreed to is gone.
Result<> judgeTaken(const Migration &migration, const Loss &lost)
{
    if (migration.upLimit && !above(lost, *migration.upLimit).isEmpty()) {
        return fail(u"migration.takes_more"_s, {{u"revision"_s, migration.revision}, {u"lost"_s, lossToJson(lost)}}, fileOf(migration, "up"_L1));
    }
    return {};
}

/// Runs what may change anything, tables themselves too, and judges it by all that the database holds.
Result<Loss> runJudged(Connection &connection, const Migration &migration, const std::function<Result<>()> &work)
{
    TRY(Loss lost, countLoss(connection, migration.upLoses));
    TRY(const Holdings before, holdings(connection));
    CHECK(withReferencesKept(connection, fileOf(migration, "up"_L1), work));
    TRY(const Holdings after, holdings(connection));
    CHECK(judgeShrinks(migration, unannounced(before, after, migration.upLoses)));
    TRY(const Loss left, countLoss(connection, migration.upLoses));
    for (const auto &[name, count] : left.asKeyValueRange()) {
        lost[name] = qMax<qint64>(0, lost[name] - count);
    }
    return lost;
}

/// Runs what changes a range of rows, and judges it by those changes alone.
Result<Loss> runRange(Connection &connection, const Migration &migration, const QList<ScriptStatement> &statements, const QVariant &from,
                      const QVariant &to)
{
    const QString file = fileOf(migration, "up"_L1);
    TRY(const QVariant schema, connection.value(u"PRAGMA schema_version"_s));
    ChangeCounter counter(connection);
    CHECK(runStatements(connection, statements, file, from, to));
    TRY(const QVariant schemaNow, connection.value(u"PRAGMA schema_version"_s));
    if (schemaNow != schema) {
        return fail(u"migration.range_schema"_s, {{u"revision"_s, migration.revision}}, file);
    }
    TRY(const Holdings changes, counter.changes());
    Holdings gone;
    for (const auto &[name, change] : changes.asKeyValueRange()) {
        gone.insert(name, qMax<qint64>(0, -change));
    }
    Shrinks shrinks = unannounced(gone, {}, migration.upLoses);
    for (const auto &[name, shrink] : shrinks.asKeyValueRange()) {
        const QString column = name.section(u'.', 1);
        const QString counted = column.isEmpty() ? u"*"_s : sqlite::quoted(column);
        TRY(const QVariant left, connection.value(u"SELECT count(%1) FROM %2"_s.arg(counted, sqlite::quoted(name.section(u'.', 0, 0)))));
        shrink = {left.toLongLong() + shrink.before, left.toLongLong()};
    }
    CHECK(judgeShrinks(migration, shrinks));
    Loss lost;
    for (const QString &name : migration.upLoses) {
        lost.insert(name, gone.value(name.toLower()));
    }
    return lost;
}

Result<Loss> upgradeWhole(Connection &connection, const Migration &migration)
{
    const QString file = fileOf(migration, "up"_L1);
    TRY(const QList<ScriptStatement> statements, splitScript(migration.up, file));
    Loss lost;
    CHECK(connection.transaction([&]() -> Result<> {
        CHECK(makeTable(connection));
        TRY(const auto row, findUnchanged(connection, migration));
        if (row) {
            lost = row->lost;
            return {};
        }
        TRY(lost, runJudged(connection, migration, [&] { return runStatements(connection, statements, file); }));
        CHECK(judgeTaken(migration, lost));
        return record(connection, migration, {}, lost);
    }));
    return lost;
}

Result<Loss> upgradeInRanges(Connection &connection, const Migration &migration, const ProgressFunction &progress, const std::stop_token &stop)
{
    const QString file = fileOf(migration, "up"_L1);
    TRY(const QList<ScriptStatement> statements, splitScript(migration.up, file));
    QList<ScriptStatement> once, perRange;
    for (const ScriptStatement &statement : statements) {
        (statement.isPerRange() ? perRange : once).append(statement);
    }
    TRY(const QVariant total, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(migration.batchTable)));
    Loss all;
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
            // What batches before took away counts, whichever process ran them.
            all = row ? row->lost : Loss();
            if (row && row->cursor.isEmpty()) {
                finished = true;
                return {};
            }
            if (done < 0 && row) {
                TRY(const QVariant before, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(migration.batchTable) + u" WHERE "_s + sqlite::quoted(migration.batchKey) + u" <= "_s + row->cursor));
                done = before.toLongLong();
            }
            done = qMax(done, 0);
            if (!row && !once.isEmpty()) {
                TRY(const Loss lost, runJudged(connection, migration, [&] { return runStatements(connection, once, file); }));
                add(all, lost);
            }
            TRY(const Range range, nextRange(connection, migration, row ? row->cursor : QString()));
            if (range.count > 0) {
                TRY(const Loss lost, runRange(connection, migration, perRange, range.from, range.to));
                add(all, lost);
                done += range.count;
            }
            CHECK(judgeTaken(migration, all));
            // Inside the transaction no row can come behind the last range.
            finished = range.count < migration.batchSize;
            return record(connection, migration, finished ? QString() : range.cursor, all);
        }));
        if (progress) {
            progress(finished ? total.toLongLong() : qMin(done, total.toLongLong()), total.toLongLong());
        }
        if (!finished) {
            // Writers that wait for the lock poll it; without a pause they would never get it.
            sqlite3_sleep(int(qBound(1, timer.elapsed() / 4, 50)));
        }
    }
    return all;
}

} // namespace

Result<QList<AppliedMigration>> applied(Connection &connection)
{
    QList<AppliedMigration> all;
    TRY(const bool known, connection.hasTable(migrationTable));
    if (!known) {
        return all;
    }
    TRY(const bool kept, keepsLosses(connection));
    TRY(sqlite::Statement rows,
        connection.prepare(u"SELECT revision, name, sha256, cursor, phase, down, changed, %1 FROM cutover_migrations ORDER BY revision"_s.arg(kept ? u"lost"_s : u"'{}'"_s)));
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            return all;
        }
        all.append({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.text(6),
                    lossFromJson(QJsonDocument::fromJson(rows.text(7).toUtf8()).object())});
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

Result<Loss> countLoss(Connection &connection, const QStringList &loses)
{
    Loss loss;
    for (const QString &lost : loses) {
        const QString table = lost.section(u'.', 0, 0);
        const QString column = lost.section(u'.', 1);
        TRY(const QString kept, column.isEmpty() ? rowsOf(connection, table) : ownValuesOf(connection, table, column));
        if (kept.isEmpty()) {
            loss.insert(lost, 0);
            continue;
        }
        TRY(const QVariant count, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(table) + u" WHERE "_s + kept));
        loss.insert(lost, count.toLongLong());
    }
    return loss;
}

Result<Loss> upgrade(Connection &connection, const Migration &migration, const ProgressFunction &progress, const std::stop_token &stop)
{
    return migration.batchTable.isEmpty() ? upgradeWhole(connection, migration)
                                          : upgradeInRanges(connection, migration, progress, stop);
}

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
        Holdings before;
        if (judge) {
            TRY(const Loss loss, countLoss(connection, migration.loses));
            CHECK(judge(loss));
            TRY(before, holdings(connection));
        }
        TRY(const QList<ScriptStatement> statements, splitScript(migration.down, file));
        CHECK(withReferencesKept(connection, file, [&] { return runStatements(connection, statements, file); }));
        if (judge) {
            TRY(const Holdings after, holdings(connection));
            Loss more;
            const Shrinks shrinks = unannounced(before, after, migration.loses);
            for (const auto &[name, shrink] : shrinks.asKeyValueRange()) {
                more.insert(name, shrink.lost());
            }
            if (!more.isEmpty()) {
                CHECK(judge(more));
            }
        }
        return connection.execute(u"DELETE FROM cutover_migrations WHERE revision = ?"_s, {migration.revision});
    });
}

} // namespace migration
} // namespace cutover
