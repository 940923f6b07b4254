// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/checklist.h"
#include "database/postgressession.h"

#include <QMap>

namespace cutover {

/// Whether a whole copy of a PostgreSQL database fits beside it, with its WAL and what must stay free: "check.postgres_space" where
/// it doesn't; a doubt, with the "cause" in its arguments, where that can't be measured. atLeast: bytes that the copy takes, where
/// that is more than the database itself. Blocking, from a Worker.
[[nodiscard]] Result<Finding> roomForCopy(const DatabaseSpec &spec, const Target &target, postgres::Session &session, qint64 atLeast = 0);

/// The same for several, all of them at once: the error of the first that has no room; why others were not measured is returned.
/// copies: by the name of the database, atLeast. Event-loop thread.
[[nodiscard]] Async<QList<Error>> lookForCopies(Target target, QMap<QString, qint64> copies);

} // namespace cutover
