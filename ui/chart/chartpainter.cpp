// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartpainter.h"

#include <QDateTime>
#include <QImage>
#include <QPainter>

using namespace Qt::StringLiterals;

namespace cutover {

static QColor gridColor()
{
    QColor grid = Theme::color(Theme::Role::Border);
    grid.setAlphaF(0.7F);
    return grid;
}

ChartPainter::ChartPainter(QPainter *painter, const ChartState &state)
    : m_painter(painter)
    , m_state(state)
    , m_mapping(state.mapping)
    , m_metrics(painter->font())
{
}

QColor ChartPainter::areaColor() const
{
    QColor color = Theme::color(m_state.role);
    color.setAlphaF(0.12F);
    return color;
}

void ChartPainter::drawGround(double viewWidth)
{
    m_painter->setRenderHint(QPainter::Antialiasing, false);
    drawValues();
    drawTimes(viewWidth);
    m_painter->setClipRect(m_mapping.plot);
    m_painter->setRenderHint(QPainter::Antialiasing);
    if (m_state.dense) {
        drawDenseLine();
        return;
    }
    for (const auto &segment : m_state.drawn) {
        if (segment.size() >= 2) {
            drawArea(segment);
        }
    }
}

void ChartPainter::drawValues()
{
    const ChartMapping &m = m_mapping;
    // Where nothing was measured and nothing is limited there is no scale to tell.
    const bool scaled = !m_state.drawn.isEmpty() || m_state.threshold;
    for (const double value : scaled ? m_state.ticks() : QList<double>{m.low}) {
        const double y = std::round(m.y(value));
        m_painter->setPen(gridColor());
        m_painter->drawLine(QPointF(m.plot.left(), y), QPointF(m.plot.right(), y));
        m_painter->setPen(Theme::color(Theme::Role::Muted));
        m_painter->drawText(QRectF(0, y - 10, m.plot.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter, m_state.valueText(value));
    }
}

void ChartPainter::drawTimes(double viewWidth)
{
    const ChartMapping &m = m_mapping;
    const auto stepFor = [&](const QString &widest) {
        return niceTimeStep(m.to - m.from, qMax(1, int(m.plot.width() / (m_metrics.horizontalAdvance(widest) + 20))));
    };
    qint64 step = stepFor(u"00:00"_s);
    if (step < 60000) {
        step = stepFor(u"00:00:00"_s); // Seconds are told there, too.
    }
    // Steps begin at local midnight, so that labels are round in the operator's zone.
    const QDateTime midnight = QDateTime::fromMSecsSinceEpoch(m.from).toLocalTime().date().startOfDay();
    qint64 tick = midnight.toMSecsSinceEpoch();
    tick += (m.from - tick + step - 1) / step * step;
    for (; tick <= m.to; tick += step) {
        const double x = std::round(m.x(tick));
        m_painter->setPen(gridColor());
        m_painter->drawLine(QPointF(x, m.plot.bottom()), QPointF(x, m.plot.bottom() + 4));
        const QString text = ChartState::clockText(tick, step);
        const double width = m_metrics.horizontalAdvance(text);
        const double left = std::clamp(x - width / 2, 0.0, std::max(0.0, viewWidth - width));
        m_painter->setPen(Theme::color(Theme::Role::Muted));
        m_painter->drawText(QRectF(left, m.plot.bottom() + 5, width + 2, m_metrics.height()), Qt::AlignLeft | Qt::AlignTop, text);
    }
}

/// The area below a line that Qt Charts draws.
void ChartPainter::drawArea(const QList<MetricPoint> &segment)
{
    const ChartMapping &m = m_mapping;
    QPolygonF area;
    area.reserve(segment.size() + 2);
    area.append({m.x(segment.first().time), m.plot.bottom()});
    for (const MetricPoint &point : segment) {
        area.append({m.x(point.time), m.y(point.value)});
    }
    area.append({m.x(segment.last().time), m.plot.bottom()});
    m_painter->setPen(Qt::NoPen);
    m_painter->setBrush(areaColor());
    m_painter->drawPolygon(area);
}

/// Pixel by pixel: a painter takes several frames for a line that goes up and down in each of them.
void ChartPainter::drawDenseLine()
{
    const double ratio = m_painter->device()->devicePixelRatioF();
    ChartMapping scaled = m_mapping;
    scaled.plot = QRectF(QPointF(), m_mapping.plot.size() * ratio);
    QImage image(scaled.plot.size().toSize().expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    const QRgb line = qPremultiply(Theme::color(m_state.role).rgba());
    const QRgb area = qPremultiply(areaColor().rgba());
    const int lineWidth = std::max(1, int(std::lround(ratio)));
    for (const auto &segment : m_state.drawn) {
        for (const PixelColumn &column : pixelColumns(segment, scaled)) {
            if (column.x < 0 || column.x >= image.width()) {
                continue;
            }
            const int top = std::clamp(int(std::floor(column.top)), 0, image.height() - 1);
            const int bottom = std::clamp(int(std::ceil(column.bottom)), top + lineWidth, std::max(top + lineWidth, image.height()));
            auto *pixel = reinterpret_cast<QRgb *>(image.scanLine(top)) + column.x;
            const qsizetype next = image.bytesPerLine() / qsizetype(sizeof(QRgb));
            for (int y = top; y < image.height(); ++y, pixel += next) {
                *pixel = y < bottom ? line : area;
            }
        }
    }
    image.setDevicePixelRatio(ratio);
    m_painter->drawImage(m_mapping.plot.topLeft().toPoint(), image);
}

void ChartPainter::drawFront()
{
    const ChartMapping &m = m_mapping;
    if (m_state.threshold) {
        const double y = std::round(m.y(*m_state.threshold)) + 0.5;
        m_painter->setPen(QPen(Theme::color(Theme::Role::Danger), 1.25, Qt::DashLine));
        m_painter->drawLine(QPointF(m.plot.left(), y), QPointF(m.plot.right(), y));
        m_painter->setPen(Theme::color(Theme::Role::Danger));
        m_painter->drawText(QRectF(m.plot.left() + 6, y - m_metrics.height() - 2, m.plot.width() - 12, m_metrics.height()),
                            Qt::AlignLeft | Qt::AlignVCenter, m_state.thresholdLabel);
    }
    drawMarkers();
    if (m_state.drawn.isEmpty()) {
        const QString text = ChartState::tr("No samples in this range");
        QRectF place(0, 0, m_metrics.horizontalAdvance(text) + 16, m_metrics.height() + 8);
        place.moveCenter(m.plot.center());
        m_painter->fillRect(place, Theme::color(Theme::Role::Raised));
        m_painter->setPen(Theme::color(Theme::Role::Muted));
        m_painter->drawText(place, Qt::AlignCenter, text);
    }
}

void ChartPainter::drawMarkers()
{
    const ChartMapping &m = m_mapping;
    double free = 0;
    for (const ChartMarker &marker : m_state.markers) {
        if (marker.time < m.from || marker.time > m.to) {
            continue;
        }
        const bool update = marker.kind == ChartMarker::Kind::Update;
        const QColor ink = Theme::color(update ? Theme::Role::Info : Theme::Role::Caution);
        const double x = std::round(m.x(marker.time)) + 0.5;
        m_painter->setPen(QPen(ink, 1));
        m_painter->drawLine(QPointF(x, m.plot.top() - 4), QPointF(x, m.plot.bottom()));
        const QString text = (update ? u"▲ "_s : u"◀ "_s) + marker.label;
        const double width = m_metrics.horizontalAdvance(text) + 10;
        const double left = std::clamp(x - width / 2, m.plot.left(), std::max(m.plot.left(), m.plot.right() - width));
        // Where labels would lie on each other, the line alone stays; its text is in the tool tip.
        if (left < free) {
            continue;
        }
        const QRectF pill(left, 1, width, m_metrics.height() + 2);
        m_painter->setPen(Qt::NoPen);
        m_painter->setBrush(Theme::color(update ? Theme::Role::InfoTint : Theme::Role::CautionTint));
        m_painter->drawRoundedRect(pill, 3, 3);
        m_painter->setPen(ink);
        m_painter->drawText(pill, Qt::AlignCenter, text);
        free = pill.right() + 4;
    }
}

void ChartPainter::drawBand(double from, double to)
{
    QColor band = Theme::color(Theme::Role::Accent);
    band.setAlphaF(0.18F);
    m_painter->fillRect(QRectF(QPointF(std::min(from, to), m_mapping.plot.top()), QPointF(std::max(from, to), m_mapping.plot.bottom())), band);
}

void ChartPainter::drawCrosshair()
{
    const ChartMapping &m = m_mapping;
    const qint64 at = m_state.crosshair;
    if (at < m.from || at > m.to) {
        return;
    }
    const double x = std::round(m.x(at)) + 0.5;
    m_painter->setPen(Theme::color(Theme::Role::Muted));
    m_painter->drawLine(QPointF(x, m.plot.top()), QPointF(x, m.plot.bottom()));
    const MetricPoint point = m_state.samples.nearest(at);
    QString text = ChartState::clockText(at);
    if (point.time != 0 && std::abs(point.time - at) <= (m.to - m.from) / 40 + 5000) {
        m_painter->setPen(QPen(Theme::color(Theme::Role::Raised), 1.5));
        m_painter->setBrush(Theme::color(m_state.role));
        m_painter->drawEllipse(QPointF(x, m.y(point.value)), 4, 4);
        text = m_state.valueText(point.value) + u"  "_s + ChartState::clockText(point.time);
    }
    const double width = m_metrics.horizontalAdvance(text) + 12;
    double left = x + 8;
    if (left + width > m.plot.right()) {
        left = x - 8 - width;
    }
    const QRectF pill(left, m.plot.top() + 4, width, m_metrics.height() + 6);
    m_painter->setPen(Theme::color(Theme::Role::Border));
    m_painter->setBrush(Theme::color(Theme::Role::Raised));
    m_painter->drawRoundedRect(pill, 4, 4);
    m_painter->setPen(Theme::color(Theme::Role::Text));
    m_painter->drawText(pill, Qt::AlignCenter, text);
}

} // namespace cutover
