// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/instancemove.h"

namespace cutover {

/** How a service's spare is brought to serve. */
struct SpareServing {
    QString service;
    QString version;
    bool back = false; ///< From what is known to have run then; else from what was fetched.
    QString before = {}; ///< processMark() of one that was there before the run: it is replaced, whatever it runs.
};

/// The spare runs that version, is ready and UP at the balancer; one of another release is drained and removed first. Safe to repeat.
/// The context outlives the task.
[[nodiscard]] Async<> serveSpare(StepContext *context, StepSpec step, SpareServing how, std::stop_token stop);
/// Nothing of the spare is left: drained, forgotten by the balancer, its container removed. Safe to repeat. force: sessions that stay are not asked about.
[[nodiscard]] Async<> endSpare(StepContext *context, StepSpec step, QString service, bool force, std::stop_token stop);
/// The same on a way back. Where it can't, the log says so and nothing is left of it: no way back waits for a spare.
[[nodiscard]] QCoro::Task<> takeSpareBack(StepContext *context, StepSpec step, SpareServing how);

} // namespace cutover
