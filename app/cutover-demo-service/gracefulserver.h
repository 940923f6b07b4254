// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QHttpServer>
#include <QPointer>
#include <QTcpServer>
#include <QTimer>

#include <atomic>

namespace demo {

/** A TCP server that knows its connections, so that it can tell when the last answer has left. */
class TrackingTcpServer : public QTcpServer
{
    Q_OBJECT
public:
    using QTcpServer::QTcpServer;
    [[nodiscard]] bool isQuiet() const;
    void disconnectAll();
    /// Whether a connection from that port of the other end is open.
    [[nodiscard]] bool isConnected(quint16 peerPort) const;

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    QList<QPointer<QTcpSocket>> m_sockets;
};

/**
 * QHttpServer on 127.0.0.1 that ends gracefully on SIGTERM or SIGINT: it stops accepting, answers
 * what has arrived, and then quits the application. One per process.
 */
class GracefulServer : public QObject
{
    Q_OBJECT
public:
    GracefulServer();
    [[nodiscard]] QHttpServer &http() { return m_http; }
    /// Says why on standard error when it can't.
    [[nodiscard]] bool listen(quint16 port);
    /// Whether who asked from that port is still there.
    [[nodiscard]] bool isConnected(quint16 peerPort) const { return m_tcp && m_tcp->isConnected(peerPort); }

    /** Counts a request as under way while it exists. Any thread. */
    class Busy
    {
    public:
        explicit Busy(GracefulServer *server)
            : m_server(server)
        {
            ++m_server->m_underWay;
        }
        Busy(const Busy &other)
            : Busy(other.m_server)
        {
        }
        Busy &operator=(const Busy &) = delete;
        ~Busy() { --m_server->m_underWay; }

    private:
        GracefulServer *m_server;
    };

Q_SIGNALS:
    void terminating();

private:
    void drain();

    QHttpServer m_http;
    TrackingTcpServer *m_tcp = nullptr; ///< Owned by m_http once bound.
    std::atomic<int> m_underWay = 0;
    QTimer m_drain;
    int m_quietTicks = 0;
};

} // namespace demo
