// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QIcon>

namespace cutover {

/// Of the program itself, for its windows; in the sizes that are installed, too.
[[nodiscard]] QIcon programIcon();

} // namespace cutover
