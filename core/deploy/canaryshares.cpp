// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/canaryshares.h"

#include "deploy/balancer.h"

#include <algorithm>
#include <cmath>

namespace cutover {

namespace {

/// Close enough that no count of requests tells it from the share that was asked for.
constexpr double Exact = 0.001;

QMap<QString, int> scaled(const QMap<QString, int> &weights, double factor)
{
    QMap<QString, int> result;
    for (const auto &[server, weight] : weights.asKeyValueRange()) {
        result.insert(server, weight <= 0 ? 0 : qBound(1, int(std::lround(weight * factor)), Balancer::MaximumWeight));
    }
    return result;
}

double sum(const QMap<QString, int> &weights)
{
    double total = 0;
    for (const int weight : weights) {
        total += weight;
    }
    return total;
}

} // namespace

QMap<QString, int> weightsFor(const QMap<QString, int> &weights, const QStringList &servers)
{
    QMap<QString, int> result;
    for (const QString &server : servers) {
        result.insert(server, weights.value(server, 1));
    }
    return result;
}

CanaryShares canaryShares(const QMap<QString, int> &fresh, const QMap<QString, int> &old, int percent)
{
    const double wanted = percent / 100.0;
    int largest = 1;
    for (const int weight : old) {
        largest = qMax(largest, weight);
    }
    CanaryShares best;
    if (sum(fresh) <= 0 || sum(old) <= 0) {
        return best;
    }
    double off = 2;
    // From small weights to large ones: the smallest that are good enough mix the requests best.
    for (int top = 1; top <= Balancer::MaximumWeight && off > Exact; ++top) {
        const QMap<QString, int> olds = scaled(old, double(top) / largest);
        const QMap<QString, int> news = scaled(fresh, wanted * sum(olds) / ((1 - wanted) * sum(fresh)));
        const double share = sum(news) / (sum(news) + sum(olds));
        if (std::abs(share - wanted) < off) {
            off = std::abs(share - wanted);
            best.weights = olds;
            best.weights.insert(news);
            best.share = share;
        }
    }
    return best;
}

} // namespace cutover
