// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/websocketprobe.h"

#include "config/headervalue.h"
#include "system/awaitable.h"

#include <QNetworkProxy>
#include <QNetworkRequest>
#include <QTimer>
#include <QWebSocket>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr quint64 maxMessage = 1 << 20;
constexpr qsizetype shownReason = 200;

/// Ended by the server or on its way to it.
std::unexpected<Error> broken(const QWebSocket &socket, const QString &url)
{
    switch (socket.error()) {
    case QAbstractSocket::ConnectionRefusedError:
        return fail(u"probe.refused"_s, {{u"url"_s, url}}, url, Error::Kind::Transient);
    case QAbstractSocket::HostNotFoundError:
        return fail(u"probe.dns"_s, {{u"url"_s, url}, {u"host"_s, QUrl(url).host()}}, url, Error::Kind::Transient);
    default:
        break;
    }
    QString reason = socket.errorString();
    // Qt names its own function before the reason.
    reason = reason.sliced(reason.indexOf("::"_L1) < 0 ? 0 : reason.indexOf(": "_L1) + 1).trimmed();
    while (reason.endsWith(u'.')) {
        reason.chop(1);
    }
    return fail(u"probe.web_socket"_s, {{u"url"_s, url}, {u"reason"_s, reason.left(shownReason)}}, url, Error::Kind::Transient);
}

} // namespace

Async<QByteArray> tryWebSocket(ProbeSpec spec, std::stop_token stop)
{
    if (stop.stop_requested()) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    QNetworkRequest request{QUrl(spec.http, QUrl::StrictMode)};
    CO_TRY(const auto headers, resolvedHeaders(spec.headers));
    for (const auto &[name, value] : headers.asKeyValueRange()) {
        request.setRawHeader(name, value);
    }

    enum class Ended { Well,
                       ByPeer,
                       Timeout,
                       Cancelled } ended = Ended::ByPeer;
    OneShot done;
    QWebSocket socket;
    const auto end = [&ended, &done](Ended why) {
        if (!done.isSet()) {
            ended = why;
            done.set();
        }
    };
    const QByteArray expected = spec.expectBody.toUtf8();
    bool open = false;
    int messages = 0;
    QByteArray found;
    const auto take = [&](const QByteArray &message) {
        ++messages;
        if (!spec.expectBody.isNull() && message.contains(expected) && !done.isSet()) {
            found = message;
            end(Ended::Well);
        }
    };
    QObject::connect(&socket, &QWebSocket::connected, &socket, [&] {
        open = true;
        if (spec.expectBody.isNull()) {
            end(Ended::Well);
        }
    });
    QObject::connect(&socket, &QWebSocket::textMessageReceived, &socket, [&take](const QString &message) { take(message.toUtf8()); });
    QObject::connect(&socket, &QWebSocket::binaryMessageReceived, &socket, take);
    QObject::connect(&socket, &QWebSocket::disconnected, &socket, [&end] { end(Ended::ByPeer); });
    QObject::connect(&socket, &QWebSocket::errorOccurred, &socket, [&end] { end(Ended::ByPeer); });
    QTimer timer;
    timer.setSingleShot(true);
    timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&timer, &QTimer::timeout, &socket, [&end] { end(Ended::Timeout); });
    timer.start(std::chrono::milliseconds(qMax(qint64(1), spec.timeoutMs)));
    const std::stop_callback onStop(stop, [&socket, &end] {
        QMetaObject::invokeMethod(&socket, [&end] { end(Ended::Cancelled); }, Qt::QueuedConnection);
    });
    socket.setProxy(QNetworkProxy::NoProxy);
    socket.setMaxAllowedIncomingMessageSize(maxMessage);
    socket.setMaxAllowedIncomingFrameSize(maxMessage);
    socket.open(request);
    co_await done.future();

    // What it tells while it goes away is of no interest.
    QObject::disconnect(&socket, nullptr, &socket, nullptr);
    const QString url = spec.http;
    const QJsonObject args{{u"url"_s, url}, {u"limit"_s, spec.timeoutMs}, {u"expected"_s, spec.expectBody}, {u"count"_s, messages}};
    switch (ended) {
    case Ended::Well:
        socket.close();
        co_return found;
    case Ended::Cancelled:
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    case Ended::Timeout:
        if (open) {
            co_return fail(messages > 0 ? u"probe.other_message"_s : u"probe.no_message"_s, args, url, Error::Kind::Transient);
        }
        co_return fail(u"probe.timeout"_s, args, url, Error::Kind::Transient);
    case Ended::ByPeer:
        break;
    }
    if (open) {
        co_return fail(u"probe.closed"_s, args, url, Error::Kind::Transient);
    }
    co_return broken(socket, url);
}

} // namespace cutover
