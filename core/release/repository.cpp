// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/repository.h"

#include "release/minisign.h"
#include "release/repositoryindex.h"
#include "release/transfer.h"
#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QUrl>

#include <algorithm>
#include <memory>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxIndex = 32 << 20;
constexpr qint64 maxSignature = 64 << 10;
constexpr qint64 chunkSize = 4 << 20;
/// Left free beside the package, for the journal and whatever else must go on.
constexpr qint64 spaceMargin = 16 << 20;

QString indexName()
{
    return u"index.json"_s;
}

QUrl urlOf(const QString &base, const QString &file)
{
    QUrl url(base);
    const QString path = url.path();
    url.setPath(path.endsWith(u'/') ? QString(path + file) : QString(path + u'/' + file));
    return url;
}

std::unexpected<Error> cancelled()
{
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

/// A small file of the repository.
Async<QByteArray> fetch(QString base, QString file, qint64 maximum, std::stop_token stop)
{
    const QUrl url = urlOf(base, file);
    if (url.isLocalFile()) {
        co_return files::read(url.toLocalFile(), maximum);
    }
    QByteArray content;
    Transfer transfer;
    transfer.url = url;
    transfer.onData = [&content, maximum, file, url](const QByteArray &piece) -> Result<> {
        if (content.size() + piece.size() > maximum) {
            return fail(u"repository.too_big"_s, {{u"file"_s, file}, {u"maximum"_s, maximum}}, url.toString());
        }
        content += piece;
        return {};
    };
    CO_CHECK(co_await runTransfer(transfer, stop));
    co_return content;
}

QString lockOf(const QString &packageFile)
{
    const QFileInfo info(packageFile);
    return QString(info.absolutePath() + u"/.locks/"_s + info.fileName());
}

/// A file name alone: it becomes part of a path here.
bool isPlainName(const QString &name)
{
    static const QRegularExpression pattern(uR"(\A[A-Za-z0-9][A-Za-z0-9._+-]{0,200}\z)"_s);
    return pattern.match(name).hasMatch();
}

Result<QList<ReleaseInfo>> parseIndex(const QByteArray &content, const QString &product, const QString &where)
{
    QJsonParseError problem;
    const QJsonObject root = QJsonDocument::fromJson(content, &problem).object();
    if (problem.error != QJsonParseError::NoError) {
        return fail(u"repository.index_format"_s, {{u"reason"_s, problem.errorString()}}, where);
    }
    if (root[u"schema"_s].toInt() != 1 || !root[u"releases"_s].isArray()) {
        return fail(u"repository.index_format"_s, {{u"reason"_s, u"schema, releases"_s}}, where);
    }
    static const QRegularExpression digest(uR"(\A[0-9a-f]{64}\z)"_s);
    QList<ReleaseInfo> releases;
    const QJsonArray entries = root[u"releases"_s].toArray();
    for (qsizetype i = 0; i < entries.size(); ++i) {
        const QJsonObject entry = entries.at(i).toObject();
        const QJsonObject manifest = entry[u"manifest"_s].toObject();
        ReleaseInfo release{Manifest::fromJson(manifest), entry[u"file"_s].toString(), entry[u"size"_s].toInteger(-1),
                            entry[u"sha256"_s].toString()};
        const QString wrong = !isPlainName(release.file)           ? u"file"_s
            : release.size <= 0                                    ? u"size"_s
            : !digest.match(release.sha256).hasMatch()             ? u"sha256"_s
            : !Version::parse(manifest[u"version"_s].toString())   ? u"manifest.version"_s
            : !manifest[u"from"_s].isString()                      ? u"manifest.from"_s
            : !VersionRange::parse(manifest[u"from"_s].toString()) ? u"manifest.from"_s
                                                                   : QString();
        if (!wrong.isEmpty()) {
            return fail(u"repository.index_entry"_s, {{u"entry"_s, i + 1}, {u"field"_s, wrong}}, where);
        }
        if (release.manifest.product == product) {
            releases << release;
        }
    }
    std::ranges::stable_sort(releases, [](const ReleaseInfo &a, const ReleaseInfo &b) {
        return a.manifest.version > b.manifest.version;
    });
    return releases;
}

/** A download under way: what is there of it, hashed so far. */
struct Part {
    QString path; ///< Of the complete file.
    QString temporary;
    QString stateFile; ///< What the part is of: {sha256, etag}.
    qint64 size = 0; ///< Bytes there.
    QByteArray etag;
    files::Writer writer;
    QCryptographicHash hash{QCryptographicHash::Sha256};

    Result<> restart()
    {
        size = 0;
        etag.clear();
        hash.reset();
        return reopen();
    }
    Result<> reopen()
    {
        writer.keep();
        TRY(writer, files::Writer::open(path, temporary, size));
        writer.keep();
        return {};
    }
    Result<> discard()
    {
        writer.keep();
        writer = {};
        CHECK(files::remove(temporary));
        return files::remove(stateFile);
    }
};

/// What an earlier, interrupted download of the same file left. Blocking.
Result<> findEarlier(Part &part, const ReleaseInfo &release)
{
    if (!QFileInfo::exists(part.temporary) || !QFileInfo::exists(part.stateFile)) {
        return {};
    }
    TRY(const QByteArray state, files::read(part.stateFile, maxSignature));
    const QJsonObject object = QJsonDocument::fromJson(state).object();
    QFile file(part.temporary);
    if (object[u"sha256"_s].toString() != release.sha256 || file.size() > release.size || !file.open(QFile::ReadOnly | QFile::Unbuffered)) {
        return {};
    }
    part.etag = object[u"etag"_s].toString().toLatin1();
    QByteArray buffer(chunkSize, Qt::Uninitialized);
    qint64 got = 0;
    while ((got = file.read(buffer.data(), buffer.size())) > 0) {
        part.hash.addData(QByteArrayView(buffer.constData(), got));
        part.size += got;
    }
    return {};
}

Result<> saveState(const Part &part, const ReleaseInfo &release)
{
    return files::replace(part.stateFile,
                          json::canonical(QJsonObject{{u"sha256"_s, release.sha256}, {u"etag"_s, QString::fromLatin1(part.etag)}}));
}

/// Adds a piece; more than the index promised is refused before it fills the disk.
Result<> addPiece(Part &part, const ReleaseInfo &release, const QByteArray &piece, const QString &where)
{
    if (part.size + piece.size() > release.size) {
        return fail(u"repository.size"_s, {{u"file"_s, release.file}, {u"expected"_s, release.size}, {u"found"_s, part.size + piece.size()}}, where);
    }
    CHECK(part.writer.write(piece.constData(), piece.size()));
    part.hash.addData(piece);
    part.size += piece.size();
    return {};
}

/// Where the bytes of a "206 Partial Content" begin; -1 if it does not say.
qint64 beginOfRange(const QByteArray &contentRange)
{
    static const QRegularExpression pattern(uR"(\Abytes ([0-9]{1,18})-[0-9]+/)"_s);
    const auto match = pattern.match(QString::fromLatin1(contentRange));
    return match.hasMatch() ? match.captured(1).toLongLong() : -1;
}

/// One try over HTTP, going on behind what is there. The part stays for the next try.
Async<> transferPart(QUrl url, std::shared_ptr<Part> part, ReleaseInfo release, std::stop_token stop, package::ProgressFunction progress)
{
    Transfer transfer;
    transfer.url = url;
    const qint64 begin = part->size;
    if (begin > 0) {
        transfer.headers << std::pair(QByteArray("Range"), QByteArray("bytes=" + QByteArray::number(begin) + '-'));
        if (!part->etag.isEmpty()) {
            // If the file was replaced meanwhile, the whole new one comes.
            transfer.headers << std::pair(QByteArray("If-Range"), part->etag);
        }
    }
    transfer.onHead = [part, release, begin](const Transfer::Head &head) -> Result<> {
        if (head.status != 206 || begin == 0 || beginOfRange(head.contentRange) != begin) {
            if (head.status == 206) {
                return fail(u"repository.http_status"_s, {{u"status"_s, head.status}, {u"file"_s, release.file}}, {}, Error::Kind::Transient);
            }
            CHECK(part->restart());
        } else {
            CHECK(part->reopen());
        }
        // A weak tag promises no equal bytes.
        part->etag = head.etag.startsWith("W/") ? QByteArray() : head.etag;
        return saveState(*part, release);
    };
    transfer.onData = [part, release, url, progress](const QByteArray &piece) -> Result<> {
        CHECK(addPiece(*part, release, piece, url.toString()));
        if (progress) {
            progress(part->size, release.size);
        }
        return {};
    };
    auto result = co_await runTransfer(transfer, stop);
    const bool shortened = part->size > 0 && part->size < release.size;
    if (shortened && (result || result.error().code == u"repository.unreachable")) {
        co_return fail(u"repository.truncated"_s, {{u"file"_s, release.file}, {u"received"_s, part->size}, {u"size"_s, release.size}},
                       url.toString(), Error::Kind::Transient);
    }
    // All bytes are there: how the connection ended does not matter.
    if (!result && !(part->size == release.size && result.error().code == u"repository.unreachable")) {
        co_return result;
    }
    if (part->size != release.size) {
        co_return fail(u"repository.size"_s, {{u"file"_s, release.file}, {u"expected"_s, release.size}, {u"found"_s, part->size}}, url.toString());
    }
    co_return Result<>();
}

/// One try from a folder.
Async<> copyPart(QString from, std::shared_ptr<Part> part, ReleaseInfo release, std::stop_token stop, package::ProgressFunction progress)
{
    Worker worker;
    CO_CHECK(part->restart());
    CO_CHECK(saveState(*part, release));
    const auto file = std::make_shared<QFile>(from);
    if (!file->open(QFile::ReadOnly | QFile::Unbuffered)) {
        co_return fail(file->exists() ? u"file.read"_s : u"repository.not_found"_s,
                       {{u"file"_s, release.file}, {u"path"_s, from}, {u"reason"_s, file->errorString()}}, from);
    }
    for (;;) {
        if (stop.stop_requested()) {
            co_return cancelled();
        }
        const Result<qint64> got = co_await worker.run([file, part, release, from]() -> Result<qint64> {
            const QByteArray piece = file->read(chunkSize);
            if (file->error() != QFileDevice::NoError) {
                return fail(u"file.read"_s, {{u"path"_s, from}, {u"reason"_s, file->errorString()}}, from);
            }
            CHECK(addPiece(*part, release, piece, from));
            return piece.size();
        });
        if (!got) {
            co_return fail(got.error());
        }
        if (*got == 0) {
            break;
        }
        if (progress) {
            progress(part->size, release.size);
        }
    }
    if (part->size != release.size) {
        co_return fail(u"repository.size"_s, {{u"file"_s, release.file}, {u"expected"_s, release.size}, {u"found"_s, part->size}}, from);
    }
    co_return Result<>();
}

} // namespace

Repository::Repository(const RepositorySpec &spec, const QString &product)
    : m_spec(spec)
    , m_product(product)
{
}

Async<QList<ReleaseInfo>> Repository::releases(std::stop_token stop)
{
    const RepositorySpec spec = m_spec;
    const QString product = m_product;
    const QString where = urlOf(spec.url, indexName()).toString();
    Error last;
    // The index may be replaced between the two requests; then the second pair fits.
    for (int attempt = 0; attempt < 2; ++attempt) {
        CO_TRY(const QByteArray index, co_await fetch(spec.url, indexName(), maxIndex, stop));
        CO_TRY(const QByteArray signature, co_await fetch(spec.url, QString(indexName() + u".minisig"_s), maxSignature, stop));
        minisign::Hash hash;
        hash.add(index.constData(), size_t(index.size()));
        const auto checked = minisign::verify(hash.result(), signature, spec.publicKeys, where);
        if (checked) {
            co_return parseIndex(index, product, where);
        }
        last = checked.error();
        if (last.code != u"package.signature_wrong") {
            break;
        }
    }
    co_return fail(last);
}

Async<QString> Repository::download(ReleaseInfo release, QString directory, std::stop_token stop, package::ProgressFunction progress)
{
    const QString base = m_spec.url;
    const QUrl url = urlOf(base, release.file);
    if (!isPlainName(release.file)) {
        co_return fail(u"repository.index_entry"_s, {{u"entry"_s, 1}, {u"field"_s, u"file"_s}}, base);
    }
    CO_CHECK(files::makePath(directory));
    const QString path = QDir(directory).absoluteFilePath(release.file);
    // Another console, or the runner, may be fetching the same: this one waits, and finds it there.
    CO_TRY(const auto lock, co_await FileLock::acquire(lockOf(path), stop));
    const QString signatureFile = path + u".minisig"_s;
    Worker worker;

    bool complete = false;
    if (QFileInfo(path).isFile() && QFileInfo(path).size() == release.size) {
        const Result<QString> found = co_await worker.run([path] {
            return files::sha256(path);
        });
        complete = found && *found == release.sha256;
    }
    if (complete && progress) {
        progress(release.size, release.size);
    }
    const auto part = std::make_shared<Part>();
    part->path = path;
    part->temporary = QDir(directory).absoluteFilePath(QString(u'.' + release.file + u".cutover-part"_s));
    part->stateFile = part->temporary + u"-of"_s;
    if (!complete) {
        const Result<> earlier = co_await worker.run([part, release] {
            return findEarlier(*part, release);
        });
        if (!earlier) {
            co_return fail(earlier.error());
        }
        CO_TRY(const qint64 free, files::freeBytes(directory));
        const qint64 needed = release.size - part->size + spaceMargin;
        if (free < needed) {
            co_return fail(u"repository.no_space"_s, {{u"needed"_s, needed}, {u"free"_s, free}}, directory);
        }
    }
    while (!complete) {
        const bool resumed = part->size > 0;
        if (url.isLocalFile()) {
            CO_CHECK(co_await copyPart(url.toLocalFile(), part, release, stop, progress));
        } else if (part->size == release.size) {
            CO_CHECK(part->reopen());
        } else {
            const Result<> result = co_await transferPart(url, part, release, stop, progress);
            // The server's file has become shorter than the part.
            if (!result && resumed && result.error().args[u"status"_s].toInt() == 416) {
                CO_CHECK(part->restart());
                continue;
            }
            if (!result) {
                if (result.error().code == u"repository.size") {
                    CO_CHECK(part->discard());
                }
                co_return fail(result.error());
            }
        }
        const QString found = QString::fromLatin1(part->hash.result().toHex());
        if (found != release.sha256) {
            // A part of another file may have been continued: once more, from the beginning.
            if (resumed && !url.isLocalFile()) {
                CO_CHECK(part->restart());
                continue;
            }
            CO_CHECK(part->discard());
            co_return fail(u"repository.digest"_s, {{u"file"_s, release.file}, {u"expected"_s, release.sha256}, {u"found"_s, found}},
                           url.toString());
        }
        CO_CHECK(part->writer.commit());
        CO_CHECK(files::remove(part->stateFile));
        complete = true;
    }
    CO_TRY(const QByteArray signature, co_await fetch(base, QString(release.file + u".minisig"_s), maxSignature, stop));
    CO_CHECK(files::replace(signatureFile, signature));
    co_return path;
}

Result<> Repository::discardParts(const QString &packageFile)
{
    // Where not even the lock can be made, a full disk say, it is the more urgent.
    const auto lock = FileLock::attempt(lockOf(packageFile));
    if (lock && !*lock) {
        return {}; // Somebody is at it, and tidies up.
    }
    const QFileInfo info(packageFile);
    const QString part = u'.' + info.fileName() + u".cutover-part"_s;
    const QString state = part + u"-of"_s;
    // With what an interrupted files::replace() of the two small files has left.
    const QStringList names{part, state, u'.' + state + u".cutover-tmp"_s, u'.' + info.fileName() + u".minisig.cutover-tmp"_s};
    for (const QString &name : names) {
        CHECK(files::remove(info.absolutePath() + u'/' + name));
    }
    return {};
}

Result<QJsonObject> indexOf(const QString &folder)
{
    QJsonArray releases;
    const QStringList names = QDir(folder).entryList({u"*.cutover"_s}, QDir::Files, QDir::Name);
    for (const QString &name : names) {
        const QString package = folder + u'/' + name;
        TRY(const Manifest manifest, package::inspect(package));
        TRY(const QString sha256, files::sha256(package));
        releases << QJsonObject{
            {u"file"_s, name}, {u"size"_s, QFileInfo(package).size()}, {u"sha256"_s, sha256}, {u"manifest"_s, manifest.toJson()}};
    }
    return QJsonObject{{u"schema"_s, 1}, {u"releases"_s, releases}};
}

Result<> Repository::writeIndex(const QString &folder, const QString &secretKeyFile)
{
    TRY(const QJsonObject content, indexOf(folder));
    const QString index = folder + u'/' + indexName();
    CHECK(files::replace(index, json::canonical(content)));
    CHECK(package::sign(index, secretKeyFile));
    return {};
}

} // namespace cutover
