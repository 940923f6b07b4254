// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "checklist/checklist.h"
#include "common/rowmodel.h"

namespace cutover {

/** A checklist as a table: phase, item, state, what it rests on. */
class ChecklistModel : public RowModel<ChecklistItem>
{
    Q_OBJECT
public:
    enum Column { PhaseColumn,
                  ItemColumn,
                  StateColumn,
                  EvidenceColumn,
                  ColumnCount };
    using RowModel::RowModel;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : ColumnCount; }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// The evidence below the item, for a pane without room for a column of it.
    void setNarrow(bool narrow) { m_narrow = narrow; }
    [[nodiscard]] static Status statusOf(ChecklistItem::State state);

protected:
    [[nodiscard]] QString keyOf(const ChecklistItem &row) const override { return row.id; }
    [[nodiscard]] QVariant cell(const ChecklistItem &row, int column, int role) const override;

private:
    [[nodiscard]] static QString itemText(const ChecklistItem &row);
    bool m_narrow = false;
};

} // namespace cutover
