// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/comparison.h"

#include "database/schema.h"

#include <QScopeGuard>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using sqlite::Connection;
using sqlite::quoted;

/** A table as one of the two files has it. Names in lower case: a migration may write them otherwise. */
struct Table {
    QStringList columns;
    QStringList key; ///< In the order of the primary key.
};

Result<QMap<QString, Table>> tablesOf(Connection &connection, const QString &schema)
{
    QStringList names;
    {
        TRY(sqlite::Statement rows, connection.prepare(u"SELECT name FROM pragma_table_list WHERE schema = ? AND type IN ('table', 'virtual') "
                                                       "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN (?, ?)"_s,
                                                       {schema, QString(migrationTable), QString(alembicTable)}));
        while (true) {
            TRY(const bool more, rows.step());
            if (!more) {
                break;
            }
            names.append(rows.text(0));
        }
    }
    QMap<QString, Table> tables;
    for (const QString &name : std::as_const(names)) {
        Table &table = tables[name.toLower()];
        QMap<qint64, QString> key;
        TRY(sqlite::Statement rows, connection.prepare(u"SELECT name, pk FROM pragma_table_info(?, ?)"_s, {name, schema}));
        while (true) {
            TRY(const bool more, rows.step());
            if (!more) {
                break;
            }
            table.columns.append(rows.text(0).toLower());
            if (rows.integer(1) > 0) {
                key.insert(rows.integer(1), table.columns.last());
            }
        }
        table.key = key.values();
    }
    return tables;
}

Result<qint64> count(Connection &connection, const QString &sql)
{
    TRY(const QVariant number, connection.value(sql));
    return number.toLongLong();
}

/// "m.a IS k.a AND …"
QString joined(const QStringList &columns, const QString &pattern, const QString &with)
{
    QStringList parts;
    for (const QString &column : columns) {
        parts.append(QString(pattern).replace(u"%"_s, quoted(column)));
    }
    return parts.join(with);
}

/// Rows of main that kept has not, equal ones counted.
QString moreRows(const QString &table, const QStringList &columns)
{
    const QString name = quoted(table);
    const QString list = joined(columns, u"%"_s, u", "_s);
    return u"SELECT total(max(0, d)) FROM (SELECT sum(n) AS d FROM (SELECT "_s + list + u", 1 AS n FROM main."_s + name + u" UNION ALL SELECT "_s + list
        + u", -1 AS n FROM kept."_s + name + u") GROUP BY "_s + joined(columns, u"% COLLATE BINARY"_s, u", "_s) + u')';
}

Result<> addLoss(Connection &connection, const QString &name, const Table &now, const Table &then, QMap<QString, qint64> &loss)
{
    QStringList common, added;
    for (const QString &column : now.columns) {
        (then.columns.contains(column) ? common : added).append(column);
    }
    const bool keyed = !now.key.isEmpty() && now.key == then.key;
    const QString both = u"main."_s + quoted(name) + u" AS m JOIN kept."_s + quoted(name) + u" AS k ON "_s + joined(now.key, u"m.% IS k.%"_s, u" AND "_s);
    qint64 rows = 0;
    if (keyed) {
        TRY(const qint64 gone, count(connection, u"SELECT count(*) FROM main.%1 AS m WHERE NOT EXISTS (SELECT 1 FROM kept.%1 AS k WHERE %2)"_s.arg(quoted(name), joined(now.key, u"m.% IS k.%"_s, u" AND "_s))));
        rows = gone;
        QStringList values = common;
        values.removeIf([&now](const QString &column) { return now.key.contains(column); });
        if (!values.isEmpty()) {
            TRY(const qint64 changed,
                count(connection, u"SELECT count(*) FROM "_s + both + u" WHERE "_s + joined(values, u"m.% IS NOT k.% COLLATE BINARY"_s, u" OR "_s)));
            rows += changed;
        }
    } else if (common.isEmpty()) {
        TRY(rows, count(connection, u"SELECT count(*) FROM main."_s + quoted(name)));
    } else {
        TRY(rows, count(connection, moreRows(name, common)));
    }
    if (rows > 0) {
        loss.insert(name, rows);
    }
    for (const QString &column : std::as_const(added)) {
        TRY(const QString own, ownValuesOf(connection, name, column));
        // Of rows that the copy has; the others are counted whole.
        const QString from = keyed ? both : QString(u"main."_s + quoted(name) + u" AS m"_s);
        TRY(const qint64 values, count(connection, u"SELECT count(*) FROM "_s + from + u" WHERE "_s + own));
        if (values > 0) {
            loss.insert(name + u'.' + column, values);
        }
    }
    return {};
}

} // namespace

Result<QMap<QString, qint64>> lossAgainst(Connection &live, const QString &copy)
{
    CHECK(live.execute(u"ATTACH ? AS kept"_s, {copy}));
    const auto detach = qScopeGuard([&live] {
        (void)live.execute(u"ROLLBACK"_s);
        (void)live.execute(u"DETACH kept"_s);
    });
    // One snapshot for all tables.
    CHECK(live.execute(u"BEGIN"_s));
    TRY(const auto now, tablesOf(live, u"main"_s));
    TRY(const auto then, tablesOf(live, u"kept"_s));
    QMap<QString, qint64> loss;
    for (const auto &[name, table] : now.asKeyValueRange()) {
        if (then.contains(name)) {
            CHECK(addLoss(live, name, table, then[name], loss));
            continue;
        }
        TRY(const qint64 rows, count(live, u"SELECT count(*) FROM main."_s + quoted(name)));
        if (rows > 0) {
            loss.insert(name, rows);
        }
    }
    return loss;
}

Result<bool> holdsTheSame(Connection &live, const QString &copy)
{
    {
        TRY(Connection other, Connection::open(copy, Connection::Mode::Existing));
        TRY(const QString schema, schemaDigestOf(live));
        TRY(const QString schemaThere, schemaDigestOf(other));
        TRY(const QString head, migrationHeadOf(live));
        TRY(const QString headThere, migrationHeadOf(other));
        TRY(const auto rows, countRowsOf(live, {}));
        TRY(const auto rowsThere, countRowsOf(other, {}));
        if (schema != schemaThere || head != headThere || rows != rowsThere) {
            return false;
        }
    }
    // Nothing that the copy has not, and as many rows: nothing is missing either.
    TRY(const auto loss, lossAgainst(live, copy));
    return loss.isEmpty();
}

} // namespace cutover
