// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/facts.h"

#include <QMap>

namespace cutover {

/// Instance → version of the release that it runs. A release that restarts only some services
/// leaves the others at an older one, so that they differ.
using InstanceReleases = QMap<QString, QString>;

/// Name of the FactSource that tells them.
[[nodiscard]] inline QString instanceFactSource()
{
    return QStringLiteral("instances");
}

[[nodiscard]] inline QString instanceFact(const QString &instance)
{
    return QStringLiteral("instance:") + instance;
}

/// Overlays what facts (or the changes of a step) say; an instance that runs nothing is removed.
inline void follow(InstanceReleases &running, const Facts &facts)
{
    const QString prefix = instanceFact({});
    for (auto it = facts.begin(); it != facts.end(); ++it) {
        if (!it.key().startsWith(prefix)) {
            continue;
        }
        const QString instance = it.key().sliced(prefix.size());
        if (const QString version = it.value().toString(); !version.isEmpty()) {
            running.insert(instance, version);
        } else {
            running.remove(instance);
        }
    }
}

/// Service → colour that serves users; of services with the strategy blue_green.
using ServingColours = QMap<QString, QString>;

/// Told by the same source. While a colour is idle, what its instances run is no fact.
[[nodiscard]] inline QString colourFact(const QString &service)
{
    return QStringLiteral("colour:") + service;
}

/// Overlays what facts (or the changes of a step) say.
inline void followColours(ServingColours &colours, const Facts &facts)
{
    const QString prefix = colourFact({});
    for (auto it = facts.begin(); it != facts.end(); ++it) {
        if (it.key().startsWith(prefix)) {
            colours.insert(it.key().sliced(prefix.size()), it.value().toString());
        }
    }
}

[[nodiscard]] inline InstanceReleases runningReleases(const Facts &facts)
{
    InstanceReleases running;
    follow(running, facts);
    return running;
}

} // namespace cutover
