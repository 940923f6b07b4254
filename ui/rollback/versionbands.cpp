// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/versionbands.h"

#include <algorithm>

namespace cutover {

QList<VersionBand> versionBands(QList<RunRecord> runs, const QDateTime &begin, const QDateTime &now, const QString &installed)
{
    runs.removeIf([](const RunRecord &run) {
        return (run.state != RunState::Succeeded && run.state != RunState::RolledBack) || !run.ended.isValid();
    });
    std::ranges::sort(runs, {}, &RunRecord::ended);

    QList<VersionBand> bands;
    QDateTime since = begin;
    QString version = runs.isEmpty() ? installed : runs.first().plan.from;
    const auto close = [&](const QDateTime &until) {
        if (until > since && !version.isEmpty()) {
            if (!bands.isEmpty() && !bands.last().withdrawn && bands.last().version == version) {
                bands.last().to = until;
            } else {
                bands << VersionBand{version, since, until, false};
            }
        }
        since = std::max(since, until);
    };
    for (const RunRecord &run : std::as_const(runs)) {
        if (run.state == RunState::Succeeded) {
            close(run.ended);
            version = run.plan.to;
        } else if (run.started.isValid() && run.ended > since) {
            close(run.started);
            bands << VersionBand{run.plan.to, since, run.ended, true};
            since = run.ended;
            version = run.plan.from;
        }
    }
    if (!installed.isEmpty()) {
        version = installed;
    }
    close(now);
    return bands;
}

} // namespace cutover
