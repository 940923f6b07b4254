// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chartstate.h"

#include <QWidget>

#include <memory>

namespace cutover {

class TableView;

/**
 * One series over time: a live line, a threshold, markers of what happened, and the same as a
 * table. Wraps Qt Charts, so that it can be replaced in one place. Dragging zooms, double-click (or
 * Backspace) goes back; arrow keys move the crosshair. Times in ms since the epoch, UTC. GUI thread.
 */
class Chart : public QWidget
{
    Q_OBJECT
public:
    using Format = ChartState::Format;
    Chart(const QString &title, Format format, Theme::Role series = Theme::Role::Series1, QWidget *parent = nullptr);
    ~Chart() override;

    [[nodiscard]] QString title() const;
    /// Instead of what was there. now: the new right edge; 0 leaves it.
    void setPoints(const QList<MetricPoint> &points, qint64 now = 0);
    /// now: the new right edge; 0 leaves it. Draws once.
    void append(const QList<MetricPoint> &points, qint64 now = 0);
    /// Time of the newest point, 0 when there is none: where to ask the engine on from.
    [[nodiscard]] qint64 newest() const;
    void setThreshold(double value, const QString &label);
    void setMarkers(const QList<ChartMarker> &markers);
    /// In order of time.
    [[nodiscard]] const QList<ChartMarker> &markers() const;
    /// Shows the past milliseconds up to end(); ends zooming.
    void setSpan(qint64 milliseconds);
    [[nodiscard]] qint64 span() const;
    /// Moves the right edge; draws once.
    void setEnd(qint64 now);
    void zoom(qint64 from, qint64 to);
    void zoomBack();
    [[nodiscard]] bool isZoomed() const;
    /// 0 hides it.
    void setCrosshair(qint64 time);
    [[nodiscard]] qint64 crosshair() const;
    [[nodiscard]] ChartMapping mapping() const;
    void setTableVisible(bool visible);
    [[nodiscard]] QString valueText(double value) const;
    [[nodiscard]] TableView *table() const;

Q_SIGNALS:
    void crosshairMoved(qint64 time);
    void zoomed(qint64 from, qint64 to);
    void zoomedBack();
    /// By whatever means: zoom() or zoomBack() changed what is shown.
    void rangeChosen();

protected:
    void showEvent(QShowEvent *event) override;

private:
    struct Private;
    void redraw();
    std::unique_ptr<Private> d;
};

} // namespace cutover
