// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>
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

/** What a signature is checked with. Value type. */
struct PublicKey {
    QByteArray id;
    QByteArray key;
    [[nodiscard]] QString text() const; ///< As the second line of its file: id and key.
    [[nodiscard]] QString keyId() const; ///< As minisign prints it.
    [[nodiscard]] bool operator==(const PublicKey &) const = default;
};

struct Checked {
    QString keyId; ///< As minisign prints it: 16 upper-case hexadecimal digits.
    QString trustedComment;
};

/// The content of a .minisig file. secretKeyFile: a path, or "env:NAME" for a variable that holds the path.
/// password: of a protected key; "package.key_encrypted" where one is needed, "package.key_password" where it is another.
/// Taking one key's password apart needs time and memory on purpose (minisign's own keys: seconds, 1 GB). Blocking.
[[nodiscard]] Result<QByteArray> sign(const QByteArray &hash, const QString &secretKeyFile, const QString &trustedComment, const QByteArray &password = {});
/// Whether a secret key is protected by a password.
[[nodiscard]] Result<bool> needsPassword(const QString &secretKeyFile);
/// "package.key_format", or why the file can't be read. Blocking.
[[nodiscard]] Result<PublicKey> readPublicKey(const QString &file);
/// Any changed byte but in the text of the untrusted comment is an error. where: for errors.
[[nodiscard]] Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QList<PublicKey> &keys, const QString &where);
/// The same, with keys that are read from their files, each when its turn comes. Blocking.
[[nodiscard]] Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QStringList &publicKeyFiles,
                                     const QString &where);
/// Both files are still free: "package.key_exists".
[[nodiscard]] Result<> mayGenerateKeys(const QString &secretKeyFile, const QString &publicKeyFile);
/// password: protects the secret key; empty: it isn't protected.
[[nodiscard]] Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile, const QByteArray &password = {});

} // namespace cutover::minisign
