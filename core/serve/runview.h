// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/loss.h"
#include "serve/serving.h"
#include "serve/views.h"

namespace cutover {

/// What a run looks like to an operator at a moment: the estimate, the offers, what an abort would do, who
/// serves users meanwhile. Pure.
[[nodiscard]] RunView makeRunView(const RunRecord &run, const QList<StepRecord> &steps, const Serving &serving, const QDateTime &now);

/// The moment by which going back must have begun: the window's end minus the way back (the longer of wayBackMs and what was planned) minus
/// the margin; null when the plan has no window. The window is the one that ends first after from, by
/// local time. Of a run that has started, run/decisions tells it.
[[nodiscard]] QDateTime turnBackTime(const Plan &plan, qint64 wayBackMs, const QDateTime &from);

/// What the run has given up so far, exactly.
[[nodiscard]] Loss lostBy(const RunView &view);

/// What stays closed to all others where the run is abandoned now, and how it is opened instead or afterwards; empty: nothing.
[[nodiscard]] Message leftClosed(const RunView &view);

} // namespace cutover
