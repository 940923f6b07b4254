// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/iconlabel.h"

#include "common/icons.h"

#include <QPainter>

namespace cutover {

IconLabel::IconLabel(const QString &icon, int size, std::optional<Theme::Role> role, QWidget *parent)
    : QWidget(parent)
    , m_icon(icon)
    , m_size(size)
    , m_role(role)
{
    setFixedSize(size, size);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void IconLabel::setIcon(const QString &icon, std::optional<Theme::Role> role)
{
    m_icon = icon;
    m_role = role;
    update();
}

void IconLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    themeIcon(m_icon, m_role).paint(&painter, rect());
}

} // namespace cutover
