// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/ssh.h"

namespace cutover {

/** The machine where a target's journal, lock and runs live, as ssh reaches it. Value type, any thread. */
struct ControlHost : SshHost {
    QString program = QStringLiteral("cutoverctl"); ///< Where it lies over there.

    /// As SshHost::parse(). Error "ssh.bad_host".
    [[nodiscard]] static Result<ControlHost> parse(const QString &text);
};

/**
 * Why ssh, or the shell behind it, could not run a program of the control host; an empty code where
 * the program itself ended. Permanent where trying again can't help before a person has done something
 * (host key, login, a program that is missing), transient where the link or the host is at fault.
 * output: ssh's standard error. Any thread.
 */
[[nodiscard]] Error sshFailure(const ControlHost &host, int exitCode, const QByteArray &output);

} // namespace cutover
