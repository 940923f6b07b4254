// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QList>
#include <QObject>
#include <QPointer>

namespace cutover {

class Chart;

/** Charts that share a crosshair and a zoom. GUI thread. */
class ChartGroup : public QObject
{
    Q_OBJECT
public:
    explicit ChartGroup(QObject *parent = nullptr);
    ~ChartGroup() override;
    void add(Chart *chart);
    [[nodiscard]] QList<Chart *> charts() const;

private:
    QList<QPointer<Chart>> m_charts;
};

} // namespace cutover
