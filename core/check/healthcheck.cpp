// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether every instance answers its health probe, and every endpoint that the target names its own.

#include "check/checklist.h"
#include "check/probe.h"
#include "deploy/balancer.h"
#include "deploy/colours.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(ProbeSpec probe, std::stop_token stop)
{
    const ProbeResult result = co_await probeOnce(probe, stop);
    if (!result.ok) {
        co_return wrong(result.error);
    }
    co_return passed(u"check.answered"_s, {{u"duration"_s, result.durationMs}});
}

CheckItem item(const QString &id, const Message &title, const ProbeSpec &probe)
{
    return {id, title, probe.critical, [probe](CheckScope, std::stop_token stop) { return run(probe, stop); }, false, probe.proves, true};
}

/// With the folder of the release that the instance runs, which need not be the current one.
QCoro::Task<Finding> ask(ServiceSpec service, InstanceSpec instance, CheckScope scope, std::stop_token stop)
{
    if (service.isBlueGreen()) {
        const auto colours = co_await servingColours(scope.target);
        if (!colours) {
            co_return wrong(colours.error());
        }
        if (idleInstances(scope.target, *colours).contains(instance.name)) {
            // Whatever it answers then, users would get it.
            const auto balancer = BalancerRegistry::create(scope.target);
            const auto server = balancer && *balancer ? co_await (*balancer)->server(service.balancerBackend, instance.name) : Result<BalancerServer>(BalancerServer{.out = true});
            if (!server) {
                co_return wrong(server.error());
            }
            if (!server->out) {
                co_return wrong(u"colour.check_let_in"_s, {{u"servers"_s, QJsonArray{instance.name}}}, (*balancer)->place());
            }
            co_return passed(u"colour.idle"_s, {{u"colour"_s, colourWord(instance.colour)}});
        }
    }
    QString folder = scope.target.currentLink();
    const QString anywhere = service.health.http + service.health.tcp + service.health.command.join(u' ');
    if (service.managed && anywhere.contains(u"{release}")) {
        QString version = scope.expectedReleases.value(instance.name);
        if (version.isEmpty()) {
            const auto recorded = co_await FactSource::collectFrom(instanceFactSource(), scope.target);
            if (!recorded) {
                co_return wrong(recorded.error());
            }
            version = runningReleases(*recorded).value(instance.name);
        }
        if (!version.isEmpty()) {
            folder = scope.target.releaseDirectory(service, version);
        }
    }
    ProbeSpec probe = service.expand(service.health, instance, folder);
    probe.name = instance.name;
    co_return co_await run(probe, stop);
}

const CheckKind health(20, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const ServiceSpec &service : scope.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.health.asksAnything()) {
                items.append({u"health:"_s + instance.name, {u"check.health"_s, {{u"instance"_s, instance.name}}}, service.health.critical, [service, instance](CheckScope asked, std::stop_token stop) { return ask(service, instance, asked, stop); }, false, {}, true});
            }
        }
    }
    return items;
});

const CheckKind probes(80, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const ProbeSpec &probe : scope.target.check.probes) {
        items.append(item(u"probe:"_s + probe.name, {u"check.probe"_s, {{u"name"_s, probe.name}}}, probe));
    }
    return items;
});

} // namespace

} // namespace cutover
