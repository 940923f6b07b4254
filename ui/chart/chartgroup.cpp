// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartgroup.h"

#include "chart/chart.h"

namespace cutover {

ChartGroup::ChartGroup(QObject *parent)
    : QObject(parent)
{
}

ChartGroup::~ChartGroup() = default;

void ChartGroup::add(Chart *chart)
{
    m_charts.append(chart);
    connect(chart, &Chart::crosshairMoved, this, [this, chart](qint64 time) {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->setCrosshair(time);
            }
        }
    });
    connect(chart, &Chart::zoomed, this, [this, chart](qint64 from, qint64 to) {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->zoom(from, to);
            }
        }
    });
    connect(chart, &Chart::zoomedBack, this, [this, chart] {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->zoomBack();
            }
        }
    });
}

QList<Chart *> ChartGroup::charts() const
{
    QList<Chart *> result;
    for (const auto &chart : m_charts) {
        if (chart) {
            result.append(chart);
        }
    }
    return result;
}

} // namespace cutover
