// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/haproxy.h"

#include "deploy/localexchange.h"
#include "system/clock.h"

#include <QMap>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 PollMs = 40;
/// Readings without a session in a row: a request that was being assigned when the drain began
/// is counted a moment later.
constexpr int QuietReadings = 2;

} // namespace

Async<QByteArray> Haproxy::command(QString command) const
{
    const QString socket = m_socket;
    const QByteArray change = command.startsWith("set "_L1) ? command.toUtf8() : QByteArray();
    auto answer = co_await localExchange(socket, command.toUtf8() + '\n', m_limitMs, {}, change);
    if (!answer) {
        co_return fail(u"haproxy.gone"_s,
                       {{u"socket"_s, socket}, {u"command"_s, command}, {u"reason"_s, answer.error().args[u"reason"_s].toString(answer.error().what())}, {u"late"_s, answer.error().code == u"deploy.socket_timeout"}},
                       socket, Error::Kind::Transient);
    }
    co_return *answer;
}

Async<QList<HaproxyServer>> Haproxy::statistics() const
{
    CO_TRY(const QByteArray csv, co_await command(u"show stat"_s));
    // Fields are found by the names in the header line, which other versions extend.
    const QStringList lines = QString::fromUtf8(csv).split(u'\n', Qt::SkipEmptyParts);
    if (lines.isEmpty() || !lines.front().startsWith(u"# ")) {
        co_return fail(u"haproxy.refused"_s,
                       {{u"socket"_s, m_socket}, {u"command"_s, u"show stat"_s}, {u"answer"_s, QString::fromUtf8(csv).trimmed()}}, m_socket);
    }
    QMap<QString, qsizetype> column;
    const QStringList names = lines.front().sliced(2).split(u',');
    for (qsizetype i = 0; i < names.size(); ++i) {
        column.insert(names[i], i);
    }
    QList<HaproxyServer> result;
    for (const QString &line : lines.sliced(1)) {
        const QStringList fields = line.split(u',');
        const auto field = [&](const QString &name) { return fields.value(column.value(name, -1)); };
        HaproxyServer server;
        server.backend = field(u"pxname"_s);
        server.name = field(u"svname"_s);
        server.status = field(u"status"_s);
        server.sessions = field(u"scur"_s).toInt() + field(u"qcur"_s).toInt();
        server.requests = field(u"stot"_s).toLongLong();
        server.retries = field(u"wretr"_s).toLongLong();
        server.redispatches = field(u"wredis"_s).toLongLong();
        server.failures = field(u"econ"_s).toLongLong() + field(u"eresp"_s).toLongLong();
        server.unanswered = field(u"hrsp_other"_s).toLongLong();
        server.check = field(u"check_status"_s);
        result.append(server);
    }
    co_return result;
}

Async<QList<HaproxyServer>> Haproxy::servers(QString backend) const
{
    CO_TRY(QList<HaproxyServer> all, co_await statistics());
    const bool known = std::ranges::any_of(all, [&](const HaproxyServer &s) { return s.backend == backend && s.name == u"BACKEND"; });
    if (!known) {
        co_return fail(u"haproxy.no_backend"_s, {{u"socket"_s, m_socket}, {u"backend"_s, backend}}, m_socket);
    }
    all.removeIf([&](const HaproxyServer &s) { return s.backend != backend || s.name == u"BACKEND" || s.name == u"FRONTEND"; });
    co_return all;
}

Async<HaproxyServer> Haproxy::server(QString backend, QString name) const
{
    CO_TRY(const QList<HaproxyServer> all, co_await servers(backend));
    for (const HaproxyServer &server : all) {
        if (server.name == name) {
            co_return server;
        }
    }
    co_return fail(u"haproxy.no_server"_s, {{u"socket"_s, m_socket}, {u"backend"_s, backend}, {u"server"_s, name}}, m_socket);
}

Async<bool> Haproxy::hasBackend(QString backend) const
{
    const auto found = co_await servers(backend);
    if (!found && found.error().code != u"haproxy.no_backend") {
        co_return fail(found.error());
    }
    co_return found.has_value();
}

Async<> Haproxy::setState(QString backend, QString server, State state) const
{
    const QString word = state == State::Ready ? u"ready"_s : state == State::Drain ? u"drain"_s
                                                                                    : u"maint"_s;
    const QString text = u"set server %1/%2 state %3"_s.arg(backend, server, word);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Silence is success.
    if (!answer.trimmed().isEmpty()) {
        co_return fail(u"haproxy.refused"_s,
                       {{u"socket"_s, m_socket}, {u"command"_s, text}, {u"answer"_s, QString::fromUtf8(answer).trimmed()}}, m_socket);
    }
    co_return {};
}

Async<> Haproxy::setAddress(QString backend, QString server, QString address, int port) const
{
    const QString text = u"set server %1/%2 addr %3 port %4"_s.arg(backend, server, address).arg(port);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Here it tells what it has changed, or that nothing needed to be.
    if (!answer.contains("changed from") && !answer.contains("nothing changed") && !answer.contains("no need to change")) {
        co_return fail(u"haproxy.refused"_s,
                       {{u"socket"_s, m_socket}, {u"command"_s, text}, {u"answer"_s, QString::fromUtf8(answer).trimmed()}}, m_socket);
    }
    co_return {};
}

Async<> Haproxy::waitDrained(QString backend, QString server, qint64 limitMs, std::function<void(int)> progress, std::stop_token stop) const
{
    const qint64 begin = Clock::system().monotonic();
    int quiet = 0;
    while (true) {
        CO_TRY(const HaproxyServer now, co_await this->server(backend, server));
        quiet = now.sessions == 0 ? quiet + 1 : 0;
        if (quiet >= QuietReadings) {
            co_return {};
        }
        if (progress) {
            progress(now.sessions);
        }
        if (Clock::system().monotonic() - begin > limitMs && now.sessions > 0) {
            co_return fail(u"haproxy.sessions_left"_s, {{u"server"_s, server}, {u"count"_s, now.sessions}, {u"limit"_s, limitMs}}, m_socket);
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

Async<> Haproxy::waitUp(QString backend, QString server, qint64 limitMs, std::stop_token stop) const
{
    const qint64 begin = Clock::system().monotonic();
    while (true) {
        CO_TRY(const HaproxyServer now, co_await this->server(backend, server));
        // "UP 1/2" is on its way down.
        if (now.status == u"UP" || now.status == u"no check") {
            co_return {};
        }
        if (Clock::system().monotonic() - begin > limitMs) {
            co_return fail(u"haproxy.not_up"_s, {{u"server"_s, server}, {u"status"_s, now.status}, {u"limit"_s, limitMs}}, m_socket);
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

} // namespace cutover
