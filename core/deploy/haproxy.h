// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"

namespace cutover {

/**
 * HAProxy's runtime API over its Unix socket, one connection per command. Event-loop thread.
 * Errors "haproxy.*" name socket, command and answer. Source: HAProxy 3.0 management guide, 9.3.
 */
class Haproxy : public Balancer
{
public:
    /// limitMs: how long to wait for an answer. maintenanceBackend: answers while a service has no server; empty: none does.
    /// patienceMs: see BalancerTools.
    explicit Haproxy(const QString &socket, qint64 limitMs = 5000, const QString &maintenanceBackend = {}, qint64 patienceMs = 0)
        : m_socket(socket)
        , m_maintenanceBackend(maintenanceBackend)
        , m_limitMs(limitMs)
        , m_patienceMs(patienceMs)
    {
    }

    [[nodiscard]] bool forgets() const override { return true; }
    [[nodiscard]] QString title() const override { return QStringLiteral("HAProxy"); }
    [[nodiscard]] QString place() const override { return m_socket; }
    [[nodiscard]] Async<QByteArray> command(QString command) const;
    [[nodiscard]] Async<> check(std::stop_token stop) const override;
    /// With the lines that sum a frontend or backend up.
    [[nodiscard]] Async<QList<BalancerServer>> allServers() const override;
    /// Error "haproxy.no_backend" when there is none of that name.
    [[nodiscard]] Async<QList<BalancerServer>> servers(QString backend) const override;
    /// Error "haproxy.no_server".
    [[nodiscard]] Async<BalancerServer> server(QString backend, QString name) const override;
    [[nodiscard]] Async<> setState(QString backend, QString server, State state) const override;
    [[nodiscard]] Async<> addServer(QString backend, QString server, QString address, int port) const override;
    [[nodiscard]] Async<> removeServer(QString backend, QString server) const override;
    [[nodiscard]] Async<> setWeight(QString backend, QString server, int weight) const override;
    [[nodiscard]] bool closesSessions() const override { return true; }
    /// Error "haproxy.no_backend" where the one that answers meanwhile is not there.
    [[nodiscard]] Async<> checkMaintenance() const override;

protected:
    /// A reload ("-sf", or of a master) leaves the old process to end what it has begun, and says nothing of it.
    [[nodiscard]] Async<int> connectionsLeft(BalancerServer server) const override;
    [[nodiscard]] Async<> shutSessions(QString backend, QString server) const override;

private:
    [[nodiscard]] Async<> setAddress(QString backend, QString server, QString address, int port) const;
    [[nodiscard]] std::unexpected<Error> refused(const QString &command, const QByteArray &answer) const;

    QString m_socket;
    QString m_maintenanceBackend;
    qint64 m_limitMs;
    qint64 m_patienceMs;
};

} // namespace cutover
