// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/// Volumes of the target's own projects that no container has, running or not; by name.
struct UnusedVolumes {
    QStringList leftover; ///< compose.prune_volumes names them, and no release declares them: these may go, with what is in them.
    QStringList others; ///< Told, and never removed.
};

/**
 * What the Compose files of these versions, and those in further folders, declare is not left over, for any service or none,
 * whatever colour. Changes nothing. Errors "compose.*", and "deploy.no_release" where a version's release is not there to tell.
 */
[[nodiscard]] Async<UnusedVolumes> unusedVolumes(Target target, QStringList versions, QStringList folders = {}, std::stop_token stop = {});

/// Removes volumes by these names, never by force; those that are gone, or in use after all, are passed over. What was removed.
[[nodiscard]] Async<QStringList> removeVolumes(Target target, QStringList volumes, RuntimeTools tools);

} // namespace cutover
