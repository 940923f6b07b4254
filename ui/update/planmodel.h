// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"

#include <QAbstractTableModel>

namespace cutover {

/** The steps of a plan, as the commit pages show them; the point of no return is a row of its own. */
class PlanModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { NumberColumn,
                  StepColumn,
                  IntentColumn,
                  TimeColumn,
                  DowntimeColumn,
                  ColumnCount };
    enum Role {
        IdRole = Qt::UserRole + 100, ///< QString; above the roles shared by all models (common/rowmodel.h).
        SeparatorRole, ///< bool: the point of no return.
    };

    using QAbstractTableModel::QAbstractTableModel;

    void setPlan(const Plan &plan);
    [[nodiscard]] int separatorRow() const { return m_separator; } ///< -1: none.

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QList<StepSpec> m_steps;
    int m_separator = -1;
};

} // namespace cutover
