// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <stop_token>

namespace cutover {

/// One try of a probe whose http is a ws:// or wss:// URL: that it opens, and, where expectBody is not null, that a
/// message which contains it comes before the time-out (empty: any message). Returns that message. Errors:
/// "probe.refused", "probe.timeout", "probe.web_socket", "probe.no_message", "probe.other_message". Event-loop thread.
[[nodiscard]] Async<QByteArray> tryWebSocket(ProbeSpec spec, std::stop_token stop);

} // namespace cutover
