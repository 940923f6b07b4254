// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "redis/redisclient.h"

#include "config/secrets.h"
#include "system/clock.h"

#include <QHash>

#include <cerrno>
#include <vector>

#include <hiredis/hiredis.h>

#include <poll.h>
#include <sys/socket.h>

using namespace Qt::StringLiterals;

namespace cutover::redis {

namespace {

constexpr qint64 SliceMs = 100;
/// A server that prepares a snapshot sends a sign of life each second.
constexpr qint64 SilenceLimitMs = 60000;
constexpr qint64 PieceBytes = 1 << 18;

timeval timeOf(qint64 milliseconds)
{
    return {.tv_sec = time_t(milliseconds / 1000), .tv_usec = suseconds_t(milliseconds % 1000 * 1000)};
}

/// "name:value" lines; those that begin with # are headings.
QHash<QByteArray, QByteArray> fieldsOf(const QByteArray &info)
{
    QHash<QByteArray, QByteArray> fields;
    for (const QByteArray &line : info.split('\n')) {
        const QByteArray text = line.trimmed();
        if (const qsizetype colon = text.indexOf(':'); colon > 0 && !text.startsWith('#')) {
            fields.insert(text.left(colon), text.sliced(colon + 1));
        }
    }
    return fields;
}

/// Of "db0:keys=3,expires=0,avg_ttl=0".
qint64 keysOf(const QHash<QByteArray, QByteArray> &fields)
{
    qint64 keys = 0;
    for (auto it = fields.begin(); it != fields.end(); ++it) {
        if (it.key().startsWith("db") && it->startsWith("keys=")) {
            keys += it->mid(5, it->indexOf(',') - 5).toLongLong();
        }
    }
    return keys;
}

} // namespace

Connection::Connection(const RedisSpec &spec, redisContext *context)
    : m_spec(spec)
    , m_context(context)
{
}

Connection::~Connection()
{
    redisFree(m_context);
}

std::unexpected<Error> Connection::gone(const QString &reason) const
{
    return fail(u"redis.unreachable"_s, {{u"name"_s, m_spec.name}, {u"address"_s, addressOf(m_spec)}, {u"reason"_s, reason}}, addressOf(m_spec), Error::Kind::Transient);
}

std::unexpected<Error> Connection::refused(const QString &command, const QByteArray &answer) const
{
    const QString text = QString::fromUtf8(answer.left(300)).trimmed();
    if (answer.startsWith("LOADING")) {
        return fail(u"redis.loading"_s, {{u"name"_s, m_spec.name}}, addressOf(m_spec), Error::Kind::Transient);
    }
    if (answer.startsWith("NOAUTH") || answer.startsWith("WRONGPASS") || (command == u"AUTH" && answer.startsWith("ERR"))) {
        return fail(u"redis.login"_s, {{u"name"_s, m_spec.name}, {u"user"_s, m_spec.user.isEmpty() ? u"default"_s : m_spec.user}, {u"answer"_s, text}}, addressOf(m_spec));
    }
    return fail(u"redis.refused"_s, {{u"name"_s, m_spec.name}, {u"command"_s, command}, {u"answer"_s, text}}, addressOf(m_spec));
}

Result<std::unique_ptr<Connection>> Connection::open(const RedisSpec &spec, qint64 limitMs)
{
    QString password;
    if (!spec.password.isEmpty()) {
        TRY(password, resolveSecret(spec.password));
    }
    const QByteArray host = spec.host.toUtf8();
    const QByteArray socket = QFile::encodeName(spec.socket);
    const timeval limit = timeOf(limitMs);
    redisOptions options{};
    if (spec.socket.isEmpty()) {
        REDIS_OPTIONS_SET_TCP(&options, host.constData(), spec.port);
    } else {
        REDIS_OPTIONS_SET_UNIX(&options, socket.constData());
    }
    options.connect_timeout = &limit;
    options.command_timeout = &limit;
    redisContext *context = redisConnectWithOptions(&options);
    if (!context) {
        return failErrno(u"redis.memory"_s, ENOMEM, addressOf(spec));
    }
    std::unique_ptr<Connection> connection(new Connection(spec, context));
    if (context->err != 0) {
        return connection->gone(QString::fromUtf8(context->errstr));
    }
    if (!spec.password.isEmpty()) {
        QList<QByteArray> login{"AUTH"};
        if (!spec.user.isEmpty()) {
            login << spec.user.toUtf8();
        }
        login << password.toUtf8();
        CHECK(connection->ask(login));
    }
    return connection;
}

Result<QByteArray> Connection::ask(const QList<QByteArray> &words)
{
    std::vector<const char *> texts;
    std::vector<size_t> lengths;
    for (const QByteArray &word : words) {
        texts.push_back(word.constData());
        lengths.push_back(size_t(word.size()));
    }
    const std::unique_ptr<redisReply, void (*)(void *)> reply(
        static_cast<redisReply *>(redisCommandArgv(m_context, int(texts.size()), texts.data(), lengths.data())), freeReplyObject);
    // Only the first word: the others may be a password.
    const QString command = QString::fromUtf8(words.first());
    if (!reply) {
        return gone(QString::fromUtf8(m_context->errstr));
    }
    const QByteArray text(reply->str, qsizetype(reply->str ? reply->len : 0));
    if (reply->type == REDIS_REPLY_ERROR) {
        return refused(command, text);
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        return QByteArray::number(reply->integer);
    }
    return text;
}

Result<> Connection::ping()
{
    TRY(const QByteArray answer, ask({"PING"}));
    if (answer != "PONG") {
        return refused(u"PING"_s, answer);
    }
    return {};
}

Result<Facts> Connection::facts()
{
    TRY(const QByteArray info, ask({"INFO"}));
    const auto fields = fieldsOf(info);
    if (!fields.contains("redis_version")) {
        return refused(u"INFO"_s, info.left(80));
    }
    Facts facts;
    facts.version = QString::fromUtf8(fields["redis_version"]);
    facts.runId = QString::fromUtf8(fields["run_id"]);
    facts.role = QString::fromUtf8(fields["role"]);
    facts.policy = QString::fromUtf8(fields["maxmemory_policy"]);
    facts.usedMemory = fields["used_memory"].toLongLong();
    facts.maxMemory = fields["maxmemory"].toLongLong();
    facts.keys = keysOf(fields);
    facts.loading = fields["loading"] == "1";
    facts.saveFails = fields.value("rdb_last_bgsave_status", "ok") != "ok";
    facts.appendFails = fields.value("aof_last_write_status", "ok") != "ok" || fields.value("aof_last_bgrewrite_status", "ok") != "ok";
    return facts;
}

Result<QByteArray> Connection::receive(qint64 most, const std::stop_token &stop)
{
    const qint64 begin = Clock::system().monotonic();
    while (!stop.stop_requested()) {
        pollfd wanted{.fd = m_context->fd, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&wanted, 1, int(SliceMs));
        if (ready > 0) {
            QByteArray piece(most, Qt::Uninitialized);
            const ssize_t count = ::recv(m_context->fd, piece.data(), size_t(most), 0);
            if (count == 0) {
                return gone(QString::fromLocal8Bit(strerror(ECONNRESET)));
            }
            if (count > 0) {
                return piece.first(count);
            }
        }
        if (ready != 0 && errno != EINTR && errno != EAGAIN) {
            return gone(QString::fromLocal8Bit(strerror(errno)));
        }
        if (Clock::system().monotonic() - begin > SilenceLimitMs) {
            return gone(QString::fromLocal8Bit(strerror(ETIMEDOUT)));
        }
    }
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

Result<> Connection::snapshot(const std::function<Result<>(const QByteArray &, qint64)> &take, std::stop_token stop)
{
    // Whoever doesn't know this sends what came since, too, and is not listened to any more by then.
    if (const auto told = ask({"REPLCONF", "rdb-only", "1"}); !told && told.error().code != u"redis.refused") {
        return fail(told.error());
    }
    // Not said to understand streams of unknown length: the server writes a file first, and tells its size.
    static const QByteArray request("*1\r\n$4\r\nSYNC\r\n");
    if (::send(m_context->fd, request.constData(), size_t(request.size()), MSG_NOSIGNAL) != request.size()) {
        return gone(QString::fromLocal8Bit(strerror(errno)));
    }
    // Empty lines are signs of life.
    QByteArray line;
    while (!line.endsWith('\n') || line.trimmed().isEmpty()) {
        if (line.endsWith('\n') || line.size() > 1024) {
            line.clear();
        }
        TRY(const QByteArray next, receive(1, stop));
        line += next;
    }
    line = line.trimmed();
    bool isNumber = false;
    const qint64 total = line.mid(1).toLongLong(&isNumber);
    if (!line.startsWith('$') || !isNumber || total <= 0) {
        return refused(u"SYNC"_s, line.startsWith('-') ? line.mid(1) : line);
    }
    qint64 left = total;
    while (left > 0) {
        const auto piece = receive(qMin(left, PieceBytes), stop);
        if (!piece) {
            if (piece.error().kind == Error::Kind::Cancelled) {
                return fail(piece.error());
            }
            return fail(u"redis.broken_off"_s, {{u"name"_s, m_spec.name}, {u"received"_s, total - left}, {u"total"_s, total}}, addressOf(m_spec), Error::Kind::Transient);
        }
        CHECK(take(*piece, total));
        left -= piece->size();
    }
    return {};
}

} // namespace cutover::redis
