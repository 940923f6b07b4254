// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/deployplan.h"

#include "deploy/colourplan.h"
#include "deploy/colours.h"
#include "deploy/imagerecord.h"
#include "deploy/instancemove.h"
#include "deploy/runtime.h"
#include "deploy/spares.h"
#include "plan/releasesource.h"
#include "target/yamlreader.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 InstanceMs = 4000; ///< Before there are measured runs.
constexpr qint64 StartSpareMs = 4000;
constexpr qint64 RetireSpareMs = 1000;
constexpr qint64 SwitchMs = 50;
constexpr qint64 FetchMs = 2000;

StepSpec instanceStep(const Target &target, const ServiceSpec &service, const InstanceSpec &instance, const QString &from, const QString &to, bool isBeside)
{
    StepSpec step;
    step.id = u"deploy:"_s + instance.name;
    step.kind = u"deploy_instance"_s;
    step.params = {{u"service"_s, service.name}, {u"instance"_s, instance.name}, {u"fromRelease"_s, from}, {u"toRelease"_s, to}};
    step.title = {u"deploy.title.instance"_s, {{u"instance"_s, instance.name}}};
    QJsonObject args{{u"instance"_s, instance.name}, {u"from"_s, from}, {u"to"_s, to}};
    if (!isBeside && !service.balancerBackend.isEmpty()) {
        args.insert(u"left"_s, sessionsLeftIntent(target, service).toJson());
    }
    if (service.spare) {
        args.insert(u"spare"_s, service.spare->name);
    }
    step.intent = {isBeside                                ? u"deploy.intent.instance_beside"_s
                       : service.balancerBackend.isEmpty() ? u"deploy.intent.instance_plain"_s
                       : service.spare                     ? u"deploy.intent.instance_spare"_s
                                                           : u"deploy.intent.instance"_s,
                   args};
    step.changes = {{instanceFact(instance.name), to}};
    step.expectedMs = InstanceMs;
    return step;
}

/// kind: "start_spare" or "retire_spare". It changes no fact: what runs is the same before the one and after the other.
StepSpec spareStep(const Target &target, const QString &kind, const ServiceSpec &service, const QString &from, const QString &to, qint64 expectedMs)
{
    StepSpec step;
    step.id = kind + u':' + service.name;
    step.kind = kind;
    step.params = {{u"service"_s, service.name}, {u"instance"_s, service.spare->name}, {u"fromRelease"_s, from}, {u"toRelease"_s, to}};
    const QJsonObject args{{u"service"_s, service.name}, {u"spare"_s, service.spare->name}, {u"from"_s, from}, {u"to"_s, to}, {u"left"_s, sessionsLeftIntent(target, service).toJson()}};
    step.title = {u"deploy.title."_s + kind, args};
    step.intent = {u"deploy.intent."_s + kind, args};
    step.expectedMs = expectedMs;
    return step;
}

StepSpec recreateStep(const Target &target, const ServiceSpec &service, const QString &from, const QString &to)
{
    StepSpec step;
    QJsonArray instances;
    for (const InstanceSpec &instance : service.instances) {
        instances.append(instance.name);
        step.changes.insert(instanceFact(instance.name), to);
    }
    step.id = u"recreate:"_s + service.name;
    step.kind = u"recreate_service"_s;
    step.params = {{u"service"_s, service.name}, {u"instances"_s, instances}, {u"fromRelease"_s, from}, {u"toRelease"_s, to}};
    step.title = {u"deploy.title.recreate"_s, {{u"service"_s, service.name}}};
    // A single instance mostly has the service's own name, and "every" of one would be odd.
    const bool one = service.instances.size() == 1;
    const QString balanced = one ? u"deploy.intent.recreate_one"_s : u"deploy.intent.recreate"_s;
    const QString plain = one ? u"deploy.intent.recreate_plain_one"_s : u"deploy.intent.recreate_plain"_s;
    QJsonObject args{{u"service"_s, service.name}, {u"instances"_s, instances}, {u"to"_s, to}};
    if (!service.balancerBackend.isEmpty()) {
        args.insert(u"left"_s, sessionsLeftIntent(target, service).toJson());
    }
    step.intent = {service.balancerBackend.isEmpty() ? plain : balanced, args};
    step.expectedMs = InstanceMs * service.instances.size();
    return step;
}

/// A name that nobody has would leave a service at the old release, and the release says that this must not be.
Result<> checkRestart(const Target &target, const Manifest &manifest, const QString &package)
{
    QStringList known;
    for (const ServiceSpec &service : target.services) {
        if (service.managed) {
            known.append(service.name);
        }
    }
    for (const QString &name : manifest.restart) {
        if (name == u"all" || known.contains(name)) {
            continue;
        }
        QJsonObject args{{u"version"_s, manifest.version.toString()},
                         {u"service"_s, name},
                         {u"target"_s, target.name},
                         {u"known"_s, QJsonArray::fromStringList(known)}};
        if (target.service(name)) {
            return fail(u"deploy.restart_unmanaged"_s, args, package);
        }
        const QString nearest = yaml::nearest(name, known);
        args.insert(u"nearest"_s, nearest);
        return fail(nearest.isEmpty() ? u"deploy.restart_unknown"_s : u"deploy.restart_misspelt"_s, args, package);
    }
    return {};
}

bool moves(const ServiceSpec &service, const InstanceReleases &releases)
{
    return std::ranges::any_of(service.instances, [&](const InstanceSpec &instance) { return releases.contains(instance.name); });
}

bool isSpareOf(const Target &target, const QString &instance)
{
    const ServiceSpec *service = target.serviceOfInstance(instance);
    return service && service->isSpare(instance);
}

/// Of a service that moves: the spare serves from what the first of its instances goes to.
QString spareRelease(const ServiceSpec &service, const InstanceReleases &releases)
{
    const auto first = std::ranges::find_if(service.instances, [&](const InstanceSpec &instance) { return releases.contains(instance.name); });
    return releases.value(first->name);
}

/// Title and intent: images, the release itself on further hosts, or both.
void tellFetched(const Target &target, StepSpec &step, const QString &intentOfImages, const QString &to)
{
    QStringList hosts;
    bool hasImages = false;
    const QJsonArray instances = step.params["instances"_L1].toArray();
    for (const auto &name : instances) {
        const ServiceSpec *service = target.serviceOfInstance(name.toString());
        if (service && !service->host.isHere() && !hosts.contains(service->host.text())) {
            hosts.append(service->host.text());
        }
        hasImages = hasImages || (service && service->runtime == "compose"_L1);
    }
    const QJsonObject args{{u"to"_s, to}, {u"hosts"_s, QJsonArray::fromStringList(hosts)}};
    if (hosts.isEmpty()) {
        step.title = {u"deploy.title.fetch"_s, {}};
        step.intent = {intentOfImages, {{u"to"_s, to}}};
    } else {
        step.title = {hasImages ? u"deploy.title.fetch_and_bring"_s : u"deploy.title.bring"_s, {}};
        step.intent = {hasImages ? u"deploy.intent.fetch_and_bring"_s : u"deploy.intent.bring"_s, args};
    }
}

} // namespace

bool rolls(const ServiceSpec &service)
{
    return service.strategy == Strategy::Rolling && service.mayOverlap && (service.instances.size() > 1 || service.spare);
}

Target withoutSpares(Target target)
{
    for (ServiceSpec &service : target.services) {
        service.spare.reset();
    }
    return target;
}

Result<QList<StepSpec>> fetchSteps(const PlanningContext &context, const QString &to, const InstanceReleases &releases)
{
    QJsonArray instances;
    for (const ServiceSpec &service : context.target.services) {
        TRY(const auto runtime, RuntimeRegistry::create(service.runtime, context.target));
        const QList<InstanceSpec> started = service.isBlueGreen() ? service.instancesOf(freshColour(context, service)) : service.instances;
        for (const InstanceSpec &instance : started) {
            if (releases.contains(instance.name) && runtime->fetches()) {
                instances.append(instance.name);
            }
        }
        if (service.spare && moves(service, releases) && runtime->fetches()) {
            instances.append(service.spare->name);
        }
    }
    if (instances.isEmpty()) {
        return QList<StepSpec>();
    }
    StepSpec step;
    step.id = u"fetch"_s;
    step.kind = u"fetch"_s;
    step.params = {{u"instances"_s, instances}, {u"toRelease"_s, to}};
    tellFetched(context.target, step, u"deploy.intent.fetch"_s, to);
    step.expectedMs = context.measuredMs.value(step.kind, FetchMs);
    step.changesState = false;
    return QList<StepSpec>{step};
}

InstanceReleases releasesAt(const Target &target, const QStringList &services, const QString &version)
{
    const bool every = services.isEmpty() || services.contains(u"all"_s);
    InstanceReleases releases;
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.managed && (every || services.contains(service.name))) {
                releases.insert(instance.name, version);
            }
        }
    }
    return releases;
}

InstanceReleases startedOnes(const PlanningContext &context, const InstanceReleases &releases)
{
    InstanceReleases started;
    for (const ServiceSpec &service : context.target.services) {
        const QList<InstanceSpec> own = service.isBlueGreen() ? service.instancesOf(freshColour(context, service)) : service.instances;
        for (const InstanceSpec &instance : own) {
            if (releases.contains(instance.name)) {
                started.insert(instance.name, releases[instance.name]);
            }
        }
        if (service.spare && moves(service, releases)) {
            started.insert(service.spare->name, spareRelease(service, releases));
        }
    }
    return started;
}

Async<QList<StepSpec>> fetchBackSteps(PlanningContext context, InstanceReleases releases)
{
    QMap<QString, QMap<QString, QMap<QString, QString>>> wanted; // Version → runtime → instance → image.
    for (const auto &[instance, version] : releases.asKeyValueRange()) {
        const ServiceSpec *service = context.target.serviceOfInstance(instance);
        if (!service || !service->managed) {
            continue;
        }
        CO_TRY(const auto runtime, RuntimeRegistry::create(service->runtime, context.target));
        if (runtime->fetches()) {
            wanted[version][service->runtime].insert(instance, recordedImage(context.target, version, instance));
        }
    }
    QList<StepSpec> steps;
    for (const auto &[version, runtimes] : wanted.asKeyValueRange()) {
        QJsonObject images;
        for (const auto &[name, own] : runtimes.asKeyValueRange()) {
            CO_TRY(const auto runtime, RuntimeRegistry::create(name, context.target));
            QMap<QString, QString> brought = own;
            brought.removeIf([&context](const auto &each) { return isSpareOf(context.target, each.key()); });
            CO_CHECK(co_await runtime->checkRestore(version, brought, {}));
            // A release of before there was a spare has none, and can be gone back to all the same.
            if (brought.size() < own.size() && co_await runtime->checkRestore(version, own, {})) {
                brought = own;
            }
            for (const auto &[instance, image] : std::as_const(brought).asKeyValueRange()) {
                images.insert(instance, image);
            }
        }
        StepSpec step;
        step.id = steps.isEmpty() ? u"fetch"_s : QString(u"fetch:"_s + version);
        step.kind = u"fetch"_s;
        step.params = {{u"instances"_s, QJsonArray::fromStringList(images.keys())}, {u"toRelease"_s, version}, {u"back"_s, true}, {u"images"_s, images}};
        tellFetched(context.target, step, u"deploy.intent.fetch_back"_s, version);
        step.expectedMs = context.measuredMs.value(step.kind, FetchMs);
        step.changesState = false;
        steps.append(step);
    }
    co_return steps;
}

QList<StepSpec> deploySteps(const PlanningContext &context, const QString &to, const InstanceReleases &releases, bool forth)
{
    const Target &target = context.target;
    const QString from = context.installed;
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
        if (!service.managed || !moves(service, releases)) {
            continue;
        }
        if (service.isBlueGreen()) {
            // Its instances are started together, so of one release.
            const QString fresh = freshColour(context, service);
            const QString old = otherColour(fresh);
            steps += colourSteps(context, service, {.colour = fresh, .from = context.running.value(service.instancesOf(old).constFirst().name, from), .to = releases.value(service.instancesOf(fresh).constFirst().name, to), .forth = forth});
        } else if (rolls(service)) {
            const auto runtime = RuntimeRegistry::create(service.runtime, target);
            const QString ran = context.running.value(service.instances.first().name, from);
            if (service.spare) {
                StepSpec start = spareStep(target, u"start_spare"_s, service, ran, spareRelease(service, releases), StartSpareMs);
                start.params.insert(u"back"_s, !forth);
                steps.append(start);
            }
            for (const InstanceSpec &instance : service.instances) {
                const bool isBeside = runtime && (*runtime)->startsBeside(instance.name);
                steps.append(instanceStep(target, service, instance, context.running.value(instance.name, from), releases.value(instance.name, to), isBeside));
            }
            if (service.spare) {
                steps.append(spareStep(target, u"retire_spare"_s, service, ran, spareRelease(service, releases), RetireSpareMs));
            }
        } else {
            // Its instances are started together, so of one release.
            const QString first = service.instances.first().name;
            steps.append(recreateStep(target, service, context.running.value(first, from), releases.value(first, to)));
        }
    }
    for (StepSpec &step : steps) {
        if (step.kind != u"watch") {
            step.expectedMs = context.measuredMs.value(step.kind, step.expectedMs);
        }
        // The users of an unbalanced service are the services behind the balancer, which go on.
        const ServiceSpec *service = target.service(step.params[u"service"_s].toString());
        if (step.kind == u"recreate_service" && service && !service->balancerBackend.isEmpty()) {
            step.expectedDowntimeMs = step.expectedMs;
        }
    }
    return steps;
}

QList<StepSpec> leftSpareSteps(const PlanningContext &context, const InstanceReleases &releases)
{
    QList<StepSpec> steps;
    for (const ServiceSpec &service : context.target.services) {
        // One of a service that moves is replaced.
        if (!service.managed || moves(service, releases) || !servesSpare(context.target, service).value_or(false)) {
            continue;
        }
        const QString ran = context.running.value(service.instances.first().name, context.installed);
        StepSpec step = spareStep(context.target, u"retire_spare"_s, service, ran, ran, context.measuredMs.value(u"retire_spare"_s, RetireSpareMs));
        step.params.insert(u"left"_s, true);
        step.intent.code = u"deploy.intent.retire_left_spare"_s;
        steps.append(step);
    }
    return steps;
}

Async<QList<StepSpec>> planDeploy(PlanningContext context, StagedRelease release)
{
    const Manifest &manifest = release.info.manifest;
    CO_CHECK(checkRestart(context.target, manifest, release.package));
    const QString to = manifest.version.toString();
    StepSpec place = ReleaseSource::of(context.target)->place(release);
    place.expectedMs = context.measuredMs.value(place.kind, place.expectedMs);
    QList<StepSpec> steps{place};
    // What a release restarts that is passed over has changed all the same.
    QStringList restart = manifest.restart;
    for (const QString &name : std::as_const(release.passedOver)) {
        // One that is called otherwise here has been renamed since.
        const bool known = context.target.service(name) != nullptr;
        if (!restart.isEmpty()) {
            restart.append(known ? name : u"all"_s);
        }
    }
    const InstanceReleases releases = releasesAt(context.target, restart, to);
    CO_TRY(const QList<StepSpec> fetch, fetchSteps(context, to, releases));
    steps += fetch;
    steps += deploySteps(context, to, releases, true);
    steps += leftSpareSteps(context, releases);
    co_return steps;
}

} // namespace cutover
