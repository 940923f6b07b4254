// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembicsql.h"

#include "database/postgressession.h"
#include "database/schema.h"

#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

constexpr auto name = R"((?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*))";

QString unquoted(const QString &identifier)
{
    QString inner = identifier;
    return identifier.startsWith(u'"') ? inner.mid(1, inner.size() - 2).replace(u"\"\""_s, u"\""_s) : inner;
}

/// Where what begins at i ends: a comment, a string, a quoted name, a dollar-quoted text; i itself: nothing of these.
qsizetype endOfQuote(const QString &sql, qsizetype i)
{
    const QStringView rest = QStringView(sql).sliced(i);
    const auto behind = [&](QStringView end, qsizetype from) {
        const qsizetype found = sql.indexOf(end, from);
        return found < 0 ? sql.size() : found + end.size();
    };
    if (rest.startsWith("--"_L1)) {
        return behind(u"\n", i);
    }
    if (rest.startsWith("/*"_L1)) {
        return behind(u"*/", i + 2);
    }
    if (rest.startsWith(u'\'') || rest.startsWith(u'"')) {
        // A doubled quote is the end of one and the beginning of the next.
        return behind(rest.first(1), i + 1);
    }
    static const QRegularExpression dollar(uR"(\A\$(?:[A-Za-z_]\w*)?\$)"_s);
    if (rest.startsWith(u'$')) {
        if (const auto match = dollar.matchView(rest.first(std::min<qsizetype>(rest.size(), 80))); match.hasMatch()) {
            return behind(match.captured(0), i + match.capturedLength());
        }
    }
    return i;
}

/// Takes nothing away that was there.
bool keepsAll(const QString &statement)
{
    static const QRegularExpression safe(
        (uR"(\A(?:CREATE|INSERT|COMMENT|GRANT|REVOKE|ANALYZE|SET|LOCK|REINDEX|REFRESH)\b)"
         uR"(|\ADROP (?:INDEX|TYPE|SEQUENCE|VIEW|MATERIALIZED VIEW|TRIGGER|FUNCTION|PROCEDURE|DOMAIN|POLICY|RULE)\b)"
         uR"(|\AALTER (?:INDEX|SEQUENCE|VIEW|TYPE|FUNCTION)\b)"
         uR"(|\AALTER TABLE (?:ONLY )?(?:IF EXISTS )?NAME(?:\.NAME)? (?:ADD|RENAME|OWNER|VALIDATE|ENABLE|DISABLE|DROP CONSTRAINT|)"
         uR"(ALTER (?:COLUMN )?NAME (?:SET|DROP) (?:NOT NULL|DEFAULT))\b)"_s)
            .replace(u"NAME"_s, QLatin1StringView(name)),
        QRegularExpression::CaseInsensitiveOption);
    // Several actions in one statement, and rows that are written over.
    static const QRegularExpression hidden((uR"(\AALTER TABLE\b.*,\s*(?:DROP|ALTER)\b|\bDO UPDATE\b)"
                                            uR"(|\ADROP\b.*\bCASCADE\b|\AALTER TYPE\b.*\bDROP ATTRIBUTE\b)"_s),
                                           QRegularExpression::CaseInsensitiveOption);
    return safe.match(statement).hasMatch() && !hidden.match(statement).hasMatch();
}

std::optional<Lost> dropIn(const QString &statement)
{
    static const QRegularExpression table((uR"(\ADROP TABLE (?:IF EXISTS )?(?:(NAME)\.)?(NAME)(?: CASCADE| RESTRICT)?\z)"_s).replace(u"NAME"_s, QLatin1StringView(name)),
                                          QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression column((uR"(\AALTER TABLE (?:ONLY )?(?:IF EXISTS )?(?:(NAME)\.)?(NAME) DROP (?:COLUMN )?(?:IF EXISTS )?(NAME)(?: CASCADE| RESTRICT)?\z)"_s)
                                               .replace(u"NAME"_s, QLatin1StringView(name)),
                                           QRegularExpression::CaseInsensitiveOption);
    if (const auto match = table.match(statement); match.hasMatch()) {
        return Lost{unquoted(match.captured(1)), unquoted(match.captured(2)), {}};
    }
    if (const auto match = column.match(statement); match.hasMatch()) {
        return Lost{unquoted(match.captured(1)), unquoted(match.captured(2)), unquoted(match.captured(3))};
    }
    return std::nullopt;
}

/// A definition that can't have been there before: it would fail, not do nothing.
bool tellsForSure(const QString &statement)
{
    static const QRegularExpression definition(
        uR"(\A(?:CREATE (?!OR REPLACE|TEMP|LOCAL|GLOBAL|UNLOGGED TEMP)|DROP |ALTER TABLE .*\b(?:ADD|DROP|RENAME)\b|ALTER TYPE .*\b(?:ADD VALUE|RENAME)\b))"_s,
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression maybe(uR"(\bIF (?:NOT )?EXISTS\b)"_s, QRegularExpression::CaseInsensitiveOption);
    return definition.match(statement).hasMatch() && !maybe.match(statement).hasMatch();
}

void noteCommit(const QString &statement, Effect &effect)
{
    constexpr qsizetype shown = 120;
    if (effect.commits.isEmpty()) {
        effect.commitsTell = tellsForSure(statement);
    }
    effect.commits.append(statement.left(shown));
}

/// What stands in transactions, or outside any, before the one that records the revision.
void findCommits(const QStringList &statements, const QRegularExpression &bookkeeping, Effect &effect)
{
    bool inTransaction = false;
    QStringList unit;
    for (const QString &statement : statements) {
        if (statement.compare("BEGIN"_L1, Qt::CaseInsensitive) == 0) {
            inTransaction = true;
            unit.clear();
        } else if (statement.compare("COMMIT"_L1, Qt::CaseInsensitive) == 0) {
            inTransaction = false;
            const bool tells = std::ranges::any_of(unit, tellsForSure);
            const bool isFirst = effect.commits.isEmpty() && !unit.isEmpty();
            for (const QString &each : std::as_const(unit)) {
                noteCommit(each, effect);
            }
            effect.commitsTell = isFirst ? tells : effect.commitsTell;
            unit.clear();
        } else if (static const QRegularExpression records(uR"(\A(?:INSERT INTO|UPDATE|DELETE FROM)\b)"_s, QRegularExpression::CaseInsensitiveOption);
                   bookkeeping.match(statement).hasMatch() && records.match(statement).hasMatch()) {
            // Its transaction is the last, and what comes behind in it is committed with it.
            return;
        } else if (!bookkeeping.match(statement).hasMatch()) {
            if (inTransaction) {
                unit.append(statement.simplified());
            } else {
                noteCommit(statement.simplified(), effect);
            }
        }
    }
}

/// Tables of that name; of an unqualified one that several schemas have, the one that Alembic's session finds. Where that
/// can't be told all of them: who takes too much for lost asks once too often, and nobody loses what was counted elsewhere.
Result<QList<postgres::Row>> tablesOf(postgres::Session &session, const Lost &lost, bool ownPath)
{
    // Unquoted names are folded by the server, so that case alone does not make it another table.
    TRY(QList<postgres::Row> all, session.rows(u"SELECT n.nspname, c.oid::bigint, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                                               "WHERE lower(c.relname) = lower($1) AND c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
                                               "AND ($2 = '' OR lower(n.nspname) = lower($2)) ORDER BY c.relname <> $1, 1"_s,
                                               {lost.table, lost.schema.isEmpty() ? u""_s : lost.schema}));
    if (all.size() < 2 || (lost.schema.isEmpty() && ownPath)) {
        return all;
    }
    if (!lost.schema.isEmpty()) {
        return all.first(1);
    }
    // What the role, the database and the server set; ours is another one.
    CHECK(session.execute(u"SET search_path = DEFAULT"_s));
    TRY(const auto found, session.rows(u"SELECT coalesce(to_regclass(quote_ident($1)), to_regclass(quote_ident(lower($1))))::oid::bigint, to_regclass('alembic_version') IS NOT NULL "
                                       "OR NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'alembic_version' AND relkind IN ('r', 'p'))"_s,
                                       {lost.table}));
    CHECK(session.execute(u"SET search_path = pg_catalog"_s));
    // Alembic keeps its own table where it makes others: one that is not to be seen by this path was made by another.
    const bool isAlembics = found.value(0).value(1).toBool();
    const QVariant oid = found.value(0).value(0);
    const auto table = std::ranges::find_if(all, [&oid](const postgres::Row &row) { return !oid.isNull() && row[1].toLongLong() == oid.toLongLong(); });
    return isAlembics && table != all.end() ? QList<postgres::Row>{*table} : all;
}

/// Rows of a table, or values of the column that are neither null nor its default.
Result<qint64> countIn(postgres::Session &session, const postgres::Row &table, const QString &lostColumn)
{
    using postgres::quoted;
    QString kept = u"true"_s;
    if (!lostColumn.isEmpty()) {
        TRY(const auto column, session.rows(u"SELECT coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attname FROM pg_attribute a "
                                            "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
                                            "WHERE a.attrelid = $1 AND lower(a.attname) = lower($2) AND NOT a.attisdropped ORDER BY a.attname <> $2 LIMIT 1"_s,
                                            {table[1].toLongLong(), lostColumn}));
        if (column.isEmpty()) {
            return 0;
        }
        const QString fallback = column.first()[0].toString();
        const QString name = quoted(column.first()[1].toString());
        kept = name + u" IS NOT NULL"_s;
        // What a function or the clock gives is another value each time; some types know no equality.
        static const QRegularExpression varies(u"\\(|\\b(?:CURRENT|LOCAL)_?[A-Z]*\\b"_s);
        if (!fallback.isEmpty() && !fallback.contains(varies)) {
            kept += u" AND %1::text IS DISTINCT FROM (%2)::text"_s.arg(name, fallback);
        }
    }
    TRY(const QVariant rows, session.value(u"SELECT count(*) FROM "_s + quoted(table[0].toString()) + u'.' + quoted(table[2].toString()) + u" WHERE "_s + kept));
    return rows.toLongLong();
}

Result<Loss> countInPostgres(const DatabaseSpec &database, const QList<Lost> &losses, bool ownPath)
{
    TRY(const auto session, postgres::Session::open(database));
    Loss loss;
    for (const Lost &lost : losses) {
        qint64 count = 0;
        TRY(const auto tables, tablesOf(*session, lost, ownPath));
        for (const postgres::Row &table : tables) {
            TRY(const qint64 more, countIn(*session, table, lost.column));
            count += more;
        }
        loss.insert(lost.name(), count);
    }
    return loss;
}

Result<Loss> countInSqlite(const DatabaseSpec &database, const QList<Lost> &losses)
{
    TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
    Loss loss;
    for (const Lost &lost : losses) {
        loss.insert(lost.name(), 0);
        TRY(const bool exists, connection.hasTable(lost.table));
        TRY(const QString kept, lost.column.isEmpty() ? Result<QString>(u"1"_s) : ownValuesOf(connection, lost.table, lost.column));
        if (exists && !kept.isEmpty()) {
            TRY(const QVariant rows, connection.value(u"SELECT count(*) FROM "_s + sqlite::quoted(lost.table) + u" WHERE "_s + kept));
            loss.insert(lost.name(), rows.toLongLong());
        }
    }
    return loss;
}

} // namespace

QString Lost::name() const
{
    QStringList parts{schema, table, column};
    if (schema == "public"_L1) {
        parts.removeFirst();
    }
    parts.removeAll(QString());
    return parts.join(u'.');
}

QJsonArray toJson(const QList<Lost> &losses)
{
    QJsonArray array;
    for (const Lost &lost : losses) {
        array.append(QJsonArray{lost.schema, lost.table, lost.column});
    }
    return array;
}

QList<Lost> lostFromJson(const QJsonValue &json)
{
    QList<Lost> losses;
    const QJsonArray array = json.toArray();
    for (const auto &each : array) {
        losses.append({each[0].toString(), each[1].toString(), each[2].toString()});
    }
    return losses;
}

QStringList statementsOf(const QString &sql)
{
    QStringList statements;
    QString text;
    for (qsizetype i = 0; i < sql.size();) {
        const qsizetype end = endOfQuote(sql, i);
        if (end > i) {
            const bool comment = sql[i] == u'-' || sql[i] == u'/';
            text += comment ? QStringView(u"\n") : QStringView(sql).sliced(i, end - i);
            i = end;
            continue;
        }
        if (sql[i] == u';') {
            statements.append(text.trimmed());
            text.clear();
        } else {
            text += sql[i];
        }
        ++i;
    }
    statements.append(text.trimmed());
    statements.removeAll(QString());
    return statements;
}

Effect effectOf(const QString &sql, bool autocommit)
{
    static const QRegularExpression bookkeeping(uR"(\A(?:CREATE TABLE|DROP TABLE|INSERT INTO|UPDATE|DELETE FROM) (?:"?\w+"?\.)?alembic_version\b)"_s,
                                                QRegularExpression::CaseInsensitiveOption);
    Effect effect;
    QStringList statements = statementsOf(sql);
    const auto is = [](const QString &statement, QLatin1StringView word) { return statement.compare(word, Qt::CaseInsensitive) == 0; };
    if (!autocommit) {
        findCommits(statements, bookkeeping, effect);
    } else {
        for (const QString &statement : std::as_const(statements)) {
            if (!is(statement, "BEGIN"_L1) && !is(statement, "COMMIT"_L1) && !bookkeeping.match(statement).hasMatch()) {
                noteCommit(statement.simplified(), effect);
            }
        }
    }
    if (!autocommit && statements.size() >= 2 && is(statements.first(), "BEGIN"_L1) && is(statements.last(), "COMMIT"_L1)) {
        statements = statements.sliced(1, statements.size() - 2);
        effect.inOneTransaction = true;
    }
    QStringList renamed;
    bool hasOwnPath = false;
    for (const QString &statement : std::as_const(statements)) {
        if (is(statement, "BEGIN"_L1) || is(statement, "COMMIT"_L1)) {
            effect.inOneTransaction = false;
            continue;
        }
        if (bookkeeping.match(statement).hasMatch()) {
            continue;
        }
        effect.changes = true;
        const QString plain = statement.simplified();
        static const QRegularExpression path(uR"(\A(?:SET (?:LOCAL |SESSION )?search_path\b|(?:SELECT )?(?:pg_catalog\.)?set_config\s*\(\s*'search_path'))"_s, QRegularExpression::CaseInsensitiveOption);
        hasOwnPath = hasOwnPath || path.match(plain).hasMatch();
        static const QRegularExpression renames(uR"(\bRENAME (?:.* )?TO (NAME)\z)"_s.replace(u"NAME"_s, QLatin1StringView(name)), QRegularExpression::CaseInsensitiveOption);
        if (const auto match = renames.match(plain); match.hasMatch()) {
            renamed.append(unquoted(match.captured(1)));
        }
        if (const auto lost = dropIn(plain)) {
            // Under the name that it has only by then, or in a schema that only it knows, it can't be found to be counted.
            if ((hasOwnPath && lost->schema.isEmpty()) || renamed.contains(lost->column.isEmpty() ? lost->table : lost->column, Qt::CaseInsensitive) || renamed.contains(lost->table, Qt::CaseInsensitive)) {
                effect.uncounted = plain.left(200);
            }
            if (!effect.loses.contains(*lost)) {
                effect.loses.append(*lost);
            }
        } else if (!keepsAll(plain) && (effect.uncounted.isEmpty() || effect.uncounted.startsWith("UPDATE"_L1, Qt::CaseInsensitive))) {
            // Filling a column is the least of them; what is worse is told in its place.
            effect.uncounted = plain.left(200);
        }
    }
    return effect;
}

Result<Loss> count(const DatabaseSpec &database, const QList<Lost> &losses, bool ownPath)
{
    if (losses.isEmpty()) {
        return Loss();
    }
    return database.driver == "postgresql"_L1 ? countInPostgres(database, losses, ownPath) : countInSqlite(database, losses);
}

} // namespace cutover::alembic
