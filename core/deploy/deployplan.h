// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// Every instance of the named services (empty or "all": every managed one) at one version.
[[nodiscard]] InstanceReleases releasesAt(const Target &target, const QStringList &services, const QString &version);

/// Steps that point "current" from the installed version to another and bring the services to their
/// releases: forward in an update, backward in a rollback. A service of which no instance is named
/// stays at what it runs. All release folders must be there when they run.
[[nodiscard]] QList<StepSpec> deploySteps(const PlanningContext &context, const QString &to, const InstanceReleases &releases);

} // namespace cutover
