// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/// Its instances are replaced one after the other while the rest of them serve.
[[nodiscard]] bool rolls(const ServiceSpec &service);

/// The target as it were if no service had a spare: a way back does without where there can be none.
[[nodiscard]] Target withoutSpares(Target target);

/// Every instance of the named services (empty or "all": every managed one) at one version.
[[nodiscard]] InstanceReleases releasesAt(const Target &target, const QStringList &services, const QString &version);

/// Steps that point "current" from the installed version to another and bring the services to their
/// releases: forward in an update, backward in a rollback. A service of which no instance is named
/// stays at what it runs. All release folders must be there when they run.
/// forth: a service that has a canary gets its share of the requests step by step; the way back does not wait for that.
[[nodiscard]] QList<StepSpec> deploySteps(const PlanningContext &context, const QString &to, const InstanceReleases &releases, bool forth = false);

/// Ends what a run that was given up has left serving: "retire_spare" of each spare whose service stays as it is.
[[nodiscard]] QList<StepSpec> leftSpareSteps(const PlanningContext &context, const InstanceReleases &releases);

/// "fetch" of the images that these instances start from, as a release's folder describes them; nothing for runtimes that start
/// from a folder alone.
[[nodiscard]] Result<QList<StepSpec>> fetchSteps(const PlanningContext &context, const QString &to, const InstanceReleases &releases);

/// What rolling back needs on this host before anything is stopped: "fetch" for each version, from the images that it has run
/// from; nothing for runtimes that start from a folder alone. An error where something is gone that nobody offers.
/// releases: exactly the instances that will be started.
[[nodiscard]] Async<QList<StepSpec>> fetchBackSteps(PlanningContext context, InstanceReleases releases);
/// Of these, the instances that deploySteps() starts: of a service with the strategy blue_green those of the idle colour; of
/// one with a spare that, too.
[[nodiscard]] InstanceReleases startedOnes(const PlanningContext &context, const InstanceReleases &releases);

} // namespace cutover
