// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chartstate.h"

#include <QFontMetricsF>

class QPainter;

namespace cutover {

/** Draws what Qt Charts can't, in pixels of the view: round times, the limit, what happened, the crosshair. GUI thread. */
class ChartPainter
{
public:
    /// The painter's font is the one that the state was scaled with.
    ChartPainter(QPainter *painter, const ChartState &state);

    /// Below the line: grid, labels, the area under it, and the line itself where it is dense.
    void drawGround(double viewWidth);
    /// Above the line: limit, markers, and what there is to say where there is no line.
    void drawFront();
    /// From one x to another.
    void drawBand(double from, double to);
    void drawCrosshair();

private:
    void drawValues();
    void drawTimes(double viewWidth);
    void drawArea(const QList<MetricPoint> &segment);
    void drawDenseLine();
    void drawMarkers();
    [[nodiscard]] QColor areaColor() const;

    QPainter *m_painter;
    const ChartState &m_state;
    const ChartMapping &m_mapping;
    QFontMetricsF m_metrics;
};

} // namespace cutover
