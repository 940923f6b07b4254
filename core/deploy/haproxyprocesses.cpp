// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/haproxyprocesses.h"

#include "deploy/procfiles.h"
#include "deploy/tcpconnections.h"

#include <QDir>
#include <QList>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct HaproxyProcess {
    qint64 pid = 0;
    qint64 ownPid = 0; ///< As its own namespace numbers it.
    qint64 parent = 0;
    QByteArray owner; ///< Of the sockets that it makes.
    bool isContained = false; ///< Its processes have other numbers there: it is in a container, with files of its own.
    QByteArrayList configuration;
    QByteArray folder; ///< Of "-C", which relative paths start from.
};

/// The words after a field's name in /proc/PID/status.
QByteArrayList field(const QByteArray &status, const QByteArray &name)
{
    const QByteArrayList lines = status.split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith(name)) {
            return line.sliced(name.size()).simplified().split(' ');
        }
    }
    return {};
}

/// What it was told to read: "-f FILE", and all that follows "--". A reload says the same again.
QByteArrayList configurationIn(const QByteArrayList &arguments)
{
    QByteArrayList files;
    for (qsizetype i = 1; i < arguments.size(); ++i) {
        if (arguments[i] == "--") {
            return files + arguments.sliced(i + 1);
        }
        if (arguments[i] == "-f" && i + 1 < arguments.size()) {
            files.append(arguments[++i]);
        }
    }
    return files;
}

QList<HaproxyProcess> haproxyProcesses()
{
    QList<HaproxyProcess> found;
    const QStringList names = QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        const qint64 pid = name.toLongLong();
        if (pid <= 0 || procfiles::read(procfiles::folder(pid) + u"/comm"_s).trimmed() != "haproxy") {
            continue;
        }
        const QByteArray arguments = procfiles::read(procfiles::folder(pid) + u"/cmdline"_s);
        // One that has ended, and only waits for its parent to take notice, has none.
        if (arguments.isEmpty()) {
            continue;
        }
        const QByteArray status = procfiles::read(procfiles::folder(pid) + u"/status"_s);
        HaproxyProcess process;
        process.pid = pid;
        // Outermost namespace first, as seen from here.
        const QByteArrayList numbers = field(status, "NSpid:");
        process.ownPid = numbers.isEmpty() ? pid : numbers.last().toLongLong();
        process.isContained = numbers.size() > 1;
        process.parent = procfiles::parentOf(pid);
        // Not the folder's owner, which is root once a process has changed its user.
        process.owner = field(status, "Uid:").value(1);
        const QByteArrayList words = arguments.split('\0');
        process.configuration = configurationIn(words);
        if (const qsizetype at = words.indexOf("-C"); at > 0) {
            process.folder = words.value(at + 1);
        }
        found.append(process);
    }
    return found;
}

/// The files that an argument names: itself, or the *.cfg of a folder, as HAProxy orders them.
QStringList filesAt(const QString &path)
{
    const QDir folder(path);
    if (!folder.exists()) {
        return {path};
    }
    QStringList files;
    QStringList names = folder.entryList({u"*.cfg"_s}, QDir::Files);
    std::ranges::sort(names, [](const QString &a, const QString &b) { return QFile::encodeName(a) < QFile::encodeName(b); });
    for (const QString &name : std::as_const(names)) {
        files.append(folder.filePath(name));
    }
    return files;
}

std::unexpected<Message> unclear(const QString &code, const QJsonObject &args)
{
    return std::unexpected(Message{code, args});
}

} // namespace

haproxyconfiguration::Read<QList<haproxyconfiguration::File>> haproxyFiles(qint64 answering, const QDateTime &loaded)
{
    const QList<HaproxyProcess> all = haproxyProcesses();
    // Two containers may each have one of that number.
    if (std::ranges::count(all, answering, &HaproxyProcess::ownPid) != 1) {
        return unclear(u"haproxy.unclear.hidden"_s, {{u"pid"_s, answering}});
    }
    const HaproxyProcess &self = *std::ranges::find(all, answering, &HaproxyProcess::ownPid);
    // A worker may see no more than the folder that it has locked itself into; its master sees all.
    const bool hasMaster = std::ranges::contains(all, self.parent, &HaproxyProcess::pid);
    const QString process = procfiles::folder(hasMaster ? self.parent : self.pid);
    const QString root = self.isContained ? QString(process + u"/root"_s) : QString();
    QList<haproxyconfiguration::File> files;
    for (const QByteArray &argument : self.configuration) {
        QString path = QFile::decodeName(argument);
        if (!path.startsWith(u'/') && !self.folder.isEmpty()) {
            path.prepend(QFile::decodeName(self.folder) + u'/');
        }
        if (!path.startsWith(u'/')) {
            // Of a container it is a path of its own, as the root is.
            path.prepend(QFile::symLinkTarget(process + u"/cwd"_s) + u'/');
        }
        const QStringList named = filesAt(root + QDir::cleanPath(path));
        for (const QString &each : named) {
            QFile file(each);
            if (!file.open(QIODevice::ReadOnly)) {
                return unclear(u"haproxy.unclear.unreadable"_s, {{u"file"_s, each}, {u"reason"_s, file.errorString()}});
            }
            if (loaded.isValid() && file.fileTime(QFileDevice::FileModificationTime) > loaded) {
                return unclear(u"haproxy.unclear.newer"_s, {{u"file"_s, each}});
            }
            files.append({each, file.readAll()});
        }
    }
    return files;
}

std::optional<int> haproxyConnectionsLeft(qint64 answering, const QString &address)
{
    QList<HaproxyProcess> others = haproxyProcesses();
    const auto self = std::ranges::find(others, answering, &HaproxyProcess::ownPid);
    if (self == others.end()) {
        return {};
    }
    const HaproxyProcess current = others.takeAt(self - others.begin());
    // Another HAProxy of this host answers for itself. Of one with a master the workers are its children.
    others.removeIf([&](const HaproxyProcess &each) {
        const bool isKin = each.configuration == current.configuration || (each.parent > 1 && each.parent == current.parent);
        return !isKin || each.ownPid == answering || each.pid == current.parent;
    });
    if (others.isEmpty()) {
        return 0;
    }
    if (address == "unix"_L1) {
        return int(others.size());
    }
    const auto remote = TcpRemote::parse(address);
    QSet<QByteArray> sockets;
    QSet<QByteArray> owners;
    for (const HaproxyProcess &process : std::as_const(others)) {
        if (const auto readable = procfiles::socketsOf(process.pid)) {
            sockets += *readable;
        } else {
            // Then the present one's count, too: it is drained, and has none there for long but for a health check.
            owners.insert(process.owner);
        }
    }
    const QList<TcpConnection> connections = remote ? tcpConnectionsTo(*remote, current.pid) : QList<TcpConnection>();
    return int(std::ranges::count_if(connections, [&](const TcpConnection &each) { return sockets.contains(each.inode) || owners.contains(each.owner); }));
}

} // namespace cutover
