// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/instancemove.h"

#include "check/probe.h"
#include "deploy/imagerecord.h"
#include "deploy/spares.h"
#include "plan/loss.h"
#include "release/commitversion.h"

#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 UpLimitMs = 15000;
constexpr qint64 AnswerMs = 15000;

} // namespace

RuntimeTools toolsOf(StepContext &context)
{
    RuntimeTools tools;
    tools.processes = &context.processes();
    if (const int lock = context.lockDescriptor(); lock >= 0) {
        tools.inherit.append(lock);
    }
    tools.told = [&context](const QString &source, const QString &line) { context.logLine(source, line); };
    return tools;
}

BalancerTools balancerToolsOf(StepContext &context)
{
    constexpr qint64 restartMs = 10000;
    BalancerTools tools;
    tools.processes = &context.processes();
    tools.inherit = toolsOf(context).inherit;
    tools.patienceMs = restartMs;
    return tools;
}

Message sessionsLeftIntent(const Target &target, const ServiceSpec &service)
{
    const QJsonObject args{{u"limit"_s, service.drainLimitMs}};
    if (service.atDrainLimit == ServiceSpec::AtDrainLimit::Hold) {
        return {u"deploy.left.hold"_s, args};
    }
    const auto balancer = BalancerRegistry::create(target);
    const bool closes = balancer && *balancer && (*balancer)->closesSessions();
    return {closes ? u"deploy.left.close"_s : u"deploy.left.end"_s, args};
}

void recordSessionsLeft(StepContext &context, const Balancer &balancer, const QString &instance, int count)
{
    if (count > 0) {
        const Message told{balancer.closesSessions() ? u"deploy.log.closed"_s : u"deploy.log.left"_s, {{u"instance"_s, instance}, {u"count"_s, count}}};
        context.log(told);
        context.setResult(stepresult::sessions + instance, told.toJson());
    }
}

InstanceMove::InstanceMove(StepContext &context, const ServiceSpec &service, const InstanceSpec &instance, std::shared_ptr<Runtime> runtime,
                           std::shared_ptr<Balancer> balancer)
    : m_context(&context)
    , m_service(service)
    , m_instance(instance)
    , m_balancer(std::move(balancer))
    , m_runtime(std::move(runtime))
{
}

Result<InstanceMove> InstanceMove::create(StepContext &context, const QString &service, const QString &instance)
{
    if (const ServiceSpec *spec = context.target().service(service)) {
        if (const InstanceSpec *found = spec->instance(instance)) {
            TRY(auto runtime, RuntimeRegistry::create(spec->runtime, context.target(), toolsOf(context)));
            std::shared_ptr<Balancer> balancer;
            if (!spec->balancerBackend.isEmpty()) {
                TRY(balancer, BalancerRegistry::create(context.target(), balancerToolsOf(context)));
            }
            return InstanceMove(context, *spec, *found, std::move(runtime), std::move(balancer));
        }
    }
    return fail(u"deploy.unknown_service"_s, {{u"service"_s, service}, {u"instance"_s, instance}}, context.target().path);
}

Async<> InstanceMove::checkMaintenance()
{
    if (!isBalanced()) {
        co_return {};
    }
    co_return co_await m_balancer->checkMaintenance();
}

void InstanceMove::tell(const QString &code, QJsonObject args, qint64 done)
{
    args.insert(u"instance"_s, m_instance.name);
    m_context->progress({done, 5, {}, {code, args}});
}

Async<InstanceState> InstanceMove::state()
{
    CO_CHECK(co_await m_runtime->ensure({}));
    // Only what it runs on is asked: another host that is dead must not keep it from going on, or back.
    const QStringList names{m_instance.name};
    CO_TRY(const QList<InstanceState> found, co_await m_runtime->statesOf(names, AnswerMs));
    for (const InstanceState &state : found) {
        if (state.name == m_instance.name) {
            co_return state;
        }
    }
    if (isSpare()) {
        co_return InstanceState{.name = m_instance.name, .service = m_service.name};
    }
    co_return fail(u"deploy.unknown_service"_s, {{u"service"_s, m_service.name}, {u"instance"_s, m_instance.name}});
}

Async<> InstanceMove::check(QString version, std::stop_token stop)
{
    if (m_context->plan().kind == u"rollback") {
        // What has run before is taken as it is.
        co_return co_await checkRestore(version, fetchedImage(version), stop);
    }
    const QStringList names{m_instance.name};
    co_return co_await m_runtime->check(version, names, stop);
}

Async<> InstanceMove::fetch(QString version, std::stop_token stop)
{
    // What a step of this run has brought for it is what it is started from, and not what an earlier release of that version was.
    if (const QString image = fetchedImage(version); !image.isEmpty()) {
        const QMap<QString, QString> images{{m_instance.name, image}};
        co_return co_await m_runtime->restore(version, images, stop);
    }
    const QStringList names{m_instance.name};
    co_return co_await m_runtime->prepare(version, names, stop);
}

QString InstanceMove::fetchedImage(const QString &version) const
{
    const QList<StepSpec> steps = m_context->plan().steps;
    for (const StepSpec &step : steps) {
        if (step.kind == u"fetch" && step.params[u"toRelease"_s].toString() == version) {
            if (const QString image = m_context->result(step.id, u"images"_s)[m_instance.name].toString(); !image.isEmpty()) {
                return image;
            }
        }
    }
    return {};
}

Async<> InstanceMove::restore(QString version, QString image, std::stop_token stop)
{
    QMap<QString, QString> images{{m_instance.name, image}};
    if (isSpare()) {
        for (const InstanceSpec &instance : std::as_const(m_service.instances)) {
            images.insert(instance.name, recordedImage(m_context->target(), version, instance.name));
        }
    }
    co_return co_await m_runtime->restore(version, images, stop);
}

Async<> InstanceMove::checkRestore(QString version, QString image, std::stop_token stop)
{
    const QMap<QString, QString> images{{m_instance.name, image}};
    co_return co_await m_runtime->checkRestore(version, images, stop);
}

Async<> InstanceMove::checkImage(QString image)
{
    CO_TRY(const InstanceState now, co_await state());
    if (!image.isEmpty() && now.image != image) {
        co_return fail(u"deploy.other_image"_s, {{u"instance"_s, m_instance.name}, {u"found"_s, now.image}, {u"expected"_s, image}});
    }
    co_return {};
}

Async<bool> InstanceMove::runs(QString version)
{
    CO_TRY(const InstanceState now, co_await state());
    co_return now.release == version &&now.pid > 0 && now.state != InstanceState::State::Stopping;
}

bool InstanceMove::startsBeside() const
{
    return m_runtime->startsBeside(m_instance.name);
}

Async<> InstanceMove::retireOthers(QString version)
{
    co_return co_await m_runtime->retireOthers(m_instance.name, version);
}

Async<bool> InstanceMove::hasOthers(QString version)
{
    if (!startsBeside()) {
        co_return false;
    }
    co_return co_await m_runtime->hasOthers(m_instance.name, version);
}

Async<bool> InstanceMove::isServing()
{
    if (!isBalanced()) {
        co_return true;
    }
    const auto server = co_await m_balancer->server(m_service.balancerBackend, m_instance.name);
    if (!server && isSpare() && isUnknownServer(server.error())) {
        co_return false;
    }
    co_return server ? Result<bool>(server->isUp()) : Result<bool>(fail(server.error()));
}

Async<> InstanceMove::checkCapacity()
{
    if (!isBalanced()) {
        co_return {};
    }
    CO_TRY(const QList<BalancerServer> servers, co_await m_balancer->servers(m_service.balancerBackend));
    QJsonArray states;
    for (const BalancerServer &server : servers) {
        if (server.name != m_instance.name && server.isUp()) {
            co_return {};
        }
        states.append(QString(server.name + u' ' + server.status));
    }
    co_return fail(u"deploy.capacity"_s, {{u"instance"_s, m_instance.name}, {u"backend"_s, m_service.balancerBackend}, {u"states"_s, states}});
}

Async<> InstanceMove::drain(bool force, std::stop_token stop, Balancer::OthersServe othersServe)
{
    if (!isBalanced()) {
        co_return {};
    }
    constexpr int tries = 3;
    for (int attempt = 1;; ++attempt) {
        Result<> drained = co_await drainOnce(force, stop, othersServe);
        const bool isForgotten = !drained && isSpare() && isUnknownServer(drained.error());
        if (!isForgotten || attempt == tries) {
            co_return drained;
        }
        // The balancer's own restart has made it forget the spare, but a process of before may still answer requests from it.
        if (const auto added = co_await addSpare(m_balancer, m_service); !added) {
            if (added.error().kind == Error::Kind::Transient) {
                co_return added;
            }
            // Nothing new comes to what nobody knows, and its end is not to hang on adding it.
            m_context->log({u"spare.not_drained"_s, {{u"spare"_s, m_instance.name}, {u"balancer"_s, m_balancer->title()}, {u"error"_s, added.error().toJson()}}});
            co_return {};
        }
    }
}

Async<> InstanceMove::drainOnce(bool force, std::stop_token stop, Balancer::OthersServe othersServe)
{
    const QString backend = m_service.balancerBackend;
    const qint64 limit = m_service.drainLimitMs;
    CO_TRY(const BalancerServer before, co_await m_balancer->server(backend, m_instance.name));
    if (!before.isMaintained()) {
        CO_CHECK(co_await m_balancer->setState(backend, m_instance.name, Balancer::State::Drain));
    }
    const auto drained = co_await m_balancer->waitDrained(
        backend, m_instance.name, limit,
        [this, limit](int sessions) { tell(u"deploy.doing.drain"_s, {{u"count"_s, sessions}, {u"limit"_s, limit}}); }, stop, othersServe);
    if (!drained) {
        const bool closes = m_service.atDrainLimit == ServiceSpec::AtDrainLimit::Close;
        if (!(force || closes) || drained.error().code != u"balancer.sessions_left") {
            (void)co_await serveOn();
            co_return fail(drained.error());
        }
        if (closes) {
            const auto count = co_await m_balancer->closeLeft(backend, m_instance.name, stop, othersServe);
            if (!count) {
                (void)co_await serveOn();
                co_return fail(count.error());
            }
            recordSessionsLeft(*m_context, *m_balancer, m_instance.name, *count);
            co_return {};
        }
        m_context->log({u"deploy.log.forced"_s, {{u"instance"_s, m_instance.name}, {u"count"_s, drained.error().args[u"count"_s]}}});
    }
    // No health check wakes it up between stop and start.
    co_return co_await keepOut();
}

Async<> InstanceMove::serveOn()
{
    if (!isBalanced()) {
        co_return {};
    }
    // One whose host does not tell was running when it was last heard of; the balancer's own check finds it if it is not.
    const auto now = co_await state();
    const bool isStopped = now && now->pid <= 0 && now->state != InstanceState::State::Unknown;
    co_return co_await m_balancer->setState(m_service.balancerBackend, m_instance.name, isStopped ? Balancer::State::Maintenance : Balancer::State::Ready);
}

Async<> InstanceMove::drainOrAsk(const StepSpec &step, bool force, std::stop_token stop, Balancer::OthersServe othersServe)
{
    const QString id = step.id;
    const bool isAgreed = m_context->result(id, stepresult::asked).isObject();
    auto drained = co_await drain(force || isAgreed, stop, othersServe);
    if (!drained && drained.error().code == u"balancer.sessions_left") {
        m_context->setResult(stepresult::asks, QJsonObject());
        co_return fail(u"deploy.sessions_stay"_s, {{u"instance"_s, m_instance.name}, {u"count"_s, drained.error().args[u"count"_s]}, {u"limit"_s, drained.error().args[u"limit"_s]}}, m_instance.name);
    }
    co_return drained;
}

Async<> InstanceMove::keepOut()
{
    if (!isBalanced()) {
        co_return {};
    }
    const auto out = co_await m_balancer->setState(m_service.balancerBackend, m_instance.name, Balancer::State::Maintenance);
    // Its restart may have taken out altogether what was added.
    co_return !out && m_balancer->isForgotten(out.error()) ? Result<>() : out;
}

Async<> InstanceMove::stop()
{
    // What a restart was about is from here on this step's.
    forgetCutRestart();
    tell(u"deploy.doing.stop"_s, {}, 1);
    co_return co_await m_runtime->stop(m_instance.name);
}

void InstanceMove::forgetCutRestart() const
{
    // A full disk is in nobody's way here: it is told again, and the next one forgets it.
    if (const Result<> forgotten = forgetRestart(m_context->target(), m_instance.name); !forgotten) {
        m_context->log({forgotten.error().code, forgotten.error().args});
    }
}

Async<> InstanceMove::stopForRestart(RestartRecord record)
{
    CO_CHECK(recordRestart(m_context->target(), m_instance.name, record));
    tell(u"deploy.doing.stop"_s, {}, 1);
    co_return co_await m_runtime->stop(m_instance.name);
}

Async<> InstanceMove::start(QString version)
{
    tell(u"deploy.doing.start"_s, {{u"version"_s, version}}, 2);
    co_return co_await m_runtime->start(m_instance.name, version);
}

Async<> InstanceMove::waitReady(QString version, std::stop_token stop)
{
    tell(u"deploy.doing.ready"_s, {}, 3);
    if (const auto ready = co_await m_runtime->waitReady(m_instance.name, version, stop); !ready) {
        if (ready.error().kind == Error::Kind::Permanent) {
            const auto lines = co_await m_runtime->lastLines(m_instance.name);
            const QStringList last = lines.value_or(QStringList());
            for (const QString &line : last) {
                m_context->logLine(m_instance.name, line);
            }
        }
        co_return fail(ready.error());
    }
    if (m_service.versionUrl.isEmpty()) {
        co_return {};
    }
    ProbeSpec probe;
    probe.name = m_instance.name;
    probe.http = m_service.expand(m_service.versionUrl, m_instance, m_context->target().releaseDirectory(m_service, version));
    const ProbeResult answer = co_await probeOnce(probe, stop);
    if (!answer.ok) {
        co_return fail(answer.error);
    }
    const QJsonObject told = QJsonDocument::fromJson(answer.body).object();
    if (!tellsRelease(m_context->target(), version, told)) {
        const QString found = told[u"version"_s].toString();
        co_return fail(u"deploy.wrong_version"_s,
                       {{u"instance"_s, m_instance.name}, {u"url"_s, probe.http}, {u"found"_s, found}, {u"expected"_s, version}}, probe.http);
    }
    co_return {};
}

Async<> InstanceMove::waitAnswering(std::stop_token stop)
{
    tell(u"deploy.doing.ready"_s, {}, 3);
    co_return co_await m_runtime->waitReady(m_instance.name, {}, stop);
}

Result<> InstanceMove::record(const InstanceState &now)
{
    if (!now.image.isEmpty()) {
        m_context->log({u"deploy.log.image"_s, {{u"instance"_s, m_instance.name}, {u"container"_s, now.container.left(12)}, {u"image"_s, now.image}}});
    }
    return recordBefore(now);
}

Result<> InstanceMove::recordBefore(const InstanceState &before)
{
    return recordImage(m_context->target(), before.release, m_instance.name, before.image);
}

Async<> InstanceMove::balance(std::stop_token stop)
{
    if (!isBalanced()) {
        forgetCutRestart();
        co_return {};
    }
    tell(u"deploy.doing.balance"_s, {}, 4);
    if (isSpare()) {
        co_return co_await admitSpare(m_balancer, m_service, stop);
    }
    CO_CHECK(co_await m_balancer->setState(m_service.balancerBackend, m_instance.name, Balancer::State::Ready));
    CO_CHECK(co_await m_balancer->waitUp(m_service.balancerBackend, m_instance.name, UpLimitMs, stop));
    forgetCutRestart();
    co_return {};
}

Async<> InstanceMove::leave()
{
    auto left = co_await m_balancer->removeServer(m_service.balancerBackend, m_instance.name);
    if (!left && left.error().code.endsWith(".stays"_L1)) {
        m_context->log({left.error().code, left.error().args});
        co_return {};
    }
    co_return left;
}

Async<bool> InstanceMove::isLetIn()
{
    const auto server = co_await m_balancer->server(m_service.balancerBackend, m_instance.name);
    if (!server && !isUnknownServer(server.error())) {
        co_return fail(server.error());
    }
    co_return server && !server->out;
}

Async<bool> InstanceMove::isKnown()
{
    co_return co_await isKnownServer(m_balancer, m_service.balancerBackend, m_instance.name);
}

} // namespace cutover
