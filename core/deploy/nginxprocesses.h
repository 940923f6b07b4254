// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>

namespace cutover {

/** A worker process of nginx. */
struct NginxWorker {
    qint64 pid = 0;
    quint64 started = 0; ///< Clock ticks since boot; with the pid it names the process for good.
    bool leaving = false; ///< Ends once its last connection does: it works by a configuration of before.

    [[nodiscard]] bool isSame(const NginxWorker &other) const { return pid == other.pid && started == other.started; }
};

// What the kernel tells of nginx, which tells nothing itself. Blocking for some milliseconds; any thread.

/// Pid of the master process. Error "nginx.not_running" {pidFile}, Transient; a pid that is another program's by now counts as none.
[[nodiscard]] Result<qint64> nginxMaster(const QString &pidFile);
/// What a master process writes about itself: "nginx: master process nginx -c FILE".
[[nodiscard]] QByteArray nginxTitle(qint64 master);
[[nodiscard]] QList<NginxWorker> nginxWorkers(qint64 master);
/// Connections of these workers to an address of an upstream's server. Where they are another user's and their own
/// connections can't be told from those of that user's other programs, all of that user count; of a name (and not an
/// address) all with its port; of a Unix socket each worker that is leaving counts as one.
[[nodiscard]] int nginxConnections(qint64 master, const QList<NginxWorker> &workers, const QString &address);
/// Clients of workers that are leaving, whose requests have no server yet, as while a body is being uploaded: they are
/// sent to one by the configuration of before. Who is being answered, and slow to take it, is none. Of workers whose connections may not be looked at, none.
[[nodiscard]] int nginxWaitingClients(qint64 master, const QList<NginxWorker> &workers);
/// The master has been asked to read its configuration, and is busy with what it was asked before.
[[nodiscard]] bool isReloadPending(qint64 master);
/// Asks the master to read its configuration anew. Returns false where this user may not ask it.
[[nodiscard]] Result<bool> askForReload(qint64 master, const QString &pidFile);

} // namespace cutover
