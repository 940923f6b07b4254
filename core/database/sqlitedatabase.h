// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

namespace cutover {

/// Database for driver "sqlite".
[[nodiscard]] Result<std::unique_ptr<Database>> makeSqliteDatabase(const DatabaseSpec &spec);

} // namespace cutover
