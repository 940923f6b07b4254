// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/// What the instances of a service wrote, or one instance by its name, secrets hidden. told outlives the task. request: its
/// instances are filled in. A followed log ends with "system.cancelled". Errors "logs.unknown" {name, known}, "logs.no_times",
/// and the runtime's own. Event-loop thread.
[[nodiscard]] Async<> serviceLogs(Target target, QString name, LogRequest request, LogSink told, std::stop_token stop = {});

} // namespace cutover
