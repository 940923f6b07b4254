// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// Works out, in the order of all steps of a plan, what each "configure" step of planConfiguration()
/// finds and leaves: its preview and its facts; drops those that change nothing. Over the whole
/// plan, because each release on the way finds the file as the one before leaves it.
[[nodiscard]] Result<QList<StepSpec>> withConfigurationFacts(const Target &target, QList<StepSpec> steps);

} // namespace cutover
