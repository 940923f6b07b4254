// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "chart/chart.h"
#include "run/turnback.h"

namespace cutover {

/// When a run began, and when it turned back: turn is its event for that (see turnOf()), or empty.
[[nodiscard]] QList<ChartMarker> runMarkers(const RunRecord &run, const EventRecord &turn);

} // namespace cutover
