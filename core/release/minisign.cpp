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

/// What protects a secret key: a key stream that scrypt makes of the password.
struct Protection {
    QByteArray salt;
    quint64 operations = 0;
    quint64 memory = 0; ///< Bytes.
};

constexpr qsizetype saltSize = crypto_pwhash_scryptsalsa208sha256_SALTBYTES;
constexpr qsizetype protectedSize = idSize + crypto_sign_SECRETKEYBYTES + checksumSize;
/// What minisign itself asks for; a file that asks for more isn't one of its.
constexpr quint64 maxMemory = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;
constexpr quint64 maxOperations = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE;

/// Applied twice it is undone. false: not enough memory, or a demand beyond all measure.
bool protect(QByteArray &key, const Protection &protection, const QByteArray &password)
{
    if (protection.memory > maxMemory || protection.operations > maxOperations) {
        return false;
    }
    QByteArray stream(protectedSize, '\0');
    const Wiped wiped(stream);
    if (crypto_pwhash_scryptsalsa208sha256(bytes(stream), quint64(stream.size()), password.constData(), quint64(password.size()), bytes(protection.salt),
                                           protection.operations, size_t(protection.memory))
        != 0) {
        return false;
    }
    for (qsizetype i = 0; i < protectedSize; ++i) {
        key[i] = char(key[i] ^ stream[i]);
    }
    return true;
}

bool start()
{
    return sodium_init() >= 0;
}

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

/// The file itself, where an environment variable names it.
Result<QString> keyFile(const QString &secretKeyFile)
{
    if (!secretKeyFile.startsWith(u"env:")) {
        return secretKeyFile;
    }
    const QString variable = secretKeyFile.mid(4);
    const QString file = qEnvironmentVariable(variable.toLatin1().constData());
    if (file.isEmpty()) {
        return fail(u"package.key_variable"_s, {{u"variable"_s, variable}});
    }
    return file;
}

/** A signature's file, taken apart. */
struct Box {
    QByteArray id;
    QByteArray signature;
    QByteArray comment;
    QByteArray global; ///< Over signature and comment.
};

Result<Box> openBox(const QByteArray &signature, const QString &where)
{
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
    return Box{box.mid(2, idSize), box.mid(2 + idSize), lines.at(2).mid(qsizetype(strlen(trusted))), global};
}

/// count keys, each made when its turn comes.
template<class KeyAt>
Result<Checked> verifyWith(const QByteArray &hash, const QByteArray &signature, qsizetype count, const KeyAt &keyAt, const QString &where)
{
    start();
    if (count == 0) {
        return fail(u"package.no_keys"_s, {}, where);
    }
    TRY(const Box box, openBox(signature, where));
    QStringList known;
    bool found = false;
    for (qsizetype i = 0; i < count; ++i) {
        TRY(const PublicKey key, keyAt(i));
        known << idText(key.id);
        if (key.id != box.id) {
            continue;
        }
        found = true;
        if (crypto_sign_verify_detached(bytes(box.signature), bytes(hash), quint64(hash.size()), bytes(key.key)) != 0) {
            continue;
        }
        const QByteArray both = box.signature + box.comment;
        if (crypto_sign_verify_detached(bytes(box.global), bytes(both), quint64(both.size()), bytes(key.key)) != 0) {
            return fail(u"package.comment_wrong"_s, {{u"keyId"_s, idText(box.id)}}, where);
        }
        return Checked{idText(box.id), QString::fromUtf8(box.comment)};
    }
    if (!found) {
        return fail(u"package.key_unknown"_s, {{u"keyId"_s, idText(box.id)}, {u"trusted"_s, QJsonArray::fromStringList(known)}}, where);
    }
    return fail(u"package.signature_wrong"_s, {{u"keyId"_s, idText(box.id)}}, where);
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

Result<bool> needsPassword(const QString &secretKeyFile)
{
    TRY(const QString file, keyFile(secretKeyFile));
    TRY(QByteArray data, readKey(file));
    const Wiped wiped(data);
    if (data.size() != secretSize || !data.startsWith("Ed") || data.mid(4, 2) != "B2") {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    return data.mid(2, 2) == "Sc";
}

Result<QByteArray> sign(const QByteArray &hash, const QString &secretKeyFile, const QString &trustedComment, const QByteArray &password)
{
    start();
    TRY(const QString file, keyFile(secretKeyFile));
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
    QByteArray secret = data.mid(secretHeader);
    const Wiped wipedSecret(secret);
    const bool isProtected = data.mid(2, 2) == "Sc";
    if (isProtected) {
        if (password.isEmpty()) {
            return fail(u"package.key_encrypted"_s, {{u"file"_s, file}}, file);
        }
        const Protection protection{data.mid(6, saltSize), qFromLittleEndian<quint64>(data.constData() + 6 + saltSize),
                                    qFromLittleEndian<quint64>(data.constData() + 6 + saltSize + 8)};
        if (!protect(secret, protection, password)) {
            return fail(u"package.key_memory"_s, {{u"file"_s, file}, {u"memory"_s, qint64(protection.memory)}}, file);
        }
        if (checksum("Ed", secret.first(idSize), secret.mid(idSize, crypto_sign_SECRETKEYBYTES)) != secret.last(checksumSize)) {
            return fail(u"package.key_password"_s, {{u"file"_s, file}}, file);
        }
    } else if (data.mid(2, 2) != QByteArray(2, '\0')) {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    const QByteArray id = secret.first(idSize);
    QByteArray key = secret.mid(idSize, crypto_sign_SECRETKEYBYTES);
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

QString PublicKey::text() const
{
    return QString::fromLatin1(QByteArray("Ed" + id + key).toBase64());
}

QString PublicKey::keyId() const
{
    return idText(id);
}

Result<PublicKey> readPublicKey(const QString &file)
{
    TRY(const QByteArray data, readKey(file));
    if (data.size() != 2 + idSize + qsizetype(crypto_sign_PUBLICKEYBYTES) || !data.startsWith("Ed")) {
        return fail(u"package.key_format"_s, {{u"file"_s, file}}, file);
    }
    return PublicKey{data.mid(2, idSize), data.mid(2 + idSize)};
}

Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QList<PublicKey> &keys, const QString &where)
{
    return verifyWith(hash, signature, keys.size(), [&keys](qsizetype i) { return Result<PublicKey>(keys[i]); }, where);
}

Result<Checked> verify(const QByteArray &hash, const QByteArray &signature, const QStringList &publicKeyFiles, const QString &where)
{
    return verifyWith(hash, signature, publicKeyFiles.size(), [&publicKeyFiles](qsizetype i) { return readPublicKey(publicKeyFiles[i]); }, where);
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

Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile, const QByteArray &password)
{
    start();
    CHECK(mayGenerateKeys(secretKeyFile, publicKeyFile));
    QByteArray id(idSize, '\0');
    QByteArray publicKey(crypto_sign_PUBLICKEYBYTES, '\0');
    QByteArray secretKey(crypto_sign_SECRETKEYBYTES, '\0');
    const Wiped wipedKey(secretKey);
    randombytes_buf(id.data(), size_t(id.size()));
    crypto_sign_keypair(bytes(publicKey), bytes(secretKey));
    QByteArray secret = id + secretKey + checksum("Ed", id, secretKey);
    const Wiped wipedSecret(secret);
    // Without a key derivation (two zeros) salt and limits are zero, too.
    QByteArray derivation(2 + 2 + saltSize + 8 + 8, '\0');
    derivation.replace(2, 2, "B2");
    if (!password.isEmpty()) {
        Protection protection{QByteArray(saltSize, '\0'), crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_INTERACTIVE, crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_INTERACTIVE};
        randombytes_buf(protection.salt.data(), size_t(saltSize));
        if (!protect(secret, protection, password)) {
            return fail(u"package.key_memory"_s, {{u"file"_s, secretKeyFile}, {u"memory"_s, qint64(protection.memory)}}, secretKeyFile);
        }
        derivation.replace(0, 2, "Sc");
        derivation.replace(4, saltSize, protection.salt);
        qToLittleEndian(protection.operations, derivation.data() + 4 + saltSize);
        qToLittleEndian(protection.memory, derivation.data() + 4 + saltSize + 8);
    }
    QByteArray data = QByteArray("Ed") + derivation + secret;
    const Wiped wipedData(data);
    QByteArray secretText = data.toBase64();
    const Wiped wipedText(secretText);
    CHECK(files::replace(secretKeyFile, untrusted + QByteArray("minisign secret key\n") + secretText + '\n', files::privateFile));
    const QByteArray box = "Ed" + id + publicKey;
    return files::replace(publicKeyFile,
                          QByteArray(untrusted + QByteArray("minisign public key ") + idText(id).toLatin1() + '\n' + box.toBase64() + '\n'));
}

} // namespace cutover::minisign
