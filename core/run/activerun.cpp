// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/activerun.h"

#include "run/journal.h"
#include "run/runlock.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

Result<bool> hasRun(const QString &stateDirectory)
{
    TRY(const auto owner, RunLock::owner(stateDirectory));
    // What a run that has ended left running keeps its lock held, and is no run.
    bool over = false;
    if (owner && !owner->lives()) {
        TRY(over, RunLock::isOver(stateDirectory));
    }
    if (owner && !over) {
        return true;
    }
    if (!QFileInfo::exists(stateDirectory + u"/journal.db"_s)) {
        return false; // Nothing was ever run here.
    }
    TRY(const auto journal, Journal::open(stateDirectory, Journal::Mode::ReadOnly));
    TRY(const auto active, journal->activeRun());
    return active.has_value();
}

} // namespace cutover
