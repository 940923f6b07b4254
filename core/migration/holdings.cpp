// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Debian's library has the hook; its header shows it only where it is asked for.
#define SQLITE_ENABLE_PREUPDATE_HOOK

#include "migration/holdings.h"

#include "database/schema.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

using namespace Qt::StringLiterals;

namespace cutover::migration {

namespace {

using sqlite::Connection;

QString tableOf(const QString &name)
{
    return name.section(u'.', 0, 0);
}

Result<QStringList> textsOf(Connection &connection, const QString &sql, const QVariantList &values)
{
    QStringList texts;
    TRY(sqlite::Statement rows, connection.prepare(sql, values));
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            return texts;
        }
        texts.append(rows.text(0));
    }
}

Result<> addTable(Connection &connection, const QString &table, Holdings &found)
{
    TRY(const QStringList columns, textsOf(connection, u"SELECT name FROM pragma_table_info(?)"_s, {table}));
    TRY(const QStringList filled, textsOf(connection, u"SELECT name FROM pragma_table_info(?) WHERE \"notnull\""_s, {table}));
    // A column that can't be null has as many values as there are rows.
    QString sql = u"SELECT count(*)"_s;
    for (const QString &column : columns) {
        sql += filled.contains(column) ? u", -1"_s : QString(u", count("_s + sqlite::quoted(column) + u')');
    }
    TRY(sqlite::Statement counts, connection.prepare(sql + u" FROM "_s + sqlite::quoted(table)));
    TRY([[maybe_unused]] const bool row, counts.step());
    const qint64 rows = counts.integer(0);
    found.insert(table.toLower(), rows);
    for (qsizetype i = 0; i < columns.size(); ++i) {
        const qint64 values = counts.integer(int(i) + 1);
        found.insert(QString(table + u'.' + columns[i]).toLower(), values < 0 ? rows : values);
    }
    return {};
}

} // namespace

Result<Holdings> holdings(Connection &connection)
{
    Holdings found;
    TRY(const QStringList tables,
        textsOf(connection,
                u"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?"_s,
                {QString(migrationTable)}));
    for (const QString &table : tables) {
        CHECK(addTable(connection, table, found));
    }
    return found;
}

Shrinks unannounced(const Holdings &before, const Holdings &after, const QStringList &announced)
{
    QStringList known;
    for (const QString &name : announced) {
        known.append(name.toLower());
    }
    Shrinks shrinks;
    for (const auto &[name, count] : before.asKeyValueRange()) {
        const qint64 left = after.value(name, 0);
        if (left < count && !known.contains(name) && !known.contains(tableOf(name))) {
            shrinks.insert(name, {count, left});
        }
    }
    return shrinks;
}

QStringList shrinkTexts(const Shrinks &shrinks)
{
    QStringList texts;
    for (const auto &[name, shrink] : shrinks.asKeyValueRange()) {
        const QString table = tableOf(name);
        if (name == table || shrink.lost() > shrinks.value(table).lost()) {
            texts.append(u"%1 %2 → %3"_s.arg(name).arg(shrink.before).arg(shrink.after));
        }
    }
    return texts;
}

ChangeCounter::ChangeCounter(Connection &connection)
    : m_connection(connection)
{
    sqlite3_preupdate_hook(connection.handle(), &ChangeCounter::changed, this);
}

ChangeCounter::~ChangeCounter()
{
    sqlite3_preupdate_hook(m_connection.handle(), nullptr, nullptr);
}

void ChangeCounter::changed(void *counter, sqlite3 *database, int operation, const char *schema, const char *table, long long, long long)
{
    if (std::strcmp(schema, "main") != 0) {
        return;
    }
    Table &counts = static_cast<ChangeCounter *>(counter)->m_tables[table];
    const int columns = sqlite3_preupdate_count(database);
    counts.values.resize(std::max<qsizetype>(counts.values.size(), columns));
    const auto add = [&](auto valueOf, qint64 by) {
        counts.rows += by;
        for (int i = 0; i < columns; ++i) {
            sqlite3_value *value = nullptr;
            if (valueOf(database, i, &value) == SQLITE_OK && sqlite3_value_type(value) != SQLITE_NULL) {
                counts.values[i] += by;
            }
        }
    };
    if (operation != SQLITE_INSERT) {
        add(sqlite3_preupdate_old, -1);
    }
    if (operation != SQLITE_DELETE) {
        add(sqlite3_preupdate_new, 1);
    }
}

Result<Holdings> ChangeCounter::changes()
{
    Holdings changes;
    for (const auto &[utf8, counts] : m_tables) {
        const QString table = QString::fromUtf8(utf8);
        if (table == migrationTable) {
            continue;
        }
        TRY(const QStringList columns, textsOf(m_connection, u"SELECT name FROM pragma_table_xinfo(?)"_s, {table}));
        changes.insert(table.toLower(), counts.rows);
        for (qsizetype i = 0; i < std::min(columns.size(), counts.values.size()); ++i) {
            changes.insert(QString(table + u'.' + columns[i]).toLower(), counts.values[i]);
        }
    }
    return changes;
}

} // namespace cutover::migration
