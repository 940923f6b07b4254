// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/status.h"

#include <QAbstractTableModel>

#include <algorithm>

namespace cutover {

/// What our models tell beyond Qt's roles.
enum ModelRole {
    StatusRole = Qt::UserRole + 1, ///< Status as int: drawn as a chip.
    KeyRole, ///< Identifies the row across updates.
    SortRole, ///< What to sort by, where it isn't the text.
};

/**
 * A table over a list of values. setRows() tells the view only what differs, so that selection and
 * scroll position stay where they were when fresh data arrives.
 */
template<class Row>
class RowModel : public QAbstractTableModel
{
public:
    using QAbstractTableModel::QAbstractTableModel;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : int(m_rows.size()); }
    [[nodiscard]] const QList<Row> &rows() const { return m_rows; }
    [[nodiscard]] const Row &rowAt(int row) const { return m_rows.at(row); }
    [[nodiscard]] int rowOf(const QString &key) const
    {
        for (int i = 0; i < m_rows.size(); ++i) {
            if (keyOf(m_rows.at(i)) == key) {
                return i;
            }
        }
        return -1;
    }
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
            return {};
        }
        const Row &row = m_rows.at(index.row());
        return role == KeyRole ? QVariant(keyOf(row)) : cell(row, index.column(), role);
    }

    void setRows(const QList<Row> &rows)
    {
        QSet<QString> wanted;
        for (const Row &row : rows) {
            wanted.insert(keyOf(row));
        }
        for (int i = int(m_rows.size()) - 1; i >= 0; --i) {
            if (!wanted.contains(keyOf(m_rows.at(i)))) {
                beginRemoveRows({}, i, i);
                m_rows.removeAt(i);
                endRemoveRows();
            }
        }
        if (m_rows.isEmpty() && !rows.isEmpty()) {
            beginInsertRows({}, 0, int(rows.size()) - 1);
            m_rows = rows;
            endInsertRows();
            return;
        }
        for (int i = 0; i < rows.size(); ++i) {
            const QString key = keyOf(rows.at(i));
            const int at = rowOf(key);
            if (at < 0) {
                beginInsertRows({}, i, i);
                m_rows.insert(i, rows.at(i));
                endInsertRows();
                continue;
            }
            if (at != i && beginMoveRows({}, at, at, {}, at < i ? i + 1 : i)) {
                m_rows.move(at, i);
                endMoveRows();
            }
            m_rows[i] = rows.at(i);
        }
        if (!m_rows.isEmpty() && columnCount({}) > 0) {
            Q_EMIT dataChanged(index(0, 0), index(int(m_rows.size()) - 1, columnCount({}) - 1));
        }
    }

protected:
    [[nodiscard]] virtual QString keyOf(const Row &row) const = 0;
    [[nodiscard]] virtual QVariant cell(const Row &row, int column, int role) const = 0;
    /// For changes in place; tell them with dataChanged().
    [[nodiscard]] QList<Row> &mutableRows() { return m_rows; }

private:
    QList<Row> m_rows;
};

} // namespace cutover
