// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QMap>
#include <QNetworkAccessManager>

#include <stop_token>

namespace cutover {

struct HttpRequest {
    QString url;
    QByteArray method = "GET"; ///< One without a body.
    QMap<QByteArray, QByteArray> headers = {}; ///< Sent along; they may be secrets.
    qint64 timeoutMs = 5000;
    qint64 maxBody = 64 << 10;
    QByteArray until = {}; ///< Once the body holds this, enough has come: a stream never ends. Empty: all of it.
};

struct HttpReply {
    int status = 0;
    QByteArray contentType; ///< As it was sent; empty: none.
    QByteArray body; ///< At most maxBody bytes.
    bool truncated = false; ///< There was more, or may have been; the connection was closed.
    bool timedOut = false; ///< Only with until: it had begun, and that did not come in time.
    qint64 durationMs = 0;
};

/**
 * Small requests to the target's own services: no proxy, no redirects followed, no cache. Any status
 * is a reply. Errors: "probe.refused", "probe.timeout", "probe.dns", "probe.closed", "probe.tls",
 * "probe.url", "probe.network"; Cancelled on stop. Event-loop thread; outlives its requests.
 */
class HttpClient
{
public:
    /// connectionsPerHost: how many requests to one host and port may be under way at once.
    explicit HttpClient(int connectionsPerHost = 6, bool keepAlive = false);
    [[nodiscard]] Async<HttpReply> send(HttpRequest what, std::stop_token stop = {});
    [[nodiscard]] Async<HttpReply> get(QString url, qint64 timeoutMs, qint64 maxBody = 64 << 10, std::stop_token stop = {});

private:
    QNetworkAccessManager m_manager;
    int m_connectionsPerHost;
    bool m_keepAlive;
};

} // namespace cutover
