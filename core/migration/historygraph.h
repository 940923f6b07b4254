// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migration/alembichistory.h"

namespace cutover::alembic {

/** A line of a drawn history: that of a revision, or one between two of them, where branches part or join. */
struct GraphLine {
    QString lanes; ///< "| *", "|\", "|/"; without spaces at its end.
    QString revision; ///< Empty: between.
    bool operator==(const GraphLine &) const = default;
};

/// The revisions as "git log --graph" draws commits, newest first: "*" is a revision, "|" leads from it down to the one that
/// it follows. By down_revision alone; what a revision only depends on is no line. Takes them in any order, and keeps it
/// where it can. Values, any thread.
[[nodiscard]] QList<GraphLine> graphOf(const QList<Revision> &revisions);

} // namespace cutover::alembic
