// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <optional>

namespace cutover {

/// The first thing that two targets on one machine would both write to or run: a folder, a file, a database, a port, a unit,
/// a Compose project, a balancer. none: each is by itself. What one only reads (repository, keys) may be shared. Links are followed.
/// On further hosts, which are told apart by their addresses: a port, a unit, the folder of releases.
[[nodiscard]] std::optional<Message> sharedBetween(const Target &one, const Target &other);

/// The same by what servers say of themselves (system identifier and database): asks them. One that doesn't answer shares nothing now.
[[nodiscard]] std::optional<Message> sharedDatabase(const Target &one, const Target &other);

} // namespace cutover
