// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QStringList>

namespace cutover {

/// Processes that hold a write lock on an SQLite database's file or its shared-memory index, as
/// "name (pid)", from /proc/locks; empty when that can't be told. Any thread.
[[nodiscard]] QStringList lockHolders(const QString &databaseFile);

} // namespace cutover
