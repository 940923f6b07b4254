// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <functional>

namespace cutover {

/// The keys of a service that belong to the strategy "blue_green": "canary", "smoke", "keep_old", and the colours of its
/// instances, read before. Problems go to the map's report; each key has a sentence of its own where the strategy is another.
/// readProbe: reads one smoke test with its name. colours: the value of each instance's "colour", in their order.
void readBlueGreen(yaml::Map &map, ServiceSpec &service, const std::vector<yaml::Value> &colours,
                   const std::function<ProbeSpec(yaml::Map &map, const QString &name)> &readProbe);

/// Reads one instance's "colour".
[[nodiscard]] yaml::Value readColour(yaml::Map &entry, InstanceSpec &instance);

/// "colours" of the section "compose": an environment file for each, as absolute paths.
[[nodiscard]] QMap<QString, QString> readColourFiles(yaml::Map map, const std::function<QString(const yaml::Value &)> &pathOf);

} // namespace cutover
