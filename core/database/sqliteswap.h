// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

namespace cutover {

// The files of a SQLite database that can't be read any more: the file itself, its rollback journal and
// its write-ahead log. They are evidence, so that they are moved and never deleted. Blocking, small.

/// The file that a name leads to, links followed, whether or not it is there.
[[nodiscard]] QString linkedFile(const QString &file);
/// Whether the file, or what is left beside it, says that it had a write-ahead log.
[[nodiscard]] bool hadWriteAheadLog(const QString &file);
/// Who may use a file; empty: there is none.
[[nodiscard]] std::optional<FileAccess> accessOf(const QString &file);
/// Mode and owner of the damaged file for the file that takes its place; where there is none, those that the
/// backup knows; where it knows none either, the file stays private, and root gives it to the owner of the
/// folder. "database.owner".
[[nodiscard]] Result<> giveToOwnerOf(const QString &damaged, const std::optional<FileAccess> &known, const QString &file);
/// Moves all of file's that is there to aside, which has the same endings; safe to repeat. "database.aside_taken".
[[nodiscard]] Result<> moveDatabase(const QString &file, const QString &aside);

} // namespace cutover
