// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/httpclient.h"

#include "system/awaitable.h"

#include <QElapsedTimer>
#include <QHttp1Configuration>
#include <QNetworkProxy>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// What ended a request from our side.
enum class Ended { ByServer,
                   Timeout,
                   Cancelled,
                   Enough };

std::unexpected<Error> transport(const QNetworkReply &reply, const QString &url)
{
    const auto temporary = [&url](const QString &code, const QJsonObject &more = {}) {
        QJsonObject args = more;
        args.insert(u"url"_s, url);
        return fail(code, args, url, Error::Kind::Transient);
    };
    switch (reply.error()) {
    case QNetworkReply::ConnectionRefusedError:
        return temporary(u"probe.refused"_s);
    case QNetworkReply::HostNotFoundError:
        return temporary(u"probe.dns"_s, {{u"host"_s, QUrl(url).host()}});
    case QNetworkReply::RemoteHostClosedError:
        return temporary(u"probe.closed"_s);
    case QNetworkReply::SslHandshakeFailedError:
        return fail(u"probe.tls"_s, {{u"url"_s, url}, {u"reason"_s, reply.errorString()}}, url);
    case QNetworkReply::ProtocolUnknownError:
    case QNetworkReply::ProtocolInvalidOperationError:
        return fail(u"probe.url"_s, {{u"url"_s, url}}, url);
    default:
        return temporary(u"probe.network"_s, {{u"reason"_s, reply.errorString()}});
    }
}

} // namespace

HttpClient::HttpClient(int connectionsPerHost, bool keepAlive)
    : m_connectionsPerHost(connectionsPerHost)
    , m_keepAlive(keepAlive)
{
    m_manager.setProxy(QNetworkProxy::NoProxy);
    m_manager.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    m_manager.setAutoDeleteReplies(false);
}

Async<HttpReply> HttpClient::get(QString url, qint64 timeoutMs, qint64 maxBody, std::stop_token stop)
{
    HttpRequest what;
    what.url = std::move(url);
    what.timeoutMs = timeoutMs;
    what.maxBody = maxBody;
    return send(std::move(what), std::move(stop));
}

Async<HttpReply> HttpClient::send(HttpRequest what, std::stop_token stop)
{
    const QString url = what.url;
    if (stop.stop_requested()) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    const QUrl parsed(url, QUrl::StrictMode);
    if (!parsed.isValid() || parsed.host().isEmpty() || (parsed.scheme() != "http"_L1 && parsed.scheme() != "https"_L1)) {
        co_return fail(u"probe.url"_s, {{u"url"_s, url}}, url);
    }
    QNetworkRequest request(parsed);
    for (const auto &[name, value] : what.headers.asKeyValueRange()) {
        request.setRawHeader(name, value);
    }
    request.setRawHeader("User-Agent", "cutover/" CUTOVER_VERSION);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CacheSaveControlAttribute, false);
    if (!m_keepAlive) {
        // A new connection each time: an old one may still lead to an instance that is going away.
        request.setRawHeader("Connection", "close");
    }
    QHttp1Configuration http1;
    http1.setNumberOfConnectionsPerHost(m_connectionsPerHost);
    request.setHttp1Configuration(http1);

    QElapsedTimer clock;
    clock.start();
    HttpReply result;
    OneShot done;
    Ended ended = Ended::ByServer;
    // Of a method of one's own Qt does not know that its answer has no body, whatever length is told.
    const std::unique_ptr<QNetworkReply> reply(what.method == "HEAD" ? m_manager.head(request) : m_manager.sendCustomRequest(request, what.method));
    const auto end = [&ended, &done, &reply](Ended why) {
        if (!done.isSet()) {
            ended = why;
            done.set();
            reply->abort();
        }
    };
    const auto read = [&result, &reply, &what] {
        result.body += reply->read(what.maxBody - result.body.size());
        return reply->bytesAvailable() > 0 || (!what.until.isEmpty() && result.body.contains(what.until));
    };
    QObject::connect(reply.get(), &QNetworkReply::finished, reply.get(), [&done] { done.set(); });
    QObject::connect(reply.get(), &QNetworkReply::readyRead, reply.get(), [&read, &end] {
        if (read()) {
            end(Ended::Enough);
        }
    });
    QTimer timer;
    timer.setSingleShot(true);
    timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&timer, &QTimer::timeout, reply.get(), [&end] { end(Ended::Timeout); });
    timer.start(std::chrono::milliseconds(qMax(qint64(1), what.timeoutMs)));
    QObject context;
    const std::stop_callback onStop(stop, [&context, &end] {
        QMetaObject::invokeMethod(&context, [&end] { end(Ended::Cancelled); }, Qt::QueuedConnection);
    });
    co_await done.future();

    result.durationMs = clock.elapsed();
    result.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    result.contentType = reply->rawHeader("Content-Type");
    switch (ended) {
    case Ended::Cancelled:
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    case Ended::Timeout:
        if (result.status != 0 && !what.until.isEmpty()) {
            result.truncated = result.timedOut = true;
            co_return result;
        }
        co_return fail(u"probe.timeout"_s, {{u"url"_s, url}, {u"limit"_s, what.timeoutMs}}, url, Error::Kind::Transient);
    case Ended::Enough:
        result.truncated = true;
        co_return result;
    case Ended::ByServer:
        break;
    }
    // Errors from 201 on are statuses of HTTP, which are for the caller to judge.
    if (result.status == 0 || (reply->error() != QNetworkReply::NoError && reply->error() < QNetworkReply::ContentAccessDenied)) {
        co_return transport(*reply, url);
    }
    result.truncated = read();
    co_return result;
}

} // namespace cutover
