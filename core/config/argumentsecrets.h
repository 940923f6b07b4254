// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "config/secrets.h"

namespace cutover {

/**
 * What of a program's argument at an index is a secret written out, named for people and never told:
 * "://…:…@" for a URL's password, an option or assignment by its name ("--password"), "…" for a value that
 * the mask has learned. Empty: nothing. A reference ("file:", "env:", "$NAME", "{placeholder}"), a path and the name of
 * a file ("--password-file") are none: arguments are read by everybody on the machine, those tell nothing.
 */
[[nodiscard]] QString secretInArgument(const QStringList &arguments, qsizetype at, const SecretMask &mask);

} // namespace cutover
