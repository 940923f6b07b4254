// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The runtime "compose": each instance is a service of the target's Compose project. Which release
// one runs is read from its container, which Compose labels with the file that it was made from.

#include "check/probe.h"
#include "deploy/composeproject.h"
#include "deploy/notednames.h"
#include "deploy/placed.h"
#include "plan/instancefacts.h"
#include "system/clock.h"
#include "target/composereader.h"

#include <QHash>
#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>
#include <map>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 20000;
constexpr qint64 PollMs = 200;
constexpr qint64 DaemonMs = 30000; ///< For its restart.
constexpr qint64 GoneMs = 10000; ///< After its KILL.

/// Whether the container is the instance's. One of several replicas says so by itself; one that was started by hand is
/// taken by its number.
bool isOf(const ComposeContainer &container, const Placed &place)
{
    if (container.service != place.instance->composeService) {
        return false;
    }
    if (!isReplicated(*place.service, *place.instance) || container.instance == place.instance->name) {
        return true;
    }
    // A spare is only ever what was started as one.
    if (place.isSpare() || place.service->instance(container.instance)) {
        return false;
    }
    const qsizetype index = std::ranges::find(place.service->instances, place.instance->name, &InstanceSpec::name) - place.service->instances.begin();
    return (container.number - 1) % place.service->instances.size() == index;
}

/// What stands for the instance: a container that is alive before one that is not. Of two that are alive the older one,
/// which the newer one has not replaced yet; of two that are not, the newer. release: only of that one.
const ComposeContainer *containerOf(const QList<ComposeContainer> &containers, const Placed &place, const QString &release = {})
{
    const ComposeContainer *found = nullptr;
    for (const ComposeContainer &container : containers) {
        if (!isOf(container, place) || (!release.isEmpty() && container.release != release)) {
            continue;
        }
        if (!found || (container.isAlive() && !found->isAlive())) {
            found = &container;
        } else if (container.isAlive() == found->isAlive()) {
            const bool isReplica = isReplicated(*place.service, *place.instance);
            const bool isNewer = isReplica ? container.number > found->number : container.since > found->since;
            if (isNewer != (isReplica && container.isAlive())) {
                found = &container;
            }
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
        , m_stopped(target.stateDirectory + u"/compose-stopped.json"_s)
    {
        const QStringList colours = composeColours(target);
        for (const QString &colour : colours) {
            m_projects.emplace(colour, std::make_unique<ComposeProject>(target, tools, colour));
        }
        // Docker is asked for itself, too.
        if (m_projects.empty()) {
            m_projects.emplace(QString(), std::make_unique<ComposeProject>(target, tools));
        }
    }

    Async<QList<InstanceState>> states(qint64 limitMs) override
    {
        CO_TRY(const auto containers, co_await allContainers(limitMs));
        QList<InstanceState> states;
        const QList<Placed> places = all();
        for (const Placed &placed : places) {
            InstanceState state;
            state.name = placed.instance->name;
            state.service = placed.service->name;
            const ComposeContainer *container = containerOf(containers[placed.instance->colour], placed);
            if (container) {
                state.state = stateOf(*container);
                state.pid = container->pid;
                state.release = container->release;
                state.since = container->since;
                state.restarts = container->restarts;
                state.lastExit = container->exitCode;
                state.container = container->id;
                state.image = container->image;
            }
            // A spare is there only while it is needed.
            if (container || !placed.isSpare()) {
                states.append(state);
            }
        }
        co_return co_await probed(m_target, states, limitMs);
    }

    /// A daemon that is just being started again is waited for, before anything is done or judged.
    Async<> ensure(std::stop_token stop) override
    {
        for (const qint64 begin = Clock::system().monotonic();;) {
            const auto version = co_await m_projects.begin()->second->serverVersion(stop);
            if (version || version.error().kind != Error::Kind::Transient || Clock::system().monotonic() - begin > DaemonMs) {
                co_return version ? Result<>() : Result<>(fail(version.error()));
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
        }
    }

    Async<QJsonObject> facts() override
    {
        CO_CHECK(co_await ensure({}));
        CO_TRY(const auto containers, co_await allContainers(AnswerMs));
        QJsonObject facts;
        CO_TRY(const QStringList stopped, m_stopped.names());
        const QList<Placed> places = all();
        for (const Placed &placed : places) {
            const ComposeContainer *container = containerOf(containers[placed.instance->colour], placed);
            // What died shall run all the same.
            if (placed.service->managed && !placed.isSpare() && container && (container->isAlive() || !stopped.contains(placed.instance->name))) {
                facts.insert(instanceFact(placed.instance->name), container->release);
            }
        }
        co_return facts;
    }

    Async<> check(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const auto services, co_await project->servicesOf(folder, instances, stop));
            for (const auto &[name, service] : services.asKeyValueRange()) {
                CO_TRY(const bool there, co_await project->hasImage(service.image, stop));
                if (!there) {
                    co_return fail(u"compose.image_missing"_s, {{u"service"_s, name}, {u"image"_s, service.image}});
                }
            }
        }
        co_return {};
    }

    bool fetches() const override { return true; }

    Async<> prepare(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        QStringList made;
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const auto services, co_await project->servicesOf(folder, instances, stop, true));
            for (const auto &[name, service] : services.asKeyValueRange()) {
                if (made.contains(service.image)) {
                    continue;
                }
                made.append(service.image);
                if (service.isBuilt) {
                    // One of that name may be left from other sources; what is up to date Docker takes from its cache.
                    CO_CHECK(co_await project->build(folder, name, service.image, stop));
                    continue;
                }
                CO_TRY(const bool there, co_await project->hasImage(service.image, stop));
                if (!there) {
                    CO_CHECK(co_await project->pull(name, service.image, stop));
                } else if (service.isMoving() && service.pulls) {
                    CO_CHECK(co_await refresh(*project, name, service.image, stop));
                }
            }
        }
        co_return {};
    }

    Async<> restore(QString version, QMap<QString, QString> images, std::stop_token stop) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        QStringList made;
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const auto services, co_await project->servicesOf(folder, images.keys(), stop, true));
            for (const auto &[name, service] : services.asKeyValueRange()) {
                const QString wanted = idOf(images, colour, services, service.image);
                if (made.contains(service.image)) {
                    continue;
                }
                made.append(service.image);
                CO_TRY(const QString named, co_await project->imageId(service.image, stop));
                if (!named.isEmpty() && (wanted.isEmpty() || named == wanted)) {
                    continue;
                }
                CO_TRY(const QString there, wanted.isEmpty() ? Result<QString>(QString()) : co_await project->imageId(wanted, stop));
                // A name by content means the same image always.
                if (!there.isEmpty() && !service.isPinned()) {
                    CO_CHECK(co_await project->nameImage(there, service.image));
                } else if (service.isBuilt) {
                    CO_CHECK(co_await project->build(folder, name, service.image, stop));
                } else if (named.isEmpty()) {
                    CO_CHECK(co_await project->pull(name, service.image, stop));
                }
            }
        }
        co_return {};
    }

    Async<> checkRestore(QString version, QMap<QString, QString> images, std::stop_token stop) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const auto services, co_await project->servicesOf(folder, images.keys(), stop, true));
            for (const auto &[name, service] : services.asKeyValueRange()) {
                const QString wanted = idOf(images, colour, services, service.image);
                CO_TRY(const bool named, co_await project->hasImage(service.image, stop));
                CO_TRY(const bool there, wanted.isEmpty() ? Result<bool>(false) : co_await project->hasImage(wanted, stop));
                if (!named && !there && !service.isBuilt) {
                    CO_CHECK(co_await project->canBePulled(name, service.image, stop));
                }
            }
        }
        co_return {};
    }

    Async<QMap<QString, QString>> images(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        QMap<QString, QString> found;
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const auto services, co_await project->servicesOf(folder, instances, stop, true));
            const QList<Placed> places = all();
            for (const Placed &placed : places) {
                const QString name = placed.instance->composeService;
                if (placed.instance->colour == colour && instances.contains(placed.instance->name) && services.contains(name)) {
                    CO_TRY(const QString id, co_await project->imageId(services[name].image, stop));
                    found.insert(placed.instance->name, id);
                }
            }
        }
        co_return found;
    }

    Async<> start(QString instance, QString version) override
    {
        CO_TRY(const QString folder, releaseFolder(m_target, version));
        CO_TRY(const Placed place, placeOf(instance));
        CO_TRY(ComposeProject *const project, projectOf(instance));
        const bool isReplica = isReplicated(*place.service, *place.instance);
        CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
        const ComposeContainer *own = isReplica ? containerOf(containers, place, version) : nullptr;
        if (own && own->isAlive()) {
            m_restarts.insert(instance, own->restarts);
            co_return m_stopped.note(instance, false);
        }
        if (const ComposeContainer *container = containerOf(containers, place); container && container->isAlive() && !startsBeside(instance)) {
            if (container->release == version) {
                m_restarts.insert(instance, container->restarts);
                co_return m_stopped.note(instance, false);
            }
            co_return fail(u"compose.runs_other"_s, {{u"instance"_s, instance}, {u"running"_s, container->release}, {u"wanted"_s, version}});
        }
        CO_CHECK(m_stopped.note(instance, false));
        m_restarts.insert(instance, 0); // It is made anew.
        const QString service = place.instance->composeService;
        if (!isReplica) {
            co_return co_await project->up(folder, service);
        }
        // Compose would start those that have ended, instead of making a new one.
        QStringList dead;
        qsizetype others = 0;
        for (const ComposeContainer &container : containers) {
            if (isOf(container, place) && !container.isAlive()) {
                dead.append(container.id);
            } else if (container.service == service) {
                ++others;
            }
        }
        if (!dead.isEmpty()) {
            CO_CHECK(co_await project->remove(dead));
        }
        const int port = place.instance->port;
        co_return co_await project->upReplica(folder, service, instance, port, others);
    }

    Async<> stop(QString instance) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        if (!place.isSpare()) {
            CO_CHECK(m_stopped.note(instance, true));
        }
        co_return co_await end(place, {});
    }

    /// Two can't listen on one port.
    bool startsBeside(const QString &instance) const override
    {
        const auto place = placeOf(instance);
        return place && place->service->mayOverlap && isReplicated(*place->service, *place->instance) && place->instance->port == 0;
    }

    Async<> retireOthers(QString instance, QString version) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        co_return co_await end(place, version);
    }

    Async<bool> hasOthers(QString instance, QString version) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        CO_TRY(ComposeProject *const project, projectOf(instance));
        CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
        co_return std::ranges::any_of(containers, [&](const ComposeContainer &container) { return isOf(container, place) && container.isAlive() && container.release != version; });
    }

    Async<> waitReady(QString instance, QString version, std::stop_token stop) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        CO_TRY(ComposeProject *const project, projectOf(instance));
        const ServiceSpec *spec = place.service;
        const ProbeSpec probe = spec->expand(spec->health, *place.instance, m_target.releaseDirectory(version));
        const qint64 limit = spec->health.readyWithinMs;
        const QString wanted = isReplicated(*spec, *place.instance) ? version : QString();
        std::optional<int> restarts;
        if (const auto known = m_restarts.constFind(instance); known != m_restarts.cend()) {
            restarts = *known;
        }
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
            const ComposeContainer *container = containerOf(containers, place, wanted);
            if (!container || container->status == "created"_L1) {
                co_return fail(u"compose.is_stopped"_s, {{u"instance"_s, instance}});
            }
            Error last;
            if (stateOf(*container) == InstanceState::State::Ready) {
                if (!probe.asksAnything()) {
                    co_return {};
                }
                const ProbeResult answer = co_await probeOnce(probe, stop);
                if (answer.ok) {
                    co_return {};
                }
                last = answer.error;
            }
            // What it went through before start() left it as it was is no death of now.
            restarts = restarts.value_or(container->restarts);
            if (!container->isAlive() || container->status == "restarting"_L1 || container->restarts > *restarts) {
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

    Async<> logs(LogRequest request, LogSink sink, std::stop_token stop) override
    {
        struct Wanted {
            ComposeProject *project;
            QStringList services;
            LogSink sink;
        };
        std::vector<Wanted> wanted;
        for (const auto &[colour, project] : m_projects) {
            QStringList services;
            const QList<Placed> placed = all();
            const auto isAsked = [&](const Placed &one) { return one.instance->colour == colour && request.instances.contains(one.instance->name); };
            if (std::ranges::none_of(placed, isAsked)) {
                continue;
            }
            // Compose tells its own name of a container; who it is, its label or its number says.
            CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
            for (const Placed &one : placed) {
                // Compose knows no service of which there was never a container.
                const bool isThere = !one.isSpare() || containerOf(containers, one);
                if (isAsked(one) && isThere && !services.contains(one.instance->composeService)) {
                    services.append(one.instance->composeService);
                }
            }
            if (services.isEmpty()) {
                continue;
            }
            QMap<QString, QString> names;
            for (const Placed &one : placed) {
                for (const ComposeContainer &container : containers) {
                    if (one.instance->colour == colour && isOf(container, one)) {
                        names.insert(container.service + u'-' + QString::number(container.number), one.instance->name);
                    }
                }
            }
            const auto named = [names, sink, instances = request.instances](const QString &container, const QString &line) {
                // One that was started since then is told by Compose's name.
                const QString instance = names.value(container);
                if (instance.isEmpty() || instances.contains(instance)) {
                    sink(instance.isEmpty() ? container : instance, line);
                }
            };
            wanted.push_back({project.get(), services, named});
        }
        // Begun once nothing can fail any more that would leave another one behind: each is waited for.
        std::vector<Async<>> asked;
        for (const Wanted &one : wanted) {
            asked.push_back(one.project->logs(one.services, request, one.sink, stop));
        }
        Result<> all;
        for (Async<> &task : asked) {
            if (const Result<> read = co_await task; !read && all) {
                all = read;
            }
        }
        co_return all;
    }

    Async<QStringList> lastLines(QString instance) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        CO_TRY(ComposeProject *const project, projectOf(instance));
        CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
        const ComposeContainer *container = containerOf(containers, place);
        if (!container) {
            co_return QStringList();
        }
        const QString id = container->id;
        co_return co_await project->lastLines(id);
    }

private:
    /// What a moving name means now. Where no registry has it, it is what somebody made here.
    static Async<> refresh(ComposeProject &project, QString service, QString image, std::stop_token stop)
    {
        const auto pulled = co_await project.pull(service, image, stop);
        if (pulled || pulled.error().kind == Error::Kind::Cancelled) {
            co_return pulled;
        }
        const QString said = pulled.error().args[u"reason"].toString();
        // Of what is nowhere some registries, and Docker Hub, say that one may not have it. What was never there was made here.
        static const QRegularExpression nowhere(u"manifest unknown|manifest for .* not found|repository .* not found|does not exist|(?<!permission )\\bdenied\\b"_s, QRegularExpression::CaseInsensitiveOption);
        const bool isLogin = pulled.error().code == "compose.no_login"_L1;
        if (said.contains(nowhere)) {
            CO_TRY(const bool cameFromThere, isLogin ? co_await project.cameFromRegistry(image, stop) : Result<bool>(false));
            if (!cameFromThere) {
                co_return {};
            }
        }
        if (isLogin) {
            co_return pulled;
        }
        co_return fail(u"compose.not_refreshed"_s, {{u"service"_s, service}, {u"image"_s, image}, {u"reason"_s, said}}, {}, pulled.error().kind);
    }

    QList<Placed> all() const { return placedOf(m_target, u"compose"_s); }

    /// What that name of an image is wanted to mean by an instance in that colour's project; several services may bear it, and
    /// of a spare mostly nothing is known.
    QString idOf(const QMap<QString, QString> &images, const QString &colour, const QMap<QString, ComposeService> &services, const QString &image) const
    {
        const QList<Placed> places = all();
        for (const Placed &placed : places) {
            const auto service = services.constFind(placed.instance->composeService);
            const QString id = images.value(placed.instance->name);
            if (placed.instance->colour == colour && service != services.cend() && service->image == image && !id.isEmpty()) {
                return id;
            }
        }
        return {};
    }

    Result<Placed> placeOf(const QString &instance) const
    {
        const QList<Placed> placed = all();
        for (const Placed &one : placed) {
            if (one.instance->name == instance) {
                return one;
            }
        }
        return fail(u"compose.unknown_instance"_s, {{u"instance"_s, instance}}, m_target.path);
    }

    /// Stops what runs of it, but for a release that is to stay. Replicas are removed, too, as Compose would start them again
    /// with the next one; and a spare, of which nothing is to stay.
    Async<> end(Placed place, QString stays)
    {
        const QString instance = place.instance->name;
        CO_TRY(ComposeProject *const project, projectOf(instance));
        const qint64 grace = place.service->stopTimeoutMs;
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(AnswerMs));
            QStringList alive;
            QStringList all;
            for (const ComposeContainer &container : containers) {
                if (!isOf(container, place) || (!stays.isEmpty() && container.release == stays)) {
                    continue;
                }
                all.append(container.id);
                if (container.isAlive()) {
                    alive.append(container.id);
                }
            }
            if (all.isEmpty()) {
                co_return {};
            }
            if (alive.isEmpty()) {
                co_return place.isSpare() || isReplicated(*place.service, *place.instance) ? co_await project->remove(all) : co_await project->neverStart(all);
            }
            if (Clock::system().monotonic() - begin > grace + GoneMs) {
                co_return fail(u"compose.not_gone"_s, {{u"instance"_s, instance}, {u"container"_s, alive.first().left(12)}});
            }
            CO_CHECK(co_await project->stop(alive, grace));
        }
    }

    Result<ComposeProject *> projectOf(const QString &instance) const
    {
        const QList<Placed> places = all();
        for (const Placed &placed : places) {
            if (placed.instance->name == instance) {
                return m_projects.at(placed.instance->colour).get();
            }
        }
        return fail(u"compose.unknown_instance"_s, {{u"instance"_s, instance}}, m_target.path);
    }

    /// By colour.
    Async<QMap<QString, QList<ComposeContainer>>> allContainers(qint64 limitMs)
    {
        QMap<QString, QList<ComposeContainer>> found;
        for (const auto &[colour, project] : m_projects) {
            CO_TRY(const QList<ComposeContainer> containers, co_await project->containers(limitMs));
            found.insert(colour, containers);
        }
        co_return found;
    }

    /// An error with what the container said last.
    Async<> withLines(QString code, QString instance, QString container, QJsonObject args)
    {
        // By its id, of whatever project.
        const auto lines = co_await m_projects.begin()->second->lastLines(container);
        args.insert(u"instance"_s, instance);
        args.insert(u"lastLines"_s, QJsonArray::fromStringList(lines.value_or(QStringList())));
        co_return fail(code, args);
    }

    Target m_target;
    NotedNames m_stopped;
    QHash<QString, int> m_restarts; ///< Of an instance's container when start() was done with it.
    std::map<QString, std::unique_ptr<ComposeProject>> m_projects; ///< By colour.
};

const RuntimeRegistry::Registration registration(u"compose"_s, [](const Target &target, const RuntimeTools &tools) {
    return std::make_unique<ComposeRuntime>(target, tools);
});

} // namespace

} // namespace cutover
