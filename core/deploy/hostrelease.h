// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/**
 * Has a release that is installed here on a host, too: HOST.releases/VERSION, which appears whole or not at all. What is
 * there already stays, what was brought before a link broke is not brought again, and all of it is compared by SHA-256 in the
 * end. Needs tar, find and sha256sum (GNU) over there. Errors "deploy.no_release", "host.release_differs" where that
 * version lies there with other content, and those of SshProcesses. Event-loop thread.
 */
[[nodiscard]] Async<> bringRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop);

/// Whether that release lies on the host just as it does here: "host.release_missing", "host.release_differs".
[[nodiscard]] Async<> checkRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop);

/// Removes these versions from the hosts that services of the target run on, after they were removed here.
[[nodiscard]] Async<> removeReleases(Target target, QStringList versions, RuntimeTools tools);

} // namespace cutover
