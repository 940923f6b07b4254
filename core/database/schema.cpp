// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/schema.h"

#include "system/json.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isWord(QChar c)
{
    return c.isLetterOrNumber() || c == u'_' || c == u'$';
}

bool isPlainName(QStringView name)
{
    return !name.isEmpty() && !name.front().isDigit() && std::ranges::all_of(name, isWord);
}

} // namespace

QString normalisedSql(const QString &sql)
{
    QString out;
    bool space = false;
    const auto append = [&](QStringView token) {
        if (space && !out.isEmpty() && isWord(out.back()) && isWord(token.front())) {
            out += u' ';
        }
        space = false;
        out += token;
    };
    for (qsizetype i = 0; i < sql.size();) {
        const QChar c = sql[i];
        const QStringView rest = QStringView(sql).mid(i);
        if (c.isSpace()) {
            space = true;
            ++i;
        } else if (rest.startsWith(u"--")) {
            const qsizetype end = sql.indexOf(u'\n', i);
            i = end < 0 ? sql.size() : end + 1;
            space = true;
        } else if (rest.startsWith(u"/*")) {
            const qsizetype end = sql.indexOf(u"*/"_s, i + 2);
            i = end < 0 ? sql.size() : end + 2;
            space = true;
        } else if (c == u'\'' || c == u'"' || c == u'`' || c == u'[') {
            const QChar close = c == u'[' ? u']' : c;
            qsizetype end = i + 1;
            while (end < sql.size() && (sql[end] != close || (close != u']' && end + 1 < sql.size() && sql[end + 1] == close))) {
                end += sql[end] == close ? 2 : 1;
            }
            const QStringView inner = QStringView(sql).mid(i + 1, end - i - 1);
            if (c != u'\'' && isPlainName(inner)) {
                // ALTER TABLE … RENAME puts quotes where there were none.
                space = true;
                append(inner);
                space = true;
            } else {
                append(QStringView(sql).mid(i, end - i + 1));
            }
            i = end + 1;
        } else {
            append(rest.first(1));
            ++i;
        }
    }
    return out;
}

Result<QString> schemaDigestOf(sqlite::Connection &connection)
{
    TRY(sqlite::Statement rows,
        connection.prepare(u"SELECT type, name, tbl_name, sql FROM sqlite_master "
                           "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT IN (?, ?) ORDER BY type, name"_s,
                           {QString(migrationTable), QString(alembicTable)}));
    QJsonArray definitions;
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            return json::digest(definitions);
        }
        definitions.append(QJsonArray{rows.text(0), rows.text(1), rows.text(2), normalisedSql(rows.text(3))});
    }
}

Result<QMap<QString, qint64>> countRowsOf(sqlite::Connection &connection, const QStringList &tables)
{
    QStringList existing;
    {
        TRY(sqlite::Statement rows,
            connection.prepare(u"SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') "
                               "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN (?, ?)"_s,
                               {QString(migrationTable), QString(alembicTable)}));
        while (true) {
            TRY(const bool more, rows.step());
            if (!more) {
                break;
            }
            existing.append(rows.text(0));
        }
    }
    QMap<QString, qint64> counts;
    for (const QString &table : std::as_const(existing)) {
        if (tables.isEmpty() || tables.contains(table)) {
            TRY(const QVariant count, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(table)));
            counts.insert(table, count.toLongLong());
        }
    }
    return counts;
}

Result<QString> ownValuesOf(sqlite::Connection &connection, const QString &table, const QString &column)
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

Result<QString> migrationHeadOf(sqlite::Connection &connection)
{
    TRY(const bool known, connection.hasTable(migrationTable));
    if (!known) {
        TRY(const bool byAlembic, connection.hasTable(alembicTable));
        if (!byAlembic) {
            return QString();
        }
        TRY(const QVariant heads, connection.value(u"SELECT group_concat(version_num, ',') FROM (SELECT version_num FROM alembic_version ORDER BY 1)"_s));
        return heads.toString();
    }
    TRY(const QVariant head, connection.value(u"SELECT max(revision) FROM cutover_migrations WHERE cursor = ''"_s));
    return head.toString();
}

Result<> checkIntegrityOf(sqlite::Connection &connection)
{
    TRY(sqlite::Statement rows, connection.prepare(u"PRAGMA integrity_check(5)"_s));
    QStringList findings;
    while (true) {
        TRY(const bool more, rows.step());
        if (!more) {
            break;
        }
        findings.append(rows.text(0));
    }
    if (findings != QStringList{u"ok"_s}) {
        return fail(u"database.integrity"_s, {{u"file"_s, connection.file()}, {u"findings"_s, QJsonArray::fromStringList(findings)}},
                    connection.file());
    }
    return {};
}

} // namespace cutover
