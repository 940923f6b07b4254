// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "common/theme.h"
#include "run/states.h"

namespace cutover {

/** What a status chip says. The words are the command line's words. */
enum class Status {
    Unknown,
    Planned,
    Waiting,
    NotRun, ///< A step of a run that has ended before it.
    Running,
    Passed,
    Succeeded,
    Warning,
    Failed,
    Held,
    Reverting,
    RolledBack,
    Abandoned,
    Accepted,
    Skipped,
    NotEnoughData,
    Healthy,
    Degraded,
    Down,
    Ready,
    NotReady,
    Starting,
    Stopping,
    Stopped,
    Draining,
    On,
    Off,
    LowRisk,
    MediumRisk,
    HighRisk,
    Open, ///< An item of a checklist.
    Ticked,
    NotOurs,
    NotNeeded,
};

struct StatusLook {
    QString word;
    QString icon; ///< For themeIcon().
    Theme::Role ink = Theme::Role::Muted;
    Theme::Role tint = Theme::Role::NeutralTint;
};

[[nodiscard]] StatusLook statusLook(Status status);
[[nodiscard]] Status statusOf(RunState state);
[[nodiscard]] Status statusOf(StepState state);
/// Of a run that has ended: what waits then will not be done any more.
[[nodiscard]] Status statusAtTheEnd(StepState state);
[[nodiscard]] Status statusOf(CheckResult::Status status);
[[nodiscard]] Status statusOfHealth(const QString &health); ///< TargetView::health
[[nodiscard]] Status statusOfInstance(const QString &state); ///< InstanceView::state
struct InstanceView;
/// The same; one that is idle is shown as neither good nor bad, whether it runs or not.
[[nodiscard]] Status statusOfInstance(const InstanceView &instance);
/// "Ready", "Idle (blue)", "Ready (spare)": its state for people.
[[nodiscard]] QString wordOfInstance(const InstanceView &instance);
[[nodiscard]] Status statusOfRisk(const QString &risk); ///< Manifest::risk

} // namespace cutover
