// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "deploy/instancestate.h"
#include "plan/instancefacts.h"

#include <QSet>

namespace cutover {

/// "green" for "blue", and the other way round.
[[nodiscard]] QString otherColour(const QString &colour);

/// Its word for people, "blue", to put into a sentence.
[[nodiscard]] QJsonObject colourWord(const QString &colour);

/** What is kept of one service with the strategy blue_green: STATE/colours.json. */
struct ColourRecord {
    QString colour; ///< That serves users; empty: never noted.
    QMap<QString, int> weights = {}; ///< Server → weight before a canary changed it; empty: none is under way.
    int percent = 0; ///< That the canary has set last for the other colour; 0: none yet.
    bool draining = false; ///< It serves already, and sessions of the other one are waited for.
    [[nodiscard]] bool isCanary() const { return percent > 0 && !weights.isEmpty(); }
    bool operator==(const ColourRecord &) const = default;
};

/// Blocking; quick. An empty record where there is none.
[[nodiscard]] Result<ColourRecord> colourRecord(const Target &target, const QString &service);
/// Replaces it durably. Only who holds the run's lock comes here.
[[nodiscard]] Result<> keepColourRecord(const Target &target, const QString &service, const ColourRecord &record);

/**
 * Which colour of a service serves: what is recorded, else what runs and is let in at the balancer. An error
 * "colour.ambiguous" {service, states} where both do or none. servers: nullptr where the balancer could not be asked. Pure but for the record.
 */
[[nodiscard]] Result<QString> servingColour(const Target &target, const ServiceSpec &service, const QList<InstanceState> &states,
                                            const QList<BalancerServer> *servers);

/// The same for all services with the strategy blue_green, asking runtimes and balancer only where nothing is recorded.
[[nodiscard]] Async<ServingColours> servingColours(Target target);
/// As far as it is recorded.
[[nodiscard]] ServingColours recordedColours(const Target &target);

/// Instances of the colours that users are not sent to: they are meant to be stopped, or out. A service that is not named has none.
[[nodiscard]] QSet<QString> idleInstances(const Target &target, const ServingColours &serving);

} // namespace cutover
