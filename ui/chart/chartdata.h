// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

#include <QList>
#include <QPointF>
#include <QRectF>

namespace cutover {

/** Where a time and a value lie in the plot, and back. Times in ms since the epoch, y grows downwards. Plain value. */
struct ChartMapping {
    QRectF plot;
    qint64 from = 0;
    qint64 to = 0;
    double low = 0;
    double high = 1;

    [[nodiscard]] bool isValid() const { return plot.width() > 0 && plot.height() > 0 && to > from && high > low; }
    [[nodiscard]] double x(qint64 time) const { return plot.left() + double(time - from) / double(to - from) * plot.width(); }
    [[nodiscard]] double y(double value) const { return plot.bottom() - (value - low) / (high - low) * plot.height(); }
    [[nodiscard]] qint64 time(double x) const;
    [[nodiscard]] double value(double y) const { return low + (plot.bottom() - y) / plot.height() * (high - low); }
};

/** The newest samples of a series, in order of time; the oldest give way. */
class SampleRing
{
public:
    SampleRing() = default;
    explicit SampleRing(qsizetype capacity);
    void clear();
    /// Points older than the newest held are ignored: the store tells them in order.
    void append(const QList<MetricPoint> &points);
    [[nodiscard]] qsizetype size() const { return m_points.size() - m_start; }
    [[nodiscard]] bool isEmpty() const { return size() == 0; }
    [[nodiscard]] const MetricPoint &last() const { return m_points.last(); }
    /// With one neighbour on each side, so that a line reaches the edges.
    [[nodiscard]] QList<MetricPoint> range(qint64 from, qint64 to) const;
    /// The sample nearest to time; empty ring: a sample with time 0.
    [[nodiscard]] MetricPoint nearest(qint64 time) const;

private:
    qsizetype m_capacity = 50000;
    QList<MetricPoint> m_points;
    /// Points before it are gone; they are erased in bulk.
    qsizetype m_start = 0;
};

/// At most limit points that keep each bucket's smallest and largest value, so that a peak of one
/// sample never disappears.
[[nodiscard]] QList<MetricPoint> decimated(const QList<MetricPoint> &points, qsizetype limit);
/// Cut where samples are missing: a gap longer than five times the usual distance, than 5 s, and than least (ms).
[[nodiscard]] QList<QList<MetricPoint>> segments(const QList<MetricPoint> &points, qint64 least = 0);
/** What a line covers of one column of pixels: y of its highest and its lowest place. */
struct PixelColumn {
    int x = 0;
    double top = 0;
    double bottom = 0;
};
/// A line through the points, column by column from left to right; points outside the plot count only
/// by the way to them. For lines of about a point for each pixel, which are dear to draw as such.
[[nodiscard]] QList<PixelColumn> pixelColumns(const QList<MetricPoint> &points, const ChartMapping &mapping);
/// 1, 2 or 5 times a power of ten, so that about count steps span range.
[[nodiscard]] double niceStep(double range, int count);
/// A step of the clock (1 s … 1 d), so that about count steps span range; ms.
[[nodiscard]] qint64 niceTimeStep(qint64 range, int count);

} // namespace cutover
