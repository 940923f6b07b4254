// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "quotecache.h"

#include <QTcpSocket>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

constexpr int limitMs = 1000;

/// Source: "Redis serialization protocol specification", RESP2, arrays of bulk strings.
QByteArray request(const QList<QByteArray> &words)
{
    QByteArray text = '*' + QByteArray::number(words.size()) + "\r\n";
    for (const QByteArray &word : words) {
        text += '$' + QByteArray::number(word.size()) + "\r\n" + word + "\r\n";
    }
    return text;
}

} // namespace

QuoteCache::QuoteCache(const QString &server, const QString &password)
    : m_server(server)
    , m_password(password)
{
}

QuoteCache::~QuoteCache() = default;

bool QuoteCache::connectToServer()
{
    if (m_socket && m_socket->state() == QAbstractSocket::ConnectedState) {
        return true;
    }
    // Made here, as it belongs to the thread that asks.
    m_socket = std::make_unique<QTcpSocket>();
    m_socket->connectToHost(m_server.section(u':', 0, 0), m_server.section(u':', 1).toUShort());
    if (!m_socket->waitForConnected(limitMs)) {
        return false;
    }
    return m_password.isEmpty() || ask({"AUTH", m_password.toUtf8()}).has_value();
}

std::optional<QByteArray> QuoteCache::ask(const QList<QByteArray> &words)
{
    m_socket->write(request(words));
    const auto line = [this]() -> std::optional<QByteArray> {
        while (!m_socket->canReadLine()) {
            if (!m_socket->waitForReadyRead(limitMs)) {
                m_socket->abort();
                return {};
            }
        }
        return m_socket->readLine().trimmed();
    };
    const auto head = line();
    if (!head || head->isEmpty() || head->startsWith('-') || *head == "$-1") {
        return {};
    }
    return head->startsWith('$') ? line() : head->mid(1);
}

bool QuoteCache::answers()
{
    return m_server.isEmpty() || (connectToServer() && ask({"PING"}) == "PONG");
}

std::optional<double> QuoteCache::price(const QString &symbol)
{
    if (m_server.isEmpty() || !connectToServer()) {
        return {};
    }
    const auto kept = ask({"GET", "quote:" + symbol.toUtf8()});
    return kept ? std::optional(kept->toDouble()) : std::nullopt;
}

void QuoteCache::keep(const QString &symbol, double price, int seconds)
{
    if (!m_server.isEmpty() && connectToServer()) {
        (void)ask({"SETEX", "quote:" + symbol.toUtf8(), QByteArray::number(seconds), QByteArray::number(price, 'f', 2)});
    }
}

} // namespace demo
