// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/runtime.h"

#include "deploy/colours.h"
#include "deploy/restartrecord.h"
#include "plan/instancefacts.h"

#include <QJsonArray>

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// Made at first use: registrations are file-scope objects of any order.
QMap<QString, RuntimeRegistry::Factory> &factories()
{
    static QMap<QString, RuntimeRegistry::Factory> instance;
    return instance;
}

// The target by value: the caller's may be gone before the last runtime has answered.
Async<Facts> factsOfAll(Target target)
{
    Facts all;
    const QStringList names = runtimesOf(target);
    for (const QString &name : names) {
        CO_TRY(const auto runtime, RuntimeRegistry::create(name, target));
        CO_TRY(Facts facts, co_await runtime->facts());
        CO_CHECK(addCutRestarts(target, name, &facts));
        for (auto it = facts.begin(); it != facts.end(); ++it) {
            all.insert(it.key(), *it);
        }
    }
    CO_TRY(const ServingColours colours, co_await servingColours(target));
    for (const auto &[service, colour] : colours.asKeyValueRange()) {
        all.insert(colourFact(service), colour);
    }
    // An idle one may be stopped, or kept for the way back: neither changes what users get.
    const QSet<QString> idle = idleInstances(target, colours);
    for (const QString &instance : idle) {
        all.remove(instanceFact(instance));
    }
    co_return all;
}

const FactSource source(instanceFactSource(), [](const Target &target) { return factsOfAll(target); });

} // namespace

RuntimeRegistry::Registration::Registration(const QString &name, Factory factory)
{
    factories().insert(name, std::move(factory));
}

Result<std::shared_ptr<Runtime>> RuntimeRegistry::create(const QString &name, const Target &target, const RuntimeTools &tools)
{
    const Factory factory = factories().value(name);
    if (!factory) {
        return fail(u"deploy.unknown_runtime"_s, {{u"runtime"_s, name}, {u"known"_s, QJsonArray::fromStringList(names())}}, target.path);
    }
    return std::shared_ptr<Runtime>(factory(target, tools));
}

QStringList RuntimeRegistry::names()
{
    return factories().keys();
}

QStringList runtimesOf(const Target &target)
{
    QStringList names;
    for (const ServiceSpec &service : target.services) {
        if (!names.contains(service.runtime)) {
            names.append(service.runtime);
        }
    }
    return names;
}

Async<> checkRights(Target target, QStringList instances, RuntimeTools tools, std::stop_token stop)
{
    QMap<QString, QStringList> byRuntime;
    for (const QString &instance : std::as_const(instances)) {
        if (const ServiceSpec *service = target.serviceOfInstance(instance)) {
            byRuntime[service->runtime].append(instance);
        }
    }
    for (const auto &[name, theirs] : std::as_const(byRuntime).asKeyValueRange()) {
        CO_TRY(const auto runtime, RuntimeRegistry::create(name, target, tools));
        CO_CHECK(co_await runtime->checkRights(theirs, stop));
    }
    co_return {};
}

QCoro::Task<InstanceLook> lookAtInstances(Target target, qint64 limitMs, QStringList only)
{
    InstanceLook look;
    std::vector<std::shared_ptr<Runtime>> runtimes;
    std::vector<Async<QList<InstanceState>>> asked;
    const QStringList names = only.isEmpty() ? runtimesOf(target) : only;
    for (const QString &name : names) {
        const auto runtime = RuntimeRegistry::create(name, target);
        if (!runtime) {
            look.problem = runtime.error();
            continue;
        }
        runtimes.push_back(*runtime);
        asked.push_back((*runtime)->states(limitMs));
    }
    for (auto &task : asked) {
        const auto states = co_await task;
        if (states) {
            look.states += *states;
            const auto unknown = std::ranges::find(*states, InstanceState::State::Unknown, &InstanceState::state);
            if (unknown != states->end() && look.problem.code.isEmpty()) {
                look.problem = unknown->problem;
            }
        } else if (look.problem.code.isEmpty()) {
            look.problem = states.error();
        }
    }
    co_return look;
}

} // namespace cutover
