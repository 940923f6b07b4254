// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the instances' ports are held by the instances, not by a stranger. Those of further hosts are not looked at.

#include "check/checklist.h"
#include "deploy/portholder.h"
#include "deploy/runtime.h"

#include <QFile>
#include <QMap>

#include <algorithm>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;

/// Source: proc(5), /proc/PID/stat, fourth field.
qint64 parentOf(qint64 pid)
{
    QFile file(u"/proc/%1/stat"_s.arg(pid));
    if (!file.open(QIODevice::ReadOnly)) {
        return 0;
    }
    const QByteArray line = file.readAll();
    return line.sliced(line.lastIndexOf(')') + 1).simplified().split(' ').value(1).toLongLong();
}

/// A service may listen in a child of its own.
bool isWithin(qint64 pid, qint64 ancestor)
{
    for (int depth = 0; pid > 1 && depth < 16; ++depth, pid = parentOf(pid)) {
        if (pid == ancestor) {
            return true;
        }
    }
    return false;
}

bool isHere(const Target &target, const ServiceSpec &service)
{
    // The containers of a Docker daemon elsewhere hold no port of this host.
    const QString docker = service.runtime == "compose"_L1 ? target.compose.host : QString();
    return (docker.isEmpty() || docker.startsWith("unix:"_L1)) && service.host.isHere() && std::ranges::any_of(service.withSpare(), [](const InstanceSpec &instance) { return instance.port > 0; });
}

/// Whether the port is held by the instance. Of its own processes the supervisor knows the pid; a container's port is held by
/// Docker's proxy or by whoever in it, and a unit's by any of its processes, so that they only have to run. A process that can't be
/// seen is told from a stranger's by its account: one with capabilities of its file is hidden from its own user, too.
bool isOurs(const ServiceSpec &service, const InstanceState &state, const PortHolder &holder)
{
    const bool isHidden = holder.pid == 0;
    if (service.runtime == "process"_L1) {
        return state.pid > 0 && (isHidden ? holder.user == ::geteuid() : isWithin(holder.pid, state.pid));
    }
    // Who is not root can't see that it is systemd that holds the socket of a unit.
    const uint manager = service.runtime == "systemd"_L1 ? 0 : ::geteuid();
    const bool bySocketUnit = service.runtime.startsWith("systemd"_L1) && (isHidden ? holder.user == manager : holder.program == "systemd"_L1);
    return state.pid > 0 || bySocketUnit || (state.state != InstanceState::State::Stopped && state.state != InstanceState::State::Failed);
}

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    QSet<int> ports;
    QStringList runtimes;
    for (const ServiceSpec &service : std::as_const(scope.target.services)) {
        if (isHere(scope.target, service)) {
            const QList<InstanceSpec> all = service.withSpare();
            for (const InstanceSpec &instance : all) {
                ports.insert(instance.port);
            }
            if (!runtimes.contains(service.runtime)) {
                runtimes.append(service.runtime);
            }
        }
    }
    QMap<QString, InstanceState> states;
    for (const QString &name : std::as_const(runtimes)) {
        const auto runtime = RuntimeRegistry::create(name, scope.target);
        if (!runtime) {
            co_return wrong(runtime.error());
        }
        const auto found = co_await (*runtime)->states(AnswerMs);
        // Without a supervisor none of ours runs.
        if (!found && found.error().code != "supervisor.not_running"_L1) {
            co_return wrong(found.error());
        }
        const QList<InstanceState> known = found.value_or(QList<InstanceState>());
        for (const InstanceState &state : known) {
            states.insert(state.name, state);
        }
    }
    const auto holders = portHolders(ports);
    int held = 0;
    for (const ServiceSpec &service : std::as_const(scope.target.services)) {
        const QList<InstanceSpec> all = service.withSpare();
        for (const InstanceSpec &instance : all) {
            const auto holder = isHere(scope.target, service) && instance.port > 0 ? holders.find(instance.port) : holders.end();
            if (holder == holders.end()) {
                continue;
            }
            if (!isOurs(service, states.value(instance.name), *holder)) {
                const QJsonValue program = holder->pid ? QJsonValue(holder->program) : QJsonValue();
                co_return wrong(u"check.port_taken"_s,
                                {{u"port"_s, instance.port}, {u"instance"_s, instance.name}, {u"program"_s, program}, {u"pid"_s, holder->pid}},
                                instance.name);
            }
            ++held;
        }
    }
    co_return passed(u"check.ports_ok"_s, {{u"count"_s, held}});
}

// Before the checks that ask at these ports: a stranger there is the cause of their findings.
const CheckKind kind(5, [](const CheckScope &) {
    return QList<CheckItem>{{u"ports"_s, {u"check.ports"_s, {}}, true, run, false, {}, true}};
});

} // namespace

} // namespace cutover
