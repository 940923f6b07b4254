// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// Encrypts content so that no file of ours holds a secret in the clear: libsodium's secretstream
/// (XChaCha20-Poly1305) under a key derived from the control host's STATE/secret.key. Any thread; blocking.
[[nodiscard]] Result<QByteArray> seal(const QString &stateDirectory, const QByteArray &content);
/// Error "backup.sealed" when it was altered or sealed on another control host.
[[nodiscard]] Result<QByteArray> unseal(const QString &stateDirectory, const QByteArray &sealed, const QString &where);

/// A value of a plan that may not be read in it, as base64: XChaCha20-Poly1305, bound to its name. The same
/// name and value give the same text, so that the same plan has the same digest. Any thread; blocking.
[[nodiscard]] Result<QString> sealValue(const QString &stateDirectory, const QString &name, const QString &value);
/// Error "backup.sealed_value" when it was altered, or sealed for another name or on another control host.
[[nodiscard]] Result<QString> unsealValue(const QString &stateDirectory, const QString &name, const QString &sealed);

} // namespace cutover
