// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the instances' ports are held by the instances, not by a stranger.

#include "check/checklist.h"
#include "deploy/portholder.h"
#include "deploy/runtime.h"

#include <QFile>
#include <QMap>

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

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    const auto runtime = RuntimeRegistry::create(u"process"_s, scope.target);
    if (!runtime) {
        co_return wrong(runtime.error());
    }
    QMap<QString, qint64> pids;
    const auto states = co_await (*runtime)->states(AnswerMs);
    // Without a supervisor none of ours runs.
    if (!states && states.error().code != "supervisor.not_running"_L1) {
        co_return wrong(states.error());
    }
    for (const InstanceState &state : states.value_or(QList<InstanceState>())) {
        pids.insert(state.name, state.pid);
    }
    QSet<int> ports;
    for (const ServiceSpec &service : scope.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.runtime == "process"_L1 && instance.port > 0) {
                ports.insert(instance.port);
            }
        }
    }
    const auto holders = portHolders(ports);
    int held = 0;
    for (const ServiceSpec &service : scope.target.services) {
        for (const InstanceSpec &instance : service.instances) {
            const auto holder = service.runtime == "process"_L1 ? holders.find(instance.port) : holders.end();
            if (holder == holders.end()) {
                continue;
            }
            if (const qint64 own = pids.value(instance.name); own <= 0 || !isWithin(holder->pid, own)) {
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
    return QList<CheckItem>{{u"ports"_s, {u"check.ports"_s, {}}, true, run}};
});

} // namespace

} // namespace cutover
