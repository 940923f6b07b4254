// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/sealing.h"

#include "plan/keyeddigest.h"

#include <sodium.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr char purpose[9] = "coBackup";
constexpr char valuePurpose[9] = "coValues";
constexpr char noncePurpose[9] = "coNonces";
constexpr qsizetype nonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr qsizetype valueTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr QByteArrayView magic{"cutover sealed 1\n"};

unsigned char *bytes(QByteArray &array, qsizetype offset = 0)
{
    return reinterpret_cast<unsigned char *>(array.data()) + offset;
}

const unsigned char *bytes(const QByteArray &array, qsizetype offset = 0)
{
    return reinterpret_cast<const unsigned char *>(array.constData()) + offset;
}

constexpr qsizetype headerSize = magic.size() + qsizetype(crypto_secretstream_xchacha20poly1305_HEADERBYTES);
constexpr qsizetype tagSize = crypto_secretstream_xchacha20poly1305_ABYTES;

} // namespace

Result<QByteArray> seal(const QString &stateDirectory, const QByteArray &content)
{
    TRY(QByteArray key, derivedKey(stateDirectory, purpose));
    QByteArray sealed(headerSize + content.size() + tagSize, Qt::Uninitialized);
    std::copy(magic.begin(), magic.end(), sealed.begin());
    crypto_secretstream_xchacha20poly1305_state state;
    crypto_secretstream_xchacha20poly1305_init_push(&state, bytes(sealed, magic.size()), bytes(key));
    crypto_secretstream_xchacha20poly1305_push(&state, bytes(sealed, headerSize), nullptr, bytes(content), quint64(content.size()),
                                               bytes(sealed), quint64(magic.size()), crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    sodium_memzero(key.data(), size_t(key.size()));
    sodium_memzero(&state, sizeof state);
    return sealed;
}

Result<QByteArray> unseal(const QString &stateDirectory, const QByteArray &sealed, const QString &where)
{
    if (sealed.size() < headerSize + tagSize || !sealed.startsWith(magic)) {
        return fail(u"backup.sealed"_s, {{u"file"_s, where}}, where);
    }
    TRY(QByteArray key, derivedKey(stateDirectory, purpose));
    QByteArray content(sealed.size() - headerSize - tagSize, Qt::Uninitialized);
    crypto_secretstream_xchacha20poly1305_state state;
    unsigned char tag = 0;
    const bool whole = crypto_secretstream_xchacha20poly1305_init_pull(&state, bytes(sealed, magic.size()), bytes(key)) == 0
        && crypto_secretstream_xchacha20poly1305_pull(&state, bytes(content), nullptr, &tag, bytes(sealed, headerSize),
                                                      quint64(sealed.size() - headerSize), bytes(sealed), quint64(magic.size()))
            == 0
        && tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    sodium_memzero(key.data(), size_t(key.size()));
    sodium_memzero(&state, sizeof state);
    if (!whole) {
        return fail(u"backup.sealed"_s, {{u"file"_s, where}}, where);
    }
    return content;
}

Result<QString> sealValue(const QString &stateDirectory, const QString &name, const QString &value)
{
    TRY(QByteArray key, derivedKey(stateDirectory, valuePurpose));
    TRY(QByteArray nonceKey, derivedKey(stateDirectory, noncePurpose));
    const QByteArray content = value.toUtf8();
    const QByteArray bound = name.toUtf8();
    QByteArray sealed(nonceSize + content.size() + valueTagSize, Qt::Uninitialized);
    // Taken from name and value instead of at random: it repeats only where the whole does.
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, bytes(nonceKey), size_t(nonceKey.size()), size_t(nonceSize));
    crypto_generichash_update(&hash, bytes(bound), quint64(bound.size()));
    crypto_generichash_update(&hash, reinterpret_cast<const unsigned char *>(""), 1);
    crypto_generichash_update(&hash, bytes(content), quint64(content.size()));
    crypto_generichash_final(&hash, bytes(sealed), size_t(nonceSize));
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(sealed, nonceSize), nullptr, bytes(content), quint64(content.size()), bytes(bound),
                                               quint64(bound.size()), nullptr, bytes(sealed), bytes(key));
    sodium_memzero(key.data(), size_t(key.size()));
    sodium_memzero(nonceKey.data(), size_t(nonceKey.size()));
    return QString::fromLatin1(sealed.toBase64());
}

Result<QString> unsealValue(const QString &stateDirectory, const QString &name, const QString &sealed)
{
    const QByteArray content = QByteArray::fromBase64(sealed.toLatin1());
    if (content.size() < nonceSize + valueTagSize) {
        return fail(u"backup.sealed_value"_s, {{u"name"_s, name}});
    }
    TRY(QByteArray key, derivedKey(stateDirectory, valuePurpose));
    const QByteArray bound = name.toUtf8();
    QByteArray value(content.size() - nonceSize - valueTagSize, Qt::Uninitialized);
    const bool whole = crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(value), nullptr, nullptr, bytes(content, nonceSize),
                                                                  quint64(content.size() - nonceSize), bytes(bound), quint64(bound.size()),
                                                                  bytes(content), bytes(key))
        == 0;
    sodium_memzero(key.data(), size_t(key.size()));
    if (!whole) {
        return fail(u"backup.sealed_value"_s, {{u"name"_s, name}});
    }
    return QString::fromUtf8(value);
}

} // namespace cutover
