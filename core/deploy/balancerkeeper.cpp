// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/balancerkeeper.h"

#include "deploy/canaryshares.h"
#include "deploy/colours.h"
#include "deploy/runtime.h"
#include "plan/factkeeper.h"

#include <QJsonArray>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;
constexpr qint64 UpLimitMs = 15000;

/** The servers of a blue-green service beside what runs have set. */
struct View {
    QString found; ///< By what is let in.
    QStringList letIn; ///< Servers that are out and must not be.
    QStringList takeOut; ///< Servers that are let in and must not be.
    QMap<QString, int> weights; ///< To be set.
    double share = 0; ///< Of the idle colour by them.
    bool isSafe = true; ///< All of that can be put right without harm to a request.

    [[nodiscard]] bool isAsSet() const { return letIn.isEmpty() && takeOut.isEmpty() && weights.isEmpty(); }
};

/// Ready by what runs them, so that they can take requests.
Async<bool> areReady(Target target, QStringList instances)
{
    const InstanceLook look = co_await lookAtInstances(target, AnswerMs);
    const bool all = std::ranges::all_of(instances, [&look](const QString &name) {
        const auto state = std::ranges::find(look.states, name, &InstanceState::name);
        return state != look.states.end() && state->state == InstanceState::State::Ready;
    });
    // Whoever else can't be asked says nothing against these.
    if (!all && !look.problem.code.isEmpty()) {
        co_return fail(look.problem);
    }
    co_return all;
}

Async<View> lookAt(std::shared_ptr<Balancer> balancer, Target target, ServiceSpec service, ColourRecord record)
{
    CO_TRY(const QList<BalancerServer> servers, co_await balancer->servers(service.balancerBackend));
    const QString serving = record.colour;
    const QString idle = otherColour(serving);
    QMap<QString, BalancerServer> known;
    for (const BalancerServer &server : servers) {
        known.insert(server.name, server);
    }
    const auto in = [&](const QString &colour) {
        QStringList names = service.namesOf(colour);
        names.removeIf([&](const QString &name) { return !known.contains(name) || known[name].out; });
        return names;
    };
    const bool isCanary = record.isCanary();
    View view;
    QStringList colours;
    for (const QString &colour : {u"blue"_s, u"green"_s}) {
        if (!in(colour).isEmpty()) {
            colours.append(colour);
        }
    }
    view.found = balancerFactValue(colours, isCanary ? record.percent : 0);
    const QStringList servingIn = in(serving);
    const QStringList idleIn = in(idle);
    if (isCanary) {
        const QStringList fresh = service.namesOf(idle);
        const QStringList old = service.namesOf(serving);
        const CanaryShares shares = canaryShares(weightsFor(record.weights, fresh), weightsFor(record.weights, old), record.percent);
        for (const auto &[name, weight] : shares.weights.asKeyValueRange()) {
            if (weight > 0 && known.contains(name) && known[name].weight != weight) {
                view.weights.insert(name, weight);
            }
        }
        view.share = shares.share;
        // All of a colour out is a state that was lost; one server of it is somebody's own decision.
        view.letIn = (servingIn.isEmpty() ? old : QStringList()) + (idleIn.isEmpty() ? fresh : QStringList());
    } else if (!idleIn.isEmpty()) {
        view.takeOut = idleIn;
        view.letIn = servingIn.isEmpty() ? service.namesOf(serving) : QStringList();
        // Who is meant to serve is not there to take over: out with the idle ones would be out with everybody.
        view.isSafe = servingIn.isEmpty() || std::ranges::any_of(servingIn, [&](const QString &name) { return known[name].isUp(); });
    }
    if (view.isSafe && !view.letIn.isEmpty()) {
        const QStringList asked = view.letIn;
        CO_TRY(view.isSafe, co_await areReady(target, asked));
    }
    co_return view;
}

Async<Facts> balancerFacts(Target target)
{
    Facts facts;
    CO_TRY(const auto balancer, BalancerRegistry::create(target));
    std::optional<ServingColours> serving;
    for (const ServiceSpec &service : std::as_const(target.services)) {
        if (!service.isBlueGreen() || !balancer) {
            continue;
        }
        CO_TRY(const ColourRecord record, colourRecord(target, service.name));
        if (record.colour.isEmpty()) {
            // Nothing has been set yet, so what is let in is nobody's promise: who serves is what a run keeps and goes back to.
            if (!serving) {
                CO_TRY(serving, co_await servingColours(target));
            }
            facts.insert(balancerFact(service.name), balancerFactValue(serving->contains(service.name) ? QStringList{serving->value(service.name)} : QStringList()));
            continue;
        }
        CO_TRY(const View view, co_await lookAt(balancer, target, service, record));
        const bool isCanary = record.isCanary();
        const QStringList set = isCanary ? QStringList{u"blue"_s, u"green"_s} : QStringList{record.colour};
        const bool isKept = !view.isAsSet() && view.isSafe;
        facts.insert(balancerFact(service.name), isKept ? balancerFactValue(set, isCanary ? record.percent : 0) : view.found);
    }
    co_return facts;
}

Async<> putRight(std::shared_ptr<Balancer> balancer, QString backend, View view)
{
    for (const auto &[name, weight] : view.weights.asKeyValueRange()) {
        CO_CHECK(co_await balancer->setWeight(backend, name, weight));
    }
    for (const QString &name : std::as_const(view.letIn)) {
        CO_CHECK(co_await balancer->setState(backend, name, Balancer::State::Ready));
    }
    for (const QString &name : std::as_const(view.letIn)) {
        CO_CHECK(co_await balancer->waitUp(backend, name, UpLimitMs));
    }
    // Requests under way there are answered all the same.
    for (const QString &name : std::as_const(view.takeOut)) {
        CO_CHECK(co_await balancer->setState(backend, name, Balancer::State::Maintenance));
    }
    co_return {};
}

/// The run has stopped all of the service, and has not started it again.
bool isStopped(const ServiceSpec &service, const KeeperTools &tools)
{
    const auto anyIn = [&service](const Facts &facts) {
        return std::ranges::any_of(service.instances, [&facts](const InstanceSpec &instance) { return facts.contains(instanceFact(instance.name)); });
    };
    return anyIn(tools.before) && !anyIn(tools.expected);
}

/// Maintenance again for a stopped service whose servers were let in meanwhile. Where something of it runs after all, the
/// facts tell.
Async<> keepStoppedOut(std::shared_ptr<Balancer> balancer, Target target, ServiceSpec service, KeeperTools tools)
{
    const QString backend = service.balancerBackend;
    CO_TRY(const QList<BalancerServer> servers, co_await balancer->servers(backend));
    QStringList takeOut;
    for (const BalancerServer &server : servers) {
        if (!server.out && std::ranges::find(service.instances, server.name, &InstanceSpec::name) != service.instances.end()) {
            takeOut.append(server.name);
        }
    }
    if (takeOut.isEmpty()) {
        co_return {};
    }
    const InstanceLook look = co_await lookAtInstances(target, AnswerMs);
    for (const QString &name : std::as_const(takeOut)) {
        const auto state = std::ranges::find(look.states, name, &InstanceState::name);
        if (state == look.states.end() || state->state == InstanceState::State::Unknown) {
            co_return look.problem.code.isEmpty() ? Result<>() : Result<>(fail(look.problem));
        }
        if (state->pid > 0) {
            co_return {};
        }
    }
    for (const QString &name : std::as_const(takeOut)) {
        CO_CHECK(co_await balancer->setState(backend, name, Balancer::State::Maintenance));
    }
    tools.told({u"balancer.kept_stopped"_s, {{u"balancer"_s, balancer->title()}, {u"service"_s, service.name}, {u"out"_s, QJsonArray::fromStringList(takeOut)}}});
    co_return {};
}

Async<> keepBalancers(Target target, QStringList ignored, KeeperTools tools)
{
    BalancerTools own;
    own.processes = tools.processes;
    own.inherit = tools.inherit;
    CO_TRY(const auto balancer, BalancerRegistry::create(target, own));
    for (const ServiceSpec &service : std::as_const(target.services)) {
        const auto isChanging = [&ignored](const InstanceSpec &instance) { return ignored.contains(instanceFact(instance.name)); };
        const bool isAtWork = service.isBlueGreen() ? ignored.contains(balancerFact(service.name)) : std::ranges::any_of(service.instances, isChanging);
        if (!balancer || service.balancerBackend.isEmpty() || isAtWork) {
            continue;
        }
        if (service.managed && isStopped(service, tools)) {
            CO_CHECK(co_await keepStoppedOut(balancer, target, service, tools));
            continue;
        }
        if (!service.isBlueGreen()) {
            continue;
        }
        CO_TRY(const ColourRecord record, colourRecord(target, service.name));
        if (record.colour.isEmpty()) {
            continue; // Nothing has been set yet.
        }
        CO_TRY(const View view, co_await lookAt(balancer, target, service, record));
        if (view.isAsSet() || !view.isSafe) {
            continue;
        }
        const QString backend = service.balancerBackend;
        CO_CHECK(co_await putRight(balancer, backend, view));
        const QJsonObject args{{u"balancer"_s, balancer->title()}, {u"service"_s, service.name}, {u"colour"_s, colourWord(record.colour)}, {u"idle"_s, colourWord(otherColour(record.colour))}, {u"share"_s, view.share}, {u"in"_s, QJsonArray::fromStringList(view.letIn)}, {u"out"_s, QJsonArray::fromStringList(view.takeOut)}};
        if (!view.letIn.isEmpty()) {
            tools.told({u"balancer.kept_in"_s, args});
        }
        if (!view.takeOut.isEmpty()) {
            tools.told({u"balancer.kept_out"_s, args});
        }
        if (!view.weights.isEmpty()) {
            tools.told({u"balancer.kept_share"_s, args});
        }
    }
    co_return {};
}

const FactSource source(balancerFactSource(), [](const Target &target) { return balancerFacts(target); });
const FactKeeper keeper(balancerFactSource(), keepBalancers);

} // namespace

QString balancerFactValue(QStringList colours, int percent)
{
    colours.sort();
    if (colours.isEmpty()) {
        return u"none"_s;
    }
    const QString names = colours.join(u", "_s);
    return percent > 0 && colours.size() > 1 ? QString(names + u' ' + QString::number(percent) + u" %"_s) : names;
}

} // namespace cutover
