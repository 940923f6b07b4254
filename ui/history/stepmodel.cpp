// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "history/stepmodel.h"

#include "common/times.h"

#include <QLocale>

using namespace Qt::StringLiterals;

namespace cutover {

void StepModel::setEnded(bool ended)
{
    if (m_ended != ended) {
        m_ended = ended;
        if (rowCount() > 0) {
            Q_EMIT dataChanged(index(0, StateColumn), index(rowCount() - 1, StateColumn));
        }
    }
}

int StepModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant StepModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole && section >= TookColumn) {
        return int(Qt::AlignRight | Qt::AlignVCenter);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case StepColumn:
        return tr("Step");
    case StateColumn:
        return tr("Result");
    case TookColumn:
        return tr("Took");
    case ExpectedColumn:
        return tr("Expected");
    default:
        return {};
    }
}

Status StepModel::statusOfStep(const StepView &step) const
{
    return m_ended ? statusAtTheEnd(step.record.state) : statusOf(step.record.state);
}

QVariant StepModel::cell(const StepView &step, int column, int role) const
{
    switch (role) {
    case StatusRole:
        return column == StateColumn ? QVariant(int(statusOfStep(step))) : QVariant();
    case Qt::TextAlignmentRole:
        return column >= TookColumn ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case Qt::ToolTipRole:
        if (!step.record.error.code.isEmpty()) {
            return step.record.error.text();
        }
        return column == StepColumn ? QVariant(step.spec.intent.text()) : QVariant();
    case Qt::DisplayRole:
        break;
    default:
        return {};
    }
    switch (column) {
    case StepColumn:
        return step.spec.title.text();
    case StateColumn:
        return statusLook(statusOfStep(step)).word;
    case TookColumn:
        return step.record.durationMs > 0 ? durationText(step.record.durationMs) : u"–"_s;
    case ExpectedColumn:
        return step.spec.expectedMs > 0 ? durationText(step.spec.expectedMs) : u"–"_s;
    default:
        return {};
    }
}

int EventModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) {
        return {};
    }
    return section == TimeColumn ? tr("Time") : tr("What happened");
}

QVariant EventModel::cell(const EventRecord &event, int column, int role) const
{
    if (role == Qt::ToolTipRole) {
        return column == TimeColumn ? exactTime(event.time) : event.message.text();
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    return column == TimeColumn ? QLocale().toString(event.time.toLocalTime().time(), u"HH:mm:ss"_s) : event.message.text();
}

} // namespace cutover
