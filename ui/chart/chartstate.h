// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chartdata.h"
#include "common/theme.h"

#include <QCoreApplication>
#include <QString>

#include <optional>

namespace cutover {

/** Something that happened at a time, shown as a labelled line. */
struct ChartMarker {
    enum class Kind { Update,
                      Rollback } kind = Kind::Update;
    qint64 time = 0; ///< ms since the epoch.
    QString label; ///< "1.3.0"
    QString description; ///< On hover.
    bool operator==(const ChartMarker &) const = default;
};

/** What a chart knows and what of it is in sight, without how it is drawn. Times in ms since the epoch. Plain value. */
struct ChartState {
    Q_DECLARE_TR_FUNCTIONS(cutover::Chart)
public:
    enum class Format { Percent,
                        PerSecond,
                        PerMinute,
                        Milliseconds,
                        Number };
    /// The points drawn at most.
    static constexpr int MaxDrawn = 5000;

    Format format = Format::Number;
    Theme::Role role = Theme::Role::Series1;
    SampleRing samples;
    QList<ChartMarker> markers; ///< In order of time.
    std::optional<double> threshold;
    QString thresholdLabel;
    qint64 span = 15LL * 60 * 1000;
    qint64 end = 0;
    QList<std::pair<qint64, qint64>> zooms; ///< The last is in sight.
    qint64 crosshair = 0; ///< 0: none.

    // Of what is in sight, by choose() and scale():
    QList<QList<MetricPoint>> drawn;
    /// About a point for each pixel: a series of Qt Charts would take several frames to shape its line.
    bool dense = false;
    ChartMapping mapping;
    double step = 1; ///< Of the value axis.

    [[nodiscard]] std::pair<qint64, qint64> range() const;
    /// What is drawn of range() on so many pixels.
    void choose(int width);
    /// Where it lies in a view of this size, whose labels have this font.
    void scale(const QSizeF &view, const QFont &font);
    /// Of the value axis, from its lowest to its highest.
    [[nodiscard]] QList<double> ticks() const;
    /// With its unit.
    [[nodiscard]] QString valueText(double value) const;
    /// As precise as steps of so many ms need it, in the operator's zone.
    [[nodiscard]] static QString clockText(qint64 time, qint64 step = 1000);
    [[nodiscard]] bool isOverThreshold() const;
    /// The newest value, the limit and what is at the crosshair, in words.
    [[nodiscard]] QString description() const;
};

} // namespace cutover
