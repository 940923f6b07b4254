// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/ssh.h"

namespace cutover {

/// ssh's own exit code; every other is the other side's.
inline constexpr int SshFailed = 255;

/**
 * Why ssh itself failed, by what it said. Permanent where trying again can't help before a person has done something
 * (host key, login), transient where the link or the host is at fault. output: its standard error. Codes "ssh.*". Any thread.
 */
[[nodiscard]] Error sshLinkFailure(const SshHost &host, const QByteArray &output);

} // namespace cutover
