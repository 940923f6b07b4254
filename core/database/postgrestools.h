// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"
#include "target/target.h"

/**
 * PostgreSQL's own programs: pg_dump, pg_dumpall, pg_restore. The password reaches them as a password
 * file that exists in memory only, so that no kill can leave it behind.
 */
namespace cutover::postgres {

/** A program to run: name, arguments without connection, and who hears its lines. */
struct ToolRun {
    QString program;
    QStringList arguments;
    QString database; ///< Empty: the spec's own.
    bool connects = true;
    QList<int> inherit = {}; ///< Descriptors that it keeps: the run lock.
    qint64 maxOutput = 256 << 20;
    std::function<void(const QString &line)> onLine; ///< Of standard error.
};

/// The program for a server of that version (170006), as new as the server at least: from the spec's
/// folder, the distribution's folders or PATH. Errors "database.no_tool", "database.tool_version".
[[nodiscard]] Result<QString> toolPath(const DatabaseSpec &spec, const QString &program, int serverVersion);

/// Runs it to its end; its output. On stop its process group is ended first. Errors by their cause:
/// "database.unreachable", "database.dump_space", "database.refused", else "database.tool_failed" with its last words.
/// where: the folder it writes to. Event-loop thread.
[[nodiscard]] Async<QByteArray> runTool(DatabaseSpec spec, int serverVersion, ToolRun run, QString where, std::stop_token stop);

} // namespace cutover::postgres
