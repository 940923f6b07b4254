// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/report.h"

namespace cutover {

/// Who started a run, who approved its plan, who broke the glass, for which gates and why: for its report. events: all of the
/// run's; approvals: of its plan. Pure.
[[nodiscard]] ReportSection peopleSection(const RunRecord &run, const QList<EventRecord> &events, const QList<ApprovalRecord> &approvals);

} // namespace cutover
