// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace cutover {

/// What this console calls itself towards control hosts: random, made once per home folder
/// (AppConfigLocation/session) and kept, so that a console which is started again still has the conn.
/// Where nothing can be written, one for this process alone. Blocking, small; any thread.
[[nodiscard]] QString consoleSession();

} // namespace cutover
