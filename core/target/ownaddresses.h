// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <functional>

namespace cutover {

/**
 * Where a target's own databases and Redis servers are, found again in texts that nobody reads but the services: URLs, libpq's
 * "dbname=", and variables such as PGDATABASE. A database becomes NAME_staging on the same server, a Redis server another port.
 * Pure, any thread.
 */
class OwnAddresses
{
public:
    OwnAddresses(const Target &live, int portOffset);

    struct Found {
        QString text; ///< With what is this target's own made another's.
        QStringList foreign; ///< Addresses of databases and the like that are left as they are, without user and password.
        bool named = false; ///< A database was named by itself, and is another now.
    };
    /// key: of the variable that holds the text; empty: it has none. other: what happens to what is no such address.
    [[nodiscard]] Found rewritten(const QString &key, const QString &text, const std::function<QString(const QString &)> &other) const;
    /// Whether a variable says where a server is, which its value alone doesn't.
    [[nodiscard]] static bool isPlaceOfServer(const QString &key);
    /// A port of this machine that a database listens on: databases stay where they are.
    [[nodiscard]] bool isDatabasePort(int port) const;

private:
    struct Place {
        QString host;
        int port = 0;
        QString name; ///< Of the database.
    };
    QList<Place> m_databases;
    QList<Place> m_redis;
    QStringList m_services; ///< Sections of pg_service.conf.
    int m_offset;
};

constexpr int postgresPort = 5432; ///< Where none is named.
/// Its socket, or "host:port".
[[nodiscard]] QString addressOf(const RedisSpec &redis);
/// Names of one machine, or one name.
[[nodiscard]] bool isSameHost(const QString &one, const QString &other);
[[nodiscard]] bool isLocalHost(const QString &host);

} // namespace cutover
