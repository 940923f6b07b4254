// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Absolute path of one of our own programs: in CUTOVER_BIN where that is set, else beside the
/// running one, else in PATH. Error "system.no_program".
[[nodiscard]] Result<QString> programPath(const QString &name);

/// "user@host", for audit and conn.
[[nodiscard]] QString whoAmI();

} // namespace cutover
