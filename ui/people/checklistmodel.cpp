// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "people/checklistmodel.h"

#include "common/times.h"

namespace cutover {

using namespace Qt::StringLiterals;

QString ChecklistModel::itemText(const ChecklistItem &row)
{
    return row.required ? tr("%1 (required)").arg(row.text.text()) : row.text.text();
}

QVariant ChecklistModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) {
        return orientation == Qt::Horizontal && role == Qt::TextAlignmentRole ? QVariant::fromValue(Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter)) : QVariant();
    }
    switch (section) {
    case PhaseColumn:
        return tr("When");
    case ItemColumn:
        return tr("Item");
    case StateColumn:
        return tr("State");
    case EvidenceColumn:
        return tr("Evidence");
    default:
        return {};
    }
}

Status ChecklistModel::statusOf(ChecklistItem::State state)
{
    using enum ChecklistItem::State;
    switch (state) {
    case Open:
        return Status::Open;
    case Ticked:
        return Status::Ticked;
    case Failed:
        return Status::Failed;
    case NotOurs:
        return Status::NotOurs;
    case NotNeeded:
        return Status::NotNeeded;
    }
    return Status::Unknown;
}

QVariant ChecklistModel::cell(const ChecklistItem &row, int column, int role) const
{
    switch (role) {
    case StatusRole:
        return column == StateColumn ? QVariant(int(statusOf(row.state))) : QVariant();
    case Qt::ToolTipRole:
        return row.time.isValid() ? QVariant(exactTime(row.time)) : QVariant();
    case Qt::AccessibleTextRole:
        return column == ItemColumn ? QVariant(tr("%1: %2").arg(row.text.text(), stateText(row.state))) : cell(row, column, Qt::DisplayRole);
    case Qt::DisplayRole:
        switch (column) {
        case PhaseColumn:
            return phaseText(row.phase);
        case ItemColumn:
            return m_narrow ? QString(itemText(row) + u'\n' + row.evidence.text()) : itemText(row);
        case StateColumn:
            return stateText(row.state);
        case EvidenceColumn:
            return row.evidence.text();
        default:
            return {};
        }
    default:
        return {};
    }
}

} // namespace cutover
