// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/probereader.h"

namespace cutover {

/// What "proves" of a probe or an evidence program may name: each word is an item of the checklist.
[[nodiscard]] const QStringList &provenWords();

/// The section "checks" of target.yaml. Problems go to the map's report. Relative paths are of folder.
[[nodiscard]] CheckSpec readChecks(yaml::Map map, const QDir &folder, const CommandReader &command);

} // namespace cutover
