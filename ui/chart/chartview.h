// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chartstate.h"

#include <QChartView>
#include <QPixmap>
#include <QTimer>

class QLineSeries;
class QValueAxis;

namespace cutover {

/**
 * The drawn part of a chart: mouse, keyboard, and a picture of what the state holds. The picture is made
 * in an event of its own and shown as it is, so that a window that is painted whole only copies it. GUI thread.
 */
class ChartView : public QChartView
{
    Q_OBJECT
public:
    /// The state must live longer.
    explicit ChartView(const ChartState &state, QWidget *parent = nullptr);

    /// Of the labels.
    [[nodiscard]] QFont labelFont() const;
    /// Draws what the state holds by now.
    void take();
    /// Draws the picture anew, of the same points: markers, colours.
    void repaintPicture();
    /// Only the crosshair moved.
    void showCrosshair() { viewport()->update(); }

Q_SIGNALS:
    /// 0: away.
    void crosshairWanted(qint64 time);
    void zoomWanted(qint64 from, qint64 to);
    void backWanted();
    /// Its size, or that of its labels, is another.
    void resized();

protected:
    bool event(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void drawBackground(QPainter *painter, const QRectF &rect) override;
    void drawForeground(QPainter *painter, const QRectF &rect) override;

private:
    void drawSeries();
    void drawPicture();
    void moveCrosshair(qint64 time);
    [[nodiscard]] double inPlot(double x) const;
    [[nodiscard]] QSize pictureSize() const;

    const ChartState &m_state;
    QValueAxis *m_xAxis;
    QValueAxis *m_yAxis;
    QList<QLineSeries *> m_series;
    QPixmap m_picture;
    QTimer m_pictureSoon; ///< It is drawn in a turn of the event loop.
    double m_dragFrom = 0;
    double m_dragTo = 0;
    bool m_dragging = false;
};

} // namespace cutover
