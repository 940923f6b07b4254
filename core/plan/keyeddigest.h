// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// BLAKE2b-256 of the content under the control host's own random key (STATE/secret.key, mode 0600,
/// made at first use), lower-case hexadecimal: equal for equal content, yet a short secret can't be
/// guessed from it by whoever reads plan or journal. Any thread; blocking.
[[nodiscard]] Result<QString> keyedDigest(const QString &stateDirectory, const QByteArray &content);

/// A 256-bit key for one purpose (8 characters), derived from the same file by libsodium's crypto_kdf,
/// so that no digest of any content can be that key. Any thread; blocking.
[[nodiscard]] Result<QByteArray> derivedKey(const QString &stateDirectory, const char (&purpose)[9]);

/// The fact that holds a configuration file's keyed digest; absent when the file is.
[[nodiscard]] QString configurationFact(const QString &file);

} // namespace cutover
