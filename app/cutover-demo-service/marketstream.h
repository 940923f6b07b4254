// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "gracefulserver.h"

#include <QHttpServerResponder>
#include <QTimer>

#include <functional>
#include <memory>
#include <vector>

class QWebSocket;

namespace demo {

/**
 * The market as it moves, four times a second: to web sockets at /api/market/socket, one message for each tick, and as
 * server-sent events at /api/market/stream, in chunks. All of them end when the server is told to end.
 */
class MarketStream : public QObject
{
    Q_OBJECT
public:
    /// tick: what is sent, one JSON object. Both outlive this.
    MarketStream(GracefulServer &server, std::function<QByteArray()> tick);
    ~MarketStream() override;

private:
    /** Who reads the events, and where from. */
    struct Reader {
        QHttpServerResponder responder;
        quint16 port; ///< Of its end of the connection.
    };

    void open(const QHttpServerRequest &request, QHttpServerResponder &responder);
    void send();
    void close();

    GracefulServer &m_server;
    std::function<QByteArray()> m_tick;
    QTimer m_timer;
    std::vector<std::unique_ptr<QWebSocket>> m_sockets;
    std::vector<Reader> m_readers;
};

} // namespace demo
