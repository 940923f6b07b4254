// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

namespace cutover {

/// What somebody who is called at night has to be told about a run that needs a person; plain text for copying.
[[nodiscard]] QString incidentSummary(const RunView &view, const TargetView &target, const QString &lastLine);

/// The one sentence why the run is where it is; the failed step's error where no reason was recorded.
[[nodiscard]] QString reasonText(const RunView &view);
/// Whether the step that the run is at is being taken back.
[[nodiscard]] bool isTakingBack(const RunView &view);
/// "Serving users now: 1.3.0.", or that nobody is served, or that it is not known.
[[nodiscard]] QString servingSentence(const RunView &view);
/// "Not serving: backend-2." where the others serve; else empty.
[[nodiscard]] QString silentSentence(const RunView &view);

} // namespace cutover
