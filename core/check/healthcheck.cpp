// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether every instance answers its health probe, and every endpoint that the target names its own.

#include "check/checklist.h"
#include "check/probe.h"

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
    return {id, title, probe.critical, [probe](CheckScope, std::stop_token stop) { return run(probe, stop); }};
}

bool asksNothing(const ProbeSpec &probe)
{
    return probe.http.isEmpty() && probe.tcp.isEmpty() && probe.command.isEmpty();
}

ProbeSpec expanded(const ServiceSpec &service, const InstanceSpec &instance, const QString &release)
{
    const auto expand = [&](const QString &text) { return service.expand(text, instance, release); };
    ProbeSpec probe = service.health;
    probe.name = instance.name;
    probe.http = expand(probe.http);
    probe.tcp = expand(probe.tcp);
    for (QString &word : probe.command) {
        word = expand(word);
    }
    return probe;
}

/// With the folder of the release that the instance runs, which need not be the current one.
QCoro::Task<Finding> ask(ServiceSpec service, InstanceSpec instance, CheckScope scope, std::stop_token stop)
{
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
            folder = scope.target.releaseDirectory(version);
        }
    }
    const ProbeSpec probe = expanded(service, instance, folder);
    co_return co_await run(probe, stop);
}

const CheckKind health(20, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const ServiceSpec &service : scope.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (!asksNothing(service.health)) {
                items.append({u"health:"_s + instance.name, {u"check.health"_s, {{u"instance"_s, instance.name}}}, service.health.critical, [service, instance](CheckScope asked, std::stop_token stop) { return ask(service, instance, asked, stop); }});
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
