// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/lockholders.h"

#include <QFile>

#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

QStringList lockHolders(const QString &databaseFile)
{
    QList<quint64> inodes;
    for (const QString &path : {databaseFile, QString(databaseFile + "-shm"_L1)}) {
        struct stat info;
        if (::stat(QFile::encodeName(path).constData(), &info) == 0) {
            inodes.append(info.st_ino);
        }
    }
    QFile locks(u"/proc/locks"_s);
    if (inodes.isEmpty() || !locks.open(QIODevice::ReadOnly)) {
        return {};
    }
    QStringList holders;
    // "1: POSIX  ADVISORY  WRITE 1234 fe:01:5678 1073741826 1073742335"; blocked ones have "->" after the number.
    for (const QByteArray &line : locks.readAll().split('\n')) {
        const QList<QByteArray> words = line.simplified().split(' ');
        if (words.size() < 8 || words[1] != "POSIX" || words[3] != "WRITE") {
            continue;
        }
        const qint64 pid = words[4].toLongLong();
        // Only the inode: the device that stat() tells differs from the lock's on btrfs and overlays.
        if (pid <= 0 || pid == ::getpid() || !inodes.contains(words[5].split(':').last().toULongLong())) {
            continue;
        }
        QFile name(u"/proc/%1/comm"_s.arg(pid));
        const QString comm = name.open(QIODevice::ReadOnly) ? QString::fromLocal8Bit(name.readAll()).trimmed() : QString();
        const QString holder = comm.isEmpty() ? QString::number(pid) : u"%1 (%2)"_s.arg(comm).arg(pid);
        if (!holders.contains(holder)) {
            holders.append(holder);
        }
    }
    return holders;
}

} // namespace cutover
