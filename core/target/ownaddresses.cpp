// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/ownaddresses.h"

#include <QRegularExpression>
#include <QUrlQuery>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int redisPort = 6379;
constexpr QLatin1StringView suffix("_staging");

/// scheme, user and password, host, port, path, query
const QRegularExpression &address()
{
    static const QRegularExpression pattern(u"([a-zA-Z][a-zA-Z0-9+.-]*)://([^\\s/?#@\"']*@)?(\\[[^\\]\\s]+\\]|[^\\s:/?#\"',]*)(?::([0-9]{1,5}))?(/[^\\s?#\"']*)?(\\?[^\\s#\"']*)?"_s);
    return pattern;
}

QString kindOf(const QString &scheme)
{
    static const QStringList others{u"mysql"_s, u"mariadb"_s, u"mongodb"_s, u"amqp"_s, u"amqps"_s, u"kafka"_s, u"nats"_s, u"mssql"_s, u"oracle"_s, u"clickhouse"_s, u"memcached"_s, u"cassandra"_s, u"elasticsearch"_s};
    // A driver may be named behind it, as in "postgresql+asyncpg".
    const QString plain = scheme.section(u'+', 0, 0).toLower();
    return plain == "postgres"_L1 || plain == "postgresql"_L1                 ? u"postgresql"_s
        : plain == "redis"_L1 || plain == "rediss"_L1 || plain == "valkey"_L1 ? u"redis"_s
        : others.contains(plain)                                              ? u"other"_s
                                                                              : QString();
}

/// Whether a variable names a database by itself.
bool isNameOfDatabase(const QString &key)
{
    static const QRegularExpression pattern(u"(?:\\A|_)(?:PGDATABASE|DB|DATABASE|DBNAME|(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG)_?(?:NAME|DB|DATABASE))\\z"_s, QRegularExpression::CaseInsensitiveOption);
    return pattern.match(key).hasMatch();
}

} // namespace

bool isLocalHost(const QString &host)
{
    return host.isEmpty() || host.startsWith(u'/') || host == "localhost"_L1 || host == "127.0.0.1"_L1 || host == "::1"_L1 || host == "[::1]"_L1;
}

bool isSameHost(const QString &one, const QString &other)
{
    return one.compare(other, Qt::CaseInsensitive) == 0 || (isLocalHost(one) && isLocalHost(other));
}

QString addressOf(const RedisSpec &redis)
{
    if (!redis.socket.isEmpty()) {
        return redis.socket;
    }
    return (redis.host.contains(u':') ? QString(u'[' + redis.host + u']') : redis.host) + u':' + QString::number(redis.port);
}

OwnAddresses::OwnAddresses(const Target &live, int portOffset)
    : m_offset(portOffset)
{
    for (const DatabaseSpec &database : live.databases) {
        const PostgresSpec &spec = database.postgres;
        if (database.driver != "postgresql"_L1) {
            continue;
        }
        if (!spec.service.isEmpty()) {
            m_services.append(spec.service);
        }
        if (!spec.database.isEmpty()) {
            m_databases.append({spec.host, spec.port > 0 ? spec.port : postgresPort, spec.database});
        }
    }
    for (const RedisSpec &redis : live.redis) {
        if (redis.socket.isEmpty()) {
            m_redis.append({redis.host, redis.port, {}});
        }
    }
}

bool OwnAddresses::isDatabasePort(int port) const
{
    return std::ranges::any_of(m_databases, [port](const Place &place) { return isLocalHost(place.host) && place.port == port; });
}

bool OwnAddresses::isPlaceOfServer(const QString &key)
{
    static const QRegularExpression pattern(u"(?:\\A|_)(?:PG|DB|DATABASE|POSTGRES|POSTGRESQL|TIMESCALE|REDIS|MYSQL|MONGO|AMQP|RABBITMQ|KAFKA)_?(?:HOST|HOSTS|URL|URI|DSN|SERVER|SERVERS|ADDRESS|SOCKET)\\z"_s,
                                            QRegularExpression::CaseInsensitiveOption);
    return pattern.match(key).hasMatch();
}

OwnAddresses::Found OwnAddresses::rewritten(const QString &key, const QString &text, const std::function<QString(const QString &)> &other) const
{
    Found found;
    const auto isOurs = [this](const QString &name) { return std::ranges::contains(m_databases, name, &Place::name); };
    if (isNameOfDatabase(key) && isOurs(text)) {
        found.text = text + suffix;
        found.named = true;
        return found;
    }
    if (key.compare(u"PGSERVICE"_s, Qt::CaseInsensitive) == 0 && m_services.contains(text)) {
        found.text = text + u"-staging"_s;
        found.named = true;
        return found;
    }
    // HOST:PORT and nothing else, as clients of Redis are often given it.
    static const QRegularExpression place(u"\\A(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):([0-9]{1,5})\\z"_s);
    if (const auto match = place.match(text); match.hasMatch()) {
        const QString host = match.captured(1).startsWith(u'[') ? match.captured(1).sliced(1).chopped(1) : match.captured(1);
        const int port = match.captured(2).toInt();
        if (std::ranges::any_of(m_redis, [&](const Place &own) { return own.port == port && isSameHost(own.host, host); })) {
            found.text = match.captured(1) + u':' + QString::number(port + m_offset);
            return found;
        }
    }
    static const QRegularExpression redisPortKey(u"(?:\\A|_)(?:REDIS|VALKEY)_?PORT\\z"_s, QRegularExpression::CaseInsensitiveOption);
    if (redisPortKey.match(key).hasMatch() && std::ranges::contains(m_redis, text.toInt(), &Place::port)) {
        found.text = QString::number(text.toInt() + m_offset);
        return found;
    }
    qsizetype at = 0;
    for (const auto &match : address().globalMatch(text)) {
        const QString kind = kindOf(match.captured(1));
        if (kind.isEmpty()) {
            continue;
        }
        found.text += other(text.sliced(at, match.capturedStart() - at));
        at = match.capturedEnd();
        const QUrlQuery query(match.captured(6).mid(1));
        // A password may hold an "@", though it should not.
        const QString named = match.captured(3).section(u'@', -1);
        const QString host = named.isEmpty() ? query.queryItemValue(u"host"_s, QUrl::FullyDecoded) : named;
        const int standard = kind == "redis"_L1 ? redisPort : postgresPort;
        const QString portText = match.captured(4).isEmpty() ? query.queryItemValue(u"port"_s) : match.captured(4);
        const int port = portText.isEmpty() ? standard : portText.toInt();
        const QString name = match.captured(5).mid(1);
        const auto isThere = [&](const Place &place) {
            return isSameHost(place.host, host) && place.port == port && (kind == "redis"_L1 || place.name == name);
        };
        const bool ours = kind != "other"_L1 && std::ranges::any_of(kind == "redis"_L1 ? m_redis : m_databases, isThere);
        if (!ours) {
            found.text += match.captured();
            found.foreign.append(QString(match.captured(1) + u"://"_s + named + (portText.isEmpty() ? QString() : QString(u':' + portText)) + match.captured(5)));
            continue;
        }
        const QString server = match.captured(1) + u"://"_s + match.captured(2) + match.captured(3);
        if (kind == "redis"_L1) {
            found.text += server + u':' + QString::number(port + m_offset) + match.captured(5) + match.captured(6);
        } else {
            found.text += server + (match.captured(4).isEmpty() ? QString() : QString(u':' + match.captured(4))) + match.captured(5) + suffix + match.captured(6);
        }
    }
    found.text += other(text.sliced(at));
    // libpq's own form.
    static const QRegularExpression words(u"(?<![\\w])(dbname|service)\\s*=\\s*([\\w.-]+)"_s);
    qsizetype shift = 0;
    const QString before = found.text;
    for (const auto &match : words.globalMatch(before)) {
        const bool isService = match.captured(1) == "service"_L1;
        if (isService ? m_services.contains(match.captured(2)) : isOurs(match.captured(2))) {
            const QString more = isService ? u"-staging"_s : QString(suffix);
            found.text.insert(match.capturedEnd(2) + shift, more);
            shift += more.size();
            found.named = true;
        }
    }
    return found;
}

} // namespace cutover
