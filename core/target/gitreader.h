// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <functional>

namespace cutover {

/// Reads the keys of a repository that is a git repository; problems are reported at their place.
/// pathOf: of a path as the file has it, the absolute one. commandOf: a program with its arguments.
[[nodiscard]] GitSpec readGit(yaml::Map &map, const std::function<QString(const yaml::Value &)> &pathOf,
                              const std::function<QStringList(const yaml::Value &)> &commandOf);

} // namespace cutover
