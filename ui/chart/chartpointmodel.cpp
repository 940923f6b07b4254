// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartpointmodel.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

ChartPointModel::ChartPointModel(const QString &title, std::function<QString(double)> text, QObject *parent)
    : QAbstractTableModel(parent)
    , m_title(title)
    , m_text(std::move(text))
{
}

void ChartPointModel::setPoints(const QList<MetricPoint> &points)
{
    beginResetModel();
    m_points = points;
    std::ranges::reverse(m_points);
    endResetModel();
}

int ChartPointModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_points.size());
}

int ChartPointModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : 2;
}

QVariant ChartPointModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole) {
        return section == 0 ? tr("Time") : m_title;
    }
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole && section == 1) {
        return int(Qt::AlignRight | Qt::AlignVCenter);
    }
    return {};
}

QVariant ChartPointModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const MetricPoint &point = m_points.at(index.row());
    if (role == Qt::DisplayRole) {
        return index.column() == 0 ? QLocale().toString(QDateTime::fromMSecsSinceEpoch(point.time).toLocalTime(), u"d MMM HH:mm:ss"_s)
                                   : m_text(point.value);
    }
    if (role == Qt::TextAlignmentRole && index.column() == 1) {
        return int(Qt::AlignRight | Qt::AlignVCenter);
    }
    return {};
}

} // namespace cutover
