// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/theme.h"

#include <QIcon>

#include <optional>

namespace cutover {

/// A Breeze icon drawn in the theme's text colour, or in role's, as it is when painted: it follows
/// a change of theme by itself. Where Breeze lacks the name, the platform's icon of that name.
[[nodiscard]] QIcon themeIcon(const QString &name, std::optional<Theme::Role> role = std::nullopt);

} // namespace cutover
