// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/nginxprocesses.h"

#include "deploy/procfiles.h"
#include "deploy/tcpconnections.h"
#include "system/faultpoints.h"
#include "system/processes.h"

#include <QDir>
#include <QFile>
#include <QSet>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include <sys/stat.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// nginx writes what it is where its arguments were; its forks do likewise with names of their own.
QByteArray titleOf(qint64 pid)
{
    return procfiles::read(procfiles::folder(pid) + u"/cmdline"_s).replace('\0', ' ').trimmed();
}

QByteArray ownerOf(qint64 pid)
{
    struct stat info{};
    return ::stat(QFile::encodeName(procfiles::folder(pid)).constData(), &info) == 0 ? QByteArray::number(info.st_uid) : QByteArray();
}

} // namespace

Result<qint64> nginxMaster(const QString &pidFile)
{
    const qint64 pid = procfiles::read(pidFile).trimmed().toLongLong();
    if (pid <= 0 || !titleOf(pid).contains("nginx: master process")) {
        return fail(u"nginx.not_running"_s, {{u"pidFile"_s, pidFile}}, pidFile, Error::Kind::Transient);
    }
    return pid;
}

QByteArray nginxTitle(qint64 master)
{
    return titleOf(master);
}

QList<NginxWorker> nginxWorkers(qint64 master)
{
    QList<NginxWorker> workers;
    QStringList names = QString::fromLatin1(procfiles::read(u"/proc/%1/task/%1/children"_s.arg(master))).split(u' ', Qt::SkipEmptyParts);
    if (names.isEmpty()) {
        // A kernel that does not keep that list.
        names = QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    }
    for (const QString &name : std::as_const(names)) {
        const qint64 pid = name.toLongLong();
        if (pid <= 0 || procfiles::parentOf(pid) != master) {
            continue;
        }
        const QByteArray title = titleOf(pid);
        if (!title.contains(": worker process")) {
            continue; // The cache's manager, or a master that takes over.
        }
        if (const quint64 started = processStartTime(pid)) {
            workers.append({pid, started, title.contains("shutting down")});
        }
    }
    return workers;
}

int nginxConnections(qint64 master, const QList<NginxWorker> &workers, const QString &address)
{
    if (workers.isEmpty()) {
        return 0;
    }
    const auto remote = TcpRemote::parse(address);
    if (!remote) {
        return int(std::ranges::count(workers, true, &NginxWorker::leaving));
    }
    QSet<QByteArray> ours;
    QSet<QByteArray> owners;
    for (const NginxWorker &worker : workers) {
        if (const auto sockets = procfiles::socketsOf(worker.pid)) {
            ours += *sockets;
        } else if (const QByteArray owner = ownerOf(worker.pid); !owner.isEmpty()) {
            owners.insert(owner);
        }
    }
    // All of them are in the master's network namespace, and a worker may be gone by now.
    const QList<TcpConnection> connections = tcpConnectionsTo(*remote, master);
    return int(std::ranges::count_if(connections, [&](const TcpConnection &each) { return ours.contains(each.inode) || owners.contains(each.owner); }));
}

int nginxWaitingClients(qint64 master, const QList<NginxWorker> &workers)
{
    QList<QSet<QByteArray>> leaving;
    for (const NginxWorker &worker : workers) {
        if (const auto sockets = worker.leaving ? procfiles::socketsOf(worker.pid) : std::nullopt) {
            leaving.append(*sockets);
        }
    }
    const auto listening = leaving.isEmpty() ? std::nullopt : procfiles::socketsOf(master);
    if (!listening) {
        return 0;
    }
    struct Socket {
        QByteArray port;
        QByteArray inode;
        bool isAnswered; ///< Some of an answer is on its way, and not taken yet.
    };
    QSet<QByteArray> ports;
    QList<Socket> connected;
    for (const auto *table : {"tcp", "tcp6"}) {
        const QList<QByteArray> lines = procfiles::read(procfiles::folder(master) + u"/net/"_s + QLatin1StringView(table)).split('\n');
        for (const QByteArray &line : lines) {
            // While workers leave there are many more in other states, which tell nothing: they are not taken apart.
            if (!line.contains(" 0A ") && !line.contains(" 01 ")) {
                continue;
            }
            // Number, local address, remote address, state, queues to send and to read, …, inode the tenth.
            const QList<QByteArray> fields = line.simplified().split(' ');
            const QByteArray port = fields.value(1).split(':').value(1);
            if (fields.value(3) == "0A" && listening->contains(fields.value(9))) {
                ports.insert(port);
            } else if (fields.value(3) == "01") {
                connected.append({port, fields.value(9), fields.value(4).split(':').value(0).toUInt(nullptr, 16) > 0});
            }
        }
    }
    int waiting = 0;
    for (const QSet<QByteArray> &sockets : std::as_const(leaving)) {
        // A request that has its server has a connection there, too.
        int surplus = 0;
        // Nor does one wait for it who is slow to take an answer that nginx has already, as a file of its own.
        int unanswered = 0;
        for (const Socket &socket : std::as_const(connected)) {
            if (sockets.contains(socket.inode)) {
                const bool isClient = ports.contains(socket.port);
                surplus += isClient ? 1 : -1;
                unanswered += isClient && !socket.isAnswered ? 1 : 0;
            }
        }
        waiting += std::max(0, std::min(surplus, unanswered));
    }
    return waiting;
}

bool isReloadPending(qint64 master)
{
    const QList<QByteArray> lines = procfiles::read(procfiles::folder(master) + u"/status"_s).split('\n');
    return std::ranges::any_of(lines, [](const QByteArray &line) {
        // A mask of signals that wait, as SIGHUP does while nginx reads a configuration.
        return (line.startsWith("SigPnd:") || line.startsWith("ShdPnd:")) && (line.sliced(7).trimmed().toULongLong(nullptr, 16) & (1ULL << (SIGHUP - 1))) != 0;
    });
}

Result<bool> askForReload(qint64 master, const QString &pidFile)
{
    if (const int error = faultpoints::hit(faultpoints::Kind::ProcessBefore, "nginx reload")) {
        return failErrno(u"nginx.reload_failed"_s, error, pidFile);
    }
    if (::kill(pid_t(master), SIGHUP) == 0) {
        return true;
    }
    if (errno == EPERM) {
        return false;
    }
    return fail(u"nginx.not_running"_s, {{u"pidFile"_s, pidFile}}, pidFile, Error::Kind::Transient);
}

} // namespace cutover
