// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/instancestate.h"
#include "target/target.h"

#include <QJsonObject>

#include <memory>
#include <stop_token>

namespace cutover {

/**
 * Talks to the supervisor (STATE/supervisor.sock, JSON lines). The supervisor owns the services of
 * the process runtime, restarts them on death (with back-off), keeps their logs in STATE/logs,
 * survives runner and window, and re-adopts by pid and start time. start(), stop() and waitReady()
 * go on with a new supervisor when the one they talk to is killed. Event-loop thread. Codes "supervisor.*".
 */
class SupervisorClient
{
public:
    explicit SupervisorClient(Target target);
    ~SupervisorClient();
    /// Starts 'cutoverctl supervise' where none is alive.
    [[nodiscard]] Async<> ensureRunning(std::stop_token stop = {});
    [[nodiscard]] Async<bool> isRunning();
    /// limitMs: how long to wait for the answer of one that lives but hangs.
    [[nodiscard]] Async<QList<InstanceState>> states(qint64 limitMs = 15000);
    /// Starts the instance from a release folder (absolute); returns when its process runs, not when it is ready.
    /// Already running from that folder: nothing happens. It is desired to run from now on.
    [[nodiscard]] Async<> start(QString instance, QString releaseDirectory);
    /// TERM, then KILL after the service's limit; returns when the process is proven gone. Desired to stay stopped.
    [[nodiscard]] Async<> stop(QString instance);
    /// Waits for the health probe; fails at once when the process dies ("supervisor.died" {exit, lastLines}).
    [[nodiscard]] Async<> waitReady(QString instance, std::stop_token stop = {});
    /// Ends all services and the supervisor.
    [[nodiscard]] Async<> shutdown();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
