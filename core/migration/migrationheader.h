// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migration/migrationchain.h"

namespace cutover {

/// Reads the "-- cutover:" lines of one file into migration. Error "migration.header" with FILE:LINE.
[[nodiscard]] Result<> readMigrationHeader(const QString &script, const QString &file, Migration &migration);

} // namespace cutover
