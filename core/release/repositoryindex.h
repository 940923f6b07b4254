// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// What Repository::writeIndex() would write for the packages of a folder. Blocking; reads each package whole.
[[nodiscard]] Result<QJsonObject> indexOf(const QString &folder);

} // namespace cutover
