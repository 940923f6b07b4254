// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/toggleswitch.h"

#include "common/theme.h"

#include <QPainter>

namespace cutover {

namespace {

constexpr int TrackWidth = 36;
constexpr int TrackHeight = 20;

} // namespace

ToggleSwitch::ToggleSwitch(QWidget *parent)
    : QAbstractButton(parent)
{
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize ToggleSwitch::sizeHint() const
{
    const int word = qMax(fontMetrics().horizontalAdvance(tr("On")), fontMetrics().horizontalAdvance(tr("Off")));
    return {TrackWidth + space::Inside + word + 6, qMax(TrackHeight + 6, fontMetrics().height() + 4)};
}

void ToggleSwitch::paintEvent(QPaintEvent *)
{
    using Role = Theme::Role;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF track(2, (height() - TrackHeight) / 2.0, TrackWidth, TrackHeight);
    const Role fill = !isEnabled() ? Role::NeutralTint : isChecked() ? Role::Accent
                                                                     : Role::Sunken;
    painter.setPen(Theme::color(isChecked() && isEnabled() ? Role::Accent : Role::Muted));
    painter.setBrush(Theme::color(fill));
    painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), TrackHeight / 2.0, TrackHeight / 2.0);
    const double x = isChecked() ? track.right() - TrackHeight / 2.0 : track.left() + TrackHeight / 2.0;
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::color(isChecked() && isEnabled() ? Role::OnAccent : Role::Muted));
    painter.drawEllipse(QPointF(x, track.center().y()), TrackHeight / 2.0 - 4, TrackHeight / 2.0 - 4);
    if (hasFocus()) {
        painter.setPen(QPen(Theme::color(Role::Accent), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(track.adjusted(-1.5, -2.5, 1.5, 2.5), TrackHeight / 2.0 + 2, TrackHeight / 2.0 + 2);
    }
    painter.setPen(Theme::color(isEnabled() ? Role::Text : Role::Muted));
    painter.drawText(rect().adjusted(TrackWidth + 2 + space::Inside, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, isChecked() ? tr("On") : tr("Off"));
}

} // namespace cutover
