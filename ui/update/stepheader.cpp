// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/stepheader.h"

#include "common/theme.h"

#include <QPainter>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int Circle = 22;
constexpr int Gap = 20; ///< Of the line between two steps, at least.

} // namespace

StepHeader::StepHeader(QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void StepHeader::setSteps(const QStringList &steps)
{
    m_steps = steps;
    describe();
    updateGeometry();
    update();
}

void StepHeader::setCurrent(int step)
{
    m_current = step;
    describe();
    update();
}

void StepHeader::describe()
{
    if (m_current >= 0 && m_current < m_steps.size()) {
        setAccessibleName(tr("Step %1 of %2: %3").arg(m_current + 1).arg(m_steps.size()).arg(m_steps[m_current]));
    }
}

int StepHeader::naturalWidth() const
{
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(bold);
    int width = 0;
    for (const QString &step : m_steps) {
        width += Circle + space::Tight + metrics.horizontalAdvance(step) + Gap + 2 * space::Inside;
    }
    return width;
}

QSize StepHeader::sizeHint() const
{
    return {naturalWidth(), Circle + 2 * space::Tight};
}

QSize StepHeader::minimumSizeHint() const
{
    return {int(m_steps.size()) * (Circle + Gap) + 120, Circle + 2 * space::Tight};
}

void StepHeader::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    // Where the words don't fit, only the current one keeps its word.
    const bool narrow = naturalWidth() > width() + Gap;
    const int y = (height() - Circle) / 2;
    int x = 1;
    for (int i = 0; i < m_steps.size(); ++i) {
        const bool behind = i < m_current;
        const bool current = i == m_current;
        const QRectF circle(x, y, Circle, Circle);
        painter.setPen(QPen(Theme::color(behind || current ? Theme::Role::Accent : Theme::Role::Border), 1.5));
        painter.setBrush(current ? Theme::color(Theme::Role::Accent) : QColor(Qt::transparent));
        painter.drawEllipse(circle.adjusted(1, 1, -1, -1));
        QFont number = tabularFont(font());
        number.setWeight(current ? QFont::DemiBold : QFont::Normal);
        painter.setFont(number);
        if (behind) {
            painter.setPen(QPen(Theme::color(Theme::Role::Accent), 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            const QPointF c = circle.center();
            painter.drawPolyline(QPolygonF{{c.x() - 4, c.y()}, {c.x() - 1, c.y() + 3}, {c.x() + 4, c.y() - 3}});
        } else {
            painter.setPen(Theme::color(current ? Theme::Role::OnAccent : Theme::Role::Muted));
            painter.drawText(circle, Qt::AlignCenter, QString::number(i + 1));
        }
        x += Circle + space::Tight;
        if (!narrow || current) {
            painter.setPen(Theme::color(current ? Theme::Role::Text : Theme::Role::Muted));
            const int textWidth = QFontMetrics(number).horizontalAdvance(m_steps[i]) + 2;
            painter.drawText(QRect(x, 0, textWidth, height()), Qt::AlignLeft | Qt::AlignVCenter, m_steps[i]);
            x += textWidth;
        }
        if (i + 1 < m_steps.size()) {
            painter.setPen(QPen(Theme::color(behind ? Theme::Role::Accent : Theme::Role::Border), 1));
            painter.drawLine(x + space::Inside, height() / 2, x + space::Inside + Gap, height() / 2);
            x += Gap + 2 * space::Inside;
        }
    }
}

} // namespace cutover
