// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "overview/componentcard.h"

#include "common/iconlabel.h"
#include "common/page.h"
#include "common/statuschip.h"
#include "common/textlabel.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace cutover {

ComponentCard::ComponentCard(const QString &icon, const QString &name, QWidget *parent)
    : QFrame(parent)
    , m_name(name)
    , m_chip(new StatusChip)
    , m_first(new ElidedLabel)
    , m_second(new ElidedLabel({}, Qt::ElideMiddle))
{
    auto *title = new ElidedLabel(name, Qt::ElideMiddle);
    QFont bold = title->font();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    m_second->setRole(Theme::Role::Muted);
    m_first->setFont(tabularFont(m_first->font()));
    m_second->setFont(tabularFont(textFont(TextStyle::Caption, m_second->font())));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Inside);
    head->addWidget(new IconLabel(icon, 22));
    head->addWidget(title, 1);
    head->addWidget(m_chip);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Group, 10, space::Group, 10);
    column->setSpacing(space::Tight);
    column->addLayout(head);
    column->addWidget(m_first);
    column->addWidget(m_second);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ComponentCard::setState(Status status, const QString &word)
{
    m_chip->setStatus(status, word.isEmpty() ? statusLook(status).word : word);
    setAccessibleName(m_name + u": " + m_chip->word());
}

void ComponentCard::setLines(const QString &first, const QString &second)
{
    m_first->setText(first);
    m_second->setText(second);
    setAccessibleDescription(first + u". " + second);
}

void ComponentCard::setSecondToolTip(const QString &text)
{
    m_second->setToolTip(text);
}

void ComponentCard::paintEvent(QPaintEvent *)
{
    paintPanel(this);
}

} // namespace cutover
