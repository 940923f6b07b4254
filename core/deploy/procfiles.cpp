// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/procfiles.h"

#include <QDir>
#include <QFile>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::procfiles {

QString folder(qint64 pid)
{
    return u"/proc/%1"_s.arg(pid);
}

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

qint64 parentOf(qint64 pid)
{
    const QByteArray stat = read(folder(pid) + u"/stat"_s);
    // The name may hold blanks and brackets.
    return stat.mid(stat.lastIndexOf(')') + 2).split(' ').value(1).toLongLong();
}

std::optional<QSet<QByteArray>> socketsOf(qint64 pid)
{
    const QDir descriptors(folder(pid) + u"/fd"_s);
    if (::access(QFile::encodeName(descriptors.path()).constData(), R_OK | X_OK) != 0) {
        return {};
    }
    QSet<QByteArray> sockets;
    const QStringList names = descriptors.entryList(QDir::System | QDir::Files | QDir::AllDirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        char target[64];
        const auto length = ::readlink(QFile::encodeName(descriptors.filePath(name)).constData(), target, sizeof target);
        const QByteArrayView link(target, qMax<qsizetype>(length, 0));
        if (link.startsWith("socket:[") && link.endsWith(']')) {
            sockets.insert(link.sliced(8).chopped(1).toByteArray());
        }
    }
    return sockets;
}

} // namespace cutover::procfiles
