// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QList>
#include <QPair>

namespace cutover {

/**
 * Maps time to pixels so that moments close together stay apart: between two neighbouring moments
 * the line is straight, and every stretch gets a share of the width of its own beside the share
 * that its duration earns. Monotone; plain numbers.
 */
class TimelineScale
{
public:
    TimelineScale() = default;
    /// moments: ms since the epoch, in any order; fewer than two different ones get one stretch of an hour.
    TimelineScale(QList<qint64> moments, double left, double right);

    [[nodiscard]] double x(qint64 time) const; ///< Clamped to the ends.
    [[nodiscard]] qint64 time(double x) const;
    [[nodiscard]] qint64 from() const { return m_times.isEmpty() ? 0 : m_times.first(); }
    [[nodiscard]] qint64 to() const { return m_times.isEmpty() ? 0 : m_times.last(); }

private:
    QList<qint64> m_times;
    QList<double> m_xs;
};

} // namespace cutover
