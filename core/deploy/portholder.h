// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QMap>
#include <QSet>
#include <QString>

#include <optional>

namespace cutover {

/** Who listens on a TCP port. pid is 0 where the process can't be seen: another user's, or one with privileges of its own. */
struct PortHolder {
    qint64 pid = 0;
    QString program; ///< As in /proc/PID/comm; empty when pid is 0.
    uint user = 0; ///< The account that made the socket; known of all.
};

/// The listeners on TCP ports of any local address, from /proc/net/tcp and tcp6; free ports are left out. Any thread.
[[nodiscard]] QMap<int, PortHolder> portHolders(const QSet<int> &ports);
/// The listener on one port. Any thread.
[[nodiscard]] std::optional<PortHolder> portHolder(int port);

} // namespace cutover
