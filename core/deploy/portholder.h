// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

#include <optional>

namespace cutover {

/** Who listens on a TCP port. pid is 0 where the process can't be seen (another user's). */
struct PortHolder {
    qint64 pid = 0;
    QString program; ///< As in /proc/PID/comm; empty when pid is 0.
};

/// The listener on a TCP port of any local address, from /proc/net/tcp and tcp6. Any thread.
[[nodiscard]] std::optional<PortHolder> portHolder(int port);

} // namespace cutover
