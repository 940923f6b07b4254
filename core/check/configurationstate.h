// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/// How the configuration files are: file → {digest of the whole, keys {KEY: digest of its value}}, all of them keyed, so
/// that a journal which holds it tells no value. A file that can't be read is left out; one that is no .env file has no
/// keys. Looked at in a thread of its own.
[[nodiscard]] Async<QJsonObject> configurationNow(Target target);

/// What stands otherwise in content than such an entry of a file says, as messages: keys changed, added, removed.
/// Empty where the entry knows no keys. Blocking.
[[nodiscard]] QJsonArray configurationDifferences(const QString &stateDirectory, const QString &file, const QByteArray &content, const QJsonObject &entry);

} // namespace cutover
