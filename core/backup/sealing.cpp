// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/sealing.h"

#include "plan/keyeddigest.h"

#include <sodium.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr char purpose[9] = "coBackup";
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

} // namespace cutover
