// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/runmarkers.h"

#include "common/times.h"

namespace cutover {

QList<ChartMarker> runMarkers(const RunRecord &run, const EventRecord &turn)
{
    QList<ChartMarker> markers;
    if (run.started.isValid()) {
        const bool back = run.plan.kind == u"rollback";
        markers.append({back ? ChartMarker::Kind::Rollback : ChartMarker::Kind::Update, run.started.toMSecsSinceEpoch(), run.plan.to,
                        back ? Chart::tr("Rollback to %1 started, %2").arg(run.plan.to, exactTime(run.started))
                             : Chart::tr("Update to %1 started, %2").arg(run.plan.to, exactTime(run.started))});
    }
    if (turn.time.isValid()) {
        markers.append({ChartMarker::Kind::Rollback, turn.time.toMSecsSinceEpoch(), run.plan.from,
                        Chart::tr("Going back to %1 since %2. %3").arg(run.plan.from, exactTime(turn.time), turn.message.text())});
    }
    return markers;
}

} // namespace cutover
