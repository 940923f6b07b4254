// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgrescomparison.h"

#include "database/postgresschema.h"

#include <QJsonArray>
#include <QScopeGuard>

#include <array>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr int partCount = 16384; ///< A power of two.
constexpr qint64 smallTable = 50000; ///< Its rows come here without a look at parts.
constexpr int rowsAtOnce = 10000;
constexpr auto objectsName = "pg_largeobject";
/// Of a large object, piece by piece: no value can hold one of more than 1 GB, nor the text of half of that.
constexpr auto objectDigest = "(WITH RECURSIVE piece(at, digest, size) AS (SELECT 0::bigint, sha256(p), length(p) "
                              "FROM (SELECT lo_get(pg_largeobject_metadata.oid, 0, 1048576) AS p OFFSET 0) AS first UNION ALL "
                              "SELECT piece.at + 1048576, sha256(p), length(p) FROM piece, LATERAL (SELECT lo_get(pg_largeobject_metadata.oid, piece.at + 1048576, 1048576) AS p OFFSET 0) AS next "
                              "WHERE piece.size = 1048576) SELECT string_agg(encode(digest, 'hex'), '' ORDER BY at) FROM piece)";

/// One table on one side: where from, and the text that a row is compared by.
struct Side {
    Session *session = nullptr;
    QString from;
    QString text;
    QStringList flags; ///< Conditions, counted among the rows that the other side has not.
};

/// Both sides have to write each value in one way, whatever their roles and databases are set to.
Result<> beginLook(Session &session)
{
    CHECK(session.execute(u"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"_s));
    for (const auto *setting : {"datestyle = 'ISO, YMD'", "timezone = 'UTC'", "intervalstyle = 'postgres'", "extra_float_digits = 3",
                                "bytea_output = 'hex'", "lc_monetary = 'C'", "jit = off", "work_mem = '64MB'",
                                // An error rather than rows left out.
                                "row_security = off"}) {
        CHECK(session.execute(u"SET LOCAL "_s + QLatin1StringView(setting)));
    }
    return {};
}

/// "schema/table": behind a dot there is a column, wherever losses are told.
QString lossKey(QString table)
{
    return table.replace(u'.', u'/');
}

QString rowText(const QStringList &expressions)
{
    // Byte by byte, not by the rules of a language.
    return u"ROW("_s + expressions.join(u", "_s) + u")::text COLLATE pg_catalog.\"C\""_s;
}

struct Sum {
    qint64 rows = 0;
    QString hash;
    bool operator==(const Sum &) const = default;
};

Result<Sum> sumOf(const Side &side)
{
    TRY(const QList<Row> rows, side.session->rows(u"SELECT count(*), coalesce(sum(hashtextextended(%1, 0)), 0)::text FROM %2"_s.arg(side.text, side.from)));
    return Sum{rows.value(0).value(0).toLongLong(), rows.value(0).value(1).toString()};
}

Result<QMap<qint64, Sum>> partsOf(const Side &side)
{
    // OFFSET 0: made once for each row, not once for each use.
    TRY(const QList<Row> rows,
        side.session->rows(u"SELECT h & %1, count(*), sum(h)::text FROM (SELECT hashtextextended(%2, 0) AS h FROM %3 OFFSET 0) r GROUP BY 1"_s.arg(
            QString::number(partCount - 1), side.text, side.from)));
    QMap<qint64, Sum> parts;
    for (const Row &row : rows) {
        parts.insert(row[0].toLongLong(), {row[1].toLongLong(), row[2].toString()});
    }
    return parts;
}

/** The rows of one side in the order of their hashes, 128 bits each. */
class HashedRows
{
public:
    HashedRows(const Side &side, const QString &where)
        : m_session(*side.session)
    {
        QStringList flags;
        for (const QString &flag : side.flags) {
            flags.append(u", ("_s + flag + u")::int AS f"_s + QString::number(flags.size()));
        }
        QStringList names;
        for (qsizetype i = 0; i < flags.size(); ++i) {
            names.append(u", f"_s + QString::number(i));
        }
        m_sql = u"SELECT h, hashtextextended(t, 1) AS i"_s + names.join(QString()) + u" FROM (SELECT hashtextextended(t, 0) AS h, t"_s + names.join(QString())
            + u" FROM (SELECT "_s + side.text + u" AS t"_s + flags.join(QString()) + u" FROM "_s + side.from + u" OFFSET 0) q OFFSET 0) r"_s + where
            + u" ORDER BY 1, 2"_s;
    }
    Q_DISABLE_COPY_MOVE(HashedRows)

    Result<> open() { return m_session.execute(u"DECLARE hashed NO SCROLL CURSOR FOR "_s + m_sql); }
    Result<> close() { return m_session.execute(u"CLOSE hashed"_s); }

    /// nullptr at the end.
    Result<const Row *> next()
    {
        if (++m_at >= m_rows.size() && !m_atEnd) {
            TRY(m_rows, m_session.rows(u"FETCH %1 FROM hashed"_s.arg(rowsAtOnce)));
            m_atEnd = m_rows.size() < rowsAtOnce;
            m_at = 0;
        }
        return m_at < m_rows.size() ? &m_rows.at(m_at) : nullptr;
    }

private:
    Session &m_session;
    QString m_sql;
    QList<Row> m_rows;
    qsizetype m_at = -1;
    bool m_atEnd = false;
};

std::array<qint64, 2> hashOf(const Row &row)
{
    return {row[0].toLongLong(), row[1].toLongLong()};
}

/// Merges both in their order. First what live has and copy has not, equal rows counted; then, for each flag, how many of these.
Result<QList<qint64>> merged(const Side &live, const Side &copy, const QString &where)
{
    HashedRows mine(live, where);
    HashedRows theirs(copy, where);
    CHECK(mine.open());
    CHECK(theirs.open());
    QList<qint64> counts(live.flags.size() + 1, 0);
    TRY(const Row *a, mine.next());
    TRY(const Row *b, theirs.next());
    while (a) {
        const auto order = b ? hashOf(*a) <=> hashOf(*b) : std::strong_ordering::less;
        if (order < 0) {
            ++counts[0];
            for (qsizetype i = 1; i < counts.size(); ++i) {
                counts[i] += a->value(1 + i).toInt();
            }
        }
        if (order >= 0) {
            TRY(b, theirs.next());
        }
        if (order <= 0) {
            TRY(a, mine.next());
        }
    }
    CHECK(mine.close());
    CHECK(theirs.close());
    return counts;
}

Result<QList<qint64>> rowsMissing(const Side &live, const Side &copy)
{
    TRY(const Sum mine, sumOf(live));
    TRY(const Sum theirs, sumOf(copy));
    if (mine == theirs || mine.rows == 0) {
        return QList<qint64>(live.flags.size() + 1, 0);
    }
    if (qMax(mine.rows, theirs.rows) <= smallTable) {
        return merged(live, copy, {});
    }
    TRY(const auto here, partsOf(live));
    TRY(const auto there, partsOf(copy));
    QStringList differ;
    for (const auto &[part, sum] : here.asKeyValueRange()) {
        if (sum != there.value(part)) {
            differ.append(QString::number(part));
        }
    }
    const bool most = differ.size() > partCount / 2;
    return merged(live, copy, most ? QString() : QString(u" WHERE h & %1 = ANY ('{%2}'::bigint[])"_s.arg(QString::number(partCount - 1), differ.join(u','))));
}

bool isNumber(const QString &type)
{
    return type == "smallint"_L1 || type == "integer"_L1 || type == "bigint"_L1 || type.startsWith("numeric"_L1);
}

/// A column as both write it: 5 and 5.00 are no different values because a column became wider.
QString written(const QString &column, const QString &type, const QString &other)
{
    const bool widened = type != other && isNumber(type) && isNumber(other);
    return widened ? QString(u"trim_scale("_s + quoted(column) + u"::numeric)"_s) : quoted(column);
}

Side sideOf(Session &session, const Table &table, const Table &other, const QStringList &columns, const QStringList &flags = {})
{
    QStringList expressions;
    for (const QString &column : columns) {
        expressions.append(written(column, table.types[column], other.types[column]));
    }
    return {&session, table.from, rowText(expressions), flags};
}

Result<qint64> count(Session &session, const QString &from)
{
    TRY(const QVariant rows, session.value(u"SELECT count(*) FROM "_s + from));
    return rows.toLongLong();
}

struct Columns {
    QStringList common, added;
    bool differ = false;
};

Columns columnsOf(const Table &now, const Table &then)
{
    Columns columns;
    columns.differ = now.columns.size() != then.columns.size();
    for (const QString &column : now.columns) {
        (then.columns.contains(column) ? columns.common : columns.added).append(column);
        columns.differ = columns.differ || now.types[column] != then.types.value(column);
    }
    // A migration may have made them anew in another order.
    columns.common.sort();
    return columns;
}

/// Values in columns that the copy has not, of rows that it has: the others are counted whole.
Result<> addValues(Session &live, Session &copy, const QString &name, const Table &now, const Table &then, const QStringList &added,
                   QMap<QString, qint64> &loss)
{
    QStringList own, filters;
    for (const QString &column : added) {
        own.append(now.own[column]);
        filters.append(u"count(*) FILTER (WHERE "_s + own.last() + u')');
    }
    TRY(const QList<Row> all, live.rows(u"SELECT "_s + filters.join(u", "_s) + u" FROM "_s + now.from));
    QList<qint64> gone(added.size() + 1, 0);
    if (!now.key.isEmpty() && now.key == then.key) {
        TRY(gone, rowsMissing(sideOf(live, now, then, now.key, own), sideOf(copy, then, now, now.key)));
    }
    for (qsizetype i = 0; i < added.size(); ++i) {
        if (const qint64 values = all.value(0).value(i).toLongLong() - gone[i + 1]; values > 0) {
            loss.insert(lossKey(name) + u'.' + added[i], values);
        }
    }
    return {};
}

Result<> addLoss(Session &live, Session &copy, const QString &name, const Table &now, const Table &then, Comparison &found)
{
    const Columns columns = columnsOf(now, then);
    if (columns.differ) {
        found.reshaped.append(name);
    }
    qint64 rows = 0;
    if (columns.common.isEmpty()) {
        TRY(rows, count(live, now.from));
    } else {
        TRY(const QList<qint64> missing, rowsMissing(sideOf(live, now, then, columns.common), sideOf(copy, then, now, columns.common)));
        rows = missing.first();
    }
    if (rows > 0) {
        found.loss.insert(lossKey(name), rows);
    }
    return columns.added.isEmpty() ? Result<>() : addValues(live, copy, name, now, then, columns.added, found.loss);
}

Result<> addObjects(Session &live, Session &copy, Comparison &found)
{
    const QString from = u"pg_catalog.pg_largeobject_metadata"_s;
    TRY(const qint64 here, count(live, from));
    if (here > 0) {
        const QString text = rowText({u"oid"_s, QString::fromLatin1(objectDigest)});
        TRY(const QList<qint64> missing, rowsMissing({&live, from, text, {}}, {&copy, from, text, {}}));
        if (missing.first() > 0) {
            found.loss.insert(QString::fromLatin1(objectsName), missing.first());
        }
    }
    return {};
}

Result<Comparison> compareAll(Session &live, Session &copy)
{
    TRY(const auto now, tablesOf(live));
    TRY(const auto then, tablesOf(copy));
    Comparison found;
    for (const auto &[name, table] : now.asKeyValueRange()) {
        if (then.contains(name)) {
            CHECK(addLoss(live, copy, name, table, then[name], found));
            continue;
        }
        TRY(const qint64 rows, count(live, table.from));
        if (rows > 0) {
            found.loss.insert(lossKey(name), rows);
        }
    }
    CHECK(addObjects(live, copy, found));
    return found;
}

/// Which statistics they are: those of another database, or counted anew since, tell nothing.
Result<QString> statisticsOf(Session &session)
{
    TRY(const QVariant id, session.value(u"SELECT d.oid::text || ' ' || coalesce(extract(epoch FROM s.stats_reset), 0)::text FROM pg_database d "
                                         "LEFT JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = current_database()"_s));
    return id.toString();
}

QJsonObject tracesOf(const Table &table)
{
    QJsonObject columns;
    for (const auto &[column, type] : table.types.asKeyValueRange()) {
        columns.insert(column, type);
    }
    return {{u"columns"_s, columns}, {u"written"_s, table.written}};
}

} // namespace

Result<Comparison> compare(Session &live, Session &copy)
{
    CHECK(beginLook(live));
    const auto end = qScopeGuard([&] {
        (void)live.execute(u"ROLLBACK"_s);
        (void)copy.execute(u"ROLLBACK"_s);
    });
    CHECK(beginLook(copy));
    return compareAll(live, copy);
}

Result<QJsonObject> traces(Session &session)
{
    TRY(const QString statistics, statisticsOf(session));
    TRY(const auto tables, tablesOf(session));
    QJsonObject all;
    for (const auto &[name, table] : tables.asKeyValueRange()) {
        all.insert(name, tracesOf(table));
    }
    return QJsonObject{{u"statistics"_s, statistics}, {u"tables"_s, all}};
}

Result<Comparison> estimate(Session &live, const QJsonObject &then, const QMap<QString, qint64> &rowsThen)
{
    CHECK(beginLook(live));
    const auto end = qScopeGuard([&] { (void)live.execute(u"ROLLBACK"_s); });
    TRY(const QString statistics, statisticsOf(live));
    const bool goesOn = statistics == then["statistics"_L1].toString();
    TRY(const auto tables, tablesOf(live));
    Comparison found;
    for (const auto &[name, table] : tables.asKeyValueRange()) {
        const QJsonObject trace = then["tables"_L1][name].toObject();
        TRY(const qint64 rows, count(live, table.from));
        // Not every table's rows may have been counted then.
        const bool known = rowsThen.contains(name) || trace.isEmpty();
        qint64 lost = known ? qMax(0LL, rows - rowsThen.value(name)) : 0;
        if (const qint64 before = trace["written"_L1].toInteger(); goesOn && table.written >= before) {
            lost = qMax(lost, qMin(rows, table.written - before));
        }
        if (lost > 0) {
            found.loss.insert(lossKey(name), lost);
        }
        const QJsonObject columns = trace["columns"_L1].toObject();
        if (columns.isEmpty()) {
            continue;
        }
        if (columns != tracesOf(table).value("columns"_L1).toObject()) {
            found.reshaped.append(name);
        }
        for (const QString &column : table.columns) {
            if (!columns.contains(column)) {
                TRY(const qint64 values, count(live, table.from + u" WHERE "_s + table.own[column]));
                if (values > lost) {
                    found.loss.insert(lossKey(name) + u'.' + column, values - lost);
                }
            }
        }
    }
    return found;
}

} // namespace cutover::postgres
