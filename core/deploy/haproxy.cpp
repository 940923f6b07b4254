// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/haproxy.h"

#include "deploy/haproxyprocesses.h"
#include "deploy/localexchange.h"
#include "deploy/tcpconnections.h"
#include "system/clock.h"

#include <QCoreApplication>
#include <QCoroFuture>
#include <QHostAddress>
#include <QHostInfo>

#include <algorithm>
#include <functional>
#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AgainMs = 200;
constexpr qint64 RemovalMs = 10000; ///< For connections of a drained server that are kept open to be used again.
constexpr int MaximumWords = 56; ///< It overlooks what goes beyond 64 in a command.
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

/// By lines and fields. One that has a comma, as what a health check was told may, stands in quotes, which are doubled within.
QList<QStringList> csvLines(const QString &text)
{
    QList<QStringList> lines{{QString()}};
    bool isQuoted = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar letter = text[i];
        if (letter == u'"' && isQuoted && i + 1 < text.size() && text[i + 1] == u'"') {
            lines.last().last() += text[++i];
        } else if (letter == u'"') {
            isQuoted = !isQuoted;
        } else if (letter == u',' && !isQuoted) {
            lines.last().append(QString());
        } else if (letter == u'\n' && !isQuoted) {
            lines.append({QString()});
        } else {
            lines.last().last() += letter;
        }
    }
    lines.removeIf([](const QStringList &line) { return line.join(QString()).isEmpty(); });
    return lines;
}

/// What was set; the one in effect is less while a server starts slowly ("slowstart").
int weightIn(const Haproxy::Row &row)
{
    return row.value(row.contains(u"uweight"_s) ? u"uweight"_s : u"weight"_s).toInt();
}

/// As HAProxy tells it.
QString placeOf(const QHostAddress &address, int port)
{
    const bool isV6 = address.protocol() == QAbstractSocket::IPv6Protocol;
    return (isV6 ? QString(u'[' + address.toString() + u']') : address.toString()) + u':' + QString::number(port);
}

/// Whether what the configuration says of a server holds for the running one, as far as that tells.
bool isAsRunning(const HaproxyServer &server, const Haproxy::Row &row)
{
    const bool isChecked = server.has("check"_L1);
    const QString rise = row.value(u"check_rise"_s);
    const QString fall = row.value(u"check_fall"_s);
    const bool isHttp = row.value(u"mode"_s) == u"http"; // Else a cookie has no meaning.
    // It tells nothing of checks that rest.
    const bool isMaintained = row.value(u"status"_s).startsWith(u"MAINT");
    return (!isHttp || server.cookie == row.value(u"cookie"_s)) && (isMaintained || isChecked == !rise.isEmpty())
        && (!isChecked || isMaintained || (rise == server.value("rise"_L1, u"2"_s) && fall == server.value("fall"_L1, u"3"_s)));
}

/// Whether a backend has its servers in a map that is made when it starts: HAProxy adds none there.
bool isFixed(const QString &algorithm, const HaproxyBackend &backend)
{
    static const QStringList hashing{u"source"_s, u"uri"_s, u"url_param"_s, u"hdr"_s, u"rdp-cookie"_s, u"hash"_s};
    return algorithm == u"static-rr" || (hashing.contains(algorithm) && !backend.mayBeConsistent);
}

const BalancerRegistry::Registration registration(u"haproxy"_s, [](const Target &target, const BalancerTools &tools) {
    return std::make_unique<Haproxy>(target.balancer.socket, tools.answerMs, target.balancer.maintenanceBackend, tools.patienceMs);
});

} // namespace

std::unexpected<Error> Haproxy::refused(const QString &command, const QByteArray &answer) const
{
    return fail(u"haproxy.refused"_s, {{u"socket"_s, m_socket}, {u"command"_s, command}, {u"answer"_s, QString::fromUtf8(answer).trimmed()}}, m_socket);
}

std::unexpected<Error> Haproxy::noServer(const QString &backend, const QString &server) const
{
    return fail(u"haproxy.no_server"_s, {{u"socket"_s, m_socket}, {u"backend"_s, backend}, {u"server"_s, server}}, m_socket);
}

std::unexpected<Error> Haproxy::refusedFor(const QString &backend, const QString &server, const QString &command, const QByteArray &answer) const
{
    return answer.contains("No such server") ? noServer(backend, server) : refused(command, answer);
}

std::unexpected<Error> Haproxy::fixedServers(const QString &backend, const QString &server, const QJsonValue &answer) const
{
    return fail(u"haproxy.fixed_servers"_s, {{u"backend"_s, backend}, {u"server"_s, server}, {u"answer"_s, answer}}, m_socket);
}

Async<QByteArray> Haproxy::command(QString command) const
{
    const QString socket = m_socket;
    const QByteArray change = command.startsWith("show "_L1) ? QByteArray() : command.toUtf8();
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

Async<QList<Haproxy::Row>> Haproxy::stat() const
{
    CO_TRY(const QByteArray csv, co_await command(u"show stat"_s));
    // It ended while it answered, and may be there again in a moment.
    if (!csv.endsWith('\n')) {
        co_return fail(u"haproxy.gone"_s, {{u"socket"_s, m_socket}, {u"command"_s, u"show stat"_s}, {u"reason"_s, Message{u"haproxy.broke_off"_s, {}}.toJson()}, {u"late"_s, false}}, m_socket, Error::Kind::Transient);
    }
    // Fields are found by the names in the header line, which other versions extend.
    if (!csv.startsWith("# ")) {
        co_return refused(u"show stat"_s, csv);
    }
    const QList<QStringList> lines = csvLines(QString::fromUtf8(csv).sliced(2));
    const QStringList &names = lines.front();
    QList<Row> rows;
    const QList<QStringList> told = lines.sliced(1);
    for (const QStringList &fields : told) {
        Row row;
        for (qsizetype i = 0; i < names.size(); ++i) {
            row.insert(names[i], fields.value(i));
        }
        rows.append(row);
    }
    co_return rows;
}

Async<QList<BalancerServer>> Haproxy::allServers() const
{
    CO_TRY(const QList<Row> rows, co_await stat());
    QList<BalancerServer> result;
    for (const Row &row : rows) {
        const auto field = [&row](const QString &name) { return row.value(name); };
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
        // "* " stands before it while the next check is under way.
        server.check = field(u"check_status"_s);
        if (server.check.startsWith("* "_L1)) {
            server.check.remove(0, 2);
        }
        server.address = field(u"addr"_s);
        server.weight = weightIn(row);
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
    co_return noServer(backend, name);
}

Async<> Haproxy::setState(QString backend, QString server, State state) const
{
    const QString word = state == State::Ready ? u"ready"_s : state == State::Drain ? u"drain"_s
                                                                                    : u"maint"_s;
    const QString text = u"set server %1/%2 state %3"_s.arg(backend, server, word);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Silence is success.
    if (!answer.trimmed().isEmpty()) {
        co_return refusedFor(backend, server, text, answer);
    }
    co_return {};
}

Async<> Haproxy::setAddress(QString backend, QString server, QString address, int port) const
{
    const QString text = u"set server %1/%2 addr %3 port %4"_s.arg(backend, server, address).arg(port);
    CO_TRY(const QByteArray answer, co_await command(text));
    // Here it tells what it has changed, or that nothing needed to be.
    if (!answer.contains("changed from") && !answer.contains("nothing changed") && !answer.contains("no need to change")) {
        co_return refusedFor(backend, server, text, answer);
    }
    co_return {};
}

Async<QHostAddress> Haproxy::resolved(QString address) const
{
    if (const QHostAddress literal(address); !literal.isNull()) {
        co_return literal;
    }
    // At runtime it looks up no names.
    const QHostInfo found = co_await m_worker.run([address] { return QHostInfo::fromName(address); });
    const QList<QHostAddress> addresses = found.addresses();
    if (addresses.isEmpty()) {
        co_return fail(u"haproxy.no_address"_s, {{u"host"_s, address}, {u"reason"_s, found.errorString()}}, m_socket, Error::Kind::Transient);
    }
    const auto v4 = std::ranges::find(addresses, QAbstractSocket::IPv4Protocol, &QHostAddress::protocol);
    co_return v4 == addresses.end() ? addresses.front() : *v4;
}

Async<haproxyconfiguration::Read<HaproxyBackend>> Haproxy::configured(QString backend, bool isExact) const
{
    CO_TRY(const QByteArray info, co_await command(u"show info"_s));
    const qint64 pid = toldNumber(info, "Pid:");
    // A whole number of seconds.
    const QDateTime loaded = isExact ? QDateTime::fromSecsSinceEpoch(toldNumber(info, "Start_time_sec:") + 1) : QDateTime();
    co_return co_await m_worker.run([pid, loaded, backend]() -> haproxyconfiguration::Read<HaproxyBackend> {
        const auto files = haproxyFiles(pid, loaded);
        return files ? haproxyconfiguration::backend(*files, backend) : std::unexpected(files.error());
    });
}

Async<QStringList> Haproxy::likeOthers(QString backend, QString server) const
{
    const auto unclear = [this, backend, server](const Message &reason) {
        return fail(u"haproxy.unclear"_s, {{u"backend"_s, backend}, {u"server"_s, server}, {u"reason"_s, reason.toJson()}}, m_socket);
    };
    CO_TRY(const auto read, co_await configured(backend, true));
    if (!read) {
        co_return unclear(read.error());
    }
    CO_TRY(const QList<Row> rows, co_await stat());
    QHash<QString, Row> running;
    for (const Row &row : rows) {
        if (row.value(u"pxname"_s) == backend) {
            running.insert(row.value(u"svname"_s), row);
        }
    }
    if (const QString algorithm = running.value(u"BACKEND"_s).value(u"algo"_s); isFixed(algorithm, *read)) {
        co_return fixedServers(backend, server, Message{u"haproxy.fixed_by"_s, {{u"algorithm"_s, algorithm}}}.toJson());
    }
    // Those that serve; one of them may have been taken out of the running HAProxy.
    QList<HaproxyServer> others = read->servers;
    others.removeIf([&](const HaproxyServer &each) { return each.name == server || !running.contains(each.name); });
    for (const auto &isApart : {std::function<bool(const HaproxyServer &)>(&HaproxyServer::isDisabled), std::function<bool(const HaproxyServer &)>([](const HaproxyServer &each) { return each.has("backup"_L1); })}) {
        if (!std::ranges::all_of(others, isApart)) {
            others.removeIf(isApart);
        }
    }
    if (others.isEmpty()) {
        co_return unclear({u"haproxy.unclear.none"_s, {}});
    }
    QList<int> weights; // But for those that somebody has taken out by weighing nothing.
    for (const HaproxyServer &other : std::as_const(others)) {
        if (!isAsRunning(other, running.value(other.name))) {
            co_return unclear({u"haproxy.unclear.changed"_s, {{u"server"_s, other.name}, {u"place"_s, other.where}}});
        }
        if (const int weight = weightIn(running.value(other.name)); weight > 0) {
            weights.append(weight);
        }
    }
    const auto settings = haproxyconfiguration::common(others);
    if (!settings) {
        co_return unclear(settings.error());
    }
    // Of one alone nobody knows whether that is its own port beside the one that it serves at, or everybody's.
    static const QStringList own{u"port"_s, u"addr"_s, u"agent-port"_s, u"agent-addr"_s};
    const auto ownSetting = std::ranges::find_if(*settings, [](const QStringList &each) { return own.contains(each.front()); });
    if (others.size() == 1 && ownSetting != settings->end()) {
        co_return unclear({u"haproxy.unclear.own"_s, {{u"setting"_s, ownSetting->join(u' ')}, {u"server"_s, others.front().name}, {u"place"_s, others.front().where}}});
    }
    const int sum = std::accumulate(weights.cbegin(), weights.cend(), 0);
    QStringList words{u"weight"_s, QString::number(weights.isEmpty() ? 1 : qRound(double(sum) / double(weights.size())))};
    // Sessions that stick to their server do so by its value, which must be its own.
    if (std::ranges::any_of(others, [](const HaproxyServer &each) { return !each.cookie.isEmpty(); })) {
        words << u"cookie"_s << server;
        if (std::ranges::contains(read->servers, server, &HaproxyServer::cookie)) {
            co_return unclear({u"haproxy.unclear.cookie"_s, {{u"cookie"_s, server}}});
        }
    }
    for (const QStringList &setting : *settings) {
        words += setting;
    }
    const auto isUnsayable = [](const QString &word) { return word.isEmpty() || word.contains(u'\n') || word.contains(u'\r'); };
    if (const auto found = std::ranges::find_if(words, isUnsayable); found != words.end() || words.size() > MaximumWords) {
        co_return unclear({u"haproxy.unclear.words"_s, {{u"place"_s, others.front().where}}});
    }
    co_return words;
}

Async<> Haproxy::checkAdd(QString backend, QString server, QString address, int) const
{
    const QString question = u"show cli level"_s;
    CO_TRY(const QByteArray level, co_await command(question));
    if (level.trimmed() != "admin") {
        co_return refused(question, level);
    }
    CO_TRY(const QHostAddress host, co_await resolved(address));
    Q_UNUSED(host)
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    if (!std::ranges::contains(all, server, &BalancerServer::name)) {
        CO_TRY(const QStringList words, co_await likeOthers(backend, server));
        Q_UNUSED(words)
    }
    co_return {};
}

Async<> Haproxy::addServer(QString backend, QString server, QString address, int port) const
{
    CO_TRY(const QHostAddress host, co_await resolved(address));
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    if (!std::ranges::contains(all, server, &BalancerServer::name)) {
        CO_TRY(const QStringList words, co_await likeOthers(backend, server));
        QString text = u"add server %1/%2 %3"_s.arg(backend, server, placeOf(host, port));
        for (const QString &word : words) {
            text += u' ' + haproxyconfiguration::escaped(word);
        }
        CO_TRY(const QByteArray answer, co_await command(text));
        if (answer.contains("dynamic load balancing")) {
            co_return fixedServers(backend, server, QString::fromUtf8(answer).trimmed());
        }
        if (!answer.contains("New server registered") && !answer.contains("Already exists")) {
            co_return refusedFor(backend, server, text, answer);
        }
    }
    // One that was added is so; its checks begin once they are asked for.
    CO_CHECK(co_await setState(backend, server, State::Maintenance));
    CO_TRY(const BalancerServer now, co_await this->server(backend, server));
    if (now.address != placeOf(host, port)) {
        CO_CHECK(co_await setAddress(backend, server, host.toString(), port));
    }
    const QString text = u"enable health %1/%2"_s.arg(backend, server);
    CO_TRY(const QByteArray answer, co_await command(text));
    if (!answer.trimmed().isEmpty() && !answer.contains("not configured")) {
        co_return refusedFor(backend, server, text, answer);
    }
    co_return {};
}

Async<bool> Haproxy::isDisabledThere(QString backend, QString server) const
{
    constexpr int byConfiguration = 4; // SRV_ADMF_CMAINT
    CO_TRY(const QByteArray answer, co_await command(u"show servers state "_s + backend));
    QByteArrayList names;
    const QByteArrayList lines = answer.split('\n');
    for (const QByteArray &line : lines) {
        const QByteArrayList fields = line.split(' ');
        if (fields.front() == "#") {
            names = fields.sliced(1);
        } else if (fields.value(names.indexOf("srv_name")) == server.toUtf8()) {
            co_return (fields.value(names.indexOf("srv_admin_state")).toInt() & byConfiguration) != 0;
        }
    }
    co_return false;
}

Async<> Haproxy::removeServer(QString backend, QString server) const
{
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    if (!std::ranges::contains(all, server, &BalancerServer::name)) {
        co_return {};
    }
    CO_CHECK(co_await setState(backend, server, State::Maintenance));
    CO_TRY(const auto read, co_await configured(backend, false));
    if (!read) {
        CO_TRY(const bool isThere, co_await isDisabledThere(backend, server));
        co_return isThere ? Result<>() : fail(u"haproxy.stays"_s, {{u"backend"_s, backend}, {u"server"_s, server}, {u"reason"_s, read.error().toJson()}}, m_socket);
    }
    if (std::ranges::contains(read->servers, server, &HaproxyServer::name)) {
        co_return {};
    }
    const qint64 begin = Clock::system().monotonic();
    // HAProxy itself waits for the last connection, where it is recent enough; else the waiting is ours.
    const QString text = u"wait 500 srv-removable %1/%2; del server %1/%2"_s.arg(backend, server);
    while (true) {
        CO_TRY(const QByteArray answer, co_await command(text));
        // A restart meanwhile has forgotten it. What something else refers to was configured when that was read, and stays, too.
        if (answer.contains("Server deleted") || answer.contains("No such server") || answer.contains("other configuration elements")) {
            co_return {};
        }
        if (!answer.contains("connections attached")) {
            co_return refusedFor(backend, server, text, answer);
        }
        if (Clock::system().monotonic() - begin > RemovalMs) {
            co_return fail(u"haproxy.not_removed"_s, {{u"backend"_s, backend}, {u"server"_s, server}, {u"limit"_s, RemovalMs}, {u"answer"_s, QString::fromUtf8(answer).trimmed().section(u'\n', -1)}}, m_socket);
        }
        CO_CHECK(co_await Clock::system().sleep(AgainMs));
    }
}

Async<> Haproxy::setWeight(QString backend, QString server, int weight) const
{
    if (weight < 1 || weight > MaximumWeight) {
        co_return co_await weightRefused(server, weight);
    }
    const QString text = u"set server %1/%2 weight %3"_s.arg(backend, server).arg(weight);
    CO_TRY(const QByteArray answer, co_await command(text));
    if (!answer.trimmed().isEmpty()) {
        co_return refusedFor(backend, server, text, answer);
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
        co_return refusedFor(backend, server, text, answer);
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
