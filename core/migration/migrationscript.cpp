// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationscript.h"

#include <QRegularExpression>
#include <QScopeGuard>

#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <cstring>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString place(const QString &file, int line)
{
    return file + u':' + QString::number(line);
}

/// The transaction is ours, and so is the choice of file; a pragma may be read but not set.
int authorise(void *, int action, const char *name, const char *value, const char *, const char *)
{
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return SQLITE_DENY;
    case SQLITE_PRAGMA:
        return value && std::strcmp(name, "defer_foreign_keys") != 0 && std::strcmp(name, "legacy_alter_table") != 0 ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

Result<> runStatement(sqlite::Connection &connection, const ScriptStatement &statement, const QString &file, const QVariant &from,
                      const QVariant &to)
{
    const QByteArray text = statement.text.toUtf8();
    sqlite3_stmt *prepared = nullptr;
    const auto finalize = qScopeGuard([&] { sqlite3_finalize(prepared); });
    const auto failed = [&](int code) {
        Error error = connection.error(code);
        const int offset = std::max(0, sqlite3_error_offset(connection.handle()));
        error.where = place(file, statement.line + int(text.first(std::min<qsizetype>(offset, text.size())).count('\n')));
        if ((code & 0xff) == SQLITE_AUTH) {
            error.code = u"migration.forbidden"_s;
        } else if (error.code == "database.sql"_L1) {
            error.code = u"migration.sql"_s;
        }
        return fail(std::move(error));
    };
    if (const int code = sqlite3_prepare_v2(connection.handle(), text.constData(), int(text.size()) + 1, &prepared, nullptr);
        code != SQLITE_OK) {
        return failed(code);
    }
    for (int i = 1; i <= sqlite3_bind_parameter_count(prepared); ++i) {
        const QByteArray name = sqlite3_bind_parameter_name(prepared, i);
        if ((name != ":from" && name != ":to") || !from.isValid()) {
            return fail(u"migration.parameter"_s, {{u"name"_s, QString::fromUtf8(name)}}, place(file, statement.line));
        }
        if (const int code = sqlite::bind(prepared, i, name == ":from" ? from : to); code != SQLITE_OK) {
            return failed(code);
        }
    }
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) {
        code = sqlite3_step(prepared);
    }
    return code == SQLITE_DONE ? Result<>() : failed(code);
}

} // namespace

bool ScriptStatement::isPerRange() const
{
    static const QRegularExpression parameter(u":(from|to)\\b"_s);
    return text.contains(parameter);
}

Result<QList<ScriptStatement>> splitScript(const QString &script, const QString &file)
{
    const QByteArray text = script.toUtf8();
    QList<ScriptStatement> statements;
    qsizetype start = 0;
    int line = 1;
    const auto skipSpace = [&] {
        for (; start < text.size() && std::isspace(static_cast<unsigned char>(text[start])); ++start) {
            line += text[start] == '\n';
        }
    };
    skipSpace();
    for (qsizetype end = text.indexOf(';'); end >= 0; end = text.indexOf(';', end + 1)) {
        const QByteArray piece = text.sliced(start, end + 1 - start);
        if (sqlite3_complete(piece.constData())) {
            statements.append({QString::fromUtf8(piece), line});
            line += int(piece.count('\n'));
            start = end + 1;
            skipSpace();
        }
    }
    // What is behind the last semicolon: white space and comments, or a statement without one.
    const QByteArray rest = text.sliced(start);
    if (rest.isEmpty()) {
        return statements;
    }
    if (!sqlite3_complete(QByteArray(rest + "\n;").constData())) {
        return fail(u"migration.unfinished"_s, {{u"file"_s, file}}, place(file, line));
    }
    statements.append({QString::fromUtf8(rest), line});
    return statements;
}

Result<> runStatements(sqlite::Connection &connection, const QList<ScriptStatement> &statements, const QString &file, const QVariant &from,
                       const QVariant &to)
{
    sqlite3_set_authorizer(connection.handle(), authorise, nullptr);
    const auto release = qScopeGuard([&] { sqlite3_set_authorizer(connection.handle(), nullptr, nullptr); });
    for (const ScriptStatement &statement : statements) {
        CHECK(runStatement(connection, statement, file, from, to));
    }
    return {};
}

} // namespace cutover
