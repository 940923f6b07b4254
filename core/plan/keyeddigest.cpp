// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/keyeddigest.h"

#include "system/filelock.h"
#include "system/files.h"
#include "system/random.h"

#include <QFile>

#include <sodium.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<QByteArray> secretKey(const QString &stateDirectory)
{
    const QString path = stateDirectory + u"/secret.key"_s;
    if (!QFile::exists(path)) {
        CHECK(files::makePath(stateDirectory));
        // Two processes may get here at once; the folder's lock leaves nothing behind.
        TRY(const FolderTurn turn, FolderTurn::take(stateDirectory));
        if (!QFile::exists(path)) {
            CHECK(files::replace(path, Random::system().bytes(crypto_generichash_KEYBYTES), files::privateFile));
        }
    }
    TRY(QByteArray key, files::read(path, 1024));
    if (key.size() != crypto_generichash_KEYBYTES) {
        return fail(u"plan.secret_key_size"_s, {{u"size"_s, key.size()}, {u"expected"_s, int(crypto_generichash_KEYBYTES)}}, path);
    }
    return key;
}

} // namespace

Result<QString> keyedDigest(const QString &stateDirectory, const QByteArray &content)
{
    TRY(const QByteArray key, secretKey(stateDirectory));
    QByteArray hash(crypto_generichash_BYTES, Qt::Uninitialized);
    crypto_generichash(reinterpret_cast<unsigned char *>(hash.data()), size_t(hash.size()),
                       reinterpret_cast<const unsigned char *>(content.constData()), size_t(content.size()),
                       reinterpret_cast<const unsigned char *>(key.constData()), size_t(key.size()));
    return QString::fromLatin1(hash.toHex());
}

Result<QByteArray> derivedKey(const QString &stateDirectory, const char (&purpose)[9])
{
    static_assert(crypto_kdf_KEYBYTES == crypto_generichash_KEYBYTES && crypto_kdf_CONTEXTBYTES == 8);
    TRY(const QByteArray key, secretKey(stateDirectory));
    QByteArray derived(crypto_secretstream_xchacha20poly1305_KEYBYTES, Qt::Uninitialized);
    crypto_kdf_derive_from_key(reinterpret_cast<unsigned char *>(derived.data()), size_t(derived.size()), 1, purpose,
                               reinterpret_cast<const unsigned char *>(key.constData()));
    return derived;
}

QString configurationFact(const QString &file)
{
    return u"configuration:"_s + file;
}

} // namespace cutover
