// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>

#include <functional>

namespace cutover {

/// An entry of "redis" in target.yaml: name, host and port or socket, user, password, max_memory, backup. Problems go to
/// the map's report. Relative paths are of folder. names: told each name, as all must differ.
[[nodiscard]] RedisSpec readRedis(yaml::Map &map, const QDir &folder, const std::function<void(const yaml::Value &value, const QString &name)> &names);

} // namespace cutover
