// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"

namespace cutover {

/** One statement of a script. */
struct ScriptStatement {
    QString text;
    int line = 1; ///< Of its first character in the file, from 1.

    /// Names :from or :to, so it runs once per range of a data migration.
    [[nodiscard]] bool isPerRange() const;
};

/// Cuts a script at the semicolons that end statements; strings, comments and triggers by
/// SQLite's own judgement. Error "migration.unfinished" with FILE:LINE of the statement's start.
[[nodiscard]] Result<QList<ScriptStatement>> splitScript(const QString &script, const QString &file);

/// Runs statements inside the caller's transaction; from and to are bound where they are named.
/// Statements that would end that transaction or reach another file are refused. Errors carry FILE:LINE.
[[nodiscard]] Result<> runStatements(sqlite::Connection &connection, const QList<ScriptStatement> &statements, const QString &file,
                                     const QVariant &from = {}, const QVariant &to = {});

} // namespace cutover
