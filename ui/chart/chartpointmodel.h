// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

#include <QAbstractTableModel>

#include <functional>

namespace cutover {

/** The points of a chart as rows, the newest first. GUI thread. */
class ChartPointModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    /// title: of the column of values; text: a value with its unit.
    ChartPointModel(const QString &title, std::function<QString(double)> text, QObject *parent = nullptr);

    void setPoints(const QList<MetricPoint> &points);
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

private:
    QString m_title;
    std::function<QString(double)> m_text;
    QList<MetricPoint> m_points;
};

} // namespace cutover
