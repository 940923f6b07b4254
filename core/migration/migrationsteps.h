// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

namespace cutover {

/// Parameter of a migrate step, name → count: what a data migration that is under way took away in the runs before.
inline constexpr QLatin1StringView takenBefore("takenBefore");

/// The steps of our own chain: one migration forward, and one back.
[[nodiscard]] std::unique_ptr<Step> makeMigrateStep(StepSpec spec);
[[nodiscard]] std::unique_ptr<Step> makeDowngradeStep(StepSpec spec);

} // namespace cutover
