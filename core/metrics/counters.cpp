// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/counters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cutover::counters {

namespace {

template<class Sample>
std::span<const Sample> within(std::span<const Sample> samples, qint64 from, qint64 to)
{
    const auto first = std::ranges::lower_bound(samples, from, {}, &Sample::time);
    const auto last = std::ranges::upper_bound(samples, to, {}, &Sample::time);
    return first < last ? std::span<const Sample>(first, last) : std::span<const Sample>();
}

} // namespace

std::optional<double> increase(std::span<const MetricPoint> samples, qint64 from, qint64 to)
{
    const auto window = within(samples, from, to);
    if (window.size() < 2) {
        return {};
    }
    const MetricPoint &first = window.front();
    const MetricPoint &last = window.back();
    double delta = last.value - first.value;
    for (size_t i = 1; i < window.size(); ++i) {
        if (window[i].value < window[i - 1].value) {
            delta += window[i - 1].value;
        }
    }
    const auto sampled = double(last.time - first.time) / 1000;
    if (sampled <= 0) {
        return {};
    }
    const double average = sampled / double(window.size() - 1);
    const double threshold = average * 1.1;
    // Where the gap to an edge is longer than between samples, the series began or ended inside.
    double toStart = double(first.time - from) / 1000;
    if (toStart >= threshold) {
        toStart = average / 2;
    }
    if (delta > 0 && first.value >= 0) {
        // A counter cannot have been below zero.
        toStart = qMin(toStart, sampled * (first.value / delta));
    }
    double toEnd = double(to - last.time) / 1000;
    if (toEnd >= threshold) {
        toEnd = average / 2;
    }
    return delta * ((sampled + toStart + toEnd) / sampled);
}

std::optional<double> rate(std::span<const MetricPoint> samples, qint64 from, qint64 to)
{
    const auto grown = increase(samples, from, to);
    return grown && to > from ? std::optional(*grown / (double(to - from) / 1000)) : std::nullopt;
}

double histogramQuantile(double quantile, const QMap<double, double> &buckets)
{
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (std::isnan(quantile)) {
        return nan;
    }
    if (quantile < 0) {
        return -infinity;
    }
    if (quantile > 1) {
        return infinity;
    }
    if (buckets.size() < 2 || buckets.lastKey() != infinity) {
        return nan;
    }
    // Scraped while it counts, a histogram may seem to go down from one bucket to the next.
    QList<std::pair<double, double>> sorted;
    double highest = -infinity;
    for (const auto &[bound, count] : buckets.asKeyValueRange()) {
        highest = std::isnan(count) ? highest : qMax(highest, count);
        sorted.append({bound, highest});
    }
    const double observations = sorted.last().second;
    if (!(observations > 0)) {
        return nan;
    }
    const double rank = quantile * observations;
    const auto found = std::ranges::find_if(sorted, [rank](const auto &bucket) { return bucket.second >= rank; });
    const qsizetype index = found == sorted.end() ? sorted.size() - 1 : found - sorted.begin();
    if (index == sorted.size() - 1) {
        return sorted[index - 1].first;
    }
    if (index == 0 && sorted[0].first <= 0) {
        return sorted[0].first;
    }
    const double lower = index == 0 ? 0 : sorted[index - 1].first;
    const double below = index == 0 ? 0 : sorted[index - 1].second;
    const double here = sorted[index].second - below;
    return here > 0 ? lower + (sorted[index].first - lower) * ((rank - below) / here) : lower;
}

double counted(const Reading &before, const Reading &after)
{
    const bool startedAgain = after.value < before.value || (before.epoch > 0 && after.epoch > 0 && before.epoch != after.epoch);
    const double grown = startedAgain ? after.value : after.value - before.value;
    return std::isfinite(grown) ? qMax(0.0, grown) : 0;
}

double counted(std::span<const Reading> readings, qint64 from, qint64 to)
{
    const auto window = within(readings, from, to);
    double total = 0;
    for (size_t i = 1; i < window.size(); ++i) {
        total += counted(window[i - 1], window[i]);
    }
    return total;
}

} // namespace cutover::counters
