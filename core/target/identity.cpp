// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/files.h"
#include "system/json.h"
#include "target/target.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxIdentitySize = 1 << 20;

/// "file-system id:inode"; empty when the file does not exist. The file system's own id is used
/// where it has one: device numbers may change with each boot.
Result<QString> fileIdentity(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    struct stat status{};
    struct statvfs system{};
    if (::stat(name.constData(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return QString();
        }
        return failErrno(u"target.identity_file"_s, errno, path);
    }
    if (::statvfs(name.constData(), &system) != 0) {
        return failErrno(u"target.identity_file"_s, errno, path);
    }
    const quint64 device = system.f_fsid != 0 ? quint64(system.f_fsid) : quint64(status.st_dev);
    return QString(QString::number(device, 16) + u':' + QString::number(quint64(status.st_ino)));
}

} // namespace

Result<QJsonObject> pinIdentity(const Target &target)
{
    // Flat, so that the member that differs has a name to show.
    QJsonObject found;
    TRY(const QByteArray machine, files::read(u"/etc/machine-id"_s, 4096));
    found[u"machine"_s] = json::sha256(QByteArray("cutover") + machine.trimmed());
    const QString canonical = QFileInfo(target.path).canonicalFilePath();
    found[u"path"_s] = canonical.isEmpty() ? target.path : canonical;
    found[u"name"_s] = target.name;
    found[u"product"_s] = target.product;
    found[u"environment"_s] = target.environment;
    if (!target.balancer.kind.isEmpty()) {
        found[u"balancer.socket"_s] = target.balancer.socket;
    }
    for (const DatabaseSpec &database : target.databases) {
        const QString prefix = u"database."_s + database.name;
        found[QString(prefix + u".file"_s)] = database.file;
        TRY(const QString identity, fileIdentity(database.file));
        // A file that isn't there has no identity to compare; that it is missing is for the checks to say.
        if (!identity.isEmpty()) {
            found[QString(prefix + u".inode"_s)] = identity;
        }
    }

    const QString file = target.stateDirectory + u"/identity.json"_s;
    QJsonObject pinned;
    if (QFileInfo::exists(file)) {
        TRY(const QByteArray bytes, files::read(file, maxIdentitySize));
        const QJsonDocument document = QJsonDocument::fromJson(bytes);
        if (!document.isObject()) {
            return fail(u"target.identity_unreadable"_s, {}, file);
        }
        pinned = document.object();
    }
    QJsonObject merged = pinned;
    for (auto member = found.constBegin(); member != found.constEnd(); ++member) {
        const auto before = pinned.constFind(member.key());
        if (before == pinned.constEnd()) {
            merged[member.key()] = member.value();
        } else if (before.value() != member.value()) {
            return fail(u"target.identity_changed"_s,
                        {{u"member"_s, member.key()}, {u"pinned"_s, before.value()}, {u"found"_s, member.value()}, {u"file"_s, file}},
                        target.path);
        }
    }
    if (merged != pinned) {
        CHECK(files::makePath(target.stateDirectory));
        CHECK(files::replace(file, json::canonical(merged), files::privateFile));
    }
    return found;
}

} // namespace cutover
