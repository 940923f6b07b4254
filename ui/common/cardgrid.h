// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QGridLayout;

namespace cutover {

/** Cards of equal width, as many in a row as fit. */
class CardGrid : public QWidget
{
    Q_OBJECT
public:
    explicit CardGrid(int minimumWidth, QWidget *parent = nullptr);
    /// Owns them from now on; cards that are no longer listed are deleted.
    void setCards(const QList<QWidget *> &cards);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void arrange();
    int m_minimumWidth;
    int m_columns = 0;
    QGridLayout *m_grid;
    QList<QWidget *> m_cards;
};

} // namespace cutover
