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

bool takesRequests(const QList<HaproxyServer> &servers, const QString &backend, const QString &name)
{
    return std::ranges::any_of(servers, [&](const HaproxyServer &server) { return server.backend == backend && server.name == name && server.isUp(); });
}

} // namespace

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
    QStringList versions;
    QStringList silent;
    bool ready = false;
    for (const ServiceSpec &service : std::as_const(managed)) {
        const bool forUsers = !balanced || isBalanced(target, service);
        for (const InstanceSpec &instance : service.instances) {
            const auto state = std::ranges::find(*look.states, instance.name, &InstanceState::name);
            const bool isReady = state != look.states->end() && state->state == InstanceState::State::Ready;
            const bool reached = isReady && (!isBalanced(target, service) || (told && takesRequests(**look.servers, service.balancerBackend, instance.name)));
            ready = ready || (isReady && forUsers);
            if (!reached) {
                silent.append(instance.name);
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
