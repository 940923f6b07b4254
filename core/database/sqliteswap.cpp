// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/sqliteswap.h"

#include "system/files.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 writeVersionAt = 18; ///< In SQLite's file header; 2: write-ahead log.

/// The file first: what is left without it is nobody's log any more.
constexpr QLatin1StringView endings[]{""_L1, "-wal"_L1, "-shm"_L1, "-journal"_L1};

} // namespace

QString linkedFile(const QString &file)
{
    const QFileInfo info(file);
    if (info.exists()) {
        return info.canonicalFilePath();
    }
    return info.isSymLink() ? info.symLinkTarget() : info.absoluteFilePath();
}

bool hadWriteAheadLog(const QString &file)
{
    QFile content(file);
    const bool says = content.open(QIODevice::ReadOnly) && content.seek(writeVersionAt) && content.read(1) == QByteArray(1, '\2');
    return says || QFileInfo::exists(file + "-wal"_L1);
}

std::optional<FileAccess> accessOf(const QString &file)
{
    struct stat info{};
    if (::stat(QFile::encodeName(file).constData(), &info) != 0) {
        return {};
    }
    return FileAccess{int(info.st_mode & 07777), qint64(info.st_uid), qint64(info.st_gid)};
}

Result<> giveToOwnerOf(const QString &damaged, const std::optional<FileAccess> &known, const QString &file)
{
    const auto now = accessOf(file);
    auto wanted = accessOf(damaged);
    wanted = wanted ? wanted : known;
    if (!wanted && ::geteuid() == 0) {
        wanted = accessOf(QFileInfo(file).path());
        if (wanted && now) {
            wanted->mode = now->mode;
        }
    }
    if (!wanted) {
        return {};
    }
    const QByteArray name = QFile::encodeName(file);
    const bool isOurs = now && now->owner == wanted->owner && now->group == wanted->group;
    // The owner first: until then nobody else may read it.
    const bool given = (isOurs || ::chown(name.constData(), uid_t(wanted->owner), gid_t(wanted->group)) == 0) && ::chmod(name.constData(), mode_t(wanted->mode)) == 0;
    if (!given) {
        const int reason = errno;
        return failErrno(u"database.owner"_s, reason, file, {{u"path"_s, file}});
    }
    return {};
}

Result<> moveDatabase(const QString &file, const QString &aside)
{
    for (const QLatin1StringView ending : endings) {
        const QString from = file + ending;
        const QString to = aside + ending;
        if (!QFileInfo::exists(from)) {
            continue;
        }
        if (QFileInfo::exists(to)) {
            return fail(u"database.aside_taken"_s, {{u"file"_s, from}, {u"aside"_s, to}}, to);
        }
        CHECK(files::rename(from, to));
    }
    return {};
}

} // namespace cutover
