// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>
#include <QStringList>

namespace cutover {

/// A word that a POSIX shell takes for exactly these bytes, whatever they are: for ssh, which hands one
/// line to the shell of the other side. Error "system.null_byte": no argument can hold one.
[[nodiscard]] Result<QByteArray> shellWord(const QByteArray &word);

/// A program and its arguments as one line. In the local encoding, as arguments of a process here are.
[[nodiscard]] Result<QByteArray> shellLine(const QStringList &words);

} // namespace cutover
