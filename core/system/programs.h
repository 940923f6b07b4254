// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Absolute path of one of our own programs: in CUTOVER_BIN where that is set, else beside the
/// running one, else in PATH. Error "system.no_program".
[[nodiscard]] Result<QString> programPath(const QString &name);

/// For audit and conn: "user@host", or "kim (user@host)" where an account is shared and
/// CUTOVER_OPERATOR says who uses it. The account is always told: it is what this machine knows.
[[nodiscard]] QString whoAmI();

} // namespace cutover
