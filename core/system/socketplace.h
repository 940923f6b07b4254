// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace cutover {

/**
 * Where a Unix socket lies that is to be called FOLDER/NAME: there, or, where that path is too long for the kernel, in a
 * folder of this account's own below the temporary one, under a name made of it, or of the mark where there is one. The same
 * for every process. Empty where that folder belongs to somebody else or can be entered by others. Any thread.
 */
[[nodiscard]] QString socketPlace(const QString &folder, const QString &name, const QString &mark = {});

/// The folder of this account's own below the temporary one; empty where it belongs to somebody else or can be entered by others.
[[nodiscard]] QString ownTemporaryFolder();

/// Whether it is a folder of this account that nobody else may enter; made so where there is none yet.
[[nodiscard]] bool isPrivateFolder(const QString &folder);

} // namespace cutover
