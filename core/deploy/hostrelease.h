// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/**
 * Has a release that is installed here on a host, too: HOST.releases/VERSION, which appears whole or not at all. What is
 * there already stays, what was brought before a link broke is not brought again, and all of it is compared by SHA-256 in the
 * end. What was brought is kept in HOST.releases/.VERSION.list: of that nothing may be missing or changed later, while what
 * runs from a folder may write into it, there and here. Needs tar, find, xargs and sha256sum (GNU) over there. Errors
 * "deploy.no_release", "host.release_differs" where that version lies there with other content, and those of SshProcesses.
 * Event-loop thread.
 */
[[nodiscard]] Async<> bringRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop);

/// Whether that release lies on the host as it was brought from here: "host.release_missing", "host.release_differs".
[[nodiscard]] Async<> checkRelease(Target target, HostSpec host, QString version, RuntimeTools tools, std::stop_token stop);

/// Whether it lies there at all, which it does whole; whatever was changed in it since.
[[nodiscard]] Async<bool> hasRelease(HostSpec host, QString version, RuntimeTools tools, std::stop_token stop);

/// Removes all versions but these from the hosts that services of the target run on. One host that can't be asked keeps none
/// of the others from it; the first error.
[[nodiscard]] Async<> removeReleases(Target target, QStringList used, RuntimeTools tools);

} // namespace cutover
