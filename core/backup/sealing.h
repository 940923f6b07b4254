// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Encrypts content so that a backup holds no secret in the clear: libsodium's secretstream
/// (XChaCha20-Poly1305) under a key derived from the control host's STATE/secret.key. Any thread; blocking.
[[nodiscard]] Result<QByteArray> seal(const QString &stateDirectory, const QByteArray &content);
/// Error "backup.sealed" when it was altered or sealed on another control host.
[[nodiscard]] Result<QByteArray> unseal(const QString &stateDirectory, const QByteArray &sealed, const QString &where);

} // namespace cutover
