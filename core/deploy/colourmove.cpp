// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colourmove.h"

#include "check/probe.h"
#include "deploy/colours.h"
#include "system/clock.h"
#include "system/processes.h"

#include <QJsonArray>

#include <algorithm>
#include <numeric>
#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 UpLimitMs = 15000;
constexpr qint64 LookMs = 1000; ///< Between looks at whether the successor serves.
constexpr int Rounds = 5; ///< Of taking out what a balancer's restart lets in again.

} // namespace

QString processMark(const InstanceState &state)
{
    if (state.pid <= 0 || !state.container.isEmpty()) {
        return state.pid > 0 ? state.container : QString();
    }
    return QString::number(state.pid) + u'@' + QString::number(processStartTime(state.pid));
}

ColourMove::ColourMove(StepContext &context, const ServiceSpec &service, const QString &colour, std::vector<InstanceMove> instances, std::shared_ptr<Balancer> balancer)
    : m_context(&context)
    , m_service(service)
    , m_colour(colour)
    , m_instances(std::move(instances))
    , m_balancer(std::move(balancer))
{
}

Result<ColourMove> ColourMove::create(StepContext &context, const QString &service, const QString &colour)
{
    const ServiceSpec *spec = context.target().service(service);
    if (!spec) {
        return fail(u"deploy.unknown_service"_s, {{u"service"_s, service}, {u"instance"_s, colour}}, context.target().path);
    }
    std::vector<InstanceMove> instances;
    const QList<InstanceSpec> own = spec->instancesOf(colour);
    for (const InstanceSpec &instance : own) {
        TRY(InstanceMove move, InstanceMove::create(context, service, instance.name));
        instances.push_back(std::move(move));
    }
    TRY(std::shared_ptr<Balancer> balancer, BalancerRegistry::create(context.target(), balancerToolsOf(context)));
    if (instances.empty() || !balancer) {
        return fail(u"colour.none"_s, {{u"service"_s, service}, {u"colour"_s, colourWord(colour)}}, context.target().path);
    }
    return ColourMove(context, *spec, colour, std::move(instances), std::move(balancer));
}

void ColourMove::tell(const QString &code, qint64 done, QJsonObject args) const
{
    args.insert(u"colour"_s, colourWord(m_colour));
    args.insert(u"service"_s, m_service.name);
    m_context->progress({done, qint64(m_instances.size()), u"instances"_s, {code, args}});
}

QStringList ColourMove::names() const
{
    QStringList names;
    for (const InstanceMove &move : m_instances) {
        names.append(move.name());
    }
    return names;
}

Async<QList<BalancerServer>> ColourMove::servers() const
{
    CO_TRY(const QList<BalancerServer> all, co_await m_balancer->servers(m_service.balancerBackend));
    QList<BalancerServer> own;
    const QStringList instances = names();
    for (const QString &name : instances) {
        const auto found = std::ranges::find(all, name, &BalancerServer::name);
        if (found != all.end()) {
            own.append(*found);
            continue;
        }
        // The balancer's own words for it.
        CO_TRY(const BalancerServer server, co_await m_balancer->server(m_service.balancerBackend, name));
        own.append(server);
    }
    co_return own;
}

Async<int> ColourMove::letInCount() const
{
    CO_TRY(const QList<BalancerServer> own, co_await servers());
    co_return int(std::ranges::count(own, false, &BalancerServer::out));
}

Async<bool> ColourMove::anyUp() const
{
    CO_TRY(const QList<BalancerServer> own, co_await servers());
    co_return std::ranges::any_of(own, &BalancerServer::isUp);
}

Async<bool> ColourMove::allServe(QString version)
{
    CO_TRY(const QList<BalancerServer> own, co_await servers());
    bool all = std::ranges::all_of(own, &BalancerServer::isUp);
    for (InstanceMove &move : m_instances) {
        CO_TRY(const InstanceState now, co_await move.state());
        all = all && now.release == version && now.pid > 0 && now.state == InstanceState::State::Ready;
    }
    co_return all;
}

Async<> ColourMove::waitReady(QString version, std::stop_token stop)
{
    for (InstanceMove &move : m_instances) {
        CO_TRY(const bool running, co_await move.runs(version));
        if (!running) {
            CO_TRY(const InstanceState now, co_await move.state());
            co_return fail(u"colour.not_running"_s,
                           {{u"instance"_s, move.name()}, {u"expected"_s, version}, {u"found"_s, now.pid > 0 ? now.release : QString()}, {u"colour"_s, colourWord(m_colour)}},
                           move.name());
        }
        CO_CHECK(co_await move.waitReady(version, stop));
    }
    co_return {};
}

Async<> ColourMove::smoke(QString version, std::stop_token stop)
{
    const QString folder = m_context->target().releaseDirectory(m_service, version);
    qint64 done = 0;
    for (const InstanceMove &move : m_instances) {
        tell(u"colour.doing.smoke"_s, done++, {{u"instance"_s, move.name()}, {u"count"_s, m_service.smoke.size()}});
        for (const ProbeSpec &test : std::as_const(m_service.smoke)) {
            const ProbeSpec probe = m_service.expand(test, move.instance(), folder);
            const ProbeResult answer = co_await probeOnce(probe, stop);
            if (answer.ok) {
                continue;
            }
            if (answer.error.kind == Error::Kind::Cancelled) {
                co_return fail(answer.error);
            }
            const QJsonObject args{{u"test"_s, test.name}, {u"instance"_s, move.name()}, {u"version"_s, version}, {u"cause"_s, answer.error.toJson()}};
            if (test.critical) {
                co_return fail(u"colour.smoke_failed"_s, args, move.name());
            }
            m_context->log({u"colour.log.smoke"_s, args});
        }
    }
    co_return {};
}

Async<> ColourMove::letIn(std::stop_token stop)
{
    tell(u"colour.doing.let_in"_s, 0);
    for (const InstanceMove &move : m_instances) {
        CO_CHECK(co_await m_balancer->setState(m_service.balancerBackend, move.name(), Balancer::State::Ready));
    }
    for (const InstanceMove &move : m_instances) {
        CO_CHECK(co_await m_balancer->waitUp(m_service.balancerBackend, move.name(), UpLimitMs, stop));
    }
    forgetRestarts();
    co_return {};
}

void ColourMove::forgetRestarts() const
{
    for (const InstanceMove &move : m_instances) {
        move.forgetCutRestart();
    }
}

Async<bool> ColourMove::keepServing()
{
    CO_TRY(const QList<BalancerServer> own, co_await servers());
    if (std::ranges::any_of(own, &BalancerServer::isUp)) {
        co_return true;
    }
    // All of a colour out is what its restart has lost; one that is let in and down nobody here can help.
    if (!m_balancer->forgets() || !std::ranges::all_of(own, &BalancerServer::out)) {
        co_return false;
    }
    QStringList ready;
    for (InstanceMove &move : m_instances) {
        CO_TRY(const InstanceState now, co_await move.state());
        const ProbeSpec probe = m_service.expand(m_service.health, move.instance(), m_context->target().releaseDirectory(m_service, now.release));
        bool isWell = now.state == InstanceState::State::Ready;
        if (isWell && probe.asksAnything()) {
            // The balancer takes one that it lets in for healthy until its own checks have failed.
            const ProbeResult answer = co_await probeOnce(probe, {});
            isWell = answer.ok;
        }
        if (isWell) {
            CO_CHECK(co_await m_balancer->setState(m_service.balancerBackend, move.name(), Balancer::State::Ready));
            ready.append(move.name());
        }
    }
    if (ready.isEmpty()) {
        co_return false;
    }
    m_context->log({u"balancer.kept_in"_s, {{u"balancer"_s, m_balancer->title()}, {u"service"_s, m_service.name}, {u"in"_s, QJsonArray::fromStringList(ready)}}});
    co_return co_await anyUp();
}

Async<> ColourMove::takeOut(ColourMove *successor, bool force, std::stop_token stop, std::optional<qint64> limitMs)
{
    // One limit for all: they drain at the same time.
    Drain how{.successor = successor, .force = force, .limitMs = limitMs.value_or(m_service.drainLimitMs), .begin = Clock::system().monotonic(), .stop = stop};
    const Result<> out = co_await takeOutThese(&how);
    if (!out && (out.error().code == u"colour.not_serving" || out.error().code == u"balancer.alone")) {
        // Nobody else answers users: these do, as before.
        for (const QString &name : std::as_const(how.served)) {
            CO_CHECK(co_await m_balancer->setState(m_service.balancerBackend, name, Balancer::State::Ready));
        }
    }
    co_return out;
}

Async<> ColourMove::takeOutThese(Drain *how)
{
    for (int round = 1;; ++round) {
        CO_TRY(const QList<BalancerServer> now, co_await servers());
        for (const BalancerServer &server : now) {
            if (!server.out) {
                how->served.insert(server.name);
            }
        }
        if (std::ranges::any_of(now, &BalancerServer::isUp)) {
            how->takesRequests = true;
            CO_CHECK(co_await checkServed(how->successor));
        }
        how->isForgotten = false;
        CO_TRY(const auto left, co_await drain(how));
        CO_TRY(const QList<BalancerServer> drained, co_await servers());
        how->isForgotten = how->isForgotten || (m_balancer->forgets() && !std::ranges::all_of(drained, &BalancerServer::out));
        if (how->isForgotten && round < Rounds) {
            // What came to them since it was restarted is waited for as well.
            how->begin = qMax(how->begin, Clock::system().monotonic() - how->limitMs + LookMs);
            continue;
        }
        const bool closes = m_service.atDrainLimit == ServiceSpec::AtDrainLimit::Close;
        if (!left.isEmpty() && !how->force && !closes) {
            const int count = std::accumulate(left.begin(), left.end(), 0);
            co_return fail(u"balancer.sessions_left"_s, {{u"server"_s, QStringList(left.keys()).join(u", "_s)}, {u"count"_s, count}, {u"limit"_s, how->limitMs}}, m_balancer->place());
        }
        // No health check wakes them up afterwards.
        for (const InstanceMove &move : m_instances) {
            const auto out = co_await m_balancer->setState(m_service.balancerBackend, move.name(), Balancer::State::Maintenance);
            if (!out && !m_balancer->isForgotten(out.error())) {
                co_return fail(out.error());
            }
        }
        // Once all are out: who comes again at once gets one of the other colour.
        for (const auto &[name, sessions] : left.asKeyValueRange()) {
            if (!closes) {
                m_context->log({u"colour.log.forced"_s, {{u"instance"_s, name}, {u"count"_s, sessions}}});
                continue;
            }
            CO_TRY(const int count, co_await m_balancer->closeLeft(m_service.balancerBackend, name, how->stop, [this, how] { return drainAgain(how); }));
            recordSessionsLeft(*m_context, *m_balancer, name, count);
        }
        co_return how->takesRequests ? co_await checkServed(how->successor) : Result<>();
    }
}

Async<> ColourMove::checkServed(ColourMove *successor) const
{
    CO_TRY(const bool serves, co_await successor->keepServing());
    co_return serves ? Result<>() : fail(u"colour.not_serving"_s, {{u"service"_s, m_service.name}, {u"colour"_s, colourWord(successor->colour())}});
}

Async<bool> ColourMove::drainAgain(Drain *how)
{
    how->isForgotten = true;
    CO_TRY(const bool serves, co_await how->successor->keepServing());
    if (serves) {
        CO_CHECK(co_await drainAll());
    }
    co_return serves;
}

Async<> ColourMove::drainAll() const
{
    CO_TRY(const QList<BalancerServer> now, co_await servers());
    for (const BalancerServer &server : now) {
        if (!server.isMaintained()) {
            const auto draining = co_await m_balancer->setState(m_service.balancerBackend, server.name, Balancer::State::Drain);
            if (!draining && !m_balancer->isForgotten(draining.error())) {
                co_return fail(draining.error());
            }
        }
    }
    co_return {};
}

Async<QMap<QString, int>> ColourMove::drain(Drain *how)
{
    CO_CHECK(co_await drainAll());
    const qint64 limit = how->limitMs;
    QMap<QString, int> sessions;
    qint64 done = 0;
    for (const InstanceMove &move : m_instances) {
        const QString name = move.name();
        const auto told = [this, name, done, limit](int sessions) {
            tell(u"colour.doing.drain"_s, done, {{u"instance"_s, name}, {u"count"_s, sessions}, {u"limit"_s, limit}});
        };
        Result<> drained;
        for (bool again = true; std::exchange(again, false);) {
            const qint64 left = qMax<qint64>(0, limit - (Clock::system().monotonic() - how->begin));
            const qint64 slice = qMin(left, LookMs);
            drained = co_await m_balancer->waitDrained(m_service.balancerBackend, name, slice, told, how->stop, [this, how] { return drainAgain(how); });
            if (!drained && drained.error().code == u"balancer.sessions_left" && slice < left) {
                if (how->takesRequests) {
                    CO_CHECK(co_await checkServed(how->successor));
                }
                again = true;
            }
        }
        if (!drained && drained.error().code != u"balancer.sessions_left") {
            co_return fail(drained.error());
        }
        if (!drained) {
            sessions.insert(name, drained.error().args[u"count"_s].toInt());
        }
        ++done;
    }
    co_return sessions;
}

Async<> ColourMove::setWeights(QMap<QString, int> weights)
{
    for (const InstanceMove &move : m_instances) {
        if (const int weight = weights.value(move.name()); weight > 0) {
            CO_CHECK(co_await m_balancer->setWeight(m_service.balancerBackend, move.name(), weight));
        }
    }
    co_return {};
}

} // namespace cutover
