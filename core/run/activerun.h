// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Whether a run of that state folder has not ended, by those who know best: the run lock and the
/// journal. Opens the journal to read only, and makes nothing. Blocking: from a Worker on a GUI thread.
[[nodiscard]] Result<bool> hasRun(const QString &stateDirectory);

} // namespace cutover
