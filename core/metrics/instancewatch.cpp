// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/instancewatch.h"

#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

InstanceWatch::InstanceWatch(Target target, const QStringList &instances, qint64 windowMs, QJsonObject knownRestarts)
    : m_instances(instances)
    , m_limitMs(qBound(qint64(3000), windowMs, qint64(10000)))
    , m_knownRestarts(std::move(knownRestarts))
    , m_target(std::move(target))
{
}

Async<bool> InstanceWatch::look()
{
    if (m_instances.isEmpty()) {
        co_return true;
    }
    const InstanceLook found = co_await lookAtInstances(m_target);
    const qint64 now = Clock::system().monotonic();
    bool allReady = true;
    for (const InstanceState &state : found.states) {
        if (!m_instances.contains(state.name)) {
            continue;
        }
        // Nothing is known of it, good or bad: as where a runtime can't be asked.
        if (state.state == InstanceState::State::Unknown) {
            continue;
        }
        // Its start counts from 0.
        if (state.restarts > m_knownRestarts[state.name].toInt()) {
            co_return fail(u"watch.instance_died"_s,
                           {{u"instance"_s, state.name}, {u"count"_s, state.restarts}, {u"version"_s, state.release}, {u"exit"_s, state.lastExit}},
                           state.name);
        }
        if (state.state == InstanceState::State::Ready) {
            m_unreadySince.remove(state.name);
            continue;
        }
        allReady = false;
        if (!m_unreadySince.contains(state.name)) {
            m_unreadySince.insert(state.name, now);
        }
        if (now - m_unreadySince[state.name] >= m_limitMs || state.state == InstanceState::State::Failed) {
            co_return fail(u"watch.instance_not_ready"_s,
                           {{u"instance"_s, state.name},
                            {u"version"_s, state.release},
                            {u"since"_s, state.since.toString(Qt::ISODate)},
                            {u"limit"_s, m_limitMs}},
                           state.name);
        }
    }
    co_return allReady;
}

} // namespace cutover
