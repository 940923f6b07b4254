// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the disks hold what an update writes: package, unpacked release, backup with its proof, and
// what the target always wants free. Folders of one file system share its space.

#include "check/checklist.h"
#include "database/database.h"
#include "system/files.h"

#include <QFileInfo>
#include <QMap>

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

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    qint64 databases = 0;
    for (const DatabaseSpec &database : scope.target.databases) {
        if (database.driver == "sqlite"_L1) {
            // The copy, and the scratch restore that proves it.
            databases += 2 * (QFileInfo(database.file).size() + QFileInfo(QString(database.file + u"-wal"_s)).size());
        } else if (scope.packageSize > 0) {
            // Proven on the server; what it holds beside its tables is not dumped.
            const auto driver = Database::create(database);
            const auto size = driver ? co_await (*driver)->size() : Result<qint64>(fail(driver.error()));
            if (!size) {
                co_return wrong(size.error());
            }
            databases += *size;
        }
    }
    const bool updating = scope.packageSize > 0;
    const std::pair<QString, qint64> writes[]{
        {scope.target.stateDirectory, scope.packageSize},
        {scope.target.releasesDirectory, scope.unpackedSize},
        {scope.target.backup.directory, updating ? databases : 0},
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
