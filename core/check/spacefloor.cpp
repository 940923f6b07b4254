// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/spacefloor.h"

#include "database/database.h"
#include "system/files.h"

using namespace Qt::StringLiterals;

namespace cutover {

qint64 minimumFree(const Target &target, const DatabaseSpec &database)
{
    return database.postgres.minimumFreeBytes >= 0 ? database.postgres.minimumFreeBytes : target.check.minimumFreeBytes;
}

Async<QList<Error>> lookAtSpace(Target target)
{
    QList<Error> unknown;
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        const auto database = Database::create(spec);
        const auto folders = database ? co_await (*database)->folders() : Result<DatabaseFolders>(fail(database.error()));
        if (!folders) {
            unknown.append(folders.error());
            continue;
        }
        const qint64 floor = minimumFree(target, spec) / 2;
        unknown += folders->unseen;
        for (const QString &folder : folders->paths) {
            const auto free = files::freeBytes(folder);
            if (!free) {
                unknown.append(free.error());
            } else if (*free < floor) {
                co_return fail(u"space.low"_s, {{u"database"_s, spec.name}, {u"path"_s, folder}, {u"free"_s, *free}, {u"floor"_s, floor}});
            }
        }
    }
    co_return unknown;
}

} // namespace cutover
