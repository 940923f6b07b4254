// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <functional>

namespace cutover {

/// Reads what people have to agree to before an update: "blackout", "approval", "checklists", "staging".
/// Problems are reported at their place. pathOf: of a path as the file has it, the absolute one.
void readPeople(yaml::Map &map, Target &target, const std::function<QString(const yaml::Value &)> &pathOf);

} // namespace cutover
