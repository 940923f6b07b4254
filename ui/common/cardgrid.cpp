// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/cardgrid.h"

#include "common/theme.h"

#include <QEvent>

#include <algorithm>

namespace cutover {

CardGrid::CardGrid(int minimumWidth, QWidget *parent)
    : QWidget(parent)
    , m_minimumWidth(minimumWidth)
{
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void CardGrid::setCards(const QList<QWidget *> &cards)
{
    if (cards == m_cards) {
        return;
    }
    for (QWidget *old : std::as_const(m_cards)) {
        if (!cards.contains(old)) {
            delete old;
        }
    }
    m_cards = cards;
    for (QWidget *card : cards) {
        card->setParent(this);
        card->show();
    }
    updateGeometry();
    arrange();
}

int CardGrid::heightForWidth(int width) const
{
    const int columns = columnsFor(width);
    const int rows = (int(m_cards.size()) + columns - 1) / columns;
    return rows == 0 ? 0 : rows * (rowHeight() + space::Group) - space::Group;
}

QSize CardGrid::sizeHint() const
{
    return {4 * (m_minimumWidth + space::Group) - space::Group, heightForWidth(width())};
}

QSize CardGrid::minimumSizeHint() const
{
    return {m_minimumWidth, rowHeight()};
}

bool CardGrid::event(QEvent *event)
{
    // Asked for by a card whose contents have another size now.
    if (event->type() == QEvent::LayoutRequest) {
        updateGeometry();
        arrange();
    }
    return QWidget::event(event);
}

void CardGrid::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

int CardGrid::columnsFor(int width) const
{
    const int count = qMax(1, int(m_cards.size()));
    const int most = qBound(1, (width + space::Group) / (m_minimumWidth + space::Group), count);
    // As many rows as it takes, evenly filled.
    const int rows = (count + most - 1) / most;
    return (count + rows - 1) / rows;
}

int CardGrid::rowHeight() const
{
    int height = 0;
    for (const QWidget *card : m_cards) {
        height = std::max(height, card->sizeHint().height());
    }
    return height;
}

void CardGrid::arrange()
{
    const int columns = columnsFor(width());
    const int height = rowHeight();
    // The pixels that can't be shared out evenly go to the gaps' places, not to the right edge.
    const auto edge = [this, columns](int column) { return column * (width() + space::Group) / columns; };
    for (int i = 0; i < m_cards.size(); ++i) {
        const int left = edge(i % columns);
        m_cards[i]->setGeometry(left, i / columns * (height + space::Group), edge(i % columns + 1) - space::Group - left, height);
    }
}

} // namespace cutover
