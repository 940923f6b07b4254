// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

#include <optional>

namespace cutover {

/// The event with which a run began to go back, whoever or whatever decided so; none: it never did.
/// events: of one run, in their order.
[[nodiscard]] std::optional<EventRecord> turnOf(const QList<EventRecord> &events);
/// Whether a run in this state is going back or has gone back.
[[nodiscard]] bool wentBack(RunState state);

} // namespace cutover
