// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

namespace cutover::alembic {

/// One revision forward, and one back.
[[nodiscard]] std::unique_ptr<Step> makeUpgradeStep(StepSpec spec);
[[nodiscard]] std::unique_ptr<Step> makeDowngradeStep(StepSpec spec);

/// What a step's parameter "wayBack" says.
namespace wayback {
constexpr QLatin1StringView none("none"); ///< There is none, or not alone.
constexpr QLatin1StringView counted("counted"); ///< It takes away what "loses" names and nothing else.
constexpr QLatin1StringView unknown("unknown"); ///< Nobody can count what it takes away.
} // namespace wayback

} // namespace cutover::alembic
