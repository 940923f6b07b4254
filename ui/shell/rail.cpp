// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/rail.h"

#include "common/icons.h"

#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace cutover {

namespace {

enum { IdRole = Qt::UserRole + 1,
       BadgeRole };
constexpr int RowHeight = 40;
constexpr int IconSize = 22;

class RailDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {180, RowHeight}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        using Role = Theme::Role;
        const QRect row = option.rect.adjusted(8, 2, -8, -2);
        const bool current = option.state & QStyle::State_Selected;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (current || (option.state & QStyle::State_MouseOver)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(Theme::color(current ? Role::Selection : Role::Hover));
            painter->drawRoundedRect(row, 5, 5);
        }
        if (current) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(Theme::color(Role::Accent));
            painter->drawRoundedRect(QRectF(row.left(), row.top() + 8, 3, row.height() - 16), 1.5, 1.5);
        }
        if ((option.state & QStyle::State_HasFocus) && (option.state & QStyle::State_KeyboardFocusChange)) {
            painter->setPen(Theme::color(Role::Accent));
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(QRectF(row).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
        }
        const QRect icon(row.left() + 12, row.top() + (row.height() - IconSize) / 2, IconSize, IconSize);
        index.data(Qt::DecorationRole).value<QIcon>().paint(painter, icon);
        QFont font = option.font;
        font.setWeight(current ? QFont::DemiBold : QFont::Normal);
        painter->setFont(font);
        painter->setPen(Theme::color(Role::Text));
        QRect text(icon.right() + 12, row.top(), row.right() - icon.right() - 20, row.height());
        const int badge = index.data(BadgeRole).toInt();
        if (badge > 0) {
            const QString number = badge > 99 ? tr("99+") : QString::number(badge);
            const QFont small = tabularFont(textFont(TextStyle::Caption, option.font));
            const QFontMetrics metrics(small);
            const int width = qMax(20, metrics.horizontalAdvance(number) + 12);
            const QRect pill(row.right() - width - 8, row.center().y() - 9, width, 20);
            painter->setPen(Qt::NoPen);
            painter->setBrush(Theme::color(Role::Accent));
            painter->drawRoundedRect(pill, 10, 10);
            painter->setPen(Theme::color(Role::OnAccent));
            QFont counted = small;
            counted.setWeight(QFont::DemiBold);
            painter->setFont(counted);
            painter->drawText(pill, Qt::AlignCenter, number);
            painter->setFont(font);
            painter->setPen(Theme::color(Role::Text));
            text.setRight(pill.left() - 4);
        }
        painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft, painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, text.width()));
        painter->restore();
    }
};

} // namespace

Rail::Rail(const QList<RoomSpec> &rooms, QWidget *parent)
    : QListView(parent)
    , m_model(new QStandardItemModel(this))
{
    setAccessibleName(tr("Rooms"));
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setUniformItemSizes(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setEditTriggers(NoEditTriggers);
    setItemDelegate(new RailDelegate(this));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    viewport()->setAutoFillBackground(false);
    for (const RoomSpec &room : rooms) {
        auto *item = new QStandardItem(themeIcon(room.icon), room.title());
        item->setData(room.id, IdRole);
        m_model->appendRow(item);
    }
    setModel(m_model);
}

QModelIndex Rail::indexOf(const QString &id) const
{
    for (int row = 0; row < m_model->rowCount(); ++row) {
        if (m_model->index(row, 0).data(IdRole).toString() == id) {
            return m_model->index(row, 0);
        }
    }
    return {};
}

void Rail::setCurrentRoom(const QString &id)
{
    setCurrentIndex(indexOf(id));
}

QString Rail::currentRoom() const
{
    return currentIndex().data(IdRole).toString();
}

void Rail::setBadge(const QString &id, int count, const QString &description)
{
    const QModelIndex index = indexOf(id);
    if (!index.isValid()) {
        return;
    }
    m_model->setData(index, count, BadgeRole);
    m_model->setData(index, description, Qt::ToolTipRole);
    m_model->setData(index, description, Qt::AccessibleDescriptionRole);
}

QSize Rail::sizeHint() const
{
    int widest = 0;
    for (int row = 0; row < m_model->rowCount(); ++row) {
        widest = qMax(widest, fontMetrics().horizontalAdvance(m_model->index(row, 0).data().toString()));
    }
    return {qMax(180, widest + 110), RowHeight * m_model->rowCount()};
}

void Rail::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QListView::currentChanged(current, previous);
    if (current.isValid() && current != previous) {
        Q_EMIT roomChosen(current.data(IdRole).toString());
    }
}

} // namespace cutover
