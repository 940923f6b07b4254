// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

#include <QJsonObject>
#include <QMap>

namespace cutover {

/**
 * Whether instances that a run has started anew live and answer, by what runs them. Figures of the
 * whole service would not tell: others answer for one that dies or hangs. Event-loop thread.
 */
class InstanceWatch
{
public:
    /// windowMs: of the watch. An instance may be unready that long, within 3 to 10 s.
    /// knownRestarts: by instance, deaths that were told of already, and count no more.
    InstanceWatch(Target target, const QStringList &instances, qint64 windowMs, QJsonObject knownRestarts = {});
    /// True when all are ready now. Errors "watch.instance_died", "watch.instance_not_ready" (too long).
    /// What can't be asked is not known, and nothing is said of it.
    [[nodiscard]] Async<bool> look();

private:
    QStringList m_instances;
    qint64 m_limitMs;
    QJsonObject m_knownRestarts;
    Target m_target;
    QMap<QString, qint64> m_unreadySince; ///< By monotonic().
};

} // namespace cutover
