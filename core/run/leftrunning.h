// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"
#include "run/runlock.h"

namespace cutover {

/// "worker (4711)", as people are told of it.
[[nodiscard]] QStringList textsOf(const QList<LockKeeper> &keepers);
/// Who keeps the run lock now; off the event loop, as all processes are looked at. Nothing where there is no lock (descriptor below zero).
[[nodiscard]] Async<QList<LockKeeper>> keepersNow(QString stateDirectory, int descriptor);
/// What a program of a run left running when it ended: who keeps the lock since, beside those of before. A
/// moment is waited for what is about to end.
[[nodiscard]] Async<QStringList> leftRunning(QString stateDirectory, int descriptor, QList<LockKeeper> before, std::stop_token stop);
/// Tells in the log and in the report, below the step, what its program of that name left running. Nothing where that is nothing.
void tellLeftRunning(StepContext &context, const QString &name, const QStringList &programs);

} // namespace cutover
