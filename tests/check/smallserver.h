// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "tests/support/freeport.h"

#include <QHash>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <functional>

/**
 * A real HTTP/1.1 server on 127.0.0.1 for tests: one function answers all requests. What a finished
 * HTTP server class would not let a test do, it does: never answer, close half-way, end abruptly.
 */
class SmallServer : public QTcpServer
{
public:
    struct Answer {
        int status = 200;
        QByteArray body;
        qint64 claimedLength = -1; ///< Content-Length to claim; -1: the true one.
        bool silent = false; ///< Never answers.
    };
    using Handler = std::function<Answer(const QByteArray &path)>;

    explicit SmallServer(Handler handler, quint16 port = 0)
        : m_handler(std::move(handler))
    {
        listen(QHostAddress::LocalHost, port);
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = nextPendingConnection()) {
                connect(socket, &QTcpSocket::readyRead, this, [this, socket] { serve(socket); });
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            }
        });
    }
    [[nodiscard]] QString url(const QString &path = {}) const
    {
        return QStringLiteral("http://127.0.0.1:%1%2").arg(serverPort()).arg(path);
    }
    void setHandler(Handler handler) { m_handler = std::move(handler); }
    int requests = 0;
    int mostAtOnce = 0;
    int delayMs = 0;

private:
    void serve(QTcpSocket *socket)
    {
        QByteArray &buffer = m_buffers[socket];
        buffer += socket->readAll();
        if (!buffer.contains("\r\n\r\n")) {
            return;
        }
        const QByteArray path = buffer.split(' ').value(1);
        const bool close = buffer.toLower().contains("connection: close");
        buffer.clear();
        ++requests;
        mostAtOnce = qMax(mostAtOnce, ++m_underWay);
        QTimer::singleShot(delayMs, socket, [this, socket, path, close] {
            --m_underWay;
            const Answer answer = m_handler(path);
            if (answer.silent) {
                return;
            }
            const qint64 length = answer.claimedLength < 0 ? answer.body.size() : answer.claimedLength;
            socket->write("HTTP/1.1 " + QByteArray::number(answer.status) + " X\r\nContent-Length: " + QByteArray::number(length)
                          + (close ? "\r\nConnection: close" : "") + "\r\n\r\n" + answer.body);
            if (close || answer.claimedLength >= 0) {
                socket->disconnectFromHost();
            }
        });
    }

    Handler m_handler;
    QHash<QTcpSocket *, QByteArray> m_buffers;
    int m_underWay = 0;
};

using cutover::testing::freePort;
