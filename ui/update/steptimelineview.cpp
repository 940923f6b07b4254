// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/steptimelineview.h"

#include "common/icons.h"
#include "common/status.h"
#include "update/steptimelinemodel.h"

#include <QPainter>
#include <QStyledItemDelegate>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int IconSize = 16;

class StepDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        Q_UNUSED(option)
        return {120, index.data(StepTimelineModel::SeparatorRole).toBool() ? 24 : space::Row};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (index.data(StepTimelineModel::SeparatorRole).toBool()) {
            paintSeparator(painter, option, index);
        } else {
            paintStep(painter, option, index);
        }
        painter->restore();
    }

private:
    static void paintSeparator(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index)
    {
        const QFont font = textFont(TextStyle::Caption, option.font);
        const QString text = index.data().toString();
        const int width = QFontMetrics(font).horizontalAdvance(text) + 2 * space::Inside;
        const QRect box = option.rect;
        painter->setFont(font);
        painter->setPen(Theme::color(Theme::Role::Caution));
        const int middle = box.center().y();
        const int left = box.center().x() - width / 2;
        painter->drawLine(box.left() + space::Inside, middle, left, middle);
        painter->drawLine(left + width, middle, box.right() - space::Inside, middle);
        painter->drawText(box, Qt::AlignCenter, text);
    }

    static void paintStep(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index)
    {
        const auto state = StepState(index.data(StepTimelineModel::StateRole).toInt());
        const bool current = index.data(StepTimelineModel::CurrentRole).toBool();
        const QRect box = option.rect;
        if ((option.state & QStyle::State_Selected) != 0) {
            painter->fillRect(box, Theme::color(Theme::Role::Selection));
        } else if (current) {
            painter->fillRect(box, Theme::color(Theme::Role::InfoTint));
        }
        const StatusLook look = statusLook(statusOf(state));
        const QRect icon(box.left() + space::Inside, box.center().y() - IconSize / 2, IconSize, IconSize);
        if (state == StepState::Pending) {
            painter->setPen(QPen(Theme::color(Theme::Role::Muted), 1.5));
            painter->setBrush(Qt::NoBrush);
            painter->drawEllipse(QRectF(icon).adjusted(3, 3, -3, -3));
        } else {
            themeIcon(look.icon, look.ink).paint(painter, icon);
        }
        const QString time = index.data(StepTimelineModel::DurationTextRole).toString();
        const QFont timeFont = tabularFont(option.font);
        const int timeWidth = QFontMetrics(timeFont).horizontalAdvance(time);
        const QRect timeBox(box.right() - space::Inside - timeWidth, box.top(), timeWidth + 1, box.height());
        painter->setFont(timeFont);
        painter->setPen(Theme::color(Theme::Role::Muted));
        painter->drawText(timeBox, Qt::AlignRight | Qt::AlignVCenter, time);
        QFont font = option.font;
        font.setWeight(current ? QFont::DemiBold : QFont::Normal);
        painter->setFont(font);
        const bool alarming = state == StepState::Failed;
        painter->setPen(Theme::color(alarming ? Theme::Role::Danger : state == StepState::Pending ? Theme::Role::Muted
                                                                                                  : Theme::Role::Text));
        const QRect textBox(icon.right() + space::Inside, box.top(), timeBox.left() - icon.right() - 2 * space::Inside, box.height());
        painter->drawText(textBox, Qt::AlignLeft | Qt::AlignVCenter,
                          QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideMiddle, textBox.width()));
    }
};

} // namespace

StepTimelineView::StepTimelineView(QWidget *parent)
    : QListView(parent)
{
    setItemDelegate(new StepDelegate(this));
    setAccessibleName(tr("Steps of the run"));
    setFrameShape(QFrame::NoFrame);
    setUniformItemSizes(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setEditTriggers(NoEditTriggers);
}

} // namespace cutover
