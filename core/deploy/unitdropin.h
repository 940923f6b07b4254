// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/// Name of our file in a unit's ".d" folder.
[[nodiscard]] QString dropInName();
/// What that file says: which release the unit starts from, and with which program where target.yaml gives one. Pure.
[[nodiscard]] QByteArray dropInText(const Target &target, const ServiceSpec &service, const InstanceSpec &instance, const QString &version);

} // namespace cutover
