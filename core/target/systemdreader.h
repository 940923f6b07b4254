// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

namespace cutover {

/// The unit of an instance of the runtimes "systemd" and "systemd_user", with its ".service".
[[nodiscard]] inline const QString &unitOf(const InstanceSpec &instance)
{
    return instance.composeService;
}

/// Reads one instance's "unit", which those runtimes demand; its ".service" may be left out.
[[nodiscard]] yaml::Value readUnit(yaml::Map &entry, InstanceSpec &instance);

} // namespace cutover
