// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/socketplace.h"

#include "system/json.h"

#include <QDir>
#include <QFile>

#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// An address holds 107 bytes, and who listens (QLocalServer, ssh) binds under a longer name first.
constexpr qsizetype longestPath = 80;

} // namespace

bool isPrivateFolder(const QString &folder)
{
    const QByteArray name = QFile::encodeName(folder);
    ::mkdir(name.constData(), 0700);
    struct stat found{};
    // Anybody may have made that name in a shared folder.
    return ::lstat(name.constData(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::getuid() && (found.st_mode & 077) == 0;
}

QString ownTemporaryFolder()
{
    const QString folder = QDir::tempPath() + u"/cutover-"_s + QString::number(::getuid());
    return isPrivateFolder(folder) ? folder : QString();
}

QString socketPlace(const QString &folder, const QString &name, const QString &mark)
{
    QString plain = folder + u'/' + name;
    if (QFile::encodeName(plain).size() <= longestPath) {
        return plain;
    }
    const QString shared = ownTemporaryFolder();
    return !shared.isEmpty() ? QString(shared + u'/' + json::sha256(QFile::encodeName(mark.isEmpty() ? plain : mark)).first(16) + u".sock"_s) : QString();
}

} // namespace cutover
