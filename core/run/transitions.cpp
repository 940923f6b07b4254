// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/transitions.h"

#include <utility>

namespace cutover {

namespace {

using R = RunState;
using S = StepState;
using O = Outcome;

template<class... States>
consteval quint32 in(States... states)
{
    return ((1u << std::to_underlying(states)) | ...);
}
constexpr quint32 any = ~0u;
constexpr quint32 open = in(S::Pending, S::Preparing, S::Prepared, S::Applying, S::Applied, S::Failed);
constexpr quint32 back = in(S::Reverting, S::Reverted);
constexpr quint32 forward = any & ~back;
constexpr quint32 undoable = in(S::Pending, S::Preparing, S::Prepared, S::Applying, S::Applied, S::Verified, S::Done, S::Failed, S::Accepted);

constexpr Transition table[]{
    // Start.
    {R::Planned, any, O::Begin, R::Running, {}},
    {R::Planned, any, O::Refused, R::RolledBack, {}},
    {R::Planned, any, O::Rollback, R::RolledBack, {}},

    // Forward, one step.
    {R::Running, in(S::Pending, S::Preparing), O::Begin, R::Running, S::Preparing},
    {R::Running, in(S::Preparing), O::Ok, R::Running, S::Prepared},
    {R::Running, in(S::Preparing), O::Again, R::Running, S::Preparing},
    {R::Running, in(S::Prepared, S::Applying), O::Begin, R::Running, S::Applying},
    {R::Running, in(S::Applying), O::Ok, R::Running, S::Applied},
    {R::Running, in(S::Applying), O::Again, R::Running, S::Applying},
    {R::Running, in(S::Applied), O::Ok, R::Running, S::Done},
    {R::Running, in(S::Applied), O::Again, R::Running, S::Applied},

    // Forward, after a crash or an unknown outcome: what inspect() found.
    {R::Running, in(S::Applying), O::NotStarted, R::Running, S::Preparing},
    {R::Running, in(S::Applying), O::Partial, R::Running, S::Applying},
    {R::Running, in(S::Applying), O::Effective, R::Running, S::Applied},
    {R::Running, in(S::Applying), O::Unknown, R::Held, S::Failed},

    // Forward, what ends it.
    {R::Running, in(S::Pending), O::FailHold, R::Held, {}},
    {R::Running, in(S::Pending), O::FailRevert, R::Reverting, {}},
    {R::Running, in(S::Preparing, S::Prepared, S::Applying, S::Applied), O::FailHold, R::Held, S::Failed},
    {R::Running, in(S::Preparing, S::Prepared, S::Applying, S::Applied), O::FailRevert, R::Reverting, S::Failed},
    {R::Running, in(S::Done, S::Accepted), O::FailHold, R::Held, {}},
    {R::Running, open | in(S::Done, S::Accepted), O::FactChanged, R::Held, {}},
    {R::Running, in(S::Pending), O::Refused, R::Reverting, {}},
    {R::Running, open, O::Loop, R::Held, S::Failed},
    {R::Running, forward, O::Hold, R::Held, {}},
    {R::Running, forward, O::Rollback, R::Reverting, {}},
    {R::Running, any, O::AllDone, R::Succeeded, {}},

    // Held on the way forward.
    {R::Held, forward & ~in(S::Failed), O::Resume, R::Running, {}},
    {R::Held, in(S::Failed), O::RetryPrepared, R::Running, S::Applying},
    {R::Held, in(S::Failed), O::RetryUnprepared, R::Running, S::Pending},
    {R::Held, in(S::Failed), O::Accept, R::Running, S::Accepted},
    {R::Held, forward, O::Rollback, R::Reverting, {}},
    {R::Held, any, O::Abandon, R::Abandoned, {}},

    // Held on the way back: there is only the way back.
    {R::Held, in(S::Reverting), O::Accept, R::Reverting, S::Reverted},
    {R::Held, back, O::Resume, R::Reverting, {}},
    {R::Held, back, O::Rollback, R::Reverting, {}},

    // Back.
    {R::Reverting, undoable | in(S::Reverting), O::Begin, R::Reverting, S::Reverting},
    {R::Reverting, in(S::Reverting), O::Ok, R::Reverting, S::Reverted},
    {R::Reverting, in(S::Reverting), O::Again, R::Reverting, S::Reverting},
    {R::Reverting, any, O::FailHold, R::Held, {}},
    {R::Reverting, in(S::Reverting), O::Loop, R::Held, {}},
    {R::Reverting, any, O::AllDone, R::RolledBack, {}},
};

} // namespace

std::span<const Transition> transitions()
{
    return table;
}

std::optional<Next> transition(RunState run, StepState step, Outcome outcome)
{
    for (const Transition &row : table) {
        if (row.run == run && row.outcome == outcome && (row.steps & (1u << std::to_underlying(step)))) {
            return Next{row.nextRun, row.nextStep.value_or(step)};
        }
    }
    return {};
}

} // namespace cutover
