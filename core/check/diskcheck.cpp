// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the disks hold what an update writes: package, unpacked release, backup with its proof, and
// what the target always wants free. Folders of one file system share its space.

#include "check/checklist.h"
#include "database/database.h"
#include "redis/redisclient.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>
#include <QMap>

#include <algorithm>

#include <sys/stat.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

dev_t deviceOf(QString path)
{
    struct stat info{};
    while (::stat(QFile::encodeName(path).constData(), &info) != 0 && path != "/"_L1) {
        path = QFileInfo(path).absolutePath();
    }
    return info.st_dev;
}

/// What their snapshots take at most: what is in memory takes less on disk. One that can't be asked is told of by its own check.
qint64 memoryOf(const QList<RedisSpec> &servers)
{
    qint64 bytes = 0;
    for (const RedisSpec &server : servers) {
        if (!server.backup) {
            continue;
        }
        if (const auto connection = redis::Connection::open(server)) {
            const auto facts = (*connection)->facts();
            bytes += facts ? facts->usedMemory : 0;
        }
    }
    return bytes;
}

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    // A release of git has no package, so its size tells nothing.
    const bool updating = !scope.releaseDigests.isEmpty() || scope.packageSize > 0;
    qint64 databases = 0;
    for (const DatabaseSpec &database : std::as_const(scope.target.databases)) {
        if (database.driver == "sqlite"_L1) {
            // The copy, and the scratch restore that proves it.
            databases += 2 * (QFileInfo(database.file).size() + QFileInfo(QString(database.file + u"-wal"_s)).size());
        } else if (updating) {
            // Proven on the server; what it holds beside its tables is not dumped.
            const auto driver = Database::create(database);
            const auto size = driver ? co_await (*driver)->size() : Result<qint64>(fail(driver.error()));
            if (!size) {
                co_return wrong(size.error());
            }
            databases += *size;
        }
    }
    qint64 snapshots = 0;
    if (updating && std::ranges::any_of(scope.target.redis, &RedisSpec::backup)) {
        Worker worker;
        snapshots = co_await worker.run([servers = scope.target.redis] { return memoryOf(servers); });
    }
    const std::pair<QString, qint64> writes[]{
        {scope.target.stateDirectory, scope.packageSize},
        {scope.target.releasesDirectory, scope.unpackedSize},
        {scope.target.backup.directory, updating ? databases + snapshots : 0},
    };
    struct Disk {
        QString path;
        qint64 needed = 0;
    };
    QMap<dev_t, Disk> disks;
    for (const auto &[path, size] : writes) {
        if (!path.isEmpty()) {
            Disk &disk = disks[deviceOf(path)];
            disk.path = disk.path.isEmpty() ? path : disk.path;
            disk.needed += size;
        }
    }
    QJsonObject tightest;
    qint64 least = std::numeric_limits<qint64>::max();
    for (const Disk &disk : std::as_const(disks)) {
        const auto free = files::freeBytes(disk.path);
        if (!free) {
            co_return wrong(free.error());
        }
        const qint64 needed = disk.needed + scope.target.check.minimumFreeBytes;
        if (*free - needed < least) {
            least = *free - needed;
            tightest = {{u"path"_s, disk.path},
                        {u"free"_s, *free},
                        {u"needed"_s, needed},
                        {u"update"_s, disk.needed},
                        {u"minimum"_s, scope.target.check.minimumFreeBytes}};
        }
    }
    co_return least < 0 ? wrong(u"check.disk_full"_s, tightest, tightest[u"path"_s].toString()) : passed(u"check.disk_ok"_s, tightest);
}

const CheckKind kind(40, [](const CheckScope &scope) {
    return scope.afterUpdate ? QList<CheckItem>() : QList<CheckItem>{{u"disk"_s, {u"check.disk"_s, {}}, true, run}};
});

} // namespace

} // namespace cutover
