// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/ownaddresses.h"

#include <functional>
#include <memory>
#include <stop_token>

struct redisContext;

/** A Redis server: what it tells of itself, and a consistent copy of what it holds. */
namespace cutover::redis {

using cutover::addressOf;

/** What INFO tells, as far as an update wants to know it. */
struct Facts {
    QString version;
    QString runId; ///< Of this very process: another one after each restart.
    QString role; ///< "master", "slave"
    QString policy; ///< maxmemory_policy: what it does when memory is used up, "noeviction" …
    qint64 usedMemory = 0; ///< Bytes.
    qint64 maxMemory = 0; ///< Bytes; 0: no limit.
    qint64 keys = 0; ///< In all its databases.
    bool loading = false; ///< Still reads what it had saved; answers nothing else.
    bool saveFails = false; ///< The last snapshot of its own could not be written.
    bool appendFails = false; ///< Likewise the append-only file.

    /// Of its limit; 0 where there is none.
    [[nodiscard]] double memoryProportion() const { return maxMemory > 0 ? double(usedMemory) / double(maxMemory) : 0; }
};

/**
 * One connection, authenticated. Blocking: all of it on one Worker. Errors "redis.*" name the server; one that does not
 * answer or is still loading is Transient. No secret is ever part of an error.
 */
class Connection
{
public:
    /// limitMs: of connecting, and of each answer. Errors "redis.unreachable", "redis.login", "redis.loading".
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const RedisSpec &spec, qint64 limitMs = 5000);
    ~Connection();
    Q_DISABLE_COPY_MOVE(Connection)

    /// A command and its answer in one word or text. Errors "redis.refused" {command, answer}, "redis.unreachable".
    [[nodiscard]] Result<QByteArray> ask(const QList<QByteArray> &words);
    /// PING. Error "redis.refused" for any other answer.
    [[nodiscard]] Result<> ping();
    [[nodiscard]] Result<Facts> facts();
    /// All that the server holds at a moment, in its own format (RDB), as a replica gets it: the server writes on, nothing of
    /// it changes, and it may be on another host. take is given the pieces; total is known from the first. Once; the
    /// connection is of no use afterwards. Errors "redis.refused" (no right to SYNC), "redis.unreachable", "redis.broken_off".
    [[nodiscard]] Result<> snapshot(const std::function<Result<>(const QByteArray &piece, qint64 total)> &take, std::stop_token stop);

private:
    Connection(const RedisSpec &spec, redisContext *context);
    [[nodiscard]] std::unexpected<Error> gone(const QString &reason) const;
    [[nodiscard]] std::unexpected<Error> refused(const QString &command, const QByteArray &answer) const;
    /// What comes next, at most so many bytes; error when nothing does for long.
    [[nodiscard]] Result<QByteArray> receive(qint64 most, const std::stop_token &stop);

    RedisSpec m_spec;
    redisContext *m_context;
};

} // namespace cutover::redis
