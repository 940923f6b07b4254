// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"

#include <QAbstractTableModel>

namespace cutover {

/** Pre-checks as they come in; a result with a known id replaces the earlier one. */
class CheckModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { StatusColumn,
                  CheckColumn,
                  FindingColumn,
                  TimeColumn,
                  ColumnCount };
    enum Role {
        IdRole = Qt::UserRole + 100, ///< QString; above the roles shared by all models (common/rowmodel.h).
        CheckStatusRole, ///< int(CheckResult::Status)
        ReasonRole, ///< Why it failed or warns; empty otherwise.
        RemedyRole, ///< What to do about it.
    };

    using QAbstractTableModel::QAbstractTableModel;

    void clear();
    void update(const CheckResult &result);
    [[nodiscard]] int count(CheckResult::Status status) const;
    [[nodiscard]] const CheckResult &at(int row) const { return m_results.at(row); }
    /// "2 checks failed: Free disk space, Database"; empty when none has.
    [[nodiscard]] QString failureText() const;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QList<CheckResult> m_results;
};

} // namespace cutover
