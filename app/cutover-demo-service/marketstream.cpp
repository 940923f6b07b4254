// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "marketstream.h"

#include <QHttpHeaders>
#include <QWebSocket>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace demo {

MarketStream::MarketStream(GracefulServer &server, std::function<QByteArray()> tick)
    : m_server(server)
    , m_tick(std::move(tick))
{
    QHttpServer &http = server.http();
    http.addWebSocketUpgradeVerifier(this, [](const QHttpServerRequest &request) {
        return request.url().path() == "/api/market/socket"_L1 ? QHttpServerWebSocketUpgradeResponse::accept() : QHttpServerWebSocketUpgradeResponse::passToNext();
    });
    connect(&http, &QHttpServer::newWebSocketConnection, this, [this, &http] {
        while (auto socket = http.nextPendingWebSocketConnection()) {
            m_sockets.push_back(std::move(socket));
        }
    });
    http.route(u"/api/market/stream"_s, QHttpServerRequest::Method::Get,
               [this](const QHttpServerRequest &request, QHttpServerResponder &responder) { open(request, responder); });
    connect(&server, &GracefulServer::terminating, this, &MarketStream::close);
    connect(&m_timer, &QTimer::timeout, this, &MarketStream::send);
    m_timer.start(250ms);
}

MarketStream::~MarketStream() = default;

void MarketStream::open(const QHttpServerRequest &request, QHttpServerResponder &responder)
{
    QHttpHeaders headers;
    headers.append(QHttpHeaders::WellKnownHeader::ContentType, "text/event-stream");
    headers.append(QHttpHeaders::WellKnownHeader::CacheControl, "no-store");
    responder.writeBeginChunked(headers);
    m_readers.push_back({std::move(responder), request.remotePort()});
}

void MarketStream::send()
{
    std::erase_if(m_sockets, [](const auto &socket) { return socket->state() != QAbstractSocket::ConnectedState; });
    std::erase_if(m_readers, [this](const Reader &reader) { return !m_server.isConnected(reader.port); });
    if (m_sockets.empty() && m_readers.empty()) {
        return;
    }
    const QByteArray tick = m_tick();
    for (const auto &socket : m_sockets) {
        socket->sendTextMessage(QString::fromUtf8(tick));
    }
    for (Reader &reader : m_readers) {
        reader.responder.writeChunk("event: quote\ndata: " + tick + "\n\n");
    }
}

void MarketStream::close()
{
    m_timer.stop();
    for (const auto &socket : m_sockets) {
        socket->close(QWebSocketProtocol::CloseCodeGoingAway);
    }
    for (Reader &reader : m_readers) {
        if (m_server.isConnected(reader.port)) {
            reader.responder.writeEndChunked({});
        }
    }
    m_readers.clear();
}

} // namespace demo
