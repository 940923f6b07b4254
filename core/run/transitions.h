// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/states.h"

#include <optional>
#include <span>

namespace cutover {

/** What has just happened to a run and the step it is at. */
enum class Outcome {
    Begin, ///< The next piece of work on the step is about to begin.
    Ok, ///< It worked.
    Again, ///< A transient error, and tries are left.
    FailHold, ///< It failed for good; by policy a person decides.
    FailRevert, ///< It failed for good; by policy everything is taken back.
    // Of an inspection, after a crash or an error that leaves the effect unknown.
    NotStarted,
    Partial,
    Effective, ///< inspect() found the step done.
    Unknown,
    FactChanged, ///< The world is not the one that the plan was made for.
    Loop, ///< State was changed too often without progress.
    AllDone, ///< No step is left in the direction of the run.
    Refused, ///< The run may not start: too late, or the world has changed.
    // Decisions.
    Hold,
    Resume,
    RetryPrepared, ///< Retry of a step whose undo record is journaled.
    RetryUnprepared,
    Accept,
    Rollback, ///< Also abort, the turn-back time and the default of a hold.
    Abandon,
};

struct Next {
    RunState run;
    StepState step;
    bool operator==(const Next &) const = default;
};

/** One row of the table. */
struct Transition {
    RunState run;
    quint32 steps; ///< Bit set of StepState.
    Outcome outcome;
    RunState nextRun;
    std::optional<StepState> nextStep; ///< Empty: unchanged.
};

/// The whole table: pure, apart from what is done in each state. What is not in it can't happen.
[[nodiscard]] std::span<const Transition> transitions();
[[nodiscard]] std::optional<Next> transition(RunState run, StepState step, Outcome outcome);

} // namespace cutover
