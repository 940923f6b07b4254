// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/states.h"

/**
 * Words for people in place of the identifiers that journal, plan and protocol carry; what has no word
 * stays as it is. In the current language. Any thread.
 */
namespace cutover::words {

[[nodiscard]] QString ofRun(RunState state); ///< "Rolled back"
[[nodiscard]] QString ofStep(StepState state);
[[nodiscard]] QString ofHealth(const QString &health); ///< "healthy", "degraded", "down", "unknown"
[[nodiscard]] QString ofInstance(const QString &state); ///< As instanceStateName() has it.
/// "Idle (blue)", "Ready (green)". idle: users are not sent to its colour; colour: empty where its service has none.
[[nodiscard]] QString ofInstance(const QString &state, const QString &colour, bool idle);
[[nodiscard]] QString ofUpdateType(const QString &type); ///< "hotfix", also "rollback"
[[nodiscard]] QString ofRisk(const QString &risk);
[[nodiscard]] QString ofPlanKind(const QString &kind); ///< "update", "rollback"
[[nodiscard]] QString ofVerb(const QString &verb); ///< Of a decision.
/// Of a plan's preview that is a table: a cell that begins with "@" is a word (plan.h).
[[nodiscard]] QString ofTable(const QString &table);

} // namespace cutover::words
