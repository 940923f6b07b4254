// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/spares.h"

#include "deploy/notednames.h"
#include "deploy/runtime.h"
#include "plan/factkeeper.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;
constexpr qint64 UpLimitMs = 15000;
constexpr int AddTries = 3; ///< One that is restarted in between has forgotten it once more.

NotedNames noted(const Target &target)
{
    return NotedNames(target.stateDirectory + u"/spares.json"_s);
}

/// Where the balancer is to find a service's spare: at its port, on the host where it finds the instances at theirs.
Async<QString> spareHost(std::shared_ptr<Balancer> balancer, ServiceSpec service)
{
    CO_TRY(const QList<BalancerServer> servers, co_await balancer->servers(service.balancerBackend));
    QJsonObject args{{u"balancer"_s, balancer->title()}, {u"service"_s, service.name}, {u"spare"_s, service.spare->name}, {u"backend"_s, service.balancerBackend}};
    for (const InstanceSpec &instance : std::as_const(service.instances)) {
        const auto server = std::ranges::find(servers, instance.name, &BalancerServer::name);
        if (server == servers.end()) {
            continue;
        }
        QString host = server->address.section(u':', 0, -2);
        if (!host.isEmpty() && server->address.section(u':', -1) == QString::number(instance.port)) {
            if (host.startsWith(u'[') && host.endsWith(u']')) {
                host = host.sliced(1, host.size() - 2);
            }
            co_return host;
        }
        args.insert(u"instance"_s, instance.name);
        args.insert(u"address"_s, server->address);
        args.insert(u"port"_s, instance.port);
    }
    if (!args.contains("instance"_L1)) {
        co_return fail(u"spare.no_others"_s, args, balancer->place());
    }
    co_return fail(u"spare.elsewhere"_s, args, balancer->place());
}

/// Asks the balancer to do something about the spare there.
Async<> placed(std::shared_ptr<Balancer> balancer, ServiceSpec service, Async<> (Balancer::*ask)(QString, QString, QString, int) const)
{
    CO_TRY(const QString host, co_await spareHost(balancer, service));
    const QString backend = service.balancerBackend;
    const QString name = service.spare->name;
    const int port = service.spare->port;
    co_return co_await ((*balancer).*ask)(backend, name, host, port);
}

/// By pointer: it outlives the task.
Async<> keepOne(Target target, ServiceSpec service, BalancerTools tools, const std::function<void(const Message &)> *told, std::stop_token stop)
{
    CO_TRY(const bool serves, servesSpare(target, service));
    if (!serves) {
        co_return {};
    }
    CO_TRY(const auto balancer, BalancerRegistry::create(target, tools));
    const QString backend = service.balancerBackend;
    const QString spare = service.spare->name;
    const auto server = co_await balancer->server(backend, spare);
    // Somebody's drain by hand is left alone; no restart leaves one behind.
    if (server ? !server->isMaintained() : !isUnknownServer(server.error())) {
        co_return {};
    }
    CO_TRY(const auto runtime, RuntimeRegistry::create(service.runtime, target));
    const QStringList names{spare};
    CO_TRY(const QList<InstanceState> states, co_await runtime->statesOf(names, AnswerMs));
    const auto state = std::ranges::find(states, spare, &InstanceState::name);
    if (state == states.end() || state->state != InstanceState::State::Ready) {
        co_return {};
    }
    CO_CHECK(co_await admitSpare(balancer, service, stop));
    if (*told) {
        (*told)({u"spare.kept"_s, {{u"balancer"_s, balancer->title()}, {u"spare"_s, spare}, {u"service"_s, service.name}}});
    }
    co_return {};
}

Async<> keepSpares(Target target, QStringList, KeeperTools tools)
{
    BalancerTools own;
    own.processes = tools.processes;
    own.inherit = tools.inherit;
    for (const ServiceSpec &service : std::as_const(target.services)) {
        // What a run that was given up has left is not let in by others.
        if (startsSpare(tools.begun, service.name)) {
            co_await keepSpare(target, service, own, tools.told);
        }
    }
    co_return {};
}

const FactKeeper keeper(u"spare"_s, keepSpares);

} // namespace

Async<bool> isKnownServer(std::shared_ptr<Balancer> balancer, QString backend, QString server)
{
    const auto found = co_await balancer->server(backend, server);
    if (!found && !isUnknownServer(found.error())) {
        co_return fail(found.error());
    }
    co_return found.has_value();
}

Async<> checkSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service)
{
    return placed(std::move(balancer), std::move(service), &Balancer::checkAdd);
}

Async<> addSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service)
{
    return placed(std::move(balancer), std::move(service), &Balancer::addServer);
}

Async<> admitSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service, std::stop_token stop)
{
    const QString backend = service.balancerBackend;
    const QString name = service.spare->name;
    for (int attempt = 1;; ++attempt) {
        // One that is in already is not taken out, which adding does.
        const auto server = co_await balancer->server(backend, name);
        Result<> in = server && server->isUp() && !server->out ? Result<>() : co_await addSpare(balancer, service);
        if (in) {
            in = co_await balancer->setState(backend, name, Balancer::State::Ready);
        }
        if (in) {
            in = co_await balancer->waitUp(backend, name, UpLimitMs, stop);
        }
        if (in || attempt == AddTries) {
            co_return in;
        }
        CO_TRY(const bool isKnown, co_await isKnownServer(balancer, backend, name));
        if (isKnown) {
            co_return in;
        }
    }
}

Result<bool> servesSpare(const Target &target, const ServiceSpec &service)
{
    if (!service.spare) {
        return false;
    }
    TRY(const QStringList names, noted(target).names());
    return names.contains(service.spare->name);
}

Result<> noteSpare(const Target &target, const ServiceSpec &service, bool serves)
{
    return noted(target).note(service.spare->name, serves);
}

bool startsSpare(const QList<StepSpec> &steps, const QString &service)
{
    return std::ranges::any_of(steps, [&service](const StepSpec &step) { return step.kind == u"start_spare" && step.params[u"service"_s] == service; });
}

QCoro::Task<> keepSpare(Target target, ServiceSpec service, BalancerTools tools, std::function<void(const Message &done)> told, std::stop_token stop)
{
    (void)co_await keepOne(target, service, tools, &told, stop);
}

} // namespace cutover
