// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresarchive.h"

#include "database/postgrescomparison.h"
#include "system/files.h"
#include "system/json.h"

#include <QCryptographicHash>
#include <QDirIterator>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

/// The columns of one row under names.
QJsonObject named(const Row &row, const QStringList &names)
{
    QJsonObject object;
    for (qsizetype i = 0; i < names.size(); ++i) {
        object.insert(names[i], QJsonValue::fromVariant(row.value(i)));
    }
    return object;
}

Result<QJsonArray> table(Session &session, const QString &sql, const QStringList &names)
{
    TRY(const QList<Row> rows, session.rows(sql));
    QJsonArray array;
    for (const Row &row : rows) {
        array.append(named(row, names));
    }
    return array;
}

} // namespace

QString dumpIn(const QString &folder)
{
    return folder + u"/dump"_s;
}

QString rolesIn(const QString &folder)
{
    return folder + u"/roles.sql"_s;
}

QString descriptionIn(const QString &folder)
{
    return folder + u"/database.json"_s;
}

Result<QJsonObject> describe(Session &session)
{
    const int version = session.version();
    // Source: PostgreSQL's release notes 15 and 17; catalogue pg_database.
    const QString locale = version >= 170000 ? u"coalesce(d.datlocale, '')"_s : version >= 150000 ? u"coalesce(d.daticulocale, '')"_s
                                                                                                  : u"''"_s;
    const QString provider = version >= 150000 ? u"d.datlocprovider::text"_s : u"'c'"_s;
    const QString rules = version >= 160000 ? u"coalesce(d.daticurules, '')"_s : u"''"_s;
    TRY(const QList<Row> own,
        session.rows(u"SELECT pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, "_s + provider + u", "_s + locale + u", "_s + rules
                     + u", pg_get_userbyid(d.datdba), d.datconnlimit, t.spcname, coalesce(shobj_description(d.oid, 'pg_database'), ''), "
                       "d.datacl IS NULL, d.oid::text FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = current_database()"_s));
    QJsonObject description = named(own.value(0), {u"encoding"_s, u"collate"_s, u"ctype"_s, u"provider"_s, u"locale"_s, u"icuRules"_s, u"owner"_s, u"connectionLimit"_s, u"tablespace"_s, u"comment"_s, u"defaultRights"_s, u"identity"_s});
    description.insert(u"name"_s, session.database());
    description.insert(u"serverVersion"_s, version);
    TRY(const QJsonArray rights,
        table(session,
              u"SELECT CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable FROM pg_database d, "
              "aclexplode(d.datacl) a WHERE d.datname = current_database() ORDER BY 1, 2"_s,
              {u"role"_s, u"right"_s, u"grantable"_s}));
    description.insert(u"rights"_s, rights);
    TRY(const QJsonArray settings,
        table(session,
              u"SELECT CASE s.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(s.setrole) END, split_part(v, '=', 1), substr(v, strpos(v, '=') + 1) "
              "FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) v "
              "WHERE d.datname = current_database() ORDER BY 1, 2"_s,
              {u"role"_s, u"name"_s, u"value"_s}));
    description.insert(u"settings"_s, settings);
    TRY(const QJsonArray extensions,
        table(session,
              u"SELECT e.extname, e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1"_s,
              {u"name"_s, u"version"_s, u"schema"_s}));
    description.insert(u"extensions"_s, extensions);
    TRY(const QList<Row> roles,
        session.rows(u"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database() UNION "
                     "SELECT r.rolname FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid WHERE s.refclassid = 'pg_authid'::regclass "
                     "AND (s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass "
                     "AND s.objid = (SELECT oid FROM pg_database WHERE datname = current_database()))) ORDER BY 1"_s));
    QJsonArray names;
    for (const Row &row : roles) {
        names.append(row[0].toString());
    }
    description.insert(u"roles"_s, names);
    TRY(const QList<Row> subscriptions,
        session.rows(u"SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() ORDER BY 1"_s));
    QJsonArray subscribed;
    for (const Row &row : subscriptions) {
        subscribed.append(row[0].toString());
    }
    description.insert(u"subscriptions"_s, subscribed);
    TRY(const QJsonObject then, traces(session));
    description.insert(u"traces"_s, then);
    return description;
}

QStringList subscriptionsIn(const QJsonObject &description)
{
    QStringList names;
    for (const auto &name : description["subscriptions"_L1].toArray()) {
        names.append(name.toString());
    }
    return names;
}

Result<QJsonObject> readDescription(const QString &folder)
{
    TRY(const QByteArray bytes, files::read(descriptionIn(folder)));
    const QJsonDocument document = QJsonDocument::fromJson(bytes);
    if (!document.isObject() || document["encoding"_L1].toString().isEmpty()) {
        return fail(u"database.backup_altered"_s, {{u"file"_s, descriptionIn(folder)}, {u"expected"_s, u"JSON"_s}, {u"found"_s, u"?"_s}}, folder);
    }
    return document.object();
}

Result<Folder> measure(const QString &folder, const std::stop_token &stop)
{
    QStringList names;
    QDirIterator entries(folder, QDir::Files | QDir::Hidden | QDir::System, QDirIterator::Subdirectories);
    while (entries.hasNext()) {
        names.append(entries.next().mid(folder.size() + 1));
    }
    std::ranges::sort(names);
    Folder measured;
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const QString &name : std::as_const(names)) {
        if (stop.stop_requested()) {
            return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        const QString file = folder + u'/' + name;
        const qint64 size = QFileInfo(file).size();
        TRY(const QString digest, files::sha256(file));
        // No name holds a zero, so no two lists give the same text.
        const QByteArray line = name.toUtf8() + '\0' + QByteArray::number(size) + '\0' + digest.toLatin1() + '\n';
        hash.addData(line);
        measured.size += size;
    }
    measured.sha256 = QString::fromLatin1(hash.result().toHex());
    return measured;
}

Result<> checkArchive(const BackupInfo &info, const std::stop_token &stop)
{
    if (!QFileInfo(info.file).isDir()) {
        return fail(u"database.backup_missing"_s, {{u"file"_s, info.file}}, info.file);
    }
    TRY(const Folder found, measure(info.file, stop));
    if (found.size != info.size || found.sha256 != info.sha256) {
        return fail(u"database.backup_altered"_s,
                    {{u"file"_s, info.file}, {u"expected"_s, info.sha256}, {u"found"_s, found.sha256}, {u"size"_s, found.size}}, info.file);
    }
    return {};
}

Result<> checkServerHas(Session &maintenance, const QJsonObject &description, const QString &folder)
{
    QJsonArray missing;
    for (const auto &role : description["roles"_L1].toArray()) {
        TRY(const QVariant found, maintenance.value(u"SELECT 1 FROM pg_roles WHERE rolname = $1"_s, {role.toString()}));
        if (found.isNull()) {
            missing.append(role);
        }
    }
    if (!missing.isEmpty()) {
        return fail(u"database.roles_missing"_s, {{u"roles"_s, missing}, {u"file"_s, rolesIn(folder)}}, folder);
    }
    for (const auto &extension : description["extensions"_L1].toArray()) {
        const QString name = extension["name"_L1].toString();
        const QString version = extension["version"_L1].toString();
        TRY(const QVariant found,
            maintenance.value(u"SELECT 1 FROM pg_available_extension_versions WHERE name = $1 AND version = $2"_s, {name, version}));
        if (found.isNull()) {
            return fail(u"database.extension_missing"_s, {{u"extension"_s, name}, {u"version"_s, version}}, folder);
        }
    }
    return {};
}

} // namespace cutover::postgres
