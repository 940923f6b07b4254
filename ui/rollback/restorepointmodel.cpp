// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/restorepointmodel.h"

#include "common/times.h"

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

void RestorePointModel::setPoints(QList<RestorePointView> points)
{
    std::ranges::stable_sort(points, [](const RestorePointView &a, const RestorePointView &b) { return a.point.created > b.point.created; });
    const bool same = std::ranges::equal(m_points, points, {}, [](const RestorePointView &p) { return p.point.id; }, [](const RestorePointView &p) { return p.point.id; });
    if (same) {
        m_points = std::move(points);
        if (!m_points.isEmpty()) {
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
        }
        return;
    }
    beginResetModel();
    m_points = std::move(points);
    endResetModel();
}

int RestorePointModel::rowOf(const QString &id) const
{
    const auto found = std::ranges::find_if(m_points, [&](const RestorePointView &view) { return view.point.id == id; });
    return found == m_points.end() ? -1 : int(found - m_points.begin());
}

int RestorePointModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_points.size());
}

int RestorePointModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RestorePointModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const RestorePointView &view = m_points[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case TakenColumn:
            return relativeTime(view.point.created);
        case VersionColumn:
            return view.point.version;
        case ReasonColumn:
            return view.point.available ? view.point.reason.text() : tr("%1 (removed by clean up)").arg(view.point.reason.text());
        case ProvenColumn:
            return view.point.proven.isValid() ? tr("✔ %1").arg(relativeTime(view.point.proven)) : tr("not yet");
        case SizeColumn:
            return sizeText(view.point.size);
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (index.column() == TakenColumn) {
            return exactTime(view.point.created);
        }
        return index.column() == ProvenColumn && view.point.proven.isValid() ? exactTime(view.point.proven) : QVariant();
    case Qt::TextAlignmentRole:
        return index.column() == SizeColumn ? QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case IdRole:
        return view.point.id;
    case TimeRole:
        return view.point.created;
    case AvailableRole:
        return view.point.available;
    case CurrentRole:
        return view.current;
    default:
        return {};
    }
}

QVariant RestorePointModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(Qt::Alignment((section == SizeColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case TakenColumn:
        return tr("Taken");
    case VersionColumn:
        return tr("Version");
    case ReasonColumn:
        return tr("Why");
    case ProvenColumn:
        return tr("Restore proven");
    case SizeColumn:
        return tr("Size");
    default:
        return {};
    }
}

} // namespace cutover
