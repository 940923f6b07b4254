// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QJsonObject>

namespace cutover {

/// A password longer than this is none.
constexpr qint64 longestPassword = 4096;
/// The first line of a file that holds a password; "-": of standard input. Without the space around it; may be empty.
[[nodiscard]] Result<QByteArray> passwordFrom(const QString &file);
/// What 'cutoverctl plan --output' wrote. Error "cli.bad_plan".
[[nodiscard]] Result<QJsonObject> readPlanFile(const QString &file);

} // namespace cutover
