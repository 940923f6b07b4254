// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the idle colour of blue-green services is out at the load balancer. Started there, it would serve at once.

#include "check/checklist.h"
#include "deploy/balancer.h"
#include "deploy/colours.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    const auto colours = co_await servingColours(scope.target);
    if (!colours) {
        co_return wrong(colours.error());
    }
    const auto balancer = BalancerRegistry::create(scope.target);
    if (!balancer || !*balancer) {
        co_return balancer ? passed(u"colour.check_ok"_s, {{u"count"_s, 0}}) : wrong(balancer.error());
    }
    const auto servers = co_await (*balancer)->allServers();
    if (!servers) {
        co_return wrong(servers.error());
    }
    const QSet<QString> idle = idleInstances(scope.target, *colours);
    QStringList letIn;
    for (const ServiceSpec &service : scope.target.services) {
        for (const BalancerServer &server : *servers) {
            if (service.isBlueGreen() && server.backend == service.balancerBackend && idle.contains(server.name) && !server.out) {
                letIn.append(server.name);
            }
        }
    }
    if (!letIn.isEmpty()) {
        co_return wrong(u"colour.check_let_in"_s, {{u"servers"_s, QJsonArray::fromStringList(letIn)}}, (*balancer)->place());
    }
    co_return passed(u"colour.check_ok"_s, {{u"count"_s, idle.size()}});
}

const CheckKind kind(26, [](const CheckScope &scope) {
    const bool applies = std::ranges::any_of(scope.target.services, &ServiceSpec::isBlueGreen);
    return applies ? QList<CheckItem>{{u"colours"_s, {u"colour.check"_s, {}}, true, run}} : QList<CheckItem>();
});

} // namespace

} // namespace cutover
