// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "deploy/nginxupstream.h"
#include "system/processes.h"
#include "system/worker.h"

#include <functional>

namespace cutover {

/**
 * nginx, which has no runtime API: for each backend there is a file UPSTREAMS/BACKEND.conf with the servers, which the
 * operator's "upstream" block includes. A change replaces that file, has nginx test its whole configuration, asks the
 * master to reload, and returns once new workers serve by it and those of before take no connections any more. What
 * nginx refuses is put back, and told in its own words.
 *
 * Between a change of the file and the proof that it serves, UPSTREAMS/.BACKEND.cutover-pending holds what may serve;
 * it is left behind by a crash. Until the next change nothing is said to serve of which that isn't sure.
 *
 * nginx looks after no server by itself: one that is let in counts as up. Errors "nginx.*".
 */
class Nginx : public Balancer
{
public:
    Nginx(const BalancerSpec &spec, const QStringList &backends, const BalancerTools &tools);

    [[nodiscard]] QString title() const override { return QStringLiteral("nginx"); }
    [[nodiscard]] QString place() const override { return m_spec.configurationFile; }
    [[nodiscard]] Async<> check(std::stop_token stop) const override;
    [[nodiscard]] Async<QList<BalancerServer>> allServers() const override;
    [[nodiscard]] Async<QList<BalancerServer>> servers(QString backend) const override;
    [[nodiscard]] Async<BalancerServer> server(QString backend, QString name) const override;
    [[nodiscard]] Async<> setState(QString backend, QString server, State state) const override;
    [[nodiscard]] Async<> addServer(QString backend, QString server, QString address, int port) const override;
    /// Beside what nginx says of its configuration: error "nginx.no_address" of a name that nobody knows.
    [[nodiscard]] Async<> checkAdd(QString backend, QString server, QString address, int port) const override;
    [[nodiscard]] Async<> removeServer(QString backend, QString server) const override;
    [[nodiscard]] Async<> setWeight(QString backend, QString server, int weight) const override;

    /// Where the servers of a backend stand.
    [[nodiscard]] QString fileOf(const QString &backend) const;

protected:
    [[nodiscard]] QCoro::Task<bool> isReachable(BalancerServer server) const override;

private:
    /// Of all servers of a backend; file: where they stand, for errors.
    using Edit = std::function<Result<>(NginxUpstream &upstream, const QString &file)>;

    [[nodiscard]] QString pendingOf(const QString &backend) const;
    /// Of all these backends, by one look at the processes.
    [[nodiscard]] Async<QList<BalancerServer>> look(QStringList backends) const;
    [[nodiscard]] Async<> change(QString backend, Edit edit) const;
    [[nodiscard]] Async<> changeServer(QString backend, QString server, std::function<void(NginxServer &server)> edit) const;
    /// A change of these backends' files would be taken.
    [[nodiscard]] Async<> checkChange(QStringList backends, std::stop_token stop) const;
    /// The configuration is valid, is the one that the master process works by, and includes the files of these backends.
    /// Errors "nginx.invalid" {reason, file, line}, "nginx.other_configuration", "nginx.not_included", "nginx.other_pid_file".
    [[nodiscard]] Async<> test(qint64 master, QStringList backends, std::stop_token stop) const;
    /// Returns when the configuration as it is serves.
    [[nodiscard]] Async<> reload() const;
    [[nodiscard]] ProcessSpec program(const QStringList &arguments) const;

    BalancerSpec m_spec;
    QStringList m_backends;
    BalancerTools m_tools;
    Processes *m_processes;
    mutable Worker m_worker; ///< For what the file system and the kernel tell.
};

} // namespace cutover
