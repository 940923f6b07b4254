// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/rolloutslider.h"

#include "common/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace cutover {

namespace {

constexpr int Radius = 8;
constexpr int GrooveHeight = 4;
constexpr int GrooveTop = 12;
/// Nearer than this to a mark, a click or drag means the mark; pixels.
constexpr int Snap = 4;

} // namespace

RolloutSlider::RolloutSlider(QWidget *parent)
    : QSlider(Qt::Horizontal, parent)
{
    setRange(0, 10000);
    setSingleStep(100);
    setPageStep(1000);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void RolloutSlider::setPercent(double percent)
{
    setValue(int(std::lround(percent * 100)));
}

void RolloutSlider::setCommitted(double percent)
{
    m_committed = int(std::lround(percent * 100));
    update();
}

void RolloutSlider::setMuted(bool muted)
{
    m_muted = muted;
    update();
}

QRect RolloutSlider::groove() const
{
    return {Radius + 4, GrooveTop - GrooveHeight / 2, width() - 2 * (Radius + 4), GrooveHeight};
}

int RolloutSlider::positionOf(double percent) const
{
    return groove().left() + int(std::lround(groove().width() * percent / 100));
}

QRect RolloutSlider::markRect(int mark) const
{
    const QFont font = tabularFont(textFont(TextStyle::Caption, this->font()));
    const int w = QFontMetrics(font).horizontalAdvance(QString::number(mark)) + 8;
    const int left = qBound(0, positionOf(mark) - w / 2, width() - w);
    return {left, GrooveTop + Radius + 3, w, QFontMetrics(font).height()};
}

int RolloutSlider::valueAt(int x) const
{
    for (const int mark : Marks) {
        if (std::abs(x - positionOf(mark)) <= Snap) {
            return mark * 100;
        }
    }
    // By mouse whole per cents; the field beside it takes the rest.
    const double share = double(x - groove().left()) / qMax(1, groove().width());
    return std::clamp(int(std::lround(share * 100)) * 100, minimum(), maximum());
}

QSize RolloutSlider::sizeHint() const
{
    return {280, minimumSizeHint().height()};
}

QSize RolloutSlider::minimumSizeHint() const
{
    return {180, GrooveTop + Radius + 4 + QFontMetrics(textFont(TextStyle::Caption, font())).height()};
}

void RolloutSlider::paintEvent(QPaintEvent *)
{
    using Role = Theme::Role;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect g = groove();
    const Role ink = m_muted || !isEnabled() ? Role::Muted : Role::Accent;
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::color(Role::NeutralTint));
    painter.drawRoundedRect(g, 2, 2);
    painter.setPen(Theme::color(Role::Border));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(g).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
    const int handle = positionOf(percent());
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::color(ink));
    painter.drawRoundedRect(QRect(g.left(), g.top(), handle - g.left(), g.height()), 2, 2);

    const QFont font = tabularFont(textFont(TextStyle::Caption, this->font()));
    painter.setFont(font);
    for (const int mark : Marks) {
        const int x = positionOf(mark);
        const bool passed = value() >= mark * 100;
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::color(passed ? ink : Role::Border));
        painter.drawEllipse(QPointF(x, GrooveTop), 3, 3);
        const bool here = value() == mark * 100;
        painter.setPen(Theme::color(m_hovered == mark ? Role::Accent : here ? Role::Text
                                                                            : Role::Muted));
        painter.drawText(markRect(mark), Qt::AlignCenter, QString::number(mark));
    }
    if (m_committed != value()) {
        const int x = positionOf(m_committed / 100.0);
        painter.setPen(QPen(Theme::color(Role::Text), 2));
        painter.drawLine(QPointF(x, GrooveTop - 7), QPointF(x, GrooveTop + 7));
    }
    if (hasFocus()) {
        QColor ring = Theme::color(Role::Accent);
        ring.setAlphaF(0.3F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(ring);
        painter.drawEllipse(QPointF(handle, GrooveTop), Radius + 4, Radius + 4);
    }
    painter.setPen(QPen(Theme::color(ink), 2));
    painter.setBrush(Theme::color(Role::Raised));
    painter.drawEllipse(QPointF(handle, GrooveTop), Radius - 1, Radius - 1);
    if (m_committed != value()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::color(ink));
        painter.drawEllipse(QPointF(handle, GrooveTop), 3, 3);
    }
}

void RolloutSlider::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) {
        return;
    }
    for (const int mark : Marks) {
        if (markRect(mark).contains(event->position().toPoint())) {
            setValue(mark * 100);
            return;
        }
    }
    setSliderDown(true);
    setValue(valueAt(int(event->position().x())));
}

void RolloutSlider::mouseMoveEvent(QMouseEvent *event)
{
    if (isSliderDown()) {
        setValue(valueAt(int(event->position().x())));
        return;
    }
    int hovered = -1;
    for (const int mark : Marks) {
        if (markRect(mark).contains(event->position().toPoint())) {
            hovered = mark;
        }
    }
    if (std::exchange(m_hovered, hovered) != hovered) {
        setCursor(hovered >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
        update();
    }
}

void RolloutSlider::mouseReleaseEvent(QMouseEvent *event)
{
    Q_UNUSED(event)
    setSliderDown(false);
}

void RolloutSlider::keyPressEvent(QKeyEvent *event)
{
    if (event->modifiers() & Qt::ControlModifier) {
        if (event->key() == Qt::Key_Right) {
            for (const int mark : Marks) {
                if (mark * 100 > value()) {
                    setValue(mark * 100);
                    return;
                }
            }
            return;
        }
        if (event->key() == Qt::Key_Left) {
            for (auto it = std::rbegin(Marks); it != std::rend(Marks); ++it) {
                if (*it * 100 < value()) {
                    setValue(*it * 100);
                    return;
                }
            }
            return;
        }
    }
    QSlider::keyPressEvent(event);
}

void RolloutSlider::wheelEvent(QWheelEvent *event)
{
    // Scrolling the page must not change who gets a feature.
    event->ignore();
}

bool RolloutSlider::event(QEvent *event)
{
    if (event->type() == QEvent::Leave && std::exchange(m_hovered, -1) != -1) {
        update();
    }
    return QSlider::event(event);
}

} // namespace cutover
