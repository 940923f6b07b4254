// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/steptimelinemodel.h"

#include "common/times.h"
#include "update/words.h"

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

bool isBehind(StepState state)
{
    return state == StepState::Done || state == StepState::Accepted || state == StepState::Skipped;
}

bool sameRow(const StepView &a, const StepView &b)
{
    return a.record.state == b.record.state && a.record.attempt == b.record.attempt && a.record.started == b.record.started
        && a.record.durationMs == b.record.durationMs && a.record.error.code == b.record.error.code
        && a.record.error.args == b.record.error.args;
}

} // namespace

void StepTimelineModel::setRun(const RunView &view)
{
    const bool sameSteps = m_view.run.id == view.run.id && std::ranges::equal(m_view.steps, view.steps, [](const StepView &a, const StepView &b) {
                               return a.spec.id == b.spec.id && a.spec.title == b.spec.title;
                           });
    if (!sameSteps) {
        beginResetModel();
        m_view = view;
        const auto point = std::ranges::find_if(m_view.steps, [](const StepView &step) { return step.spec.pointOfNoReturn; });
        m_separator = point == m_view.steps.end() ? -1 : int(point - m_view.steps.begin());
        endResetModel();
        return;
    }
    const RunView before = std::exchange(m_view, view);
    for (int step = 0; step < m_view.steps.size(); ++step) {
        const bool currentChanged = (step == before.current) != (step == view.current);
        if (currentChanged || !sameRow(before.steps[step], view.steps[step])) {
            const QModelIndex changed = index(rowOfStep(step));
            Q_EMIT dataChanged(changed, changed);
        }
    }
}

void StepTimelineModel::tick()
{
    if (const int row = currentRow(); row >= 0) {
        Q_EMIT dataChanged(index(row), index(row), {DurationRole, DurationTextRole, Qt::AccessibleTextRole});
    }
}

int StepTimelineModel::rowOfStep(int step) const
{
    if (step < 0 || step >= m_view.steps.size()) {
        return -1;
    }
    return m_separator >= 0 && step >= m_separator ? step + 1 : step;
}

int StepTimelineModel::currentRow() const
{
    return rowOfStep(m_view.current);
}

int StepTimelineModel::doneCount() const
{
    return int(std::ranges::count_if(m_view.steps, [](const StepView &step) { return isBehind(step.record.state); }));
}

int StepTimelineModel::stepAt(int row) const
{
    if (m_separator < 0 || row < m_separator) {
        return row;
    }
    return row == m_separator ? -1 : row - 1;
}

qint64 StepTimelineModel::durationOf(int step) const
{
    const StepRecord &record = m_view.steps[step].record;
    if (record.durationMs > 0) {
        return record.durationMs;
    }
    if (!record.started.isValid()) {
        return -1;
    }
    const QDateTime end = record.ended.isValid() ? record.ended : QDateTime::currentDateTimeUtc();
    return std::max<qint64>(0, record.started.msecsTo(end));
}

int StepTimelineModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_view.steps.size()) + (m_separator >= 0 ? 1 : 0);
}

QVariant StepTimelineModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const int step = stepAt(index.row());
    if (role == StepRole) {
        return step;
    }
    if (role == SeparatorRole) {
        return step < 0;
    }
    if (step < 0) {
        return role == Qt::DisplayRole || role == Qt::AccessibleTextRole ? tr("Point of no return") : QVariant();
    }
    const StepView &view = m_view.steps[step];
    switch (role) {
    case Qt::DisplayRole:
        return view.spec.title.text();
    case Qt::ToolTipRole:
    case DetailRole:
        return view.record.error.code.isEmpty() ? view.spec.intent.text() : view.record.error.what();
    case Qt::AccessibleTextRole:
        return tr("%1, %2, %3")
            .arg(view.spec.title.text(), stateText(view.record.state), data(index, DurationTextRole).toString());
    case IdRole:
        return view.spec.id;
    case StateRole:
        return int(view.record.state);
    case StateTextRole:
        return stateText(view.record.state);
    case DurationRole:
        return durationOf(step);
    case DurationTextRole: {
        // Whole seconds while it runs, so that the text does not jitter.
        const qint64 worked = durationOf(step);
        if (worked < 0) {
            return view.spec.expectedMs > 0 ? estimateText(view.spec.expectedMs) : QString();
        }
        return step == m_view.current ? elapsedText(worked) : durationText(worked);
    }
    case ExpectedRole:
        return view.spec.expectedMs;
    case CurrentRole:
        return step == m_view.current;
    default:
        return {};
    }
}

Qt::ItemFlags StepTimelineModel::flags(const QModelIndex &index) const
{
    if (index.isValid() && stepAt(index.row()) < 0) {
        return Qt::ItemIsEnabled | Qt::ItemNeverHasChildren;
    }
    return QAbstractListModel::flags(index);
}

QHash<int, QByteArray> StepTimelineModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert({{IdRole, "id"}, {StateRole, "state"}, {StateTextRole, "stateText"}, {DurationRole, "duration"}, {DurationTextRole, "durationText"}, {ExpectedRole, "expected"}, {SeparatorRole, "separator"}, {CurrentRole, "current"}, {DetailRole, "detail"}, {StepRole, "step"}});
    return names;
}

} // namespace cutover
