// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/cardgrid.h"

#include "common/theme.h"

#include <QGridLayout>

namespace cutover {

CardGrid::CardGrid(int minimumWidth, QWidget *parent)
    : QWidget(parent)
    , m_minimumWidth(minimumWidth)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(space::Group);
}

void CardGrid::setCards(const QList<QWidget *> &cards)
{
    for (QWidget *old : std::as_const(m_cards)) {
        if (!cards.contains(old)) {
            delete old;
        }
    }
    m_cards = cards;
    m_columns = 0;
    arrange();
}

void CardGrid::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void CardGrid::arrange()
{
    const int count = qMax(1, int(m_cards.size()));
    const int most = qBound(1, (width() + space::Group) / (m_minimumWidth + space::Group), count);
    // As many rows as it takes, evenly filled.
    const int rows = (count + most - 1) / most;
    const int columns = (count + rows - 1) / rows;
    if (columns == m_columns) {
        return;
    }
    for (int c = 0; c < m_columns; ++c) {
        m_grid->setColumnStretch(c, 0);
    }
    m_columns = columns;
    for (int i = 0; i < m_cards.size(); ++i) {
        m_grid->addWidget(m_cards[i], i / columns, i % columns);
    }
    for (int c = 0; c < columns; ++c) {
        m_grid->setColumnStretch(c, 1);
    }
}

} // namespace cutover
