// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/portholder.h"

#include <QDir>
#include <QFile>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

struct Listener {
    int port = 0;
    uint user = 0;
};

// By the inodes of their sockets.
// Columns: sl local_address rem_address st tx:rx tr:tm retr uid timeout inode.
QHash<QByteArray, Listener> listeners(const QSet<int> &ports)
{
    QHash<QByteArray, Listener> inodes;
    for (const QString &table : {u"/proc/net/tcp"_s, u"/proc/net/tcp6"_s}) {
        const QList<QByteArray> lines = contentOf(table).split('\n');
        for (const QByteArray &line : lines) {
            const QList<QByteArray> columns = line.simplified().split(' ');
            if (columns.size() > 9 && columns[3] == "0A") {
                if (const int port = columns[1].sliced(columns[1].lastIndexOf(':') + 1).toInt(nullptr, 16); ports.contains(port)) {
                    inodes.insert(columns[9], {port, columns[7].toUInt()});
                }
            }
        }
    }
    return inodes;
}

// Whether nobody listens, asked in no time: the kernel walks its table of all connections for /proc/net/tcp.
// Any listener is in the way of a socket for all addresses. False as well where that can't be tried.
bool isSurelyFree(int port)
{
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    const int off = 0;
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(quint16(port));
    const bool free = fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
        && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0
        && ::bind(fd, reinterpret_cast<const sockaddr *>(&any), sizeof any) == 0;
    if (fd >= 0) {
        ::close(fd);
    }
    return free;
}

} // namespace

QMap<int, PortHolder> portHolders(const QSet<int> &ports)
{
    QMap<int, PortHolder> holders;
    const QHash<QByteArray, Listener> inodes = listeners(ports);
    for (const Listener &listener : inodes) {
        holders.insert(listener.port, {0, {}, listener.user});
    }
    const QStringList pids = inodes.isEmpty() ? QStringList() : QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        const QDir descriptors(u"/proc/"_s + pid + u"/fd"_s);
        const QStringList names = descriptors.entryList(QDir::NoDotAndDotDot | QDir::AllEntries | QDir::System);
        for (const QString &name : names) {
            const QByteArray link = QFile::symLinkTarget(descriptors.filePath(name)).toLocal8Bit();
            // The target reads "socket:[INODE]", made absolute by Qt.
            const qsizetype at = link.indexOf("socket:[");
            const auto listener = at >= 0 ? inodes.constFind(link.sliced(at + 8).chopped(1)) : inodes.constEnd();
            if (listener != inodes.constEnd() && holders[listener->port].pid == 0) {
                holders[listener->port] = {pid.toLongLong(), QString::fromLocal8Bit(contentOf(u"/proc/"_s + pid + u"/comm"_s)).trimmed(), listener->user};
            }
        }
    }
    return holders;
}

std::optional<PortHolder> portHolder(int port)
{
    if (isSurelyFree(port)) {
        return std::nullopt;
    }
    const auto holders = portHolders({port});
    return holders.isEmpty() ? std::nullopt : std::optional(holders.first());
}

} // namespace cutover
