// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The runtimes "systemd", of the machine, and "systemd_user", of the user who runs Cutover: each instance is a service
// unit, mostly of a template (backend@1.service). Which release one starts from stands in a drop-in file of ours, written
// only while nothing of the unit runs; which release it runs, in the environment of its process.

#include "check/probe.h"
#include "deploy/hostrelease.h"
#include "deploy/notednames.h"
#include "deploy/placed.h"
#include "deploy/systemdmanager.h"
#include "deploy/unitdropin.h"
#include "plan/instancefacts.h"
#include "system/clock.h"
#include "target/systemdreader.h"

#include <QJsonArray>

#include <algorithm>
#include <map>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 20000;
constexpr qint64 PollMs = 100;
constexpr qint64 BegunMs = 10000; ///< For a job to begin.
constexpr qint64 GoneMs = 10000; ///< After its KILL.

InstanceState::State stateOf(const SystemdUnit &unit, bool isMeantToStop)
{
    using enum InstanceState::State;
    if (unit.activeState == "active"_L1 || unit.activeState == "reloading"_L1) {
        return unit.pid > 0 ? Ready : Unready;
    }
    if (unit.activeState == "activating"_L1) {
        return unit.subState.startsWith("auto-restart"_L1) ? Failed : Starting;
    }
    if (unit.activeState == "deactivating"_L1) {
        return Stopping;
    }
    // Who was told to end may answer with whatever code.
    if (unit.activeState == "failed"_L1 && !isMeantToStop) {
        return Failed;
    }
    return unit.hasJob ? Starting : Stopped;
}

class SystemdRuntime : public Runtime
{
public:
    SystemdRuntime(const Target &target, const RuntimeTools &tools, const QString &name, SystemdManager::Whose whose)
        : m_target(target)
        , m_name(name)
        , m_tools(tools)
        , m_stopped(target.stateDirectory + u'/' + name + u"-stopped.json"_s)
    {
        m_managers.emplace(QString(), std::make_unique<SystemdManager>(m_target, tools, whose));
        for (const HostSpec &host : std::as_const(m_target.hosts)) {
            m_managers.emplace(host.name, std::make_unique<SystemdManager>(m_target, tools, whose, host));
        }
    }

    Async<QList<InstanceState>> states(qint64 limitMs) override
    {
        return look(all(), limitMs);
    }

    Async<QList<InstanceState>> statesOf(QStringList instances, qint64 limitMs) override
    {
        return look(only(instances), limitMs);
    }

    Async<QJsonObject> facts() override
    {
        const auto units = co_await unitsOf(all(), AnswerMs);
        CO_TRY(const QStringList stopped, m_stopped.names());
        QJsonObject facts;
        const QList<Placed> placed = all();
        for (const Placed &one : placed) {
            const Result<SystemdUnit> &told = units[one.instance->name];
            if (!told && told.error().kind == Error::Kind::Transient && !one.service->host.isHere()) {
                if (one.service->managed) {
                    facts.insert(instanceFact(one.instance->name), silentFact(one.service->host.name, told.error()));
                }
                continue;
            }
            CO_TRY(const SystemdUnit unit, told);
            const QString release = releaseOf(one, unit);
            // What died shall run all the same.
            if (one.service->managed && (!unit.isGone() || (!release.isEmpty() && !stopped.contains(one.instance->name)))) {
                facts.insert(instanceFact(one.instance->name), release);
            }
        }
        co_return facts;
    }

    Async<> check(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_CHECK(co_await checkUnits(version, instances, stop));
        const QList<HostSpec> hosts = hostsOf(instances);
        for (const HostSpec &host : hosts) {
            CO_CHECK(co_await checkRelease(m_target, host, version, m_tools, stop));
        }
        co_return {};
    }

    Async<> checkRights(QStringList instances, std::stop_token stop) override
    {
        const QList<Placed> placed = only(instances);
        for (const Placed &one : placed) {
            const QString unit = unitOf(*one.instance);
            // Where it can't be told, trying tells.
            const Result<> may = co_await managerOf(one).mayChange(unit, stop);
            if (!may && may.error().code != "systemd.rights_unknown"_L1) {
                co_return fail(may.error());
            }
            CO_CHECK(co_await managerOf(one).checkDropIn(unit, stop));
        }
        co_return {};
    }

    bool fetches() const override
    {
        const QList<Placed> placed = all();
        return std::ranges::any_of(placed, [](const Placed &one) { return !one.service->host.isHere(); });
    }

    Async<> prepare(QString version, QStringList instances, std::stop_token stop) override
    {
        CO_CHECK(co_await checkUnits(version, instances, stop));
        const QList<HostSpec> hosts = hostsOf(instances);
        for (const HostSpec &host : hosts) {
            CO_CHECK(co_await bringRelease(m_target, host, version, m_tools, stop));
        }
        co_return {};
    }

    // What it ran from may have been written into since, which is no reason to stay with the other release.
    Async<> restore(QString version, QMap<QString, QString> images, std::stop_token stop) override
    {
        const QStringList instances = images.keys();
        CO_CHECK(co_await checkUnits(version, instances, stop));
        const QList<HostSpec> hosts = hostsOf(instances);
        for (const HostSpec &host : hosts) {
            CO_TRY(const bool isThere, co_await hasRelease(host, version, m_tools, stop));
            if (!isThere) {
                CO_CHECK(co_await bringRelease(m_target, host, version, m_tools, stop));
            }
        }
        co_return {};
    }

    // What is missing on a host is brought there first.
    Async<> checkRestore(QString version, QMap<QString, QString> images, std::stop_token stop) override
    {
        co_return co_await checkUnits(version, images.keys(), stop);
    }

    Async<> start(QString instance, QString version) override
    {
        CO_CHECK(releaseFolder(m_target, version));
        CO_TRY(const Placed place, placeOf(instance));
        CO_TRY(const SystemdUnit unit, co_await lookAt(instance));
        if (!unit.isGone()) {
            const QString release = releaseOf(place, unit);
            if (release != version) {
                co_return fail(u"systemd.runs_other"_s, {{u"instance"_s, instance}, {u"unit"_s, unit.name}, {u"running"_s, release}, {u"wanted"_s, version}});
            }
            co_return m_stopped.note(instance, false);
        }
        SystemdManager &manager = managerOf(place);
        CO_CHECK(co_await manager.writeDropIn(unit.name, dropInName(), dropInText(m_target, *place.service, *place.instance, version)));
        CO_CHECK(co_await manager.reload());
        CO_CHECK(m_stopped.note(instance, false));
        CO_CHECK(co_await manager.start(unit.name));
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const SystemdUnit now, co_await lookAt(instance));
            // It is under way, or it has failed already, which waitReady() tells with its reason.
            if (now.activeState != "inactive"_L1 || !now.hasJob || Clock::system().monotonic() - begin > BegunMs) {
                co_return {};
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs));
        }
    }

    Async<> stop(QString instance) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        CO_CHECK(m_stopped.note(instance, true));
        bool killed = false;
        bool asked = false;
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const SystemdUnit unit, co_await lookAt(instance));
            if (unit.isGone()) {
                co_return {};
            }
            const qint64 waited = Clock::system().monotonic() - begin;
            if (!asked) {
                asked = true;
                if (const Result<> told = co_await managerOf(place).stop(unit.name); !told) {
                    if (told.error().code == "systemd.denied"_L1) {
                        CO_CHECK(m_stopped.note(instance, false)); // It is meant to run on.
                    }
                    co_return fail(told.error());
                }
            } else if (waited > place.service->stopTimeoutMs && !killed) {
                killed = true;
                // It may have ended just now, and be unknown by then: the next look decides.
                (void)co_await managerOf(place).kill(unit.name);
            } else if (waited > place.service->stopTimeoutMs + GoneMs) {
                co_return fail(u"systemd.not_gone"_s, {{u"instance"_s, instance}, {u"unit"_s, unit.name}, {u"state"_s, unit.activeState}});
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs));
        }
    }

    Async<> waitReady(QString instance, QString version, std::stop_token stop) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        const ProbeSpec probe = place.service->expand(place.service->health, *place.instance, m_target.releaseDirectory(*place.service, version));
        const qint64 limit = place.service->health.readyWithinMs;
        for (const qint64 begin = Clock::system().monotonic();;) {
            CO_TRY(const SystemdUnit unit, co_await lookAt(instance));
            const InstanceState::State state = stateOf(unit, false);
            Error last;
            // One that serves does so whatever happened to it before: start() leaves what runs already as it is.
            if (state == InstanceState::State::Ready) {
                const ProbeResult answer = probe.asksAnything() ? co_await probeOnce(probe, stop) : ProbeResult{.ok = unit.restarts == 0};
                if (answer.ok) {
                    co_return {};
                }
                last = answer.error;
            }
            if (unit.isDead() && unit.exitCode == 0) {
                // The manager has started it again meanwhile, and says no more how it ended.
                co_return co_await withLines(u"systemd.restarted"_s, place, {{u"restarts"_s, unit.restarts}});
            }
            if (unit.isDead()) {
                co_return co_await withLines(u"systemd.died"_s, place, {{u"exit"_s, unit.exitCode}, {u"restarts"_s, unit.restarts}});
            }
            if (state == InstanceState::State::Stopped) {
                co_return co_await withLines(u"systemd.is_stopped"_s, place, {});
            }
            if (Clock::system().monotonic() - begin > limit) {
                QJsonObject args{{u"limit"_s, limit}, {u"state"_s, QString(unit.activeState + u' ' + unit.subState)}};
                if (!last.code.isEmpty()) {
                    args = {{u"limit"_s, limit}, {u"cause"_s, last.toJson()}};
                }
                co_return co_await withLines(last.code.isEmpty() ? u"systemd.not_ready"_s : u"systemd.no_answer"_s, place, args);
            }
            CO_CHECK(co_await Clock::system().sleep(qMax(PollMs, probe.intervalMs), stop));
        }
    }

    Async<> logs(LogRequest request, LogSink sink, std::stop_token stop) override
    {
        std::map<QString, QMap<QString, QString>> instances; // Host → unit → instance.
        const QList<Placed> placed = all();
        for (const Placed &one : placed) {
            if (request.instances.contains(one.instance->name)) {
                instances[one.service->host.name].insert(unitOf(*one.instance), one.instance->name);
            }
        }
        // At once, as one that is followed does not end; the first error ends the others.
        std::stop_source ended;
        const std::stop_callback onStop(stop, [&ended] { ended.request_stop(); });
        std::vector<Async<>> tasks;
        tasks.reserve(instances.size());
        for (const auto &[host, units] : instances) {
            tasks.push_back(m_managers.at(host)->logs(units, request, sink, ended.get_token()));
        }
        Result<> first;
        for (Async<> &task : tasks) {
            const Result<> told = co_await task;
            if (!told && first) {
                first = told;
                ended.request_stop();
            }
        }
        co_return first;
    }

    Async<QStringList> lastLines(QString instance) override
    {
        CO_TRY(const Placed place, placeOf(instance));
        co_return co_await managerOf(place).lastLines(unitOf(*place.instance));
    }

private:
    QList<Placed> all() const { return placedOf(m_target, m_name); }
    QList<Placed> only(const QStringList &instances) const
    {
        QList<Placed> placed = all();
        placed.removeIf([&instances](const Placed &one) { return !instances.contains(one.instance->name); });
        return placed;
    }
    SystemdManager &managerOf(const Placed &place) const { return *m_managers.at(place.service->host.name); }

    /// Those beyond this machine that the instances run on, each once.
    QList<HostSpec> hostsOf(const QStringList &instances) const
    {
        QList<HostSpec> hosts;
        const QList<Placed> placed = all();
        for (const Placed &one : placed) {
            const HostSpec &host = one.service->host;
            if (instances.contains(one.instance->name) && !host.isHere() && !std::ranges::contains(hosts, host.name, &HostSpec::name)) {
                hosts.append(host);
            }
        }
        return hosts;
    }

    /// The release is here, and the units can be started.
    Async<> checkUnits(QString version, QStringList instances, std::stop_token stop)
    {
        CO_CHECK(releaseFolder(m_target, version));
        const QList<Placed> placed = only(instances);
        const auto units = co_await unitsOf(placed, AnswerMs, stop);
        for (const Placed &one : placed) {
            CO_TRY(const SystemdUnit unit, units[one.instance->name]);
            CO_CHECK(checkUnit(one, unit));
        }
        co_return co_await checkRights(instances, stop);
    }

    Result<Placed> placeOf(const QString &instance) const
    {
        const QList<Placed> placed = all();
        for (const Placed &one : placed) {
            if (one.instance->name == instance) {
                return one;
            }
        }
        return fail(u"systemd.unknown_instance"_s, {{u"instance"_s, instance}}, m_target.path);
    }

    Async<SystemdUnit> lookAt(QString instance)
    {
        CO_TRY(const Placed place, placeOf(instance));
        const QStringList names{unitOf(*place.instance)};
        CO_TRY(const QList<SystemdUnit> units, co_await managerOf(place).look(names, AnswerMs));
        co_return units.first();
    }

    /// By instance. All hosts are asked at once, and each answers for itself alone.
    QCoro::Task<QMap<QString, Result<SystemdUnit>>> unitsOf(QList<Placed> placed, qint64 limitMs, std::stop_token stop = {})
    {
        struct Asked {
            QStringList instances;
            QStringList units;
        };
        std::map<QString, Asked> asked; // By host.
        for (const Placed &one : std::as_const(placed)) {
            asked[one.service->host.name].instances.append(one.instance->name);
            asked[one.service->host.name].units.append(unitOf(*one.instance));
        }
        std::vector<Async<QList<SystemdUnit>>> tasks;
        tasks.reserve(asked.size());
        for (const auto &[host, here] : asked) {
            tasks.push_back(m_managers.at(host)->look(here.units, limitMs, stop));
        }
        QMap<QString, Result<SystemdUnit>> found;
        size_t at = 0;
        for (const auto &[host, here] : asked) {
            const Result<QList<SystemdUnit>> units = co_await tasks[at++];
            for (qsizetype i = 0; i < here.instances.size(); ++i) {
                found.insert(here.instances[i], units ? Result<SystemdUnit>(units->at(i)) : Result<SystemdUnit>(fail(units.error())));
            }
        }
        co_return found;
    }

    Async<QList<InstanceState>> look(QList<Placed> placed, qint64 limitMs)
    {
        const auto units = co_await unitsOf(placed, limitMs);
        CO_TRY(const QStringList stopped, m_stopped.names());
        QList<InstanceState> states;
        for (const Placed &one : std::as_const(placed)) {
            InstanceState state;
            state.name = one.instance->name;
            state.service = one.service->name;
            const Result<SystemdUnit> unit = units[state.name];
            if (unit) {
                state.state = stateOf(*unit, stopped.contains(state.name));
                state.pid = unit->pid;
                state.release = releaseOf(one, *unit);
                state.since = unit->since;
                state.restarts = unit->restarts;
                state.lastExit = unit->exitCode;
            } else {
                state.state = InstanceState::State::Unknown;
                state.problem = unit.error();
            }
            states.append(state);
        }
        const auto isUnknown = [](const InstanceState &state) { return state.state == InstanceState::State::Unknown; };
        if (!states.isEmpty() && std::ranges::all_of(states, isUnknown)) {
            co_return fail(states.first().problem);
        }
        co_return co_await probed(m_target, states, limitMs);
    }

    /// What the process itself was started with is the truth, where it can be seen; empty: of no release of this target.
    QString releaseOf(const Placed &place, const SystemdUnit &unit) const
    {
        if (!unit.folder) {
            return unit.version;
        }
        const QString begin = m_target.releaseDirectory(*place.service, QString());
        return unit.folder->startsWith(begin) ? unit.folder->sliced(begin.size()) : QString();
    }

    Result<> checkUnit(const Placed &place, const SystemdUnit &unit) const
    {
        const QJsonObject args{{u"unit"_s, unit.name}, {u"instance"_s, place.instance->name}};
        if (unit.loadState == "not-found"_L1) {
            return fail(u"systemd.unknown_unit"_s, args);
        }
        if (unit.loadState == "masked"_L1) {
            return fail(u"systemd.masked"_s, args);
        }
        // One that our own file is to complete has no program yet.
        const bool isIncomplete = unit.loadState == "bad-setting"_L1 && !place.service->command.isEmpty();
        if (unit.loadState != "loaded"_L1 && !isIncomplete) {
            return fail(u"systemd.bad_unit"_s, {{u"unit"_s, unit.name}, {u"state"_s, unit.loadState}});
        }
        if (unit.type == "oneshot"_L1 && !isIncomplete) {
            return fail(u"systemd.oneshot"_s, args);
        }
        return {};
    }

    /// An error with what the unit said last.
    Async<> withLines(QString code, Placed place, QJsonObject args)
    {
        const auto lines = co_await managerOf(place).lastLines(unitOf(*place.instance));
        args.insert(u"instance"_s, place.instance->name);
        args.insert(u"unit"_s, unitOf(*place.instance));
        args.insert(u"lastLines"_s, QJsonArray::fromStringList(lines.value_or(QStringList())));
        co_return fail(code, args);
    }

    Target m_target;
    QString m_name; ///< "systemd", "systemd_user"
    RuntimeTools m_tools;
    NotedNames m_stopped;
    std::map<QString, std::unique_ptr<SystemdManager>> m_managers; ///< By host; this machine's by the empty name.
};

const RuntimeRegistry::Registration system(u"systemd"_s, [](const Target &target, const RuntimeTools &tools) {
    return std::make_unique<SystemdRuntime>(target, tools, u"systemd"_s, SystemdManager::Whose::Machine);
});
const RuntimeRegistry::Registration user(u"systemd_user"_s, [](const Target &target, const RuntimeTools &tools) {
    return std::make_unique<SystemdRuntime>(target, tools, u"systemd_user"_s, SystemdManager::Whose::User);
});

} // namespace

} // namespace cutover
