// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Back to the code of any commit of the release repository. No restore point tells how the system was then, so it is the
// code alone: the database has to fit as it is, configuration and flags stay, and everything is restarted.

#include "backup/backupplan.h"
#include "deploy/colourplan.h"
#include "deploy/deployplan.h"
#include "migration/migrationplan.h"
#include "plan/releasesource.h"
#include "plan/rollbackplan.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Of services that run something else somewhere, all instances.
InstanceReleases movesTo(const PlanningContext &context, const Facts &now, const QString &version)
{
    InstanceReleases moves;
    for (const ServiceSpec &service : context.target.services) {
        const bool differs = service.managed && std::ranges::any_of(service.instances, [&](const InstanceSpec &instance) {
                                 const QString fact = instanceFact(instance.name);
                                 return now.contains(fact) && now[fact].toString() != version;
                             });
        for (const InstanceSpec &instance : service.instances) {
            if (differs) {
                moves.insert(instance.name, version);
            }
        }
    }
    return moves;
}

} // namespace

Async<Plan> planRollbackToCommit(PlanningContext context, StagedRelease release)
{
    const QString version = release.info.manifest.version.toString();
    CO_TRY(Plan plan, co_await beginRollback(context, version, u"code"_s));
    const InstanceReleases moves = movesTo(context, plan.facts, version);
    const bool isCurrent = plan.facts[u"release.current"_s].toString() == version;
    if (moves.isEmpty() && isCurrent) {
        co_return fail(u"rollback.runs_already"_s, {{u"version"_s, version}});
    }
    CO_CHECK(co_await checkCodeAlone(context, release));
    if (!isCurrent) {
        // Not the other pre-checks: what they find ill may be the reason for going back.
        CO_CHECK(co_await checkStartable(context, release));
    }
    const auto source = ReleaseSource::of(context.target);
    // Its folder is built, and its images are there, before anything else; then what nobody has tried yet gets a backup behind it.
    plan.steps = source->acquireSteps(release);
    plan.steps.append(source->place(release));
    PlanningContext alone = context;
    alone.target = withoutSpares(context.target);
    CO_TRY(const QList<StepSpec> fetch, fetchSteps(alone, version, moves));
    plan.steps += fetch;
    CO_TRY(QList<StepSpec> backup, co_await backupSteps(context, {u"backup.reason.rollback"_s, {{u"version"_s, version}}}));
    CO_CHECK(co_await lookForProof(context.target, &backup));
    plan.steps += backup;
    plan.steps += deploySteps(context, version, moves) + leftSpareSteps(context, moves);
    CO_TRY(const QList<StepSpec> health, co_await planHealth(context, release, false));
    plan.steps += health;
    plan.steps += retireSteps(context, plan.steps, Retire::All);
    // It has run nowhere yet, as far as anybody knows.
    plan.risk = u"medium"_s;
    addTimes(plan, context);
    co_return plan;
}

} // namespace cutover
