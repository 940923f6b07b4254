// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

/**
 * Signatures in minisign's format: Ed25519 over the BLAKE2b-512 hash of a file ("ED"), and a second one
 * over signature and trusted comment. Format: https://jedisct1.github.io/minisign/ . Any thread. Codes "package.*".
 */
namespace cutover::minisign {

/** BLAKE2b-512 of what is added piece by piece. */
class Hash
{
public:
    Hash();
    void add(const void *data, size_t size);
    [[nodiscard]] QByteArray result(); ///< Ends it.

private:
    alignas(64) unsigned char m_state[384];
};

struct Checked {
    QString keyId; ///< As minisign prints it: 16 upper-case hexadecimal digits.
    QString trustedComment;
};

/// The content of a .minisig file. secretKeyFile: a path, or "env:NAME" for a variable that holds the path.
[[nodiscard]] Result<QByteArray> sign(const QByteArray &hash, const QString &secretKeyFile, const QString &trustedComment);
/// Any changed byte but in the text of the untrusted comment is an error. where: for errors.
[[nodiscard]] Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QStringList &publicKeyFiles,
                                     const QString &where);
/// Both files are still free: "package.key_exists".
[[nodiscard]] Result<> mayGenerateKeys(const QString &secretKeyFile, const QString &publicKeyFile);
[[nodiscard]] Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile);

} // namespace cutover::minisign
