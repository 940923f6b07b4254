// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/supervisorclient.h"

#include <QJsonObject>
#include <QMap>

namespace cutover {

/**
 * Whether instances that a run has started anew live and answer, by their supervisor. Figures of the
 * whole service would not tell: others answer for one that dies or hangs. Event-loop thread.
 */
class InstanceWatch
{
public:
    /// windowMs: of the watch. An instance may be unready that long, within 3 to 10 s.
    /// knownRestarts: by instance, deaths that were told of already, and count no more.
    InstanceWatch(Target target, const QStringList &instances, qint64 windowMs, QJsonObject knownRestarts = {});
    /// True when all are ready now. Errors "watch.instance_died", "watch.instance_not_ready" (too long).
    /// Without a supervisor nothing is known, and nothing said.
    [[nodiscard]] Async<bool> look();

private:
    QStringList m_instances;
    qint64 m_limitMs;
    QJsonObject m_knownRestarts;
    SupervisorClient m_supervisor;
    QMap<QString, qint64> m_unreadySince; ///< By monotonic().
};

} // namespace cutover
