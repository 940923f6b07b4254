// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"
#include "plan/step.h"

namespace cutover {

/// Downloads a release into STATE/downloads, verifies it and unpacks a copy below STATE/cache to look
/// at. Changes nothing that serves; everything is found again by the next call. Event-loop thread.
[[nodiscard]] Async<StagedRelease> stageRelease(Target target, ReleaseInfo release, std::stop_token stop,
                                                std::function<void(const Progress &)> progress);

} // namespace cutover
