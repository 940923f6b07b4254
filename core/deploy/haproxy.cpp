// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/haproxy.h"

#include "deploy/haproxyprocesses.h"
#include "deploy/localexchange.h"
#include "deploy/tcpconnections.h"
#include "system/clock.h"

#include <QCoreApplication>
#include <QMap>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AgainMs = 200;
constexpr qint64 YoungSec = 120; ///< So long after its start, what a process of before may still be answering counts.

/// A line of "show info"; -1: there is none.
qint64 toldNumber(const QByteArray &info, const QByteArray &name)
{
    const QByteArrayList lines = info.split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith(name)) {
            return line.sliced(name.size()).trimmed().toLongLong();
        }
    }
    return -1;
}

const BalancerRegistry::Registration registration(u"haproxy"_s, [](const Target &target, const BalancerTools &tools) {
    return std::make_unique<Haproxy>(target.balancer.socket, tools.answerMs, target.balancer.maintenanceBackend, tools.patienceMs);
});

} // namespace

std::unexpected<Error> Haproxy::refused(const QString &command, const QByteArray &answer) const
{
    return fail(u"haproxy.refused"_s, {{u"socket"_s, m_socket}, {u"command"_s, command}, {u"answer"_s, QString::fromUtf8(answer).trimmed()}}, m_socket);
}

Async<QByteArray> Haproxy::command(QString command) const
{
    const QString socket = m_socket;
    const QByteArray change = command.startsWith("set "_L1) || command.startsWith("shutdown "_L1) ? command.toUtf8() : QByteArray();
    const qint64 begin = Clock::system().monotonic();
    const qint64 patience = m_patienceMs;
    auto answer = co_await localExchange(socket, command.toUtf8() + '\n', m_limitMs, {}, change);
    // Nobody took the question, so that nothing was done.
    while (!answer && answer.error().code == u"deploy.socket_refused" && Clock::system().monotonic() - begin < patience) {
        CO_CHECK(co_await Clock::system().sleep(AgainMs));
        answer = co_await localExchange(socket, command.toUtf8() + '\n', m_limitMs, {}, change);
    }
    if (!answer) {
        co_return fail(u"haproxy.gone"_s,
                       {{u"socket"_s, socket}, {u"command"_s, command}, {u"reason"_s, answer.error().args[u"reason"_s].toString(answer.error().what())}, {u"late"_s, answer.error().code == u"deploy.socket_timeout"}},
                       socket, Error::Kind::Transient);
    }
    co_return *answer;
}

Async<QList<BalancerServer>> Haproxy::allServers() const
{
    CO_TRY(const QByteArray csv, co_await command(u"show stat"_s));
    // It ended while it answered, and may be there again in a moment.
    if (!csv.endsWith('\n')) {
        co_return fail(u"haproxy.gone"_s, {{u"socket"_s, m_socket}, {u"command"_s, u"show stat"_s}, {u"reason"_s, Message{u"haproxy.broke_off"_s, {}}.toJson()}, {u"late"_s, false}}, m_socket, Error::Kind::Transient);
    }
    // Fields are found by the names in the header line, which other versions extend.
    const QStringList lines = QString::fromUtf8(csv).split(u'\n', Qt::SkipEmptyParts);
    if (lines.isEmpty() || !lines.front().startsWith(u"# ")) {
        co_return refused(u"show stat"_s, csv);
    }
    QMap<QString, qsizetype> column;
    const QStringList names = lines.front().sliced(2).split(u',');
    for (qsizetype i = 0; i < names.size(); ++i) {
        column.insert(names[i], i);
    }
    QList<BalancerServer> result;
    const QStringList rows = lines.sliced(1);
    for (const QString &line : rows) {
        const QStringList fields = line.split(u',');
        const auto field = [&](const QString &name) { return fields.value(column.value(name, -1)); };
        BalancerServer server;
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
        server.address = field(u"addr"_s);
        // What was set; the one in effect is less while a server starts slowly ("slowstart").
        server.weight = field(column.contains(u"uweight"_s) ? u"uweight"_s : u"weight"_s).toInt();
        server.out = server.status.startsWith(u"MAINT") || server.status.startsWith(u"DRAIN");
        result.append(server);
    }
    co_return result;
}

Async<QList<BalancerServer>> Haproxy::servers(QString backend) const
{
    CO_TRY(QList<BalancerServer> all, co_await allServers());
    const bool known = std::ranges::any_of(all, [&](const BalancerServer &s) { return s.backend == backend && s.name == u"BACKEND"; });
    if (!known) {
        co_return fail(u"haproxy.no_backend"_s, {{u"socket"_s, m_socket}, {u"backend"_s, backend}}, m_socket);
    }
    all.removeIf([&](const BalancerServer &s) { return s.backend != backend || s.name == u"BACKEND" || s.name == u"FRONTEND"; });
    co_return all;
}

Async<BalancerServer> Haproxy::server(QString backend, QString name) const
{
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    for (const BalancerServer &server : all) {
        if (server.name == name) {
            co_return server;
        }
    }
    co_return fail(u"haproxy.no_server"_s, {{u"socket"_s, m_socket}, {u"backend"_s, backend}, {u"server"_s, name}}, m_socket);
}

Async<> Haproxy::setState(QString backend, QString server, State state) const
{
    const QString word = state == State::Ready ? u"ready"_s : state == State::Drain ? u"drain"_s
                                                                                    : u"maint"_s;
    const QString text = u"set server %1/%2 state %3"_s.arg(backend, server, word);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Silence is success.
    if (!answer.trimmed().isEmpty()) {
        co_return refused(text, answer);
    }
    co_return {};
}

Async<> Haproxy::setAddress(QString backend, QString server, QString address, int port) const
{
    const QString text = u"set server %1/%2 addr %3 port %4"_s.arg(backend, server, address).arg(port);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Here it tells what it has changed, or that nothing needed to be.
    if (!answer.contains("changed from") && !answer.contains("nothing changed") && !answer.contains("no need to change")) {
        co_return refused(text, answer);
    }
    co_return {};
}

Async<> Haproxy::addServer(QString backend, QString server, QString address, int port) const
{
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    if (!std::ranges::contains(all, server, &BalancerServer::name)) {
        const QString text = u"add server %1/%2 %3:%4"_s.arg(backend, server, address).arg(port);
        CO_TRY(const QByteArray answer, co_await command(text));
        if (!answer.contains("New server registered")) {
            co_return refused(text, answer);
        }
        co_return {};
    }
    CO_CHECK(co_await setState(backend, server, State::Maintenance));
    co_return co_await setAddress(backend, server, address, port);
}

Async<> Haproxy::removeServer(QString backend, QString server) const
{
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    if (!std::ranges::contains(all, server, &BalancerServer::name)) {
        co_return {};
    }
    CO_CHECK(co_await setState(backend, server, State::Maintenance));
    const QString text = u"del server %1/%2"_s.arg(backend, server);
    CO_TRY(const QByteArray answer, co_await command(text));
    if (!answer.contains("Server deleted")) {
        co_return refused(text, answer);
    }
    co_return {};
}

Async<> Haproxy::setWeight(QString backend, QString server, int weight) const
{
    if (weight < 1 || weight > MaximumWeight) {
        co_return co_await weightRefused(server, weight);
    }
    const QString text = u"set server %1/%2 weight %3"_s.arg(backend, server).arg(weight);
    CO_TRY(const QByteArray answer, co_await command(text));
    if (!answer.trimmed().isEmpty()) {
        co_return refused(text, answer);
    }
    co_return {};
}

Async<int> Haproxy::connectionsLeft(BalancerServer server) const
{
    CO_TRY(const QByteArray info, co_await command(u"show info"_s));
    if (const auto left = haproxyConnectionsLeft(toldNumber(info, "Pid:"), server.address)) {
        co_return *left;
    }
    // Its processes are hidden, as in a container of their own: soon after its start whoever's connections count.
    const auto remote = TcpRemote::parse(server.address);
    const qint64 uptime = toldNumber(info, "Uptime_sec:");
    const bool isYoung = uptime >= 0 && uptime < YoungSec;
    co_return isYoung &&remote &&server.address.contains(u':') ? int(tcpConnectionsTo(*remote, QCoreApplication::applicationPid()).size()) : 0;
}

Async<> Haproxy::shutSessions(QString backend, QString server) const
{
    const QString text = u"shutdown sessions server %1/%2"_s.arg(backend, server);
    CO_TRY(const QByteArray answer, co_await command(text));
    if (!answer.trimmed().isEmpty()) {
        co_return refused(text, answer);
    }
    co_return {};
}

Async<> Haproxy::check(std::stop_token) const
{
    CO_TRY(const auto all, co_await allServers());
    Q_UNUSED(all)
    co_return {};
}

Async<> Haproxy::checkMaintenance() const
{
    if (m_maintenanceBackend.isEmpty()) {
        co_return {};
    }
    CO_TRY(const auto found, co_await servers(m_maintenanceBackend));
    Q_UNUSED(found)
    co_return {};
}

} // namespace cutover
