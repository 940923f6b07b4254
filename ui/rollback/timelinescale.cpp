// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/timelinescale.h"

#include <algorithm>

namespace cutover {

namespace {

/// Part of the width that is shared evenly.
constexpr double EvenShare = 0.6;

} // namespace

TimelineScale::TimelineScale(QList<qint64> moments, double left, double right)
{
    std::ranges::sort(moments);
    const auto duplicates = std::ranges::unique(moments);
    moments.erase(duplicates.begin(), duplicates.end());
    if (moments.isEmpty()) {
        moments << 0;
    }
    if (moments.size() == 1) {
        moments.prepend(moments.first() - 3600 * 1000);
    }
    m_times = moments;
    const double width = right - left;
    const double even = EvenShare * width / double(m_times.size() - 1);
    const double whole = double(m_times.last() - m_times.first());
    double x = left;
    m_xs << x;
    for (qsizetype i = 1; i < m_times.size(); ++i) {
        x += even + (1 - EvenShare) * width * double(m_times[i] - m_times[i - 1]) / whole;
        m_xs << x;
    }
}

double TimelineScale::x(qint64 time) const
{
    if (m_times.isEmpty()) {
        return 0;
    }
    const auto after = std::ranges::upper_bound(m_times, time);
    if (after == m_times.begin()) {
        return m_xs.first();
    }
    if (after == m_times.end()) {
        return m_xs.last();
    }
    const qsizetype i = after - m_times.begin();
    const double part = double(time - m_times[i - 1]) / double(m_times[i] - m_times[i - 1]);
    return m_xs[i - 1] + part * (m_xs[i] - m_xs[i - 1]);
}

qint64 TimelineScale::time(double x) const
{
    if (m_times.isEmpty()) {
        return 0;
    }
    const auto after = std::ranges::upper_bound(m_xs, x);
    if (after == m_xs.begin()) {
        return m_times.first();
    }
    if (after == m_xs.end()) {
        return m_times.last();
    }
    const qsizetype i = after - m_xs.begin();
    const double part = (x - m_xs[i - 1]) / (m_xs[i] - m_xs[i - 1]);
    return m_times[i - 1] + qint64(part * double(m_times[i] - m_times[i - 1]));
}

} // namespace cutover
