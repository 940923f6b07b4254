// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "history/runmodel.h"

#include "common/times.h"
#include "run/words.h"

using namespace Qt::StringLiterals;

namespace cutover {

QString fromToText(const Plan &plan)
{
    return plan.from.isEmpty() ? plan.to : QString(plan.from + u" → " + plan.to);
}

int RunModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole && section == TookColumn) {
        return int(Qt::AlignRight | Qt::AlignVCenter);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case VersionColumn:
        return tr("Version");
    case TypeColumn:
        return tr("Type");
    case StateColumn:
        return tr("Result");
    case StartedColumn:
        return tr("Started");
    case TookColumn:
        return tr("Took");
    case ByColumn:
        return tr("By");
    default:
        return {};
    }
}

QVariant RunModel::cell(const RunRecord &run, int column, int role) const
{
    switch (role) {
    case StatusRole:
        return column == StateColumn ? QVariant(int(statusOf(run.state))) : QVariant();
    case Qt::TextAlignmentRole:
        return column == TookColumn ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case Qt::ToolTipRole:
        if (column == StartedColumn) {
            return exactTime(run.started.isValid() ? run.started : run.created);
        }
        return column == StateColumn && !run.reason.isEmpty() ? QVariant(run.reason.text()) : QVariant();
    case SortRole:
        if (column == StartedColumn) {
            return run.created;
        }
        return column == TookColumn ? QVariant(run.activeMs) : cell(run, column, Qt::DisplayRole);
    case Qt::DisplayRole:
        break;
    default:
        return {};
    }
    switch (column) {
    case VersionColumn:
        return fromToText(run.plan);
    case TypeColumn:
        return run.plan.kind == "rollback"_L1 ? words::ofUpdateType(u"rollback"_s) : words::ofUpdateType(run.plan.updateType);
    case StateColumn:
        return statusLook(statusOf(run.state)).word;
    case StartedColumn:
        return relativeTime(run.started.isValid() ? run.started : run.created);
    case TookColumn:
        return run.activeMs > 0 ? durationText(run.activeMs >= 10'000 ? run.activeMs / 1000 * 1000 : run.activeMs) : QString();
    case ByColumn:
        return run.startedBy;
    default:
        return {};
    }
}

} // namespace cutover
