// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "checklist/checklist.h"

#include <functional>

namespace cutover {

/// Which results an item rests on.
using ResultPick = std::function<bool(const CheckResult &result)>;

/** What the staging system's runs of the same package say of an item. */
struct StagedVerdict {
    ChecklistItem::State state = ChecklistItem::State::Open;
    Message evidence;
    QDateTime time; ///< Null where nothing is told.
};

/// Of the checks of its newest run those that are picked and were told of the version that the plan installs; one that failed
/// fails the item. none: no such check. Pure.
[[nodiscard]] std::optional<StagedVerdict> stagedResults(const ChecklistInput &input, const ResultPick &pick);

// These need input.staging. Pure.
/// Whether each migration of the plan went up there, and down again, by steps that did it.
[[nodiscard]] StagedVerdict stagedUpAndDown(const ChecklistInput &input);
/// Whether a run that left the package took a schema down or restored a database.
[[nodiscard]] StagedVerdict stagedDatabaseBack(const ChecklistInput &input);
/// Whether a rollback from the package was checked at its end.
[[nodiscard]] StagedVerdict stagedBackChecked(const ChecklistInput &input);

} // namespace cutover
