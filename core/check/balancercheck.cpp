// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the load balancer sends requests to every instance.

#include "check/checklist.h"
#include "deploy/balancer.h"
#include "deploy/colours.h"
#include "deploy/spares.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(CheckScope scope, std::stop_token stop)
{
    const auto balancer = BalancerRegistry::create(scope.target);
    if (!balancer) {
        co_return wrong(balancer.error());
    }
    // One that would take no change is found before anything is stopped.
    if (const auto ready = co_await (*balancer)->check(stop); !ready) {
        co_return wrong(ready.error());
    }
    const auto colours = co_await servingColours(scope.target);
    if (!colours) {
        co_return wrong(colours.error());
    }
    // That they are there, the update needs to know; that they are out is another check.
    const QSet<QString> idle = idleInstances(scope.target, *colours);
    int up = 0;
    for (const ServiceSpec &service : scope.target.services) {
        if (service.balancerBackend.isEmpty()) {
            continue;
        }
        const auto servers = co_await (*balancer)->servers(service.balancerBackend);
        if (!servers) {
            co_return wrong(servers.error());
        }
        for (const InstanceSpec &instance : service.instances) {
            QJsonObject args{{u"instance"_s, instance.name}, {u"backend"_s, service.balancerBackend}};
            const auto server = std::ranges::find(*servers, instance.name, &BalancerServer::name);
            if (server == servers->end()) {
                co_return wrong(u"check.no_server"_s, args, (*balancer)->place());
            }
            if (idle.contains(instance.name)) {
                continue;
            }
            if (!server->isUp()) {
                args.insert(u"status"_s, server->status);
                co_return wrong(u"check.server_down"_s, args, (*balancer)->place());
            }
            ++up;
        }
        // The update adds it once backups and migrations are done; a way back goes without where it must.
        if (service.spare && !scope.afterUpdate) {
            if (const auto addable = co_await checkSpare(*balancer, service); !addable) {
                co_return wrong(addable.error());
            }
        }
    }
    co_return passed(u"check.balancer_ok"_s, {{u"count"_s, up}});
}

const CheckKind kind(25, [](const CheckScope &scope) {
    return scope.target.balancer.kind.isEmpty() ? QList<CheckItem>()
                                                : QList<CheckItem>{{u"balancer"_s, {u"check.balancer"_s, {}}, true, run}};
});

} // namespace

} // namespace cutover
