// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "crashdriver.h"

namespace cutover::testing {

/// main() of a program that explores, by several processes of itself side by side: --kind, --scenario NAME,
/// --jobs N, --shard i/n, --resume FILE, --sample N, --seed N, --boundaries, --budget SECONDS, --keep FOLDER.
/// Exit code 0: all judged well; 1: not; 2: wrong arguments; 128 and a signal's number: ended by that.
[[nodiscard]] int crashMain(const QStringList &arguments, const QList<CrashScenario *> &scenarios);

} // namespace cutover::testing
