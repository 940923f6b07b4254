// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/rowmodel.h"
#include "run/journal.h"

namespace cutover {

/** Every run, newest first. */
class RunModel : public RowModel<RunRecord>
{
    Q_OBJECT
public:
    enum Column { VersionColumn,
                  TypeColumn,
                  StateColumn,
                  StartedColumn,
                  TookColumn,
                  ByColumn,
                  ColumnCount };
    using RowModel::RowModel;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

protected:
    [[nodiscard]] QString keyOf(const RunRecord &run) const override { return run.id; }
    [[nodiscard]] QVariant cell(const RunRecord &run, int column, int role) const override;
};

/// "1.2.0 → 1.3.0"
[[nodiscard]] QString fromToText(const Plan &plan);

} // namespace cutover
