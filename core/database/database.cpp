// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"

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
};

} // namespace

Async<QMap<QString, qint64>> Database::lossAgainst(BackupInfo info, std::stop_token)
{
    co_return fail(u"database.no_comparison"_s, {}, info.file);
}

Async<bool> Database::holdsTheSame(BackupInfo info, std::stop_token)
{
    co_return fail(u"database.no_comparison"_s, {}, info.file);
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

QJsonObject toJson(const BackupInfo &info)
{
    QJsonObject rows;
    for (const auto &[table, count] : info.rows.asKeyValueRange()) {
        rows.insert(table, count);
    }
    return {{u"file"_s, info.file},
            {u"sha256"_s, info.sha256},
            {u"size"_s, info.size},
            {u"schemaDigest"_s, info.schemaDigest},
            {u"revision"_s, info.revision},
            {u"rows"_s, rows}};
}

BackupInfo backupInfoFromJson(const QJsonObject &json)
{
    BackupInfo info{json["file"_L1].toString(), json["sha256"_L1].toString(), json["size"_L1].toInteger(), json["schemaDigest"_L1].toString(), json["revision"_L1].toString(), {}};
    const QJsonObject rows = json["rows"_L1].toObject();
    for (auto row = rows.begin(); row != rows.end(); ++row) {
        info.rows.insert(row.key(), row->toInteger());
    }
    return info;
}

} // namespace cutover
