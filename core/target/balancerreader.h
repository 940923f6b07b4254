// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>

namespace cutover {

/// The section "balancer" of target.yaml: kind, and what that kind wants to know. Problems go to the map's report;
/// a key of another kind has a sentence of its own. Relative paths are of folder.
[[nodiscard]] BalancerSpec readBalancer(yaml::Map map, const QDir &folder);

/// The path of a Unix socket; reports one that is too long for the kernel.
[[nodiscard]] QString socketPath(const yaml::Value &value, const QDir &folder);

} // namespace cutover
