// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/controlhost.h"

namespace cutover {

/// Takes --host and --remote-program out of a command line; a local host where there is none. Errors "ssh.bad_host",
/// "cli.option_value", "cli.remote_program".
[[nodiscard]] Result<ControlHost> takeHost(QStringList &words);

/**
 * Runs a command of ours on a control host, with what it prints and its exit code. Files that it names are the host's,
 * relative ones from the home folder; CUTOVER_TARGET of this machine goes with it, and so does who asks. It can ask
 * questions where this process has a terminal. Errors "ssh.*" are told as others are.
 */
[[nodiscard]] int runOnHost(const ControlHost &host, QStringList words);

} // namespace cutover
