// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Absolute path of one of our own programs: in CUTOVER_BIN where that is set, else beside the
/// running one, else in PATH. Error "system.no_program".
[[nodiscard]] Result<QString> programPath(const QString &name);

/** What this machine knows of whoever runs a process. */
struct Login {
    QString account; ///< That the process runs as.
    QString login; ///< That somebody logged in with, or became root from; empty: not known, or the same.
    QString host;
    QString person; ///< Who uses a shared account, as they say.
};
/// "user@host"; "ann@host (as root)" behind sudo; "kim (user@host)" where an account is shared; "kim (ann@host as root)". Pure.
[[nodiscard]] QString nameOf(const Login &login);
/// For audit, conn and approval. The account is always told, and the one behind it (/proc/self/loginuid, which no program can
/// change without the right to; else SUDO_USER), so that becoming root makes nobody another person. CUTOVER_OPERATOR says
/// who uses a shared account.
[[nodiscard]] QString whoAmI();

} // namespace cutover
