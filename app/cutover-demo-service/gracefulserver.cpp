// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gracefulserver.h"

#include <QCoreApplication>
#include <QSocketNotifier>
#include <QTcpSocket>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

using namespace std::chrono_literals;

namespace demo {

namespace {

constexpr int QuietTicks = 8; ///< Of 20 ms without anything under way before it leaves.

int signalPipe[2] = {-1, -1};

void onSignal(int)
{
    const char byte = 1;
    (void)!write(signalPipe[0], &byte, 1);
}

} // namespace

void TrackingTcpServer::incomingConnection(qintptr descriptor)
{
    auto *socket = new QTcpSocket(this);
    socket->setSocketDescriptor(descriptor);
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_sockets.removeIf([](const QPointer<QTcpSocket> &known) { return known.isNull(); });
    m_sockets.append(socket);
    addPendingConnection(socket);
}

bool TrackingTcpServer::isQuiet() const
{
    return std::ranges::none_of(m_sockets, [](const QPointer<QTcpSocket> &socket) {
        return socket && (socket->bytesToWrite() > 0 || socket->bytesAvailable() > 0);
    });
}

bool TrackingTcpServer::isConnected(quint16 peerPort) const
{
    return std::ranges::any_of(m_sockets, [peerPort](const QPointer<QTcpSocket> &socket) {
        return socket && socket->state() == QAbstractSocket::ConnectedState && socket->peerPort() == peerPort;
    });
}

void TrackingTcpServer::disconnectAll()
{
    for (const QPointer<QTcpSocket> &socket : std::as_const(m_sockets)) {
        if (socket) {
            socket->disconnectFromHost();
        }
    }
}

GracefulServer::GracefulServer()
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, signalPipe) == 0) {
        auto *notifier = new QSocketNotifier(signalPipe[1], QSocketNotifier::Read, this);
        connect(notifier, &QSocketNotifier::activated, this, [this, notifier] {
            notifier->setEnabled(false);
            Q_EMIT terminating();
            if (m_tcp) {
                m_tcp->close();
            }
            m_drain.start(20ms);
        });
        struct sigaction action{};
        action.sa_handler = onSignal;
        sigaction(SIGTERM, &action, nullptr);
        sigaction(SIGINT, &action, nullptr);
    }
    connect(&m_drain, &QTimer::timeout, this, &GracefulServer::drain);
}

bool GracefulServer::listen(quint16 port)
{
    auto *tcp = new TrackingTcpServer(this);
    if (!tcp->listen(QHostAddress::LocalHost, port)) {
        fprintf(stderr, "cannot listen on 127.0.0.1:%d: %s\n", port, qPrintable(tcp->errorString()));
        return false;
    }
    m_tcp = tcp;
    return m_http.bind(tcp);
}

void GracefulServer::drain()
{
    m_quietTicks = m_underWay == 0 && (!m_tcp || m_tcp->isQuiet()) ? m_quietTicks + 1 : 0;
    if (m_quietTicks < QuietTicks) {
        return;
    }
    m_drain.stop();
    if (m_tcp) {
        m_tcp->disconnectAll();
    }
    QCoreApplication::quit();
}

} // namespace demo
