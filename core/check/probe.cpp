// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/probe.h"

#include "check/httpclient.h"
#include "check/websocketprobe.h"
#include "config/headervalue.h"
#include "system/awaitable.h"
#include "system/clock.h"
#include "target/sshprocesses.h"

#include <QNetworkProxy>
#include <QTcpSocket>
#include <QTimer>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Async<QByteArray> tryHttp(ProbeSpec spec, std::stop_token stop)
{
    HttpRequest request;
    request.url = spec.http;
    request.timeoutMs = spec.timeoutMs;
    request.until = spec.expectBody.toUtf8();
    CO_TRY(request.headers, resolvedHeaders(spec.headers));
    HttpClient client;
    CO_TRY(HttpReply reply, co_await client.send(request, stop));
    const bool statusOk = spec.expectStatus ? reply.status == spec.expectStatus : reply.status >= 200 && reply.status < 300;
    if (!statusOk) {
        const QJsonValue expected = spec.expectStatus ? QJsonValue(spec.expectStatus) : QJsonValue(u"2xx"_s);
        co_return fail(u"probe.status"_s, {{u"url"_s, spec.http}, {u"status"_s, reply.status}, {u"expected"_s, expected}}, spec.http);
    }
    if (!reply.body.contains(request.until)) {
        const QJsonObject args{{u"url"_s, spec.http}, {u"expected"_s, spec.expectBody}, {u"limit"_s, spec.timeoutMs}};
        co_return reply.timedOut ? fail(u"probe.stream"_s, args, spec.http, Error::Kind::Transient) : fail(u"probe.body"_s, args, spec.http);
    }
    co_return reply.body;
}

Async<QByteArray> tryTcp(ProbeSpec spec, std::stop_token stop)
{
    // The scheme is only there to let QUrl take host, port and bracketed IPv6 addresses apart.
    const QUrl address(u"tcp://"_s + spec.tcp, QUrl::StrictMode);
    if (!address.isValid() || address.host().isEmpty() || address.port() <= 0) {
        co_return fail(u"probe.address"_s, {{u"address"_s, spec.tcp}}, spec.tcp);
    }
    enum class Ended { ByPeer,
                       Timeout,
                       Cancelled } ended = Ended::ByPeer;
    OneShot done;
    QTcpSocket socket;
    const auto end = [&ended, &done](Ended why) {
        if (!done.isSet()) {
            ended = why;
            done.set();
        }
    };
    QObject::connect(&socket, &QTcpSocket::connected, &socket, [&end] { end(Ended::ByPeer); });
    QObject::connect(&socket, &QTcpSocket::errorOccurred, &socket, [&end] { end(Ended::ByPeer); });
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &socket, [&end] { end(Ended::Timeout); });
    timer.start(std::chrono::milliseconds(qMax(qint64(1), spec.timeoutMs)));
    const std::stop_callback onStop(stop, [&socket, &end] {
        QMetaObject::invokeMethod(&socket, [&end] { end(Ended::Cancelled); }, Qt::QueuedConnection);
    });
    socket.setProxy(QNetworkProxy::NoProxy);
    socket.connectToHost(address.host(), quint16(address.port()));
    co_await done.future();

    const QString url = u"tcp://"_s + spec.tcp;
    if (ended == Ended::Cancelled) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    if (ended == Ended::Timeout) {
        co_return fail(u"probe.timeout"_s, {{u"url"_s, url}, {u"limit"_s, spec.timeoutMs}}, url, Error::Kind::Transient);
    }
    if (socket.state() == QAbstractSocket::ConnectedState) {
        co_return QByteArray();
    }
    switch (socket.error()) {
    case QAbstractSocket::ConnectionRefusedError:
        co_return fail(u"probe.refused"_s, {{u"url"_s, url}}, url, Error::Kind::Transient);
    case QAbstractSocket::HostNotFoundError:
        co_return fail(u"probe.dns"_s, {{u"url"_s, url}, {u"host"_s, address.host()}}, url, Error::Kind::Transient);
    default:
        co_return fail(u"probe.network"_s, {{u"url"_s, url}, {u"reason"_s, socket.errorString()}}, url, Error::Kind::Transient);
    }
}

Async<QByteArray> tryCommand(ProbeSpec spec, std::stop_token stop)
{
    ProcessSpec process;
    process.program = spec.command.first();
    process.arguments = spec.command.sliced(1);
    process.timeoutMs = spec.timeoutMs;
    process.graceMs = 500;
    process.maxOutput = 64 << 10;
    const auto ran = co_await runOn(spec.host, process, stop);
    const QString command = spec.command.join(u' ') + (spec.host.isHere() ? QString() : QString(u" @ "_s + spec.host.text()));
    if (!ran) {
        if (ran.error().code == "process.timeout"_L1) {
            co_return fail(u"probe.timeout"_s, {{u"url"_s, command}, {u"limit"_s, spec.timeoutMs}}, command, Error::Kind::Transient);
        }
        co_return fail(ran.error());
    }
    if (ran->exitCode != 0) {
        const QByteArray said = (ran->errorOutput.trimmed().isEmpty() ? ran->output : ran->errorOutput).trimmed();
        const QByteArray lastLine = said.sliced(said.lastIndexOf('\n') + 1).left(300);
        co_return fail(u"probe.exit"_s,
                       {{u"command"_s, command}, {u"exit"_s, ran->exitCode}, {u"lastLine"_s, QString::fromUtf8(lastLine)}}, command);
    }
    co_return ran->output;
}

Async<QByteArray> tryAny(ProbeSpec spec, std::stop_token stop)
{
    if (!spec.http.isEmpty()) {
        co_return spec.webSocket ? co_await tryWebSocket(spec, stop) : co_await tryHttp(spec, stop);
    }
    if (!spec.tcp.isEmpty()) {
        co_return co_await tryTcp(spec, stop);
    }
    if (!spec.command.isEmpty()) {
        co_return co_await tryCommand(spec, stop);
    }
    co_return fail(u"probe.empty"_s, {{u"name"_s, spec.name}});
}

/// What to call it where it has no name.
QString nameOf(const ProbeSpec &spec)
{
    const QString words = spec.command.join(u' ');
    for (const QString &text : {spec.name, spec.http, spec.tcp}) {
        if (!text.isEmpty()) {
            return text;
        }
    }
    return words;
}

} // namespace

QCoro::Task<ProbeResult> probeOnce(ProbeSpec spec, std::stop_token stop)
{
    const qint64 begin = Clock::system().monotonic();
    auto tried = co_await tryAny(std::move(spec), stop);
    ProbeResult result;
    result.durationMs = Clock::system().monotonic() - begin;
    if (tried) {
        result.ok = true;
        result.body = std::move(*tried);
    } else {
        result.error = std::move(tried).error();
    }
    co_return result;
}

Async<> waitUntilOk(ProbeSpec spec, std::stop_token stop)
{
    const qint64 begin = Clock::system().monotonic();
    while (true) {
        const qint64 left = begin + spec.readyWithinMs - Clock::system().monotonic();
        ProbeSpec once = spec;
        // The last try is not cut so short that it could not succeed.
        once.timeoutMs = qBound(qMin(qint64(500), spec.timeoutMs), left, spec.timeoutMs);
        const ProbeResult result = co_await probeOnce(once, stop);
        if (result.ok) {
            co_return {};
        }
        if (result.error.kind == Error::Kind::Cancelled || result.error.code == "probe.empty"_L1) {
            co_return fail(result.error);
        }
        if (Clock::system().monotonic() - begin + spec.intervalMs > spec.readyWithinMs) {
            co_return fail(u"probe.not_ready"_s,
                           {{u"name"_s, nameOf(spec)},
                            {u"limit"_s, spec.readyWithinMs},
                            {u"last"_s, QJsonObject{{u"code"_s, result.error.code}, {u"args"_s, result.error.args}}}},
                           result.error.where);
        }
        CO_CHECK(co_await Clock::system().sleep(spec.intervalMs, stop));
    }
}

} // namespace cutover
