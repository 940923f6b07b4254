// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

// What plans of every way back have in common.

/// A rollback's plan without its steps, with the facts as they are now; what runs and serves goes into the context.
[[nodiscard]] Async<Plan> beginRollback(PlanningContext &context, QString to, QString mode);
/// Room for the copies that prove the backup of these steps while services still serve: a server whose disk is full serves nobody.
/// "check.postgres_space" without it; where it can't be measured the proof's step says so.
[[nodiscard]] Async<> lookForProof(Target target, QList<StepSpec> *backup);
/// The steps' times by what was measured, and their sum.
void addTimes(Plan &plan, const PlanningContext &context);

} // namespace cutover
