// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartdata.h"

#include <algorithm>
#include <cmath>

namespace cutover {

qint64 ChartMapping::time(double x) const
{
    return from + qint64(std::llround((x - plot.left()) / plot.width() * double(to - from)));
}

SampleRing::SampleRing(qsizetype capacity)
    : m_capacity(capacity)
{
}

void SampleRing::clear()
{
    m_points.clear();
    m_start = 0;
}

void SampleRing::append(const QList<MetricPoint> &points)
{
    for (const MetricPoint &point : points) {
        if (isEmpty() || point.time > m_points.last().time) {
            m_points.append(point);
        }
    }
    m_start = std::max(m_start, m_points.size() - m_capacity);
    if (m_start > m_capacity) {
        m_points.remove(0, m_start);
        m_start = 0;
    }
}

QList<MetricPoint> SampleRing::range(qint64 from, qint64 to) const
{
    const auto begin = m_points.cbegin() + m_start;
    auto first = std::ranges::lower_bound(begin, m_points.cend(), from, {}, &MetricPoint::time);
    auto last = std::ranges::upper_bound(begin, m_points.cend(), to, {}, &MetricPoint::time);
    if (first != begin) {
        --first;
    }
    if (last != m_points.cend()) {
        ++last;
    }
    return {first, last};
}

MetricPoint SampleRing::nearest(qint64 time) const
{
    if (isEmpty()) {
        return {};
    }
    const auto begin = m_points.cbegin() + m_start;
    const auto after = std::ranges::lower_bound(begin, m_points.cend(), time, {}, &MetricPoint::time);
    if (after == m_points.cend()) {
        return m_points.last();
    }
    if (after == begin) {
        return *after;
    }
    const auto before = after - 1;
    return time - before->time <= after->time - time ? *before : *after;
}

QList<MetricPoint> decimated(const QList<MetricPoint> &points, qsizetype limit)
{
    if (points.size() <= limit || limit < 4) {
        return points;
    }
    const qsizetype buckets = limit / 2;
    QList<MetricPoint> result;
    result.reserve(limit);
    for (qsizetype b = 0; b < buckets; ++b) {
        const auto begin = points.cbegin() + points.size() * b / buckets;
        const auto end = points.cbegin() + points.size() * (b + 1) / buckets;
        auto [low, high] = std::ranges::minmax_element(begin, end, {}, &MetricPoint::value);
        if (low == high) {
            result.append(*low);
            continue;
        }
        if (high < low) {
            std::swap(low, high);
        }
        result.append(*low);
        result.append(*high);
    }
    return result;
}

QList<QList<MetricPoint>> segments(const QList<MetricPoint> &points, qint64 least)
{
    if (points.size() < 2) {
        return points.isEmpty() ? QList<QList<MetricPoint>>{} : QList<QList<MetricPoint>>{points};
    }
    QList<qint64> distances;
    distances.reserve(points.size() - 1);
    for (qsizetype i = 1; i < points.size(); ++i) {
        distances.append(points[i].time - points[i - 1].time);
    }
    QList<qint64> sorted = distances;
    std::ranges::sort(sorted);
    const qint64 gap = std::max({qint64(5000), sorted[sorted.size() / 2] * 5, least});
    QList<QList<MetricPoint>> result{{points.first()}};
    for (qsizetype i = 1; i < points.size(); ++i) {
        if (distances[i - 1] > gap) {
            result.append(QList<MetricPoint>{});
        }
        result.last().append(points[i]);
    }
    return result;
}

QList<PixelColumn> pixelColumns(const QList<MetricPoint> &points, const ChartMapping &mapping)
{
    QList<PixelColumn> columns;
    if (!mapping.isValid()) {
        return columns;
    }
    const int leftmost = int(std::floor(mapping.plot.left()));
    const int rightmost = int(std::floor(mapping.plot.right()));
    const auto cover = [&columns](int x, double y1, double y2) {
        const auto [top, bottom] = std::minmax(y1, y2);
        if (columns.isEmpty() || columns.last().x < x) {
            columns.append({x, top, bottom});
        } else if (columns.last().x == x) {
            columns.last().top = std::min(columns.last().top, top);
            columns.last().bottom = std::max(columns.last().bottom, bottom);
        }
    };
    for (qsizetype i = 0; i < points.size(); ++i) {
        const QPointF to(mapping.x(points[i].time), mapping.y(points[i].value));
        const QPointF from = i == 0 ? to : QPointF(mapping.x(points[i - 1].time), mapping.y(points[i - 1].value));
        const double slope = to.x() > from.x() ? (to.y() - from.y()) / (to.x() - from.x()) : 0;
        const int last = std::min(int(std::floor(to.x())), rightmost);
        for (int x = std::max(int(std::floor(from.x())), leftmost); x <= last; ++x) {
            const double begin = std::max(from.x(), double(x));
            const double end = std::min(to.x(), double(x + 1));
            // On a vertical way both of its ends are in the one column.
            cover(x, slope != 0 ? from.y() + slope * (begin - from.x()) : from.y(), slope != 0 ? from.y() + slope * (end - from.x()) : to.y());
        }
    }
    return columns;
}

double niceStep(double range, int count)
{
    if (!(range > 0) || count < 1) {
        return 1;
    }
    const double rough = range / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (rough <= factor * power * (1 + 1e-9)) {
            return factor * power;
        }
    }
    return 10 * power;
}

qint64 niceTimeStep(qint64 range, int count)
{
    constexpr qint64 Second = 1000;
    constexpr qint64 Minute = 60 * Second;
    constexpr qint64 Hour = 60 * Minute;
    static constexpr qint64 steps[]{Second, 2 * Second, 5 * Second, 10 * Second, 15 * Second, 30 * Second, Minute, 2 * Minute, 5 * Minute,
                                    10 * Minute, 15 * Minute, 30 * Minute, Hour, 2 * Hour, 3 * Hour, 6 * Hour, 12 * Hour, 24 * Hour};
    for (const qint64 step : steps) {
        if (range / step <= count) {
            return step;
        }
    }
    return (range / count / (24 * Hour) + 1) * 24 * Hour;
}

} // namespace cutover
