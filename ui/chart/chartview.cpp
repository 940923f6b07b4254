// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartview.h"

#include "chart/chartpainter.h"

#include <QChart>
#include <QGraphicsLayout>
#include <QHelpEvent>
#include <QLineSeries>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QValueAxis>

namespace cutover {

ChartView::ChartView(const ChartState &state, QWidget *parent)
    : QChartView(parent)
    , m_state(state)
    , m_xAxis(new QValueAxis(this))
    , m_yAxis(new QValueAxis(this))
{
    chart()->legend()->hide();
    chart()->setAnimationOptions(QChart::NoAnimation);
    chart()->setBackgroundVisible(false);
    chart()->setPlotAreaBackgroundVisible(false);
    chart()->setMargins({0, 0, 0, 0});
    chart()->layout()->setContentsMargins(0, 0, 0, 0);
    for (QValueAxis *axis : {m_xAxis, m_yAxis}) {
        // Grid and labels are drawn by us: round times, and what Qt Charts can't label.
        axis->setVisible(false);
    }
    chart()->addAxis(m_xAxis, Qt::AlignBottom);
    chart()->addAxis(m_yAxis, Qt::AlignLeft);

    setFrameShape(QFrame::NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumHeight(100);
    setBackgroundBrush(Qt::NoBrush);
    viewport()->setAutoFillBackground(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    // What is shown is the picture; the scene doesn't know when it is drawn.
    setViewportUpdateMode(QGraphicsView::NoViewportUpdate);
    m_pictureSoon.setSingleShot(true);
    m_pictureSoon.setInterval(0);
    connect(&m_pictureSoon, &QTimer::timeout, this, &ChartView::drawPicture);
}

QFont ChartView::labelFont() const
{
    return tabularFont(textFont(TextStyle::Caption, font()));
}

void ChartView::take()
{
    const ChartMapping &mapping = m_state.mapping;
    chart()->setPlotArea(mapping.plot);
    if (mapping.to > mapping.from) {
        m_xAxis->setRange(double(mapping.from), double(mapping.to));
    }
    m_yAxis->setRange(mapping.low, mapping.high);
    drawSeries();
    repaintPicture();
}

void ChartView::drawSeries()
{
    while (!m_state.dense && m_series.size() < m_state.drawn.size()) {
        auto *line = new QLineSeries(chart());
        chart()->addSeries(line);
        line->attachAxis(m_xAxis);
        line->attachAxis(m_yAxis);
        m_series.append(line);
    }
    for (qsizetype i = 0; i < m_series.size(); ++i) {
        QList<QPointF> points;
        if (i < m_state.drawn.size() && !m_state.dense) {
            points.reserve(m_state.drawn[i].size());
            for (const MetricPoint &point : m_state.drawn[i]) {
                points.append({double(point.time), point.value});
            }
        }
        if (!points.isEmpty() || m_series[i]->count() > 0) {
            m_series[i]->setPen(QPen(Theme::color(m_state.role), 1.75));
            m_series[i]->replace(points);
        }
    }
}

void ChartView::repaintPicture()
{
    m_pictureSoon.start();
}

QSize ChartView::pictureSize() const
{
    return (QSizeF(viewport()->size()) * devicePixelRatioF()).toSize();
}

void ChartView::drawPicture()
{
    if (!isVisible()) {
        // Drawn when it is shown.
        m_picture = {};
        return;
    }
    if (m_picture.size() != pictureSize() || m_picture.devicePixelRatio() != devicePixelRatioF()) {
        m_picture = QPixmap(pictureSize());
        m_picture.setDevicePixelRatio(devicePixelRatioF());
    }
    if (m_picture.isNull()) {
        return;
    }
    m_picture.fill(Qt::transparent);
    QPainter painter(&m_picture);
    // The hints of the view are for what it paints on itself.
    painter.setRenderHints(renderHints());
    render(&painter, viewport()->rect(), viewport()->rect());
    painter.end();
    viewport()->update();
}

void ChartView::paintEvent(QPaintEvent *)
{
    QPainter painter(viewport());
    if (m_picture.size() != pictureSize()) {
        repaintPicture();
    }
    painter.drawPixmap(0, 0, m_picture);
    painter.setFont(labelFont());
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_state.mapping.isValid()) {
        ChartPainter chartPainter(&painter, m_state);
        if (m_dragging && std::abs(m_dragTo - m_dragFrom) > 2) {
            chartPainter.drawBand(m_dragFrom, m_dragTo);
        }
        chartPainter.drawCrosshair();
    }
    if (hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(Theme::color(Theme::Role::Accent));
        painter.drawRect(QRectF(viewport()->rect()).adjusted(0, 0, -1, -1));
    }
}

void ChartView::drawBackground(QPainter *painter, const QRectF &)
{
    if (m_state.mapping.isValid()) {
        painter->save();
        painter->resetTransform();
        painter->setFont(labelFont());
        ChartPainter(painter, m_state).drawGround(viewport()->width());
        painter->restore();
    }
}

void ChartView::drawForeground(QPainter *painter, const QRectF &)
{
    if (m_state.mapping.isValid()) {
        painter->save();
        painter->resetTransform();
        painter->setFont(labelFont());
        ChartPainter(painter, m_state).drawFront();
        painter->restore();
    }
}

bool ChartView::event(QEvent *event)
{
    // The scene would keep the Tab key for itself, and the keyboard with it.
    if (event->type() == QEvent::KeyPress) {
        const auto *press = static_cast<QKeyEvent *>(event);
        const int key = press->key();
        if ((key == Qt::Key_Tab || key == Qt::Key_Backtab) && !(press->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
            event->setAccepted(focusNextPrevChild(key == Qt::Key_Tab));
            return event->isAccepted();
        }
    }
    return QChartView::event(event);
}

void ChartView::resizeEvent(QResizeEvent *event)
{
    QChartView::resizeEvent(event);
    Q_EMIT resized();
}

void ChartView::changeEvent(QEvent *event)
{
    QChartView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        Q_EMIT resized();
    }
}

void ChartView::leaveEvent(QEvent *event)
{
    QChartView::leaveEvent(event);
    moveCrosshair(0);
}

double ChartView::inPlot(double x) const
{
    return std::clamp(x, m_state.mapping.plot.left(), m_state.mapping.plot.right());
}

void ChartView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton && m_state.mapping.isValid()) {
        m_dragFrom = m_dragTo = inPlot(event->position().x());
        m_dragging = true;
    }
}

void ChartView::mouseMoveEvent(QMouseEvent *event)
{
    const ChartMapping &mapping = m_state.mapping;
    if (!mapping.isValid()) {
        return;
    }
    const double x = inPlot(event->position().x());
    if (m_dragging) {
        m_dragTo = x;
        viewport()->update();
    }
    moveCrosshair(mapping.plot.adjusted(-1, -40, 1, 40).contains(event->position()) ? mapping.time(x) : 0);
}

void ChartView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || !std::exchange(m_dragging, false)) {
        return;
    }
    if (std::abs(m_dragTo - m_dragFrom) >= 8) {
        const auto [from, to] = std::minmax({m_state.mapping.time(m_dragFrom), m_state.mapping.time(m_dragTo)});
        Q_EMIT zoomWanted(from, to);
    }
    viewport()->update();
}

void ChartView::mouseDoubleClickEvent(QMouseEvent *)
{
    m_dragging = false;
    Q_EMIT backWanted();
}

void ChartView::keyPressEvent(QKeyEvent *event)
{
    const auto [from, to] = m_state.range();
    const qint64 step = qMax<qint64>(1, (to - from) / 60);
    const qint64 at = m_state.crosshair == 0 ? to : m_state.crosshair;
    switch (event->key()) {
    case Qt::Key_Left:
        moveCrosshair(qMax(from, at - step));
        return;
    case Qt::Key_Right:
        moveCrosshair(qMin(to, at + step));
        return;
    case Qt::Key_Home:
        moveCrosshair(from);
        return;
    case Qt::Key_End:
        moveCrosshair(to);
        return;
    case Qt::Key_Escape:
        moveCrosshair(0);
        return;
    case Qt::Key_Backspace:
        Q_EMIT backWanted();
        return;
    case Qt::Key_Plus: {
        const qint64 quarter = (to - from) / 4;
        const qint64 middle = std::clamp(at, from + quarter, to - quarter);
        Q_EMIT zoomWanted(middle - quarter, middle + quarter);
        return;
    }
    default:
        QChartView::keyPressEvent(event);
    }
}

bool ChartView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        for (const ChartMarker &marker : m_state.markers) {
            if (m_state.mapping.isValid() && std::abs(m_state.mapping.x(marker.time) - help->pos().x()) < 6) {
                QToolTip::showText(help->globalPos(), marker.description, this);
                return true;
            }
        }
        QToolTip::hideText();
        return true;
    }
    return QChartView::viewportEvent(event);
}

void ChartView::moveCrosshair(qint64 time)
{
    if (m_state.crosshair != time) {
        Q_EMIT crosshairWanted(time);
    }
}

} // namespace cutover
