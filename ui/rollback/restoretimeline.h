// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"
#include "rollback/timelinescale.h"
#include "rollback/versionbands.h"
#include "serve/views.h"

#include <QWidget>

namespace cutover {

/**
 * Restore points in time: how many requests failed, which version served, and a diamond for each
 * point, on one axis. Arrow keys, Home and End move from point to point. The table beside it shows
 * the same for those who don't see it.
 */
class RestoreTimeline : public QWidget
{
    Q_OBJECT
public:
    explicit RestoreTimeline(QWidget *parent = nullptr);

    /// points: in any order. errorLimit: proportion 0…1, drawn as a line.
    void setPoints(const QList<RestorePointView> &points, const QDateTime &now);
    void setBands(const QList<VersionBand> &bands);
    void setErrors(const QList<MetricPoint> &errors, double errorLimit);
    void select(const QString &id);
    [[nodiscard]] const QString &selected() const { return m_selected; }
    /// Where the diamond of a point is drawn; empty when there is no such point.
    [[nodiscard]] QRect markRect(const QString &id) const;
    /// What there is to say about a point in one sentence.
    [[nodiscard]] static QString describe(const RestorePointView &view);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void selectionChanged(const QString &id);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    [[nodiscard]] TimelineScale scale() const;
    [[nodiscard]] int indexAt(const QPoint &position) const; ///< -1: no diamond there.
    [[nodiscard]] int selectedIndex() const;
    void choose(int index);
    void paintErrors(QPainter &painter, const TimelineScale &scale) const;
    void paintBands(QPainter &painter, const TimelineScale &scale) const;
    void paintPoints(QPainter &painter, const TimelineScale &scale) const;

    QList<RestorePointView> m_points; ///< Oldest first.
    QList<VersionBand> m_bands;
    QList<MetricPoint> m_errors;
    double m_errorLimit = 0.05;
    QDateTime m_now;
    QString m_selected;
};

} // namespace cutover
