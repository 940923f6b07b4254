// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/statuschip.h"

#include "common/icons.h"

#include <QPainter>

namespace cutover {

namespace {

constexpr int IconSize = 16;
constexpr int Margin = 8;
constexpr int Gap = 4;
constexpr int Height = 22;

} // namespace

StatusChip::StatusChip(QWidget *parent)
    : StatusChip(Status::Unknown, parent)
{
}

StatusChip::StatusChip(Status status, QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setStatus(status);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void StatusChip::setStatus(Status status)
{
    setStatus(status, statusLook(status).word);
}

void StatusChip::setStatus(Status status, const QString &word)
{
    if (m_status == status && m_look.word == word) {
        return;
    }
    m_status = status;
    m_look = statusLook(status);
    m_look.word = word;
    setAccessibleName(word);
    updateGeometry();
    update();
}

QSize StatusChip::sizeFor(const StatusLook &look, const QFont &font)
{
    const QFontMetrics metrics(font);
    return {Margin + IconSize + Gap + metrics.horizontalAdvance(look.word) + Margin + 2, qMax(Height, metrics.height() + 4)};
}

QSize StatusChip::sizeHint() const
{
    return sizeFor(m_look, font());
}

void StatusChip::paint(QPainter *painter, const QRect &rect, const StatusLook &look, const QFont &font)
{
    QRect chip(QPoint(0, 0), sizeFor(look, font));
    chip.setWidth(qMin(chip.width(), rect.width()));
    chip.moveTopLeft({rect.left(), rect.top() + (rect.height() - chip.height()) / 2});
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(Theme::color(look.tint));
    painter->drawRoundedRect(chip, chip.height() / 2.0, chip.height() / 2.0);
    const QRect icon(chip.left() + Margin, chip.top() + (chip.height() - IconSize) / 2, IconSize, IconSize);
    themeIcon(look.icon, look.ink).paint(painter, icon);
    painter->setPen(Theme::color(look.ink));
    painter->setFont(font);
    const QRect text = chip.adjusted(Margin + IconSize + Gap, 0, -Margin + 2, 0);
    painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft, QFontMetrics(font).elidedText(look.word, Qt::ElideRight, text.width()));
    painter->restore();
}

void StatusChip::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paint(&painter, rect(), m_look, font());
}

} // namespace cutover
