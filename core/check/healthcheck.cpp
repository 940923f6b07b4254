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

ProbeSpec expanded(const Target &target, const ServiceSpec &service, const InstanceSpec &instance)
{
    const auto expand = [&](const QString &text) { return service.expand(text, instance, target.currentLink()); };
    ProbeSpec probe = service.health;
    probe.name = instance.name;
    probe.http = expand(probe.http);
    probe.tcp = expand(probe.tcp);
    for (QString &word : probe.command) {
        word = expand(word);
    }
    return probe;
}

const CheckKind health(20, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const ServiceSpec &service : scope.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (!asksNothing(service.health)) {
                items.append(item(u"health:"_s + instance.name, {u"check.health"_s, {{u"instance"_s, instance.name}}},
                                  expanded(scope.target, service, instance)));
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
