// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>

#include <functional>
#include <stop_token>

namespace cutover {

/** A server of a HAProxy backend, as "show stat" tells it. */
struct HaproxyServer {
    QString backend;
    QString name;
    QString status; ///< "UP", "DOWN", "DRAIN", "MAINT", "UP 1/2", "no check", …
    int sessions = 0; ///< Current, with those queued for it.
    qint64 requests = 0; ///< Answered since HAProxy's start.
    qint64 retries = 0; ///< Requests asked again since then, for want of an answer,
    qint64 redispatches = 0; ///< and at another server.
    qint64 failures = 0; ///< Connections that could not be made, and answers that broke off.
    qint64 unanswered = 0; ///< Of a frontend: requests whose client got no answer.
    QString check; ///< Result of the last health check: "L7OK", "L4CON", …

    /// Takes requests now.
    [[nodiscard]] bool isUp() const { return status.startsWith(u"UP") || status == u"no check"; }
};

/**
 * HAProxy's runtime API over its Unix socket, one connection per command. Event-loop thread.
 * Errors "haproxy.*" name socket, command and answer. Source: HAProxy 3.0 management guide, 9.3.
 */
class Haproxy
{
public:
    /// limitMs: how long to wait for an answer.
    explicit Haproxy(const QString &socket, qint64 limitMs = 5000)
        : m_socket(socket)
        , m_limitMs(limitMs)
    {
    }
    enum class State { Ready,
                       Drain,
                       Maintenance };

    [[nodiscard]] Async<QByteArray> command(QString command) const;
    /// Error "haproxy.no_backend" when there is none of that name.
    [[nodiscard]] Async<QList<HaproxyServer>> servers(QString backend) const;
    /// Of all backends, with the lines that sum a frontend or backend up.
    [[nodiscard]] Async<QList<HaproxyServer>> statistics() const;
    [[nodiscard]] Async<HaproxyServer> server(QString backend, QString name) const;
    [[nodiscard]] Async<bool> hasBackend(QString backend) const;
    [[nodiscard]] Async<> setState(QString backend, QString server, State state) const;
    [[nodiscard]] Async<> setAddress(QString backend, QString server, QString address, int port) const;
    /// Waits for a drained server's last session; tells the number while it waits.
    /// Error "haproxy.sessions_left" {server, count, limit}.
    [[nodiscard]] Async<> waitDrained(QString backend, QString server, qint64 limitMs, std::function<void(int sessions)> progress,
                                      std::stop_token stop = {}) const;
    /// Waits until the server is UP by HAProxy's own check. Error "haproxy.not_up" {server, status, limit}.
    [[nodiscard]] Async<> waitUp(QString backend, QString server, qint64 limitMs, std::stop_token stop = {}) const;

private:
    QString m_socket;
    qint64 m_limitMs;
};

} // namespace cutover
