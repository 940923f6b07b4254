// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/tableview.h"

#include "common/rowmodel.h"
#include "common/statuschip.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMetaMethod>
#include <QPainter>
#include <QStyledItemDelegate>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Of a column by its contents.
constexpr int LeastWidth = 56;
constexpr int MaxWidth = 360;
/// What a column gets beyond its contents where there is room.
constexpr int MaxMore = 120;

class CellDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const QVariant status = index.data(StatusRole);
        if (!status.isValid()) {
            QStyledItemDelegate::paint(painter, option, index);
            return;
        }
        QStyleOptionViewItem ground = option;
        initStyleOption(&ground, index);
        ground.text.clear();
        ground.icon = {};
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, option.widget);
        StatusChip::paint(painter, option.rect.adjusted(6, 0, -4, 0), lookOf(index), option.font);
    }
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        if (index.data(StatusRole).isValid()) {
            return StatusChip::sizeFor(lookOf(index), option.font) + QSize(16, 0);
        }
        // Wrapped lines of one row lie closer to each other than to those of the next.
        const bool wrapped = option.features.testFlag(QStyleOptionViewItem::WrapText);
        return QStyledItemDelegate::sizeHint(option, index) + QSize(space::Inside, wrapped ? 2 * space::Inside : 0);
    }

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        option->textElideMode = Qt::ElideMiddle;
        // The row shows the focus by its selection; a frame around one cell of it would say something else.
        option->state &= ~QStyle::State_HasFocus;
    }

private:
    static StatusLook lookOf(const QModelIndex &index)
    {
        StatusLook look = statusLook(Status(index.data(StatusRole).toInt()));
        const QString word = index.data(Qt::DisplayRole).toString();
        if (!word.isEmpty()) {
            look.word = word;
        }
        return look;
    }
};

} // namespace

TableView::TableView(const QString &accessibleName, QWidget *parent)
    : QTableView(parent)
{
    setAccessibleName(accessibleName);
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setVerticalScrollMode(ScrollPerPixel);
    setItemDelegate(new CellDelegate(this));
    setFont(tabularFont(font()));
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(space::Row);
    verticalHeader()->setDefaultSectionSize(space::Row);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setMinimumSectionSize(48);
    horizontalHeader()->setFocusPolicy(Qt::NoFocus);
}

void TableView::setModel(QAbstractItemModel *model)
{
    QTableView::setModel(model);
    m_fitted = false;
    if (model != nullptr) {
        auto fitOnce = [this] {
            if (!m_fitted) {
                fitColumns();
            }
        };
        connect(model, &QAbstractItemModel::rowsInserted, this, fitOnce, Qt::QueuedConnection);
        connect(model, &QAbstractItemModel::modelReset, this, fitOnce, Qt::QueuedConnection);
        fitColumns();
    }
}

void TableView::setStretchColumn(int column)
{
    m_stretch = column;
    fitColumns();
}

void TableView::setRowsWrapped()
{
    setWordWrap(true);
    verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
}

void TableView::fitColumns()
{
    m_fitSoon = false;
    if (model() == nullptr) {
        return;
    }
    m_wanted.clear();
    for (int c = 0; c < model()->columnCount(rootIndex()); ++c) {
        const int most = c == m_stretch ? QWIDGETSIZE_MAX : MaxWidth;
        m_wanted.append(isColumnHidden(c) ? 0 : qBound(LeastWidth, qMax(sizeHintForColumn(c), horizontalHeader()->sectionSizeHint(c)), most));
    }
    spreadColumns();
    m_fitted = model()->rowCount(rootIndex()) > 0;
}

void TableView::fitColumnsSoon()
{
    if (!std::exchange(m_fitSoon, true)) {
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (m_fitSoon) {
                    fitColumns();
                }
            },
            Qt::QueuedConnection);
    }
}

void TableView::spreadColumns()
{
    int used = 0;
    int growing = 0;
    for (int c = 0; c < m_wanted.size(); ++c) {
        if (c != m_stretch) {
            used += m_wanted[c];
            // One of short numbers stays as it is.
            growing += m_wanted[c] > LeastWidth ? 1 : 0;
        }
    }
    const bool stretched = m_stretch >= 0 && m_stretch < m_wanted.size();
    const int left = viewport()->width() - used;
    int more = 0;
    if (stretched && growing > 0) {
        // What no column needs is shared, so that no gap parts a row's name from what is said of it.
        const int enough = qMax(m_wanted[m_stretch], viewport()->width() * 2 / 5);
        more = qBound(0, (left - enough) / (growing + 1), MaxMore);
    }
    for (int c = 0; c < m_wanted.size(); ++c) {
        if (c != m_stretch && m_wanted[c] > 0) {
            setColumnWidth(c, m_wanted[c] + (m_wanted[c] > LeastWidth ? more : 0));
        }
    }
    if (stretched) {
        // A column that takes what is left may be elided, but not away.
        const int width = qMax(qMin(m_wanted[m_stretch], 120), left - more * growing);
        const bool other = width != columnWidth(m_stretch);
        setColumnWidth(m_stretch, width);
        if (other && wordWrap()) {
            resizeRowsToContents();
        }
    }
}

void TableView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy) && currentIndex().isValid()) {
        QStringList cells;
        for (int c = 0; c < model()->columnCount(rootIndex()); ++c) {
            cells.append(currentIndex().siblingAtColumn(c).data().toString());
        }
        QApplication::clipboard()->setText(cells.join(u'\t'));
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        // Where a row opens nothing, the key is the wizard's.
        static const QMetaMethod opens = QMetaMethod::fromSignal(&QAbstractItemView::activated);
        if (isSignalConnected(opens)) {
            Q_EMIT activated(currentIndex());
        } else {
            event->ignore();
        }
        return;
    }
    QTableView::keyPressEvent(event);
}

void TableView::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    if (m_stretch >= 0) {
        spreadColumns();
    }
}

} // namespace cutover
