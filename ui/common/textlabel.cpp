// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/textlabel.h"

#include <QEvent>
#include <QPainter>

namespace cutover {

TextLabel::TextLabel(const QString &text, TextStyle style, QWidget *parent)
    : TextLabel(text, style, style == TextStyle::Caption ? Theme::Role::Muted : Theme::Role::Text, parent)
{
}

TextLabel::TextLabel(const QString &text, TextStyle style, Theme::Role role, QWidget *parent)
    : QLabel(text, parent)
    , m_role(role)
{
    setTextFormat(Qt::PlainText);
    setFont(textFont(style, font()));
    restyle();
    connect(&Theme::instance(), &Theme::changed, this, &TextLabel::restyle);
}

void TextLabel::setRole(Theme::Role role)
{
    if (m_role != role) {
        m_role = role;
        restyle();
    }
}

TextLabel *TextLabel::wrapped()
{
    setWordWrap(true);
    m_heights.clear();
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    return this;
}

TextLabel *TextLabel::selectable()
{
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    return this;
}

int TextLabel::heightForWidth(int width) const
{
    constexpr qsizetype most = 16;
    if (m_measured != text() || m_heights.size() > most) {
        m_measured = text();
        m_heights.clear();
    }
    if (const auto known = m_heights.constFind(width); known != m_heights.cend()) {
        return *known;
    }
    return *m_heights.insert(width, QLabel::heightForWidth(width));
}

void TextLabel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange || event->type() == QEvent::ContentsRectChange) {
        m_heights.clear();
    }
    QLabel::changeEvent(event);
}

void TextLabel::restyle()
{
    QPalette p = palette();
    p.setColor(QPalette::WindowText, Theme::color(m_role));
    setPalette(p);
}

ElidedLabel::ElidedLabel(const QString &text, Qt::TextElideMode mode, QWidget *parent)
    : QWidget(parent)
    , m_mode(mode)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setText(text);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ElidedLabel::setText(const QString &text)
{
    if (m_text == text) {
        return;
    }
    m_text = text;
    setToolTip(text);
    setAccessibleName(text);
    updateGeometry();
    update();
}

void ElidedLabel::setRole(Theme::Role role)
{
    m_role = role;
    update();
}

QSize ElidedLabel::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(m_text) + 2, fontMetrics().height() + 2};
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {fontMetrics().horizontalAdvance(m_text.left(4)) + 16, fontMetrics().height() + 2};
}

void ElidedLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setPen(Theme::color(m_role));
    painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, fontMetrics().elidedText(m_text, m_mode, width()));
}

} // namespace cutover
