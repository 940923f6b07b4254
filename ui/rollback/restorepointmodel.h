// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

#include <QAbstractTableModel>

namespace cutover {

/** Restore points, the newest first. */
class RestorePointModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { TakenColumn,
                  VersionColumn,
                  ReasonColumn,
                  ProvenColumn,
                  SizeColumn,
                  ColumnCount };
    enum Role {
        IdRole = Qt::UserRole + 100, ///< QString; above the roles shared by all models (common/rowmodel.h).
        TimeRole, ///< QDateTime it was taken.
        AvailableRole, ///< bool: its data is still there.
        CurrentRole, ///< bool: its version serves now.
    };

    using QAbstractTableModel::QAbstractTableModel;

    /// The same points in the same order change in place, so that a selection stays.
    void setPoints(QList<RestorePointView> points);
    [[nodiscard]] const RestorePointView &at(int row) const { return m_points.at(row); }
    [[nodiscard]] const QList<RestorePointView> &points() const { return m_points; }
    [[nodiscard]] int rowOf(const QString &id) const; ///< -1: unknown.

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QList<RestorePointView> m_points;
};

} // namespace cutover
