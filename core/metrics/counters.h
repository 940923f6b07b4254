// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

#include <QMap>

#include <optional>
#include <span>

/**
 * Arithmetic on counters that start again at zero when their process does. Pure; any thread.
 */
namespace cutover::counters {

/// What a counter grew by over [from, to] ms, extrapolated to the window's edges as Prometheus does;
/// empty with fewer than two samples in it. Samples sorted by time, both edges included.
/// Source: Prometheus 2.53, promql/functions.go, extrapolatedRate.
[[nodiscard]] std::optional<double> increase(std::span<const MetricPoint> samples, qint64 from, qint64 to);
/// increase() a second.
[[nodiscard]] std::optional<double> rate(std::span<const MetricPoint> samples, qint64 from, qint64 to);

/// Upper bound (le) → cumulative count. Source: Prometheus 2.53, promql/quantile.go, bucketQuantile.
[[nodiscard]] double histogramQuantile(double quantile, const QMap<double, double> &buckets);

/** A counter at one scrape. epoch tells the processes apart where the instance says when it started (0: it does not). */
struct Reading {
    qint64 time = 0; ///< ms, monotonic.
    double value = 0;
    double epoch = 0;
};

/// What was counted between two readings of one instance: never negative, whole where the counter
/// is; the new value where the counter or its process started again. Nothing is extrapolated,
/// since a verdict has to name true numbers.
[[nodiscard]] double counted(const Reading &before, const Reading &after);
/// Over all readings with from ≤ time ≤ to.
[[nodiscard]] double counted(std::span<const Reading> readings, qint64 from, qint64 to);

} // namespace cutover::counters
