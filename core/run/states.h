// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace cutover {

/// Of a run. Terminal: Succeeded, RolledBack. Held waits for a decision (or the policy's default).
/// Abandoned: a person ended a held run as it is, by name.
enum class RunState { Planned,
                      Running,
                      Held,
                      Reverting,
                      Succeeded,
                      RolledBack,
                      Abandoned };
/// Of a step in a run.
enum class StepState { Pending,
                       Preparing,
                       Prepared,
                       Applying,
                       Applied,
                       Verified,
                       Done,
                       Failed,
                       Accepted,
                       Reverting,
                       Reverted,
                       Skipped };

/// Lower camel case names, as in the journal and the protocol: "running", "rolledBack".
[[nodiscard]] QString stateName(RunState state);
[[nodiscard]] QString stateName(StepState state);
[[nodiscard]] RunState runStateFromName(const QString &name);
[[nodiscard]] StepState stepStateFromName(const QString &name);
[[nodiscard]] inline bool isFinal(RunState state)
{
    return state == RunState::Succeeded || state == RunState::RolledBack || state == RunState::Abandoned;
}

} // namespace cutover
