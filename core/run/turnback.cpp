// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/turnback.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

std::optional<EventRecord> turnOf(const QList<EventRecord> &events)
{
    // A decision's event comes before the first step that is taken back; a run that is resumed by
    // another process may have only the latter.
    static const QStringList codes{u"run.step_failed_reverting"_s, u"run.turn_back"_s, u"run.hold_expired"_s, u"run.aborted_by"_s,
                                   u"run.rolled_back_by"_s, u"run.step_reverting"_s};
    const auto found = std::ranges::find_if(events, [](const EventRecord &event) { return codes.contains(event.message.code); });
    return found == events.end() ? std::nullopt : std::optional(*found);
}

bool wentBack(RunState state)
{
    return state == RunState::Reverting || state == RunState::RolledBack;
}

} // namespace cutover
