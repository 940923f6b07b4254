// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The runtime "compose": each instance is a service of the target's Compose project. Which release
// one runs is read from its container, which Compose labels with the file that it was made from.

#include "check/probe.h"
#include "deploy/composeproject.h"
#include "plan/instancefacts.h"
#include "system/clock.h"
#include "system/files.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 20000;
constexpr qint64 PollMs = 200;
constexpr qint64 DaemonMs = 30000; ///< For its restart.
constexpr qint64 GoneMs = 10000; ///< After its KILL.

struct Placed {
    const ServiceSpec *service = nullptr;
    const InstanceSpec *instance = nullptr;
};

bool hasProbe(const ProbeSpec &spec)
{
    return !spec.http.isEmpty() || !spec.tcp.isEmpty() || !spec.command.isEmpty();
}

ProbeSpec probeOf(const ServiceSpec &service, const InstanceSpec &instance, const QString &folder)
{
    ProbeSpec probe = service.health;
    probe.http = service.expand(probe.http, instance, folder);
    probe.tcp = service.expand(probe.tcp, instance, folder);
    for (QString &word : probe.command) {
        word = service.expand(word, instance, folder);
    }
    return probe;
}

/// The service's own container: one that is alive before one that is not, else the newest.
const ComposeContainer *containerOf(const QList<ComposeContainer> &containers, const QString &service)
{
    const ComposeContainer *found = nullptr;
    for (const ComposeContainer &container : containers) {
        if (container.service != service) {
            continue;
        }
        if (!found || (container.isAlive() && !found->isAlive()) || (container.isAlive() == found->isAlive() && container.since > found->since)) {
            found = &container;
        }
    }
    return found;
}

/// As far as Docker tells; whether it is ready its probe says.
InstanceState::State stateOf(const ComposeContainer &container)
{
    using enum InstanceState::State;
    if (container.status == "running"_L1) {
        return container.health == "starting"_L1 ? Starting : container.health == "unhealthy"_L1 ? Unready
                                                                                                 : Ready;
    }
    if (container.status == "exited"_L1) {
        // 143 and 137: TERM and KILL, as "stop" sends them.
        return container.exitCode == 0 || container.exitCode == 143 || container.exitCode == 137 ? Stopped : Failed;
    }
    return container.status == "restarting"_L1 || container.status == "dead"_L1 ? Failed
        : container.status == "removing"_L1                                     ? Stopping
        : container.status == "paused"_L1                                       ? Unready
                                                                                : Stopped;
}

class ComposeRuntime : public Runtime
{
public:
    ComposeRuntime(const Target &target, const RuntimeTools &tools)
        : m_target(target)
        , m_project(target, tools)
    {
    }

    Async<QList<InstanceState>> states(qint64 limitMs) override
    {
        CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(limitMs));
        QList<InstanceState> states;
        std::vector<std::pair<qsizetype, QCoro::Task<ProbeResult>>> probes;
        for (const Placed &placed : all()) {
            InstanceState state;
            state.name = placed.instance->name;
            state.service = placed.service->name;
            if (const ComposeContainer *container = containerOf(containers, placed.instance->composeService)) {
                state.state = stateOf(*container);
                state.pid = container->pid;
                state.release = container->release;
                state.since = container->since;
                state.restarts = container->restarts;
                state.lastExit = container->exitCode;
                state.container = container->id;
                state.image = container->image;
                if (state.state == InstanceState::State::Ready && hasProbe(placed.service->health)) {
                    ProbeSpec probe = probeOf(*placed.service, *placed.instance, m_target.releaseDirectory(container->release));
                    probe.timeoutMs = qMin(probe.timeoutMs, limitMs);
                    probes.emplace_back(states.size(), probeOnce(probe));
                }
            }
            states.append(state);
        }
        for (auto &[index, task] : probes) {
            const ProbeResult answer = co_await task;
            InstanceState &state = states[index];
            if (!answer.ok) {
                const ServiceSpec *service = m_target.service(state.service);
                const bool young = state.since.msecsTo(Clock::system().now()) < (service ? service->health.readyWithinMs : 0);
                state.state = young ? InstanceState::State::Starting : InstanceState::State::Unready;
            }
        }
        co_return states;
    }

    /// A daemon that is just being started again is waited for, before anything is done or judged.
    Async<> ensure(std::stop_token stop) override
    {
        for (const qint64 begin = Clock::system().monotonic();;) {
            const auto version = co_await m_project.serverVersion(stop);
            if (version || version.error().kind != Error::Kind::Transient || Clock::system().monotonic() - begin > DaemonMs) {
                co_return version ? Result<>() : Result<>(fail(version.error()));
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
        }
    }

    Async<QJsonObject> facts() override
    {
        CO_CHECK(co_await ensure({}));
        CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(AnswerMs));
        QJsonObject facts;
        CO_TRY(const QStringList stopped, stoppedOnes());
        for (const Placed &placed : all()) {
            const ComposeContainer *container = containerOf(containers, placed.instance->composeService);
            // What died shall run all the same.
            if (placed.service->managed && container && (container->isAlive() || !stopped.contains(placed.instance->name))) {
                facts.insert(instanceFact(placed.instance->name), container->release);
            }
        }
        co_return facts;
    }

    Async<> check(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_TRY(const auto services, co_await servicesOf(version, instances, stop));
        for (const auto &[name, service] : services.asKeyValueRange()) {
            CO_TRY(const bool there, co_await m_project.hasImage(service.image, stop));
            if (!there) {
                co_return fail(u"compose.image_missing"_s, {{u"service"_s, name}, {u"image"_s, service.image}});
            }
        }
        co_return {};
    }

    bool fetches() const override { return true; }

    Async<> prepare(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_TRY(const QString folder, folderOf(version));
        CO_TRY(const auto services, co_await m_project.servicesOf(folder, instances, stop, true));
        for (const auto &[name, service] : services.asKeyValueRange()) {
            CO_TRY(const bool there, co_await m_project.hasImage(service.image, stop));
            if (there) {
                continue;
            }
            if (service.isBuilt) {
                co_return fail(u"compose.not_built"_s, {{u"service"_s, name}, {u"image"_s, service.image}});
            }
            CO_CHECK(co_await m_project.pull(name, service.image, stop));
        }
        co_return {};
    }

    Async<> start(QString instance, QString version) override
    {
        CO_TRY(const QString folder, folderOf(version));
        CO_TRY(const QString service, composeService(instance));
        CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(AnswerMs));
        if (const ComposeContainer *container = containerOf(containers, service); container && container->isAlive()) {
            if (container->release == version) {
                co_return markStopped(instance, false);
            }
            co_return fail(u"compose.runs_other"_s, {{u"instance"_s, instance}, {u"running"_s, container->release}, {u"wanted"_s, version}});
        }
        CO_CHECK(markStopped(instance, false));
        co_return co_await m_project.up(folder, service);
    }

    Async<> stop(QString instance) override
    {
        CO_TRY(const QString service, composeService(instance));
        const ServiceSpec *spec = m_target.serviceOfInstance(instance);
        CO_CHECK(markStopped(instance, true));
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(AnswerMs));
            QStringList alive;
            QStringList all;
            for (const ComposeContainer &container : containers) {
                if (container.service == service) {
                    all.append(container.id);
                }
                if (container.service == service && container.isAlive()) {
                    alive.append(container.id);
                }
            }
            if (alive.isEmpty()) {
                co_return all.isEmpty() ? Result<>() : co_await m_project.neverStart(all);
            }
            if (Clock::system().monotonic() - begin > spec->stopTimeoutMs + GoneMs) {
                co_return fail(u"compose.not_gone"_s, {{u"instance"_s, instance}, {u"container"_s, alive.first().left(12)}});
            }
            CO_CHECK(co_await m_project.stop(alive, spec->stopTimeoutMs));
        }
    }

    Async<> waitReady(QString instance, QString version, std::stop_token stop) override
    {
        CO_TRY(const QString service, composeService(instance));
        const ServiceSpec *spec = m_target.serviceOfInstance(instance);
        const auto own = std::ranges::find(spec->instances, instance, &InstanceSpec::name);
        const ProbeSpec probe = probeOf(*spec, *own, m_target.releaseDirectory(version));
        const qint64 limit = spec->health.readyWithinMs;
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(AnswerMs));
            const ComposeContainer *container = containerOf(containers, service);
            if (!container || container->status == "created"_L1) {
                co_return fail(u"compose.is_stopped"_s, {{u"instance"_s, instance}});
            }
            Error last;
            if (stateOf(*container) == InstanceState::State::Ready) {
                if (!hasProbe(probe)) {
                    co_return {};
                }
                const ProbeResult answer = co_await probeOnce(probe, stop);
                if (answer.ok) {
                    co_return {};
                }
                last = answer.error;
            }
            // It was made anew by start(), so that any restart is a death since then.
            if (!container->isAlive() || container->status == "restarting"_L1 || container->restarts > 0) {
                co_return co_await withLines(u"compose.died"_s, instance, container->id, {{u"exit"_s, container->exitCode}, {u"restarts"_s, container->restarts}});
            }
            if (container->health == "unhealthy"_L1) {
                co_return co_await withLines(u"compose.unhealthy"_s, instance, container->id, {});
            }
            if (Clock::system().monotonic() - begin > limit) {
                QJsonObject args{{u"limit"_s, limit}, {u"health"_s, container->health.isEmpty() ? container->status : container->health}};
                co_return co_await withLines(last.code.isEmpty() ? u"compose.not_ready"_s : u"compose.no_answer"_s, instance, container->id,
                                             last.code.isEmpty() ? args : QJsonObject{{u"limit"_s, limit}, {u"cause"_s, last.toJson()}});
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
        }
    }

    Async<QStringList> lastLines(QString instance) override
    {
        CO_TRY(const QString service, composeService(instance));
        CO_TRY(const QList<ComposeContainer> containers, co_await m_project.containers(AnswerMs));
        const ComposeContainer *container = containerOf(containers, service);
        if (!container) {
            co_return QStringList();
        }
        const QString id = container->id;
        co_return co_await m_project.lastLines(id);
    }

private:
    QList<Placed> all() const
    {
        QList<Placed> result;
        for (const ServiceSpec &service : m_target.services) {
            for (const InstanceSpec &instance : service.instances) {
                if (service.runtime == "compose"_L1) {
                    result.append({&service, &instance});
                }
            }
        }
        return result;
    }

    /// Docker does not tell whether a container that ended was meant to.
    QString stoppedFile() const { return m_target.stateDirectory + u"/compose-stopped.json"_s; }

    Result<QStringList> stoppedOnes() const
    {
        if (!QFileInfo::exists(stoppedFile())) {
            return QStringList();
        }
        TRY(const QByteArray content, files::read(stoppedFile(), 1 << 20));
        return QJsonDocument::fromJson(content).toVariant().toStringList();
    }

    /// Only who holds the run's lock comes here.
    Result<> markStopped(const QString &instance, bool isStopped) const
    {
        TRY(QStringList names, stoppedOnes());
        if (names.contains(instance) == isStopped) {
            return {};
        }
        names.removeAll(instance);
        if (isStopped) {
            names.append(instance);
        }
        return files::replace(stoppedFile(), QJsonDocument(QJsonArray::fromStringList(names)).toJson(QJsonDocument::Compact));
    }

    Result<QString> composeService(const QString &instance) const
    {
        for (const Placed &placed : all()) {
            if (placed.instance->name == instance) {
                return placed.instance->composeService;
            }
        }
        return fail(u"compose.unknown_instance"_s, {{u"instance"_s, instance}}, m_target.path);
    }

    Result<QString> folderOf(const QString &version) const
    {
        const QString folder = m_target.releaseDirectory(version);
        if (!QFileInfo(folder).isDir()) {
            return fail(u"deploy.no_release"_s, {{u"version"_s, version}, {u"folder"_s, folder}});
        }
        return folder;
    }

    Async<QMap<QString, ComposeService>> servicesOf(QString version, QStringList instances, std::stop_token stop)
    {
        CO_TRY(const QString folder, folderOf(version));
        co_return co_await m_project.servicesOf(folder, instances, stop);
    }

    /// An error with what the container said last.
    Async<> withLines(QString code, QString instance, QString container, QJsonObject args)
    {
        const auto lines = co_await m_project.lastLines(container);
        args.insert(u"instance"_s, instance);
        args.insert(u"lastLines"_s, QJsonArray::fromStringList(lines.value_or(QStringList())));
        co_return fail(code, args);
    }

    Target m_target;
    ComposeProject m_project;
};

const RuntimeRegistry::Registration registration(u"compose"_s, [](const Target &target, const RuntimeTools &tools) {
    return std::make_unique<ComposeRuntime>(target, tools);
});

} // namespace

} // namespace cutover
