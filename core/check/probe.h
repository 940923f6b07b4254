// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <stop_token>

namespace cutover {

struct ProbeResult {
    bool ok = false;
    qint64 durationMs = 0;
    QByteArray body; ///< http: at most 64 KiB; of a web socket the message that was expected.
    Error error; ///< When not ok: "probe.status" {url, status, expected}, "probe.refused", "probe.timeout", "probe.exit", …
};

/// One try. Event-loop thread; never fails itself.
[[nodiscard]] QCoro::Task<ProbeResult> probeOnce(ProbeSpec spec, std::stop_token stop = {});
/// Tries every intervalMs until ok or readyWithinMs has passed ("probe.not_ready" with the last error).
[[nodiscard]] Async<> waitUntilOk(ProbeSpec spec, std::stop_token stop = {});

} // namespace cutover
