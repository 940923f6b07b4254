// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

namespace cutover {

/// Loads the texts of the user's language; English, which has the plural forms, where there are none.
/// Once, after the application object is made. GUI thread.
void installTranslations();

} // namespace cutover
