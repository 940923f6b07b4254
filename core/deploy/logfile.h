// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <functional>
#include <stop_token>

namespace cutover {

/// Tells a file's last lines (-1: all), and with follow those that come, until it is stopped ("system.cancelled"). A file
/// that begins anew, or is not there yet, is read from its beginning. Event-loop thread.
[[nodiscard]] Async<> readLogFile(QString file, int lines, bool follow, std::function<void(const QString &line)> told, std::stop_token stop = {});

} // namespace cutover
