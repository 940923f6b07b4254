// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "redis/redisclient.h"
#include "system/processes.h"

/** A file with all that a Redis server held at a moment: its own format, RDB. */
namespace cutover::redis {

struct SnapshotInfo {
    QString file;
    QString sha256;
    qint64 size = 0;
    int format = 0; ///< Version of RDB.
    QString version; ///< Of the server.
    qint64 keys = 0; ///< That it told of a moment before.
};
[[nodiscard]] QJsonObject toJson(const SnapshotInfo &info);
[[nodiscard]] SnapshotInfo snapshotFromJson(const QJsonObject &json);

using ProgressFunction = std::function<void(qint64 done, qint64 total)>;

/// The CRC-64 that ends an RDB file, of more bytes; begins with 0.
[[nodiscard]] quint64 crc64(quint64 crc, const QByteArray &bytes);

/// Writes what the server holds now; the file is there whole or not at all, for its owner only. Blocking, on a Worker; progress is told from there.
[[nodiscard]] Result<SnapshotInfo> takeSnapshot(const RedisSpec &spec, const QString &file, const ProgressFunction &progress, std::stop_token stop);
/// That the file is what was written, begins and ends as RDB does, and adds up to the checksum at its end. Blocking.
/// Errors "database.backup_altered", "redis.damaged" {file, reason}.
[[nodiscard]] Result<> checkSnapshot(const SnapshotInfo &info);
/// The same, and that redis-check-rdb reads all of it. Where that program is not on this host, or older than the server, a message
/// that says so; else an empty one. Event-loop thread.
[[nodiscard]] Async<Message> proveSnapshot(SnapshotInfo info, Processes *processes, std::stop_token stop);

} // namespace cutover::redis
