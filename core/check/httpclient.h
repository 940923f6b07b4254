// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QNetworkAccessManager>

#include <stop_token>

namespace cutover {

struct HttpReply {
    int status = 0;
    QByteArray body; ///< At most maxBody bytes.
    bool truncated = false; ///< There was more; the connection was closed.
    qint64 durationMs = 0;
};

/**
 * Small GET requests to the target's own services: no proxy, no redirects followed, no cache. Any status
 * is a reply. Errors: "probe.refused", "probe.timeout", "probe.dns", "probe.closed", "probe.tls",
 * "probe.url", "probe.network"; Cancelled on stop. Event-loop thread; outlives its requests.
 */
class HttpClient
{
public:
    /// connectionsPerHost: how many requests to one host and port may be under way at once.
    explicit HttpClient(int connectionsPerHost = 6, bool keepAlive = false);
    [[nodiscard]] Async<HttpReply> get(QString url, qint64 timeoutMs, qint64 maxBody = 64 << 10, std::stop_token stop = {});

private:
    QNetworkAccessManager m_manager;
    int m_connectionsPerHost;
    bool m_keepAlive;
};

} // namespace cutover
