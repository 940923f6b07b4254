// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/supervisorclient.h"

#include "deploy/localexchange.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"
#include "system/programs.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;
constexpr qint64 StartMs = 15000; ///< Until a new supervisor answers.
constexpr qint64 PollMs = 50;

const QMap<QString, InstanceState::State> &statesByName()
{
    using enum InstanceState::State;
    static const QMap<QString, InstanceState::State> states{{u"stopped"_s, Stopped}, {u"starting"_s, Starting}, {u"ready"_s, Ready}, {u"unready"_s, Unready}, {u"stopping"_s, Stopping}, {u"failed"_s, Failed}, {u"unknown"_s, Unknown}};
    return states;
}

/// The program that has the supervise role; CUTOVERCTL names another one than ours.
Result<QString> controlProgram()
{
    if (const QString named = qEnvironmentVariable("CUTOVERCTL"); !named.isEmpty()) {
        return named;
    }
    return programPath(u"cutoverctl"_s);
}

} // namespace

QString instanceStateName(InstanceState::State state)
{
    return statesByName().key(state);
}

struct SupervisorClient::Private {
    Target target;

    Async<QJsonObject> call(QJsonObject request, qint64 timeoutMs = AnswerMs) const;
    /// For requests that may be repeated: when the supervisor is killed before it answers, its
    /// successor is asked.
    Async<QJsonObject> callSurely(SupervisorClient *client, QJsonObject request, qint64 timeoutMs = AnswerMs) const;
    Async<QJsonObject> instance(SupervisorClient *client, QString name) const;
};

Async<QJsonObject> SupervisorClient::Private::call(QJsonObject request, qint64 timeoutMs) const
{
    CO_TRY(const QString socket, localSocketPath(target.stateDirectory, u"supervisor.sock"_s));
    const QString instance = request[u"instance"_s].toString();
    const QByteArray change = instance.isEmpty() ? QByteArray() : QString(request[u"method"_s].toString() + u':' + instance).toUtf8();
    auto bytes = co_await localExchange(socket, QJsonDocument(request).toJson(QJsonDocument::Compact) + '\n', timeoutMs, {}, change);
    if (!bytes) {
        if (bytes.error().code == u"deploy.socket_refused") {
            co_return fail(u"supervisor.not_running"_s, bytes.error().args, socket, Error::Kind::Transient);
        }
        co_return fail(bytes.error());
    }
    const QJsonObject answer = QJsonDocument::fromJson(*bytes).object();
    if (answer.contains(u"error"_s)) {
        co_return fail(Error::fromJson(answer[u"error"_s].toObject()));
    }
    if (!answer.contains(u"result"_s)) {
        // It ended before it answered: whether it did what was asked is not known.
        co_return fail(u"supervisor.no_answer"_s, {{u"method"_s, request[u"method"_s]}}, socket, Error::Kind::Unknown);
    }
    co_return answer[u"result"_s].toObject();
}

Async<QJsonObject> SupervisorClient::Private::callSurely(SupervisorClient *client, QJsonObject request, qint64 timeoutMs) const
{
    auto answer = co_await call(request, timeoutMs);
    if (!answer && (answer.error().code == u"supervisor.not_running" || answer.error().code == u"supervisor.no_answer")) {
        CO_CHECK(co_await client->ensureRunning());
        co_return co_await call(request, timeoutMs);
    }
    co_return answer;
}

Async<QJsonObject> SupervisorClient::Private::instance(SupervisorClient *client, QString name) const
{
    CO_TRY(const QJsonObject answer, co_await callSurely(client, {{u"method"_s, u"states"_s}}));
    const QJsonArray list = answer[u"instances"_s].toArray();
    for (const auto &value : list) {
        if (value[u"name"_s] == name) {
            co_return value.toObject();
        }
    }
    co_return fail(u"supervisor.unknown_instance"_s, {{u"instance"_s, name}}, target.path);
}

SupervisorClient::SupervisorClient(Target target)
    : d(std::make_unique<Private>(std::move(target)))
{
}

SupervisorClient::~SupervisorClient() = default;

Async<bool> SupervisorClient::isRunning()
{
    const auto answer = co_await d->call({{u"method"_s, u"ping"_s}}, 3000);
    if (!answer && answer.error().code != u"supervisor.not_running") {
        co_return fail(answer.error());
    }
    co_return answer.has_value();
}

Async<> SupervisorClient::ensureRunning(std::stop_token stop)
{
    if (const auto running = co_await isRunning(); running && *running) {
        co_return {};
    }
    CO_TRY(const QString program, controlProgram());
    const QString log = d->target.stateDirectory + u"/logs/supervisor.log"_s;
    CO_CHECK(files::makePath(QFileInfo(log).absolutePath()));
    CO_TRY(const qint64 pid, startDetached(program, {u"supervise"_s, u"--target"_s, d->target.path}, log));
    for (const qint64 begin = Clock::system().monotonic(); Clock::system().monotonic() - begin < StartMs;) {
        if (const auto running = co_await isRunning(); running && *running) {
            co_return {};
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
    co_return fail(u"supervisor.start_timeout"_s, {{u"pid"_s, pid}, {u"log"_s, log}, {u"limit"_s, StartMs}}, log);
}

Async<QList<InstanceState>> SupervisorClient::states(qint64 limitMs)
{
    CO_TRY(const QJsonObject answer, co_await d->call({{u"method"_s, u"states"_s}}, limitMs));
    QList<InstanceState> result;
    const QJsonArray list = answer[u"instances"_s].toArray();
    for (const auto &value : list) {
        InstanceState state;
        state.name = value[u"name"_s].toString();
        state.service = value[u"service"_s].toString();
        state.state = statesByName().value(value[u"state"_s].toString(), InstanceState::State::Stopped);
        state.pid = value[u"pid"_s].toInteger();
        const ServiceSpec *service = d->target.service(state.service);
        if (service && service->managed) {
            state.release = QFileInfo(value[u"directory"_s].toString()).fileName();
        }
        state.since = QDateTime::fromString(value[u"since"_s].toString(), Qt::ISODateWithMs);
        state.restarts = value[u"restarts"_s].toInt();
        state.lastExit = value[u"lastExit"_s].toInt();
        result.append(state);
    }
    co_return result;
}

Async<> SupervisorClient::start(QString instance, QString releaseDirectory)
{
    CO_CHECK(co_await d->callSurely(this, {{u"method"_s, u"start"_s}, {u"instance"_s, instance}, {u"directory"_s, releaseDirectory}}));
    co_return {};
}

Async<> SupervisorClient::stop(QString instance)
{
    const ServiceSpec *service = d->target.serviceOfInstance(instance);
    const qint64 limit = AnswerMs + (service ? service->stopTimeoutMs : 10000);
    CO_CHECK(co_await d->callSurely(this, {{u"method"_s, u"stop"_s}, {u"instance"_s, instance}}, limit));
    co_return {};
}

Async<> SupervisorClient::waitReady(QString instance, std::stop_token stop)
{
    const ServiceSpec *service = d->target.serviceOfInstance(instance);
    if (!service) {
        co_return fail(u"supervisor.unknown_instance"_s, {{u"instance"_s, instance}}, d->target.path);
    }
    const qint64 limit = service->health.readyWithinMs;
    const qint64 begin = Clock::system().monotonic();
    while (true) {
        CO_TRY(const QJsonObject now, co_await d->instance(this, instance));
        const QString state = now[u"state"_s].toString();
        if (state == u"ready") {
            co_return {};
        }
        if (now.contains(u"problem"_s)) {
            co_return fail(Error::fromJson(now[u"problem"_s].toObject()));
        }
        // start() counts from 0, so any restart is a death since then.
        if (state == u"failed" || now[u"restarts"_s].toInt() > 0) {
            co_return fail(u"supervisor.died"_s,
                           {{u"instance"_s, instance}, {u"exit"_s, now[u"lastExit"_s]}, {u"lastLines"_s, now[u"lastLines"_s]}});
        }
        if (state == u"stopped" || state == u"stopping") {
            co_return fail(u"supervisor.is_stopped"_s, {{u"instance"_s, instance}});
        }
        if (Clock::system().monotonic() - begin > limit) {
            co_return fail(u"supervisor.not_ready"_s, {{u"instance"_s, instance}, {u"limit"_s, limit}});
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

Async<> SupervisorClient::shutdown()
{
    const auto running = co_await isRunning();
    if (running && !*running) {
        co_return {};
    }
    qint64 limit = AnswerMs;
    for (const ServiceSpec &service : d->target.services) {
        limit += service.stopTimeoutMs;
    }
    CO_CHECK(co_await d->call({{u"method"_s, u"shutdown"_s}}, limit));
    // Gone means that a new one could take its lock.
    for (int tries = 0; tries < 100; ++tries) {
        if (const auto still = co_await isRunning(); still && !*still) {
            co_return {};
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs));
    }
    co_return fail(u"supervisor.not_gone"_s, {{u"instance"_s, u"supervisor"_s}});
}

} // namespace cutover
