// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"

#include "database/postgresdatabase.h"
#include "database/sqlitedatabase.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Driver {
    QLatin1StringView name;
    Result<std::unique_ptr<Database>> (*make)(const DatabaseSpec &);
};

// A new driver is one line here.
constexpr Driver drivers[]{
    {"sqlite"_L1, makeSqliteDatabase},
    {"postgresql"_L1, makePostgresDatabase},
};

} // namespace

void Database::setInherit(const QList<int> &descriptors)
{
    m_inherit = descriptors;
    m_inherit.removeIf([](int descriptor) { return descriptor < 0; });
}

Async<QMap<QString, qint64>> Database::estimateLoss(BackupInfo info, std::stop_token stop)
{
    co_return co_await lossAgainst(info, {}, stop);
}

Async<> Database::forget()
{
    co_return Result<>();
}

Async<> Database::dropProof()
{
    co_return Result<>();
}

QList<Message> Database::remarks() const
{
    return {};
}

bool Database::canClose() const
{
    return false;
}

Async<> Database::close()
{
    co_return Result<>();
}

Async<> Database::reopen()
{
    co_return Result<>();
}

Async<bool> Database::isClosed()
{
    co_return false;
}

Async<> Database::checkMayClose()
{
    co_return Result<>();
}

bool isMissing(const Error &error)
{
    return error.code == "database.missing"_L1 || error.code == "database.absent"_L1;
}

bool isUnreadable(const Error &error)
{
    return isMissing(error) || error.code == "database.corrupt"_L1 || error.code == "database.integrity"_L1;
}

QString unreadableFact(const QString &database)
{
    return u"database.unreadable:"_s + database;
}

QString closedFact(const QString &database)
{
    return u"database.closed:"_s + database;
}

Result<> checkNoneClosed(const Target &target, const QJsonObject &facts)
{
    for (const DatabaseSpec &database : target.databases) {
        if (facts.contains(closedFact(database.name))) {
            return fail(u"database.left_closed"_s, {{u"database"_s, database.name}});
        }
    }
    return {};
}

Result<std::unique_ptr<Database>> Database::create(const DatabaseSpec &spec)
{
    QJsonArray known;
    for (const Driver &driver : drivers) {
        if (spec.driver == driver.name) {
            return driver.make(spec);
        }
        known.append(QString(driver.name));
    }
    return fail(u"database.unknown_driver"_s, {{u"database"_s, spec.name}, {u"driver"_s, spec.driver}, {u"known"_s, known}});
}

Result<> compareBackups(const BackupInfo &expected, const BackupInfo &found)
{
    const auto differs = [&](const QString &what, const QString &then, const QString &now) {
        return fail(u"database.backup_differs"_s, {{u"file"_s, expected.file}, {u"what"_s, what}, {u"expected"_s, then}, {u"found"_s, now}},
                    expected.file);
    };
    if (expected.schemaDigest != found.schemaDigest) {
        return differs(u"schema"_s, expected.schemaDigest, found.schemaDigest);
    }
    if (expected.revision != found.revision) {
        return differs(u"revision"_s, expected.revision, found.revision);
    }
    for (const auto &[table, count] : expected.rows.asKeyValueRange()) {
        if (const qint64 now = found.rows.value(table, -1); now != count) {
            return differs(table, QString::number(count), QString::number(now));
        }
    }
    return {};
}

QJsonObject toJson(const BackupInfo &info)
{
    QJsonObject rows;
    for (const auto &[table, count] : info.rows.asKeyValueRange()) {
        rows.insert(table, count);
    }
    QJsonObject json{{u"file"_s, info.file},
                     {u"sha256"_s, info.sha256},
                     {u"size"_s, info.size},
                     {u"schemaDigest"_s, info.schemaDigest},
                     {u"revision"_s, info.revision},
                     {u"rows"_s, rows},
                     {u"journalMode"_s, info.journalMode}};
    if (info.access) {
        json.insert(u"access"_s, QJsonObject{{u"mode"_s, QString::number(info.access->mode, 8)}, {u"owner"_s, info.access->owner}, {u"group"_s, info.access->group}});
    }
    if (info.content > 0) {
        json.insert(u"content"_s, info.content);
    }
    return json;
}

BackupInfo backupInfoFromJson(const QJsonObject &json)
{
    BackupInfo info{json["file"_L1].toString(), json["sha256"_L1].toString(), json["size"_L1].toInteger(), json["schemaDigest"_L1].toString(), json["revision"_L1].toString(), {}};
    const QJsonObject rows = json["rows"_L1].toObject();
    for (auto row = rows.begin(); row != rows.end(); ++row) {
        info.rows.insert(row.key(), row->toInteger());
    }
    info.journalMode = json["journalMode"_L1].toString();
    info.content = json["content"_L1].toInteger();
    const QJsonObject access = json["access"_L1].toObject();
    bool isNumber = false;
    const int mode = access["mode"_L1].toString().toInt(&isNumber, 8);
    if (isNumber && access["owner"_L1].isDouble() && access["group"_L1].isDouble()) {
        info.access = FileAccess{mode, access["owner"_L1].toInteger(), access["group"_L1].toInteger()};
    }
    return info;
}

} // namespace cutover
