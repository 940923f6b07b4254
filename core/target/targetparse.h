// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/// As Target::load() reads it, of a file that need not be there yet: path is where it would lie.
[[nodiscard]] Result<Target> parseTarget(const QByteArray &bytes, const QString &path);

} // namespace cutover
