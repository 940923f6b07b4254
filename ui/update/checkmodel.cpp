// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/checkmodel.h"

#include "common/rowmodel.h"
#include "update/words.h"

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

void CheckModel::clear()
{
    beginResetModel();
    m_results.clear();
    endResetModel();
}

void CheckModel::update(const CheckResult &result)
{
    const auto known = std::ranges::find(m_results, result.id, &CheckResult::id);
    if (known == m_results.end()) {
        const int row = int(m_results.size());
        beginInsertRows({}, row, row);
        m_results << result;
        endInsertRows();
        return;
    }
    *known = result;
    const int row = int(known - m_results.begin());
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

int CheckModel::count(CheckResult::Status status) const
{
    return int(std::ranges::count(m_results, status, &CheckResult::status));
}

QString CheckModel::failureText() const
{
    QStringList names;
    for (const CheckResult &result : m_results) {
        if (result.status == CheckResult::Status::Failed) {
            names << result.title.text();
        }
    }
    if (names.isEmpty()) {
        return {};
    }
    return names.size() == 1 ? tr("“%1” failed.").arg(names.first())
                             : tr("%1 checks failed: %2.").arg(names.size()).arg(names.join(u", "_s));
}

int CheckModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_results.size());
}

int CheckModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant CheckModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const CheckResult &result = m_results[index.row()];
    const bool bad = result.status == CheckResult::Status::Failed || result.status == CheckResult::Status::Warning;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case StatusColumn:
            return statusText(result.status);
        case CheckColumn:
            return result.title.text();
        case FindingColumn:
            if (bad && !result.error.code.isEmpty()) {
                const QString hint = result.error.hint();
                return hint.isEmpty() ? result.error.what() : result.error.what() + u'\n' + hint;
            }
            return result.finding.isEmpty() ? QString() : result.finding.text();
        case TimeColumn:
            return result.durationMs > 0 ? durationText(result.durationMs) : QString();
        default:
            return {};
        }
    case Qt::ToolTipRole:
        return bad ? result.error.text() : QVariant();
    case Qt::TextAlignmentRole:
        return index.column() == TimeColumn ? QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case Qt::AccessibleTextRole:
        if (index.column() == CheckColumn) {
            return tr("%1: %2").arg(result.title.text(), statusText(result.status));
        }
        return data(index, Qt::DisplayRole);
    case IdRole:
        return result.id;
    case StatusRole:
        return index.column() == StatusColumn ? QVariant(int(statusOf(result.status))) : QVariant();
    case CheckStatusRole:
        return int(result.status);
    case ReasonRole:
        return bad ? result.error.what() : QString();
    case RemedyRole:
        return bad ? result.error.hint() : QString();
    default:
        return {};
    }
}

QVariant CheckModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(Qt::Alignment((section == TimeColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case StatusColumn:
        return tr("Status");
    case CheckColumn:
        return tr("Check");
    case FindingColumn:
        return tr("Finding");
    case TimeColumn:
        return tr("Time");
    default:
        return {};
    }
}

} // namespace cutover
