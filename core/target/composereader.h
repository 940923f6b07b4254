// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>

namespace cutover {

/// The section "compose" of target.yaml: project, files, program, environment_file, host. Problems go
/// to the map's report. Relative paths are of folder, those of files inside a release.
[[nodiscard]] ComposeSpec readCompose(yaml::Map map, const QDir &folder);

} // namespace cutover
