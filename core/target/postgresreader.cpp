// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/postgresreader.h"

#include "config/secrets.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QUrl>
#include <QUrlQuery>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const QStringList &sslModes()
{
    static const QStringList modes{u"disable"_s, u"allow"_s, u"prefer"_s, u"require"_s, u"verify-ca"_s, u"verify-full"_s};
    return modes;
}

QString pathOf(const yaml::Value &value, const QDir &folder)
{
    const QString text = value.text();
    return text.isEmpty() ? text : QDir::cleanPath(folder.absoluteFilePath(text));
}

/// Whether a text that shall be a URI may hold a password, also one with characters that end a URI's part. Where that can't be told
/// from a place ("//me:12/a@db/b"), it is taken for one.
bool mayHoldPassword(const QString &text)
{
    static const QRegularExpression named(uR"([?&]password=)"_s, QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression pattern(uR"(\A(?:postgres(?:ql)?:|[a-z]+:(?=//))?+(?://)?+[^@]*?:(.*)@)"_s, QRegularExpression::DotMatchesEverythingOption | QRegularExpression::CaseInsensitiveOption);
    if (named.match(text).hasMatch()) {
        return true;
    }
    const auto match = pattern.match(text);
    // "//db:5432/a?user=me@tenant": what libpq knows by name holds the sign.
    static const QRegularExpression place(uR"(\A[0-9]*/[^@?#]*\?(?:(?:host|port|dbname|user|sslmode|sslrootcert)=[^&#]*(?:&|\z))*\z)"_s);
    return match.hasMatch() && !place.match(text.mid(match.capturedStart(1))).hasMatch();
}

/// libpq's URI, as far as it names one server.
void readUri(const yaml::Value &value, PostgresSpec &spec)
{
    const QString text = value.text();
    if (text.isEmpty()) {
        return;
    }
    const QUrl url(text, QUrl::StrictMode);
    const QUrlQuery query(url.query(QUrl::FullyEncoded));
    // First of all, and whatever else is wrong: nothing may go on to show it.
    if (mayHoldPassword(text)) {
        value.problem(u"password_in_uri"_s, {});
        return;
    }
    if (!url.isValid() || (url.scheme() != "postgresql"_L1 && url.scheme() != "postgres"_L1) || url.hasFragment()) {
        value.expected(u"postgres_uri"_s);
        return;
    }
    spec.host = url.host(QUrl::FullyDecoded);
    spec.port = url.port(0);
    spec.user = url.userName(QUrl::FullyDecoded);
    spec.database = url.path(QUrl::FullyDecoded).mid(1);
    const QStringList known{u"host"_s, u"port"_s, u"dbname"_s, u"user"_s, u"sslmode"_s, u"sslrootcert"_s};
    const auto items = query.queryItems(QUrl::FullyDecoded);
    for (const auto &[name, option] : items) {
        if (name == "host"_L1) {
            spec.host = option;
        } else if (name == "port"_L1) {
            spec.port = option.toInt();
        } else if (name == "dbname"_L1) {
            spec.database = option;
        } else if (name == "user"_L1) {
            spec.user = option;
        } else if (name == "sslmode"_L1 && sslModes().contains(option)) {
            spec.sslMode = option;
        } else if (name == "sslrootcert"_L1) {
            spec.sslRootCertificate = option;
        } else {
            value.problem(u"uri_option"_s, {{u"option"_s, name.left(60)}, {u"known"_s, QJsonArray::fromStringList(known)}});
        }
    }
    static const QRegularExpression control(u"[\\x00-\\x1f]"_s);
    const QString all = spec.host + spec.user + spec.database + spec.sslRootCertificate;
    if (spec.database.isEmpty() || spec.port < 0 || spec.port > 65535 || all.contains(control)) {
        value.expected(u"postgres_uri"_s);
    }
}

} // namespace

QString secretReference(const yaml::Value &value, const QDir &folder)
{
    const QString text = value.text();
    if (text.isEmpty()) {
        return text;
    }
    if (!isSecretReference(text) || text.endsWith(u':')) {
        value.problem(u"expected_secret_reference"_s, {{u"expected"_s, u"secret_reference"_s}, {u"found"_s, u"…"_s}});
        return {};
    }
    return text.startsWith("file:"_L1) ? QString(u"file:"_s + QDir::cleanPath(folder.absoluteFilePath(text.mid(5)))) : text;
}

QString qualifiedTable(const yaml::Value &value)
{
    const QString text = value.text();
    static const QRegularExpression pattern(uR"(\A([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}\z)"_s);
    if (value.exists() && !text.isEmpty() && !pattern.match(text).hasMatch()) {
        value.expected(u"qualified_table"_s);
        return {};
    }
    return text;
}

PostgresSpec readPostgres(yaml::Map &map, const QDir &folder)
{
    PostgresSpec spec;
    QStringList places;
    for (const QString &key : {u"service"_s, u"uri"_s, u"database"_s}) {
        if (map.has(key)) {
            places << key;
        }
    }
    const yaml::Value uri = map.optional(u"uri"_s);
    if (uri.exists()) {
        for (const QString &key : {u"service"_s, u"host"_s, u"port"_s, u"database"_s, u"user"_s, u"sslmode"_s, u"sslrootcert"_s}) {
            if (map.optional(key).exists()) {
                map.problem(u"database_place"_s, {{u"found"_s, QString(u"uri, "_s + key)}});
            }
        }
        readUri(uri, spec);
    } else {
        if (places.isEmpty()) {
            map.problem(u"database_place"_s, {{u"found"_s, u"0"_s}});
        }
        spec.service = map.optional(u"service"_s).name();
        spec.host = map.optional(u"host"_s).text();
        spec.port = int(map.optional(u"port"_s).integer(1, 65535, 0));
        spec.database = map.optional(u"database"_s).text();
        spec.user = map.optional(u"user"_s).text();
        spec.sslMode = map.optional(u"sslmode"_s).choice(sslModes());
        spec.sslRootCertificate = pathOf(map.optional(u"sslrootcert"_s), folder);
    }
    spec.password = secretReference(map.optional(u"password"_s), folder);
    const yaml::Value maintenance = map.optional(u"maintenance_database"_s);
    spec.maintenanceDatabase = maintenance.text(spec.maintenanceDatabase);
    if (!spec.database.isEmpty() && spec.database == spec.maintenanceDatabase) {
        const QJsonObject args{{u"name"_s, spec.database}};
        maintenance.exists() ? maintenance.problem(u"maintenance_database"_s, args) : map.problem(u"maintenance_database"_s, args);
    }
    spec.tools = pathOf(map.optional(u"tools"_s), folder);
    spec.jobs = int(map.optional(u"jobs"_s).integer(1, 64, spec.jobs));
    spec.minimumFreeBytes = map.optional(u"minimum_free"_s).size(spec.minimumFreeBytes);
    spec.dataFolder = pathOf(map.optional(u"data_folder"_s), folder);
    spec.walFolder = pathOf(map.optional(u"wal_folder"_s), folder);
    spec.longTransactionMs = map.optional(u"long_transaction"_s).duration(1, spec.longTransactionMs);
    return spec;
}

} // namespace cutover
