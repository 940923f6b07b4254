// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresschema.h"

#include "system/json.h"

#include <QJsonArray>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr int mostFindings = 5;

/// "(ARRAY['a'::character varying, …])::text[]" is written "ARRAY[('a'::character varying)::text, …]"
/// once it has been restored; both become the latter.
QString withOneFormOfLists(const QString &line)
{
    static const QRegularExpression list(uR"(\(ARRAY\[((?:'(?:[^']|'')*'::[a-z ]+(?:\(\d+\))?(?:, )?)+)\]\)::([a-z ]+)\[\])"_s);
    static const QRegularExpression item(uR"('(?:[^']|'')*'::[a-z ]+(?:\(\d+\))?)"_s);
    QString result;
    qsizetype at = 0;
    for (const auto &match : list.globalMatch(line)) {
        QStringList items;
        for (const auto &each : item.globalMatch(match.captured(1))) {
            items.append(u'(' + each.captured() + u")::"_s + match.captured(2));
        }
        result += QStringView(line).sliced(at, match.capturedStart() - at);
        result += u"ARRAY["_s + items.join(u", "_s) + u']';
        at = match.capturedEnd();
    }
    return result + QStringView(line).sliced(at);
}

/// Ordinary and partitioned tables of the user, with schema and name; also those of extensions that the user fills (configuration tables).
constexpr auto userTables = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' "
                            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' "
                            "AND n.nspname NOT LIKE '\\_timescaledb%' AND c.relname NOT IN ('cutover_migrations', 'alembic_version') "
                            "AND (NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') "
                            "OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig))) ";

/// Of a table of an extension, "WHERE …": which of its rows are the user's and not the extension's own; only these are dumped.
constexpr auto usersRows = "coalesce((SELECT x.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS x(id, condition) WHERE x.id = %1 LIMIT 1), '')";

QString usersRowsOf(const QString &table)
{
    return QString::fromLatin1(usersRows).arg(table);
}

/// Only a constant is compared with: anything else may give another value each time, or take one from a sequence.
QString ownValue(const QString &column, const QString &fallback)
{
    static const QRegularExpression constant(uR"(^('(?:[^']|'')*'|-?[0-9.]+|true|false)(::[a-z ]+(\([0-9,]+\))?)?$)"_s);
    const QString there = quoted(column) + u" IS NOT NULL"_s;
    return constant.match(fallback).hasMatch() ? QString(u'(' + there + u" AND "_s + quoted(column) + u"::text IS DISTINCT FROM ("_s + fallback + u")::text)"_s)
                                               : there;
}

} // namespace

QString tableKey(const QString &schema, const QString &table)
{
    return schema == "public"_L1 ? table : QString(schema + u'.' + table);
}

QStringList bookkeepingTables()
{
    return {u"*.cutover_migrations"_s, u"*.alembic_version"_s};
}

QString schemaDigestOf(const QString &dump)
{
    QString text;
    bool inHeader = true;
    const QStringList lines = dump.split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines) {
        // \restrict has another random word each time.
        if (line.startsWith("--"_L1) || line.startsWith("\\restrict "_L1) || line.startsWith("\\unrestrict "_L1)) {
            continue;
        }
        inHeader = inHeader && (line.startsWith("SET "_L1) || line.startsWith("SELECT pg_catalog.set_config"_L1));
        if (!inHeader) {
            text += withOneFormOfLists(line) + u'\n';
        }
    }
    return json::sha256(text.toUtf8());
}

Result<QMap<QString, qint64>> countRowsOf(Session &session, const QStringList &tables)
{
    TRY(const QList<Row> found, session.rows(u"SELECT n.nspname, c.relname, "_s + usersRowsOf(u"c.oid"_s) + u' ' + QLatin1StringView(userTables) + u"ORDER BY 1, 2"_s));
    QMap<QString, qint64> counts;
    for (const Row &row : found) {
        const QString schema = row[0].toString();
        const QString table = row[1].toString();
        const QString key = tableKey(schema, table);
        if (!tables.isEmpty() && !tables.contains(key) && !tables.contains(QString(schema + u'.' + table))) {
            continue;
        }
        TRY(const QVariant count, session.value(u"SELECT count(*) FROM "_s + quoted(schema) + u'.' + quoted(table) + u' ' + row[2].toString()));
        counts.insert(key, count.toLongLong());
    }
    return counts;
}

Result<QMap<QString, Table>> tablesOf(Session &session)
{
    // Rows of inherited tables are their own tables' affair; those of hypertables have no other place.
    TRY(const QList<Row> found,
        session.rows(u"SELECT t.nspname, t.relname, t.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_class k ON k.oid = h.inhrelid "
                     "JOIN pg_namespace s ON s.oid = k.relnamespace WHERE h.inhparent = t.oid AND s.nspname LIKE '\\_timescaledb%'), "
                     "a.attname, format_type(a.atttypid, a.atttypmod), coalesce(pg_get_expr(d.adbin, d.adrelid), ''), coalesce(a.attgenerated <> '', false), "
                     "coalesce(array_position(i.indkey::int2[], a.attnum), -1), CASE t.relkind WHEN 'p' THEN (SELECT coalesce(sum("
                     "pg_stat_get_tuples_inserted(p.relid) + pg_stat_get_tuples_updated(p.relid)), 0)::bigint FROM pg_partition_tree(t.oid) p) "
                     // Nothing is written into a hypertable itself.
                     "ELSE pg_stat_get_tuples_inserted(t.oid) + pg_stat_get_tuples_updated(t.oid) + (SELECT coalesce(sum("
                     "pg_stat_get_tuples_inserted(k.oid) + pg_stat_get_tuples_updated(k.oid)), 0)::bigint FROM pg_inherits h JOIN pg_class k ON k.oid = h.inhrelid "
                     "JOIN pg_namespace s ON s.oid = k.relnamespace WHERE h.inhparent = t.oid AND s.nspname LIKE '\\_timescaledb%') END, "_s
                     + usersRowsOf(u"t.oid"_s) + u" FROM (SELECT c.oid, c.relname, c.relkind, n.nspname "_s
                     + QLatin1StringView(userTables)
                     + u") t LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped "
                       "LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum "
                       "LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary ORDER BY 1, 2, a.attnum"_s));
    QMap<QString, Table> tables;
    QMap<QString, QMap<int, QString>> keys;
    for (const Row &row : found) {
        const QString name = tableKey(row[0].toString(), row[1].toString());
        Table &table = tables[name];
        table.from = (row[2].toBool() ? u"ONLY "_s : QString()) + quoted(row[0].toString()) + u'.' + quoted(row[1].toString());
        if (const QString condition = row[9].toString(); !condition.isEmpty()) {
            table.from = u"(SELECT * FROM "_s + table.from + u' ' + condition + u") AS own"_s;
        }
        table.written = row[8].toLongLong();
        const QString column = row[3].toString();
        if (column.isEmpty()) {
            continue;
        }
        table.columns.append(column);
        table.types.insert(column, row[4].toString());
        table.own.insert(column, row[6].toBool() ? u"false"_s : ownValue(column, row[5].toString()));
        if (row[7].toInt() >= 0) {
            keys[name].insert(row[7].toInt(), column);
        }
    }
    for (const auto &[name, key] : keys.asKeyValueRange()) {
        tables[name].key = key.values();
    }
    return tables;
}

Result<Estimate> estimateOf(Session &session)
{
    TRY(const QList<Row> found,
        session.rows(u"SELECT n.nspname, c.relname, greatest(c.reltuples, 0)::bigint, pg_table_size(c.oid) FROM pg_class c "
                     "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' "
                     "AND n.nspname NOT IN ('pg_catalog', 'information_schema')"_s));
    Estimate estimate;
    for (const Row &row : found) {
        estimate.rows.insert(tableKey(row[0].toString(), row[1].toString()), row[2].toLongLong());
        estimate.bytes += row[3].toLongLong();
    }
    TRY(const QVariant objects, session.value(u"SELECT pg_table_size('pg_largeobject')"_s));
    estimate.bytes += objects.toLongLong();
    return estimate;
}

Result<QString> revisionOf(Session &session)
{
    TRY(const QVariant schema,
        session.value(u"SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                      "WHERE c.relname = 'alembic_version' AND c.relkind = 'r' ORDER BY n.nspname <> 'public', 1 LIMIT 1"_s));
    if (schema.isNull()) {
        return QString();
    }
    TRY(const QVariant heads,
        session.value(u"SELECT coalesce(string_agg(version_num, ',' ORDER BY version_num), '') FROM "_s + quoted(schema.toString())
                      + u".alembic_version"_s));
    return heads.toString();
}

Result<Integrity> checkIntegrityOf(Session &session, const DatabaseSpec &spec)
{
    Integrity integrity;
    QStringList findings;
    TRY(const QList<Row> invalid,
        session.rows(u"SELECT i.indexrelid::regclass::text FROM pg_index i WHERE NOT i.indisvalid LIMIT %1"_s.arg(mostFindings)));
    for (const Row &row : invalid) {
        findings.append(u"%1: invalid index"_s.arg(row[0].toString()));
    }
    TRY(const QVariant checksums,
        session.value(u"SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()"_s));
    if (checksums.toLongLong() > 0) {
        findings.append(u"%1 data checksum failures"_s.arg(checksums.toLongLong()));
    }
    TRY(const QVariant extension,
        session.value(u"SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'"_s));
    if (!extension.isNull()) {
        TRY(const QVariant may, session.value(u"SELECT has_function_privilege($1, 'EXECUTE')"_s, {QString(quoted(extension.toString()) + u".bt_index_check(regclass)"_s)}));
        integrity.byAmcheck = may.toBool();
    }
    TRY(const QList<Row> indexes,
        session.rows(u"SELECT c.oid::bigint, c.oid::regclass::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam JOIN pg_index i ON i.indexrelid = c.oid "
                     "WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't' AND i.indisvalid AND i.indisready"_s));
    for (const Row &row : integrity.byAmcheck ? indexes : QList<Row>()) {
        if (findings.size() >= mostFindings) {
            break;
        }
        const Result<> whole = session.execute(u"SELECT %1.bt_index_check(%2::oid::regclass)"_s.arg(quoted(extension.toString())).arg(row[0].toLongLong()));
        if (!whole && whole.error().code != "database.corrupt"_L1) {
            return fail(whole.error());
        }
        if (!whole) {
            findings.append(row[1].toString() + u": "_s + whole.error().args["reason"_L1].toString());
        }
        ++integrity.looked;
    }
    if (!findings.isEmpty()) {
        return fail(u"database.integrity"_s, {{u"file"_s, addressOf(spec, session.database())}, {u"findings"_s, QJsonArray::fromStringList(findings)}},
                    addressOf(spec, session.database()));
    }
    return integrity;
}

} // namespace cutover::postgres
