// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <stop_token>

namespace cutover {

/// Path for a Unix socket: DIRECTORY/NAME where the kernel's limit (108 bytes) allows it, else
/// /tmp/cutover-UID/HASH-NAME in a folder that only this user may enter. The same arguments give
/// the same path in every process. Makes the folder in /tmp, not DIRECTORY: who only looks leaves nothing behind. Any thread.
[[nodiscard]] Result<QString> localSocketPath(const QString &directory, const QString &name);

/// Connects to a Unix socket, writes request, and returns what comes until the other side closes.
/// Errors "deploy.socket_refused" (nobody listens) and "deploy.socket_timeout", both Transient. Event-loop thread.
/// change: what the request changes; fault points before it is sent, once it is, and with the answer
/// have that name. Empty: it only asks, and has none.
[[nodiscard]] Async<QByteArray> localExchange(QString socket, QByteArray request, qint64 timeoutMs, std::stop_token stop = {},
                                              QByteArray change = {});

} // namespace cutover
