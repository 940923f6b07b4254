// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QString>

#include <memory>
#include <optional>

class QTcpSocket;

namespace demo {

/**
 * Prices that were told last, in Redis. One thread; each call blocks for at most a second. Without a
 * server every call fails at once, and the next one tries to connect again.
 */
class QuoteCache
{
public:
    /// HOST:PORT; empty: there is none, and nothing is ever cached.
    QuoteCache(const QString &server, const QString &password);
    ~QuoteCache();

    /// Whether it answers, or there is none to answer.
    [[nodiscard]] bool answers();
    [[nodiscard]] std::optional<double> price(const QString &symbol);
    /// Kept for seconds.
    void keep(const QString &symbol, double price, int seconds);

private:
    /// The answer without its type and its line ends; nothing when there is none, an error or a null.
    [[nodiscard]] std::optional<QByteArray> ask(const QList<QByteArray> &words);
    [[nodiscard]] bool connectToServer();

    QString m_server;
    QString m_password;
    std::unique_ptr<QTcpSocket> m_socket;
};

} // namespace demo
