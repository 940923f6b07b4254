// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/placed.h"

#include "check/probe.h"
#include "system/clock.h"

#include <QFileInfo>

#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

QList<Placed> placedOf(const Target &target, const QString &runtime)
{
    QList<Placed> placed;
    for (const ServiceSpec &service : target.services) {
        if (service.runtime != runtime) {
            continue;
        }
        for (const InstanceSpec &instance : service.instances) {
            placed.append({&service, &instance});
        }
        if (service.spare) {
            placed.append({&service, &*service.spare});
        }
    }
    return placed;
}

Result<QString> releaseFolder(const Target &target, const QString &version)
{
    const QString folder = target.releaseDirectory(version);
    if (!QFileInfo(folder).isDir()) {
        return fail(u"deploy.no_release"_s, {{u"version"_s, version}, {u"folder"_s, folder}});
    }
    return folder;
}

Async<QList<InstanceState>> probed(Target target, QList<InstanceState> states, qint64 limitMs)
{
    struct Asked {
        qsizetype index;
        qint64 readyWithinMs;
        QCoro::Task<ProbeResult> answer;
    };
    std::vector<Asked> asked;
    for (qsizetype i = 0; i < states.size(); ++i) {
        const ServiceSpec *service = target.service(states[i].service);
        if (states[i].state != InstanceState::State::Ready || !service || !service->health.asksAnything()) {
            continue;
        }
        if (const InstanceSpec *instance = service->instance(states[i].name)) {
            ProbeSpec probe = service->expand(service->health, *instance, target.releaseDirectory(*service, states[i].release));
            probe.timeoutMs = qMin(probe.timeoutMs, limitMs);
            asked.push_back({i, probe.readyWithinMs, probeOnce(probe)});
        }
    }
    for (Asked &one : asked) {
        const ProbeResult answer = co_await one.answer;
        if (!answer.ok) {
            InstanceState &state = states[one.index];
            const bool young = state.since.msecsTo(Clock::system().now()) < one.readyWithinMs;
            state.state = young ? InstanceState::State::Starting : InstanceState::State::Unready;
        }
    }
    co_return states;
}

} // namespace cutover
