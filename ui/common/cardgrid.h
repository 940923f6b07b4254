// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

namespace cutover {

/** Cards of equal width, as many in a row as fit. */
class CardGrid : public QWidget
{
    Q_OBJECT
public:
    explicit CardGrid(int minimumWidth, QWidget *parent = nullptr);
    /// Owns them from now on; cards that are no longer listed are deleted.
    void setCards(const QList<QWidget *> &cards);

    /// As high as its rows need to be: where it scrolls, it is never squeezed.
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    bool event(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    [[nodiscard]] int columnsFor(int width) const;
    [[nodiscard]] int rowHeight() const;
    void arrange();

    int m_minimumWidth;
    QList<QWidget *> m_cards;
};

} // namespace cutover
