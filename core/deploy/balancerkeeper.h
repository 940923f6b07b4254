// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/facts.h"

namespace cutover {

/// Name of the FactSource that tells them.
[[nodiscard]] inline QString balancerFactSource()
{
    return QStringLiteral("balancer");
}

/**
 * Of a service with the strategy blue_green: which colours its load balancer lets in, "blue", or "blue, green 25 %"
 * while a canary has that share. Where the balancer has only forgotten what runs have set there, as HAProxy does at
 * its restart, the fact is what was set: it is put right before anything relies on it (FactKeeper "balancer").
 */
[[nodiscard]] inline QString balancerFact(const QString &service)
{
    return QStringLiteral("balancer:") + service;
}

/// Its value. percent: of the idle colour by a canary; 0: there is none.
[[nodiscard]] QString balancerFactValue(QStringList colours, int percent = 0);

} // namespace cutover
