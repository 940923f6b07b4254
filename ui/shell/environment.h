// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/theme.h"

namespace cutover {

struct EnvironmentLook {
    Theme::Role ink, tint, line;
};
/// Of Target::environment: production can't be mistaken for anything else.
[[nodiscard]] EnvironmentLook environmentLook(const QString &environment);
[[nodiscard]] QString environmentText(const QString &environment); ///< "Production"

} // namespace cutover
