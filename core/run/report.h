// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

namespace cutover {

/// Stands between two parts of a report, for who lays it out part by part: each is HTML by itself.
inline constexpr QLatin1StringView reportPart("<!-- part -->");

/** A table of a report that another room brings. */
struct ReportSection {
    QString heading;
    QList<std::pair<int, QString>> columns; ///< Width in percent, header.
    QList<QStringList> rows; ///< Fewer cells than columns: the last one takes the rest of the row.
};

/// The report of a run as one self-contained HTML page; sections stand behind its checks. Pure.
[[nodiscard]] QString reportHtml(const RunRecord &run, const QList<StepRecord> &steps, const QList<EventRecord> &events,
                                 const QList<CommandRecord> &commands, const QList<ReportSection> &sections = {});

} // namespace cutover
