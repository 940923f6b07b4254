// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QMap>
#include <QStringList>

namespace cutover {

/** Weights for a share of the requests, by server. */
struct CanaryShares {
    QMap<QString, int> weights;
    double share = 0; ///< 0…1: what the new ones get by them.
};

/// Weights, 1 … 256, by which the new servers together get percent of the requests, and servers of one colour keep their
/// proportions to each other as well as whole numbers allow. A server with the weight 0 was given none on purpose, and keeps it;
/// where all of a colour have it there is no share: then nothing is returned. fresh, old: weights of before; none is empty. Pure.
/// Of these servers; one that was never noted has 1.
[[nodiscard]] QMap<QString, int> weightsFor(const QMap<QString, int> &weights, const QStringList &servers);
[[nodiscard]] CanaryShares canaryShares(const QMap<QString, int> &fresh, const QMap<QString, int> &old, int percent);

} // namespace cutover
