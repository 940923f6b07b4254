// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"

namespace cutover {

/// At most limit (at least 4) of the points of a range, which are in order of time: all of them, or,
/// when there are more, the smallest and the largest of each of limit / 2 equal spans of time, so that
/// a peak of one sample never disappears. Spans begin at multiples of their width, not at from: the
/// same points come out when the range moves on a little. from, to: ms since the epoch.
[[nodiscard]] QList<MetricPoint> thinned(const QList<MetricPoint> &points, qint64 from, qint64 to, qsizetype limit);

} // namespace cutover
