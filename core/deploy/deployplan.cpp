// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/deployplan.h"

#include "deploy/supervisor.h"
#include "plan/releasesource.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 InstanceMs = 4000; ///< Before there are measured runs.
constexpr qint64 SwitchMs = 50;

StepSpec instanceStep(const ServiceSpec &service, const InstanceSpec &instance, const QString &from, const QString &to)
{
    StepSpec step;
    step.id = u"deploy:"_s + instance.name;
    step.kind = u"deploy_instance"_s;
    step.params = {{u"service"_s, service.name}, {u"instance"_s, instance.name}, {u"fromRelease"_s, from}, {u"toRelease"_s, to}};
    step.title = {u"deploy.title.instance"_s, {{u"instance"_s, instance.name}}};
    step.intent = {service.balancerBackend.isEmpty() ? u"deploy.intent.instance_plain"_s : u"deploy.intent.instance"_s,
                   {{u"instance"_s, instance.name}, {u"from"_s, from}, {u"to"_s, to}}};
    step.changes = {{u"instance:"_s + instance.name, to}};
    step.expectedMs = InstanceMs;
    return step;
}

StepSpec recreateStep(const ServiceSpec &service, const QString &from, const QString &to)
{
    StepSpec step;
    QJsonArray instances;
    for (const InstanceSpec &instance : service.instances) {
        instances.append(instance.name);
        step.changes.insert(u"instance:"_s + instance.name, to);
    }
    step.id = u"recreate:"_s + service.name;
    step.kind = u"recreate_service"_s;
    step.params = {{u"service"_s, service.name}, {u"instances"_s, instances}, {u"fromRelease"_s, from}, {u"toRelease"_s, to}};
    step.title = {u"deploy.title.recreate"_s, {{u"service"_s, service.name}}};
    // A single instance mostly has the service's own name, and "every" of one would be odd.
    const bool one = service.instances.size() == 1;
    const QString balanced = one ? u"deploy.intent.recreate_one"_s : u"deploy.intent.recreate"_s;
    const QString plain = one ? u"deploy.intent.recreate_plain_one"_s : u"deploy.intent.recreate_plain"_s;
    step.intent = {service.balancerBackend.isEmpty() ? plain : balanced, {{u"service"_s, service.name}, {u"instances"_s, instances}, {u"to"_s, to}}};
    step.expectedMs = InstanceMs * service.instances.size();
    return step;
}

// Rolling needs somebody else to serve meanwhile.
bool rolls(const ServiceSpec &service)
{
    return service.strategy == Strategy::Rolling && service.mayOverlap && service.instances.size() > 1;
}

Async<Facts> runningReleases(const Target &target)
{
    CO_TRY(const auto releases, recordedReleases(target));
    Facts facts;
    for (const auto &[instance, version] : releases.asKeyValueRange()) {
        facts.insert(u"instance:"_s + instance, version);
    }
    co_return facts;
}

const FactSource source(u"instances"_s, runningReleases);

} // namespace

QList<StepSpec> deploySteps(const Target &target, const QString &from, const QString &to, const QStringList &services,
                            const QMap<QString, qint64> &measured)
{
    QList<StepSpec> steps;
    StepSpec change;
    change.id = u"switch_release"_s;
    change.kind = u"switch_release"_s;
    change.params = {{u"from"_s, from}, {u"to"_s, to}};
    change.title = {u"deploy.title.switch"_s, {}};
    change.intent = {u"deploy.intent.switch"_s, {{u"from"_s, from}, {u"to"_s, to}}};
    change.changes = {{u"release.current"_s, to}};
    change.expectedMs = SwitchMs;
    steps.append(change);
    for (const ServiceSpec &service : target.services) {
        if (!service.managed || !(services.isEmpty() || services.contains(u"all"_s) || services.contains(service.name))) {
            continue;
        }
        if (rolls(service)) {
            for (const InstanceSpec &instance : service.instances) {
                steps.append(instanceStep(service, instance, from, to));
            }
        } else {
            steps.append(recreateStep(service, from, to));
        }
    }
    for (StepSpec &step : steps) {
        step.expectedMs = measured.value(step.kind, step.expectedMs);
        // The users of an unbalanced service are the services behind the balancer, which go on.
        const ServiceSpec *service = target.service(step.params[u"service"_s].toString());
        if (step.kind == u"recreate_service" && service && !service->balancerBackend.isEmpty()) {
            step.expectedDowntimeMs = step.expectedMs;
        }
    }
    return steps;
}

Async<QList<StepSpec>> planDeploy(PlanningContext context, StagedRelease release)
{
    const QString to = release.info.manifest.version.toString();
    StepSpec place = ReleaseSource::of(context.target)->place(release);
    place.expectedMs = context.measuredMs.value(place.kind, place.expectedMs);
    QList<StepSpec> steps{place};
    steps += deploySteps(context.target, context.installed, to, release.info.manifest.restart, context.measuredMs);
    co_return steps;
}

} // namespace cutover
