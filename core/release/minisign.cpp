// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/minisign.h"

#include "system/files.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QtEndian>

#include <sodium.h>

#include <algorithm>
#include <cstring>

using namespace Qt::StringLiterals;

namespace cutover::minisign {

namespace {

constexpr qsizetype maxComment = 1024;
constexpr qsizetype idSize = 8;
constexpr qint64 maxKeyFile = 64 << 10;
constexpr auto untrusted = "untrusted comment: ";
constexpr auto trusted = "trusted comment: ";

/// Secret key files: algorithm, key derivation, checksum algorithm, salt, two limits, then id, key, checksum.
constexpr qsizetype secretHeader = 2 + 2 + 2 + 32 + 8 + 8;
constexpr qsizetype checksumSize = 32;
constexpr qsizetype secretSize = secretHeader + idSize + crypto_sign_SECRETKEYBYTES + checksumSize;

const unsigned char *bytes(const QByteArray &data)
{
    return reinterpret_cast<const unsigned char *>(data.constData());
}

unsigned char *bytes(QByteArray &data)
{
    return reinterpret_cast<unsigned char *>(data.data());
}

/** Overwrites a secret when it is left. */
class Wiped
{
public:
    explicit Wiped(QByteArray &data)
        : m_data(data)
    {
    }
    ~Wiped() { sodium_memzero(m_data.data(), size_t(m_data.size())); }
    Q_DISABLE_COPY_MOVE(Wiped)

private:
    QByteArray &m_data;
};

/// Only the one text that encodes the bytes is accepted, so that no bit of it can be changed unnoticed.
QByteArray decode(const QByteArray &text)
{
    const auto decoded = QByteArray::fromBase64Encoding(text, QByteArray::AbortOnBase64DecodingErrors);
    return decoded && decoded.decoded.toBase64() == text ? decoded.decoded : QByteArray();
}

QString idText(const QByteArray &id)
{
    return u"%1"_s.arg(qFromLittleEndian<quint64>(id.constData()), 16, 16, QChar(u'0')).toUpper();
}

QByteArray checksum(const QByteArray &algorithm, const QByteArray &id, const QByteArray &key)
{
    crypto_generichash_state state;
    QByteArray result(checksumSize, '\0');
    crypto_generichash_init(&state, nullptr, 0, checksumSize);
    for (const QByteArray &part : {algorithm, id, key}) {
        crypto_generichash_update(&state, bytes(part), size_t(part.size()));
    }
    crypto_generichash_final(&state, bytes(result), checksumSize);
    return result;
}

bool start()
{
    return sodium_init() >= 0;
}

struct PublicKey {
    QByteArray id;
    QByteArray key;
};

/// The first line of a key file is a comment, the second the key.
Result<QByteArray> readKey(const QString &file)
{
    TRY(QByteArray content, files::read(file, maxKeyFile));
    const Wiped wiped(content);
    const QByteArrayList lines = content.split('\n');
    if (lines.size() < 2 || !lines.at(0).startsWith(untrusted)) {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    return decode(lines.at(1).trimmed());
}

Result<PublicKey> readPublicKey(const QString &file)
{
    TRY(const QByteArray data, readKey(file));
    if (data.size() != 2 + idSize + qsizetype(crypto_sign_PUBLICKEYBYTES) || !data.startsWith("Ed")) {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    return PublicKey{data.mid(2, idSize), data.mid(2 + idSize)};
}

} // namespace

Hash::Hash()
{
    static_assert(sizeof(crypto_generichash_state) <= sizeof m_state && alignof(crypto_generichash_state) <= 64);
    start();
    crypto_generichash_init(reinterpret_cast<crypto_generichash_state *>(m_state), nullptr, 0, 64);
}

void Hash::add(const void *data, size_t size)
{
    crypto_generichash_update(reinterpret_cast<crypto_generichash_state *>(m_state), static_cast<const unsigned char *>(data), size);
}

QByteArray Hash::result()
{
    QByteArray hash(64, '\0');
    crypto_generichash_final(reinterpret_cast<crypto_generichash_state *>(m_state), bytes(hash), 64);
    return hash;
}

Result<QByteArray> sign(const QByteArray &hash, const QString &secretKeyFile, const QString &trustedComment)
{
    start();
    QString file = secretKeyFile;
    if (file.startsWith(u"env:")) {
        const QString variable = file.mid(4);
        file = qEnvironmentVariable(variable.toLatin1().constData());
        if (file.isEmpty()) {
            return fail(u"package.key_variable"_s, {{u"variable"_s, variable}});
        }
    }
    const QByteArray comment = trustedComment.toUtf8();
    if (comment.size() > maxComment || std::ranges::any_of(comment, [](char c) {
            return c == '\n' || c == '\r' || c == '\0';
        })) {
        return fail(u"package.trusted_comment"_s, {{u"maximum"_s, maxComment}});
    }
    TRY(QByteArray data, readKey(file));
    const Wiped wipedData(data);
    if (data.size() != secretSize || !data.startsWith("Ed") || data.mid(4, 2) != "B2") {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    if (data.mid(2, 2) != QByteArray(2, '\0')) {
        return fail(u"package.key_encrypted"_s, {{u"file"_s, file}}, file);
    }
    const QByteArray id = data.mid(secretHeader, idSize);
    QByteArray key = data.mid(secretHeader + idSize, crypto_sign_SECRETKEYBYTES);
    const Wiped wipedKey(key);
    // minisign leaves the checksum of unprotected keys empty; the key's halves tell as much.
    QByteArray publicKey(crypto_sign_PUBLICKEYBYTES, '\0');
    QByteArray derived(crypto_sign_SECRETKEYBYTES, '\0');
    const Wiped wipedDerived(derived);
    crypto_sign_seed_keypair(bytes(publicKey), bytes(derived), bytes(std::as_const(key)));
    if (derived != key) {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    QByteArray signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(bytes(signature), nullptr, bytes(hash), quint64(hash.size()), bytes(key));
    const QByteArray both = signature + comment;
    QByteArray global(crypto_sign_BYTES, '\0');
    crypto_sign_detached(bytes(global), nullptr, bytes(both), quint64(both.size()), bytes(key));
    const QByteArray box = "ED" + id + signature;
    return QByteArray(untrusted + QByteArray("signature from cutover\n") + box.toBase64() + '\n' + trusted + comment + '\n'
                      + global.toBase64() + '\n');
}

Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QStringList &publicKeyFiles, const QString &where)
{
    start();
    if (publicKeyFiles.isEmpty()) {
        return fail(u"package.no_keys"_s, {}, where);
    }
    const auto malformed = [&where](int line) {
        return fail(u"package.signature_format"_s, {{u"line"_s, line}}, where);
    };
    const QByteArrayList lines = signature.split('\n');
    if (!lines.at(0).startsWith(untrusted)) {
        return malformed(1);
    }
    const QByteArray box = decode(lines.value(1));
    if (box.size() != 2 + idSize + qsizetype(crypto_sign_BYTES) || !box.startsWith("ED")) {
        return malformed(2);
    }
    if (!lines.value(2).startsWith(trusted)) {
        return malformed(3);
    }
    const QByteArray global = decode(lines.value(3));
    if (global.size() != qsizetype(crypto_sign_BYTES)) {
        return malformed(4);
    }
    if (lines.size() != 5 || !lines.at(4).isEmpty()) {
        return malformed(5);
    }
    const QByteArray id = box.mid(2, idSize);
    const QByteArray ed = box.mid(2 + idSize);
    const QByteArray comment = lines.at(2).mid(qsizetype(strlen(trusted)));
    QStringList known;
    bool found = false;
    for (const QString &file : publicKeyFiles) {
        TRY(const PublicKey key, readPublicKey(file));
        known << idText(key.id);
        if (key.id != id) {
            continue;
        }
        found = true;
        if (crypto_sign_verify_detached(bytes(ed), bytes(hash), quint64(hash.size()), bytes(key.key)) != 0) {
            continue;
        }
        const QByteArray both = ed + comment;
        if (crypto_sign_verify_detached(bytes(global), bytes(both), quint64(both.size()), bytes(key.key)) != 0) {
            return fail(u"package.comment_wrong"_s, {{u"keyId"_s, idText(id)}}, where);
        }
        return Checked{idText(id), QString::fromUtf8(comment)};
    }
    if (!found) {
        return fail(u"package.key_unknown"_s, {{u"keyId"_s, idText(id)}, {u"trusted"_s, QJsonArray::fromStringList(known)}}, where);
    }
    return fail(u"package.signature_wrong"_s, {{u"keyId"_s, idText(id)}}, where);
}

Result<> mayGenerateKeys(const QString &secretKeyFile, const QString &publicKeyFile)
{
    for (const QString &file : {secretKeyFile, publicKeyFile}) {
        if (QFileInfo::exists(file)) {
            return fail(u"package.key_exists"_s, {{u"file"_s, file}}, file);
        }
    }
    return {};
}

Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile)
{
    start();
    CHECK(mayGenerateKeys(secretKeyFile, publicKeyFile));
    QByteArray id(idSize, '\0');
    QByteArray publicKey(crypto_sign_PUBLICKEYBYTES, '\0');
    QByteArray secretKey(crypto_sign_SECRETKEYBYTES, '\0');
    const Wiped wipedKey(secretKey);
    randombytes_buf(id.data(), size_t(id.size()));
    crypto_sign_keypair(bytes(publicKey), bytes(secretKey));
    // No key derivation (two zeros), so salt and limits are zero, too.
    QByteArray data = QByteArray("Ed") + QByteArray(2, '\0') + QByteArray("B2") + QByteArray(32 + 8 + 8, '\0') + id + secretKey
        + checksum("Ed", id, secretKey);
    const Wiped wipedData(data);
    QByteArray secretText = data.toBase64();
    const Wiped wipedText(secretText);
    CHECK(files::replace(secretKeyFile, untrusted + QByteArray("minisign secret key\n") + secretText + '\n', files::privateFile));
    const QByteArray box = "Ed" + id + publicKey;
    return files::replace(publicKeyFile,
                          QByteArray(untrusted + QByteArray("minisign public key ") + idText(id).toLatin1() + '\n' + box.toBase64() + '\n'));
}

} // namespace cutover::minisign
