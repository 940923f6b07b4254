// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// Steps that bring the named services (empty or "all": every managed one) from one version to
/// another and point "current" at it: forward in an update, backward in a rollback. Both release
/// folders must be there when they run. measured: step kind → median of past runs in ms.
[[nodiscard]] QList<StepSpec> deploySteps(const Target &target, const QString &from, const QString &to, const QStringList &services,
                                          const QMap<QString, qint64> &measured);

} // namespace cutover
