// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/portholder.h"

#include <QDir>
#include <QFile>
#include <QSet>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Socket inodes that listen on the port. Columns: sl local_address rem_address st tx:rx tr:tm retr uid timeout inode.
QSet<QByteArray> listeningInodes(int port)
{
    QSet<QByteArray> inodes;
    for (const QString &table : {u"/proc/net/tcp"_s, u"/proc/net/tcp6"_s}) {
        const QList<QByteArray> lines = contentOf(table).split('\n');
        for (const QByteArray &line : lines) {
            const QList<QByteArray> columns = line.simplified().split(' ');
            if (columns.size() > 9 && columns[3] == "0A" && columns[1].sliced(columns[1].lastIndexOf(':') + 1).toInt(nullptr, 16) == port) {
                inodes.insert(columns[9]);
            }
        }
    }
    return inodes;
}

} // namespace

std::optional<PortHolder> portHolder(int port)
{
    const QSet<QByteArray> inodes = listeningInodes(port);
    if (inodes.isEmpty()) {
        return std::nullopt;
    }
    const QStringList pids = QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        const QDir descriptors(u"/proc/"_s + pid + u"/fd"_s);
        const QStringList names = descriptors.entryList(QDir::NoDotAndDotDot | QDir::AllEntries | QDir::System);
        for (const QString &name : names) {
            const QByteArray link = QFile::symLinkTarget(descriptors.filePath(name)).toLocal8Bit();
            // The target reads "socket:[INODE]", made absolute by Qt.
            const qsizetype at = link.indexOf("socket:[");
            if (at >= 0 && inodes.contains(link.sliced(at + 8).chopped(1))) {
                return PortHolder{pid.toLongLong(), QString::fromLocal8Bit(contentOf(u"/proc/"_s + pid + u"/comm"_s)).trimmed()};
            }
        }
    }
    return PortHolder{};
}

} // namespace cutover
