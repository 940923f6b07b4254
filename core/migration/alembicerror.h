// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover::alembic {

/** What Alembic's last words say of why it ended. Values of rows are never among it. */
struct Failure {
    QString exception; ///< "sqlalchemy.exc.ProgrammingError"; empty: refused by Alembic itself.
    QString reason; ///< The exception's message, in one line.
    QString statement; ///< What follows "[SQL:", in one line; empty: none was under way.
    QString file; ///< The last line of the release's own code that was on its way there.
    int line = 0;
    QString revision; ///< That was under way, as its log tells; empty: none yet.
    QString unknownRevision; ///< What it can't locate.
};

/// Reads a traceback, or a "FAILED:" line. root: folder of the release's own code. Any thread.
[[nodiscard]] Failure parseFailure(const QString &output, const QString &errorOutput, const QString &root);

} // namespace cutover::alembic
