// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/serving.h"

#include "serve/views.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isBalanced(const Target &target, const ServiceSpec &service)
{
    return !target.balancer.kind.isEmpty() && !service.balancerBackend.isEmpty();
}

bool takesRequests(const QList<BalancerServer> &servers, const QString &backend, const QString &name)
{
    return std::ranges::any_of(servers, [&](const BalancerServer &server) { return server.backend == backend && server.name == name && server.isUp(); });
}

} // namespace

ServingColours servingOfLook(const Target &target, const ServicesLook &look)
{
    ServingColours colours;
    for (const ServiceSpec &service : target.services) {
        if (!service.isBlueGreen()) {
            continue;
        }
        const QList<BalancerServer> *servers = look.servers && *look.servers ? &**look.servers : nullptr;
        if (const auto colour = servingColour(target, service, look.states ? *look.states : look.partly, servers)) {
            colours.insert(service.name, *colour);
        }
    }
    return colours;
}

Serving servingOf(const Target &target, const QString &installed, const ServicesLook &look)
{
    QList<ServiceSpec> managed = target.services;
    managed.removeIf([](const ServiceSpec &service) { return !service.managed; });
    if (managed.isEmpty()) {
        return {.versions = installed, .silent = {}};
    }
    if (!look.states) {
        return {};
    }
    const bool balanced = std::ranges::any_of(managed, [&](const ServiceSpec &service) { return isBalanced(target, service); });
    // What it does not tell can't be said; that no process is ready can.
    const bool told = look.servers && *look.servers;
    const QSet<QString> idle = idleInstances(target, servingOfLook(target, look));
    QStringList versions;
    QStringList silent;
    bool ready = false;
    for (const ServiceSpec &service : std::as_const(managed)) {
        const bool forUsers = !balanced || isBalanced(target, service);
        const QList<InstanceSpec> all = service.withSpare();
        for (const InstanceSpec &instance : all) {
            const auto state = std::ranges::find(*look.states, instance.name, &InstanceState::name);
            const bool isReady = state != look.states->end() && state->state == InstanceState::State::Ready;
            const bool reached = isReady && (!isBalanced(target, service) || (told && takesRequests(**look.servers, service.balancerBackend, instance.name)));
            ready = ready || (isReady && forUsers && !idle.contains(instance.name));
            if (!reached) {
                // An idle one may be reached, in the middle of an update; that it is not is how it is meant to be.
                if (!idle.contains(instance.name) && !service.isSpare(instance.name)) {
                    silent.append(instance.name);
                }
            } else if (forUsers) {
                versions.append(state->release);
            }
        }
    }
    if (balanced && !told && ready) {
        return {};
    }
    if (versions.isEmpty()) {
        return {.versions = servedByNobody, .silent = silent};
    }
    versions.removeDuplicates();
    versions.sort();
    return {.versions = versions.join(u", "_s), .silent = silent};
}

} // namespace cutover
