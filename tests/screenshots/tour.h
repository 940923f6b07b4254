// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "screenshots/gallery.h"

namespace cutover {

/// Updates a real demo system in the window, rolls it back, and lets the watch take a faulty release
/// back, drawing each page on the way ("real-…"). What went wrong, or empty. A few minutes.
[[nodiscard]] QString tour(Gallery &gallery);

} // namespace cutover
