// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/thinner.h"

#include <algorithm>
#include <limits>

namespace cutover {

namespace {

/// Spans that begin before the range and end behind it.
constexpr qsizetype Ragged = 2;

} // namespace

QList<MetricPoint> thinned(const QList<MetricPoint> &points, qint64 from, qint64 to, qsizetype limit)
{
    limit = std::max<qsizetype>(4, limit);
    if (points.size() <= limit) {
        return points;
    }
    const qsizetype spans = std::max<qsizetype>(1, limit / 2 - Ragged);
    // Without overflow, whatever a peer asks for.
    const quint64 range = to > from ? std::min(quint64(to) - quint64(from), quint64(std::numeric_limits<qint64>::max())) : 0;
    const qint64 width = qint64(range / quint64(spans) + 1);

    QList<MetricPoint> result;
    result.reserve(limit);
    for (auto begin = points.cbegin(); begin != points.cend();) {
        const qint64 span = begin->time / width;
        const auto end = std::find_if(begin, points.cend(), [span, width](const MetricPoint &point) { return point.time / width != span; });
        auto [low, high] = std::ranges::minmax_element(begin, end, {}, &MetricPoint::value);
        if (high->time < low->time) {
            std::swap(low, high);
        }
        result.append(*low);
        // All alike: one says it. The last of the largest is the last of them.
        if (low->value != high->value) {
            result.append(*high);
        }
        begin = end;
    }
    return result;
}

} // namespace cutover
