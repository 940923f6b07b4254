// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "ui/scriptedengine.h"

namespace cutover::sample {

/// Nothing installed yet, nothing has happened.
void fillEmpty(ScriptedEngine *engine);
/// A trading-like system in the middle of its life: releases, runs many runs, flags, an hour of metrics.
void fillFull(ScriptedEngine *engine, int runs = 200);
/// A run to 1.3.0 under way: step 7 of 13.
void startRun(ScriptedEngine *engine);
/// The same run, held by a failed health check.
void holdRun(ScriptedEngine *engine);
/// Lee has the conn.
void giveConnAway(ScriptedEngine *engine);

[[nodiscard]] Plan updatePlan(const QString &from, const QString &to);

} // namespace cutover::sample
