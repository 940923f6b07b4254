// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/copyroom.h"

#include "check/spacefloor.h"
#include "database/postgresactivity.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFile>

#include <sys/stat.h>

using namespace Qt::StringLiterals;

namespace cutover {

using postgres::localFolders;
using postgres::Session;

namespace {

bool onOneDisk(const QString &one, const QString &other)
{
    struct stat first{}, second{};
    return ::stat(QFile::encodeName(one).constData(), &first) == 0 && ::stat(QFile::encodeName(other).constData(), &second) == 0 && first.st_dev == second.st_dev;
}

} // namespace

Result<Finding> roomForCopy(const DatabaseSpec &spec, const Target &target, Session &session, qint64 atLeast)
{
    TRY(const QVariant bytes, session.value(u"SELECT pg_database_size(current_database())"_s));
    TRY(const QVariant wal, session.value(u"SELECT pg_size_bytes(current_setting('max_wal_size'))"_s));
    const qint64 size = qMax(bytes.toLongLong(), atLeast);
    // The restore that proves the backup takes the size once more, and its WAL at most what the server keeps.
    const qint64 minimum = minimumFree(target, spec);
    const qint64 needed = size + qMin(size, wal.toLongLong());
    const auto folders = localFolders(session, spec);
    if (!folders && folders.error().code == "database.folder_missing"_L1) {
        return wrong(folders.error());
    }
    if (!folders) {
        return doubtful({u"check.postgres_space_unknown"_s, {{u"needed"_s, needed + minimum}, {u"cause"_s, folders.error().toJson()}}, Error::Kind::Permanent, folders.error().where});
    }
    const QString data = folders->paths.first();
    const QString log = folders->paths.last();
    // Two folders of one disk take from the same room.
    const bool apart = !onOneDisk(data, log);
    const std::pair<QString, qint64> places[]{{data, apart ? size : needed}, {apart ? log : QString(), needed - size}};
    QJsonObject tightest;
    for (const auto &[path, wanted] : places) {
        if (path.isEmpty()) {
            continue;
        }
        TRY(const qint64 free, files::freeBytes(path));
        const QJsonObject args{{u"path"_s, path}, {u"free"_s, free}, {u"needed"_s, wanted + minimum}, {u"database"_s, spec.name}, {u"update"_s, wanted}, {u"minimum"_s, minimum}};
        if (free < wanted + minimum) {
            return wrong(u"check.postgres_space"_s, args, path);
        }
        tightest = tightest.isEmpty() || free < tightest["free"_L1].toInteger() ? args : tightest;
    }
    if (!folders->unseen.isEmpty()) {
        tightest.insert(u"wal"_s, needed - size + minimum);
        tightest.insert(u"cause"_s, folders->unseen.first().toJson());
        return doubtful({u"check.postgres_space_partly"_s, tightest, Error::Kind::Permanent, folders->unseen.first().where});
    }
    return passed(u"check.disk_ok"_s, tightest);
}

Async<QList<Error>> lookForCopies(Target target, QMap<QString, qint64> copies)
{
    struct Look {
        Finding finding;
        qint64 size = 0;
    };
    QList<Error> unmeasured;
    QMap<QString, qint64> others; // Copies of one server's databases stay beside each other until they are swapped in.
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        if (spec.driver != "postgresql"_L1 || !copies.contains(spec.name)) {
            continue;
        }
        const QString server = u"%1:%2:%3"_s.arg(spec.postgres.service, spec.postgres.host).arg(spec.postgres.port);
        Worker worker;
        CO_TRY(const Look look, co_await worker.run([spec, target, atLeast = copies[spec.name], beside = others.value(server)]() -> Result<Look> {
            TRY(const auto session, Session::open(spec));
            TRY(const QVariant bytes, session->value(u"SELECT pg_database_size(current_database())"_s));
            const qint64 size = qMax(bytes.toLongLong(), atLeast);
            TRY(const Finding finding, roomForCopy(spec, target, *session, beside + size));
            return Look{finding, size};
        }));
        others[server] += look.size;
        if (look.finding.error.code.isEmpty()) {
            continue;
        }
        if (!look.finding.mild) {
            co_return fail(look.finding.error);
        }
        unmeasured.append(Error::fromJson(look.finding.error.args["cause"_L1].toObject()));
    }
    co_return unmeasured;
}

namespace {

const Catalogue::Registration texts{
    {"check.postgres_space_unknown",
     QT_TRANSLATE_NOOP("catalogue", "The room left was not measured, %{needed:bytes} needed: %{cause}"), QT_TRANSLATE_NOOP("catalogue", "%{cause:hint}")},
    {"check.postgres_space_partly",
     QT_TRANSLATE_NOOP("catalogue", "%{free:bytes} free at “%{path}”, %{needed:bytes} needed; the room left for WAL, of which %{wal:bytes} are needed, was not measured: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "%{cause:hint}")},
    {"check.postgres_space",
     QT_TRANSLATE_NOOP("catalogue", "%{free:bytes} free at “%{path}”, %{needed:bytes} needed: %{update:bytes} for a copy of “%{database}”, by which a backup is proven or restored, and its WAL, and "
                                    "%{minimum:bytes} that must stay free."),
     QT_TRANSLATE_NOOP("catalogue", "Free space there: former databases (NAME_before_…), old WAL kept by inactive replication slots.")},
};

} // namespace

} // namespace cutover
