// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// Works out, in the order of the steps, what each "configure" step finds and leaves: its preview,
/// its facts; drops those that change nothing. For plans with several such steps for one file.
[[nodiscard]] Result<QList<StepSpec>> withConfigurationFacts(const Target &target, QList<StepSpec> steps);

} // namespace cutover
