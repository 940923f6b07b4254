// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <functional>

namespace cutover {

/// An entry of "hosts" in target.yaml: name, ssh as [USER@]HOST[:PORT], and releases. Problems go to the map's report. names:
/// told each name, as all must differ.
[[nodiscard]] HostSpec readHost(yaml::Map &map, const Target &target, const std::function<void(const yaml::Value &value, const QString &name)> &names);

/// The host that "host" of a map names; the control host where it names none. An unknown name is reported with the nearest one.
[[nodiscard]] HostSpec namedHost(yaml::Map &map, const QList<HostSpec> &hosts);

} // namespace cutover
