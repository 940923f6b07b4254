// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/// What must stay free where a database grows, in bytes: its own "minimum_free", else that of the checks.
[[nodiscard]] qint64 minimumFree(const Target &target, const DatabaseSpec &database);

/// Whether each database of the target whose folders this host sees has half of that left; "space.low" {database, path, free,
/// floor}. The pre-check asks for all of it beside what the update writes, so that less than half means that something else
/// writes. Where it can't be measured, the run goes on: the reasons are returned. Event-loop thread.
[[nodiscard]] Async<QList<Error>> lookAtSpace(Target target);

} // namespace cutover
