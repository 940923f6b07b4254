// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/planmodel.h"

#include "common/theme.h"
#include "common/times.h"

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

void PlanModel::setPlan(const Plan &plan)
{
    beginResetModel();
    m_steps = plan.steps;
    const auto point = std::ranges::find_if(m_steps, &StepSpec::pointOfNoReturn);
    m_separator = point == m_steps.end() ? -1 : int(point - m_steps.begin());
    endResetModel();
}

int PlanModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_steps.size()) + (m_separator >= 0 ? 1 : 0);
}

int PlanModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PlanModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const bool separator = index.row() == m_separator;
    if (role == SeparatorRole) {
        return separator;
    }
    if (separator) {
        if (role == Qt::ForegroundRole || role == Qt::BackgroundRole) {
            return Theme::color(role == Qt::ForegroundRole ? Theme::Role::Caution : Theme::Role::CautionTint);
        }
        const bool text = role == Qt::DisplayRole || role == Qt::AccessibleTextRole;
        return text && index.column() == StepColumn ? tr("Point of no return: past this line, going back loses data or needs a person")
                                                    : QVariant();
    }
    const int step = m_separator >= 0 && index.row() > m_separator ? index.row() - 1 : index.row();
    const StepSpec &spec = m_steps[step];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case NumberColumn:
            return step + 1;
        case StepColumn:
            return spec.title.text();
        case IntentColumn:
            return spec.intent.text();
        case TimeColumn:
            return spec.expectedMs <= 0 ? u"–"_s : spec.expectedMs < 1000 ? estimateText(spec.expectedMs)
                                                                          : durationText(spec.expectedMs);
        case DowntimeColumn:
            return spec.expectedDowntimeMs > 0 ? durationText(spec.expectedDowntimeMs) : u"–"_s;
        default:
            return {};
        }
    case Qt::ToolTipRole:
        return index.column() == IntentColumn ? spec.intent.text() : QVariant();
    case Qt::TextAlignmentRole:
        if (index.column() == StepColumn || index.column() == IntentColumn) {
            return {};
        }
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    case IdRole:
        return spec.id;
    default:
        return {};
    }
}

QVariant PlanModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        const bool left = section == StepColumn || section == IntentColumn;
        return QVariant::fromValue(Qt::Alignment((left ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    }
    if (role == Qt::AccessibleTextRole && section == NumberColumn) {
        return tr("Number");
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case NumberColumn:
        return u"#"_s;
    case StepColumn:
        return tr("Step");
    case IntentColumn:
        return tr("What it will do");
    case TimeColumn:
        return tr("Time");
    case DowntimeColumn:
        return tr("Downtime");
    default:
        return {};
    }
}

} // namespace cutover
