// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

#include <optional>

namespace cutover {

/** Where a server of an upstream listens, as the kernel lists connections. */
struct TcpRemote {
    QByteArray address; ///< Hexadecimal, as in /proc/net/tcp; empty: any.
    quint16 port = 0;

    /// HOST:PORT, [HOST]:PORT or HOST (port 80); a name means any address. Nothing for a Unix socket.
    [[nodiscard]] static std::optional<TcpRemote> parse(const QString &address);
};

/** A connection as the kernel lists it. */
struct TcpConnection {
    QByteArray inode;
    QByteArray owner; ///< Numeric id of its user.
};

/// Connections to there that are established, being made, or ended by the other side alone, in the network namespace
/// of a process. Asked of the kernel by sock_diag(7), which leaves out the tens of thousands that a busy host has in
/// TIME_WAIT; where it can't be asked so, read from /proc/PID/net. Blocking for some milliseconds; any thread.
[[nodiscard]] QList<TcpConnection> tcpConnectionsTo(const TcpRemote &remote, qint64 pid);

} // namespace cutover
