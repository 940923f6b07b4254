// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "deploy/haproxyconfiguration.h"
#include "system/worker.h"

#include <QHash>
#include <QHostAddress>

namespace cutover {

/**
 * HAProxy's runtime API over its Unix socket, one connection per command. Event-loop thread.
 * Errors "haproxy.*" name socket, command and answer. Source: HAProxy 3.0 management guide, 9.3.
 */
class Haproxy : public Balancer
{
public:
    using Row = QHash<QString, QString>; ///< A line of "show stat", by the names of its fields.

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
    /// What the others have is read from the configuration of the running process, as it tells no more than a part of it; the weight is
    /// their mean. Errors "haproxy.unclear" where that can't be read for certain, "haproxy.fixed_servers" where the backend's algorithm
    /// takes no further one. Neither for one that the configuration has, as with "disabled".
    [[nodiscard]] Async<> addServer(QString backend, QString server, QString address, int port) const override;
    /// Of a hash that is not consistent, and of rights that the socket lacks, it tells before HAProxy does.
    [[nodiscard]] Async<> checkAdd(QString backend, QString server, QString address, int port) const override;
    /// Errors "haproxy.not_removed" where connections stay, "haproxy.stays" where the configuration can't be read any more, and no
    /// "disabled" in it gives the server away.
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
    [[nodiscard]] Async<QList<Row>> stat() const;
    [[nodiscard]] Async<QHostAddress> resolved(QString address) const;
    /// Of a backend, by the configuration of the running process. isExact: it is what that has read, and not changed since.
    [[nodiscard]] Async<haproxyconfiguration::Read<HaproxyBackend>> configured(QString backend, bool isExact) const;
    /// A server's line has "disabled", whatever was done with it since; none that was added is so.
    [[nodiscard]] Async<bool> isDisabledThere(QString backend, QString server) const;
    /// What a further server has beside its address, in the words of "add server". Errors "haproxy.unclear", "haproxy.fixed_servers".
    [[nodiscard]] Async<QStringList> likeOthers(QString backend, QString server) const;
    [[nodiscard]] Async<> setAddress(QString backend, QString server, QString address, int port) const;
    [[nodiscard]] std::unexpected<Error> refused(const QString &command, const QByteArray &answer) const;
    /// The same of a command about one server: "haproxy.no_server" where that is what it says.
    [[nodiscard]] std::unexpected<Error> refusedFor(const QString &backend, const QString &server, const QString &command, const QByteArray &answer) const;
    [[nodiscard]] std::unexpected<Error> fixedServers(const QString &backend, const QString &server, const QJsonValue &answer) const;
    [[nodiscard]] std::unexpected<Error> noServer(const QString &backend, const QString &server) const;

    QString m_socket;
    QString m_maintenanceBackend;
    qint64 m_limitMs;
    qint64 m_patienceMs;
    mutable Worker m_worker; ///< For what the file system and the resolver tell.
};

} // namespace cutover
