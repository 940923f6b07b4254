// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// A .env file's content after a "configure" step: params {file, set, sealed, secrets, remove}. Sealed values
/// and the references under secrets are opened here and nowhere earlier.
[[nodiscard]] Result<QByteArray> configuredContent(const QString &stateDirectory, const QByteArray &content, const QString &file,
                                                   const QJsonObject &params);

} // namespace cutover
