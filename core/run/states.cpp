// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/states.h"

#include <utility>

namespace cutover {

namespace {

// In the order of the enumerations.
constexpr const char *runNames[]{"planned", "running", "held", "reverting", "succeeded", "rolledBack", "abandoned"};
constexpr const char *stepNames[]{"pending", "preparing", "prepared", "applying", "applied", "verified",
                                  "done", "failed", "accepted", "reverting", "reverted", "skipped"};
static_assert(std::size(runNames) == std::to_underlying(RunState::Abandoned) + 1);
static_assert(std::size(stepNames) == std::to_underlying(StepState::Skipped) + 1);

template<class State, size_t Count>
State fromName(const char *const (&names)[Count], const QString &name)
{
    for (size_t i = 0; i < Count; ++i) {
        if (name == QLatin1StringView(names[i])) {
            return State(i);
        }
    }
    return State(0);
}

} // namespace

QString stateName(RunState state)
{
    return QString::fromLatin1(runNames[std::to_underlying(state)]);
}

QString stateName(StepState state)
{
    return QString::fromLatin1(stepNames[std::to_underlying(state)]);
}

RunState runStateFromName(const QString &name)
{
    return fromName<RunState>(runNames, name);
}

StepState stepStateFromName(const QString &name)
{
    return fromName<StepState>(stepNames, name);
}

} // namespace cutover
