// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/package.h"

#include "release/minisign.h"
#include "system/files.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QHash>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover::package {

namespace {

constexpr qint64 bufferSize = 1 << 20;
constexpr qint64 maxSignature = 64 << 10;
/// What a file system needs beside the content, at least.
constexpr qint64 spaceMargin = 16 << 20;

QString manifestName()
{
    return u"manifest.yaml"_s;
}

std::unexpected<Error> cancelled()
{
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

/** SHA-256 by OpenSSL, which uses the processor's instructions for it. */
class Sha256
{
public:
    Sha256()
        : m_context(EVP_MD_CTX_new(), &EVP_MD_CTX_free)
    {
        EVP_DigestInit_ex(m_context.get(), EVP_sha256(), nullptr);
    }
    void add(const void *data, size_t size) { EVP_DigestUpdate(m_context.get(), data, size); }
    [[nodiscard]] QString result()
    {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        EVP_DigestFinal_ex(m_context.get(), digest, &size);
        return QString::fromLatin1(QByteArray(reinterpret_cast<const char *>(digest), qsizetype(size)).toHex());
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> m_context;
};

/** What is read of a package passes through here, hashed as it goes by. */
struct Source {
    QFile file;
    QByteArray buffer = QByteArray(bufferSize, Qt::Uninitialized);
    minisign::Hash hash;
    std::stop_token stop;
    const ProgressFunction *progress = nullptr;
    qint64 done = 0;
    qint64 total = 0;
    bool stopped = false;

    /// The next piece; 0 at the end, below 0 on error or stop.
    qint64 next()
    {
        if (stop.stop_requested()) {
            stopped = true;
            return -1;
        }
        const qint64 got = file.read(buffer.data(), bufferSize);
        if (got > 0) {
            hash.add(buffer.constData(), size_t(got));
            done += got;
            if (progress && *progress) {
                (*progress)(done, total);
            }
        }
        return got;
    }

    [[nodiscard]] std::unexpected<Error> error() const
    {
        if (stopped) {
            return cancelled();
        }
        return fail(u"package.read"_s, {{u"reason"_s, file.errorString()}}, file.fileName());
    }
};

la_ssize_t readSource(archive *, void *data, const void **block)
{
    auto *source = static_cast<Source *>(data);
    *block = source->buffer.constData();
    return la_ssize_t(source->next());
}

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;
using ArchiveWriter = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

std::unexpected<Error> archiveError(const Source &source, archive *reader)
{
    if (source.stopped || source.file.error() != QFileDevice::NoError) {
        return source.error();
    }
    return fail(u"package.damaged"_s, {{u"reason"_s, QString::fromUtf8(archive_error_string(reader))}}, source.file.fileName());
}

Result<Reader> open(Source &source)
{
    Reader reader(archive_read_new(), &archive_read_free);
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_set_option(reader.get(), "tar", "hdrcharset", "UTF-8");
    if (archive_read_open(reader.get(), &source, nullptr, &readSource, nullptr) != ARCHIVE_OK) {
        return archiveError(source, reader.get());
    }
    return reader;
}

/// The code of its name; empty: a plain file.
QString typeName(archive_entry *entry)
{
    if (archive_entry_hardlink(entry)) {
        return u"package.type.hard_link"_s;
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return archive_entry_symlink(entry) ? u"package.type.symbolic_link"_s : QString();
    case AE_IFLNK:
        return u"package.type.symbolic_link"_s;
    case AE_IFDIR:
        return u"package.type.folder"_s;
    case AE_IFCHR:
    case AE_IFBLK:
        return u"package.type.device"_s;
    case AE_IFIFO:
        return u"package.type.pipe"_s;
    case AE_IFSOCK:
        return u"package.type.socket"_s;
    default:
        return u"package.type.unknown"_s;
    }
}

/** A member's header, found harmless: a plain file at a clean relative path. */
struct Header {
    QString path;
    qint64 size = 0;
};

/// No header at the archive's end.
Result<std::optional<Header>> nextHeader(const Source &source, archive *reader)
{
    archive_entry *entry = nullptr;
    const int status = archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) {
        return std::nullopt;
    }
    if (status != ARCHIVE_OK) {
        return archiveError(source, reader);
    }
    const QString where = source.file.fileName();
    const char *name = archive_entry_pathname_utf8(entry);
    const QString path = name ? QString::fromUtf8(name) : QString();
    if (path.isEmpty() || path.startsWith(u'/') || path.contains(QChar(u'\0')) || path.split(u'/').contains(u"..")) {
        return fail(u"package.member_path"_s, {{u"member"_s, path.left(200)}}, where);
    }
    if (const QString type = typeName(entry); !type.isEmpty()) {
        return fail(u"package.member_type"_s, {{u"member"_s, path.left(200)}, {u"type"_s, Message{type, {}}.toJson()}}, where);
    }
    return Header{path, archive_entry_size_is_set(entry) ? qint64(archive_entry_size(entry)) : -1};
}

Result<Manifest> readManifest(const Source &source, archive *reader, const Limits &limits)
{
    const QString where = source.file.fileName();
    TRY(const auto header, nextHeader(source, reader));
    if (!header || header->path != manifestName()) {
        return fail(u"package.no_manifest"_s, {{u"member"_s, header ? header->path : QString()}}, where);
    }
    if (header->size < 0 || header->size > limits.maxManifest) {
        return fail(u"package.manifest_size"_s, {{u"size"_s, header->size}, {u"maximum"_s, limits.maxManifest}}, where);
    }
    QByteArray yaml(header->size, '\0');
    qint64 at = 0;
    while (at < yaml.size()) {
        const la_ssize_t got = archive_read_data(reader, yaml.data() + at, size_t(yaml.size() - at));
        if (got <= 0) {
            return archiveError(source, reader);
        }
        at += got;
    }
    TRY(Manifest manifest, Manifest::parse(yaml, QString(where + u'/' + manifestName())));
    if (manifest.members.size() > limits.maxMembers) {
        return fail(u"package.too_many"_s, {{u"count"_s, manifest.members.size()}, {u"maximum"_s, limits.maxMembers}}, where);
    }
    return manifest;
}

Result<qint64> unpackedSize(const Manifest &manifest, const Limits &limits, const QString &where)
{
    qint64 sum = 0;
    for (const auto &member : manifest.members) {
        if (member.size > limits.maxUnpacked - sum) {
            return fail(u"package.too_large"_s, {{u"size"_s, double(sum) + double(member.size)}, {u"maximum"_s, limits.maxUnpacked}}, where);
        }
        sum += member.size;
    }
    return sum;
}

/** A folder that is filled under a hidden name and removed again unless it is kept. */
class Unpacking
{
public:
    explicit Unpacking(const QString &directory)
        : m_directory(QDir::cleanPath(QFileInfo(directory).absoluteFilePath()))
        , m_temporary(QFileInfo(m_directory).absolutePath() + u"/."_s + QFileInfo(m_directory).fileName() + u".cutover-unpack"_s)
    {
    }
    ~Unpacking()
    {
        if (m_started) {
            // Whatever failed is reported already; what is left now is removed by the next attempt.
            (void)files::removeTree(m_temporary);
        }
    }
    Q_DISABLE_COPY_MOVE(Unpacking)

    Result<> start(qint64 size)
    {
        if (QFileInfo::exists(m_directory) || QFileInfo(m_directory).isSymLink()) {
            return fail(u"package.directory_exists"_s, {{u"directory"_s, m_directory}}, m_directory);
        }
        CHECK(files::removeTree(m_temporary));
        TRY(const qint64 free, files::freeBytes(m_directory));
        if (free < size + spaceMargin) {
            return fail(u"package.no_space"_s, {{u"needed"_s, size + spaceMargin}, {u"free"_s, free}}, m_directory);
        }
        m_started = true;
        return files::makePath(m_temporary);
    }

    Result<files::Writer> create(const QString &path)
    {
        const QString file = m_temporary + u'/' + path;
        CHECK(files::makePath(QFileInfo(file).path()));
        return files::Writer::open(file);
    }

    Result<> finish()
    {
        CHECK(files::syncDirectory(m_temporary));
        CHECK(files::rename(m_temporary, m_directory));
        m_started = false;
        return {};
    }

private:
    QString m_directory;
    QString m_temporary;
    bool m_started = false;
};

/// Streams one member against its line in the manifest, into writer if there is one.
Result<> readMember(const Source &source, archive *reader, const Manifest::Member &expected, qint64 size, files::Writer *writer)
{
    const QString where = source.file.fileName();
    if (size != expected.size) {
        return fail(u"package.member_size"_s, {{u"member"_s, expected.path}, {u"expected"_s, expected.size}, {u"found"_s, size}}, where);
    }
    QByteArray buffer(bufferSize, Qt::Uninitialized);
    Sha256 sha256;
    qint64 read = 0;
    for (;;) {
        const la_ssize_t got = archive_read_data(reader, buffer.data(), size_t(buffer.size()));
        if (got < 0) {
            return archiveError(source, reader);
        }
        if (got == 0) {
            break;
        }
        read += got;
        if (read > expected.size) {
            return fail(u"package.member_size"_s, {{u"member"_s, expected.path}, {u"expected"_s, expected.size}, {u"found"_s, read}}, where);
        }
        sha256.add(buffer.constData(), size_t(got));
        if (writer) {
            CHECK(writer->write(buffer.constData(), got));
        }
    }
    if (read != expected.size) {
        return fail(u"package.member_size"_s, {{u"member"_s, expected.path}, {u"expected"_s, expected.size}, {u"found"_s, read}}, where);
    }
    if (const QString found = sha256.result(); found != expected.sha256) {
        return fail(u"package.member_digest"_s, {{u"member"_s, expected.path}, {u"expected"_s, expected.sha256}, {u"found"_s, found}}, where);
    }
    return {};
}

Result<Verified> process(const QString &package, const QStringList &publicKeys, Unpacking *unpacking, std::stop_token stop,
                         const ProgressFunction &progress, const Limits &limits)
{
    Source source;
    source.file.setFileName(package);
    source.stop = std::move(stop);
    source.progress = &progress;
    if (!source.file.open(QFile::ReadOnly | QFile::Unbuffered)) {
        return fail(source.file.exists() ? u"package.read"_s : u"file.not_found"_s,
                    {{u"reason"_s, source.file.errorString()}, {u"path"_s, package}}, package);
    }
    Verified verified;
    verified.size = source.file.size();
    source.total = verified.size * 2;

    // First the signature over all of it: nothing of a file that nobody vouches for reaches a decoder.
    Sha256 sha256;
    for (;;) {
        const qint64 got = source.next();
        if (got < 0) {
            return source.error();
        }
        if (got == 0) {
            break;
        }
        sha256.add(source.buffer.constData(), size_t(got));
    }
    verified.sha256 = sha256.result();
    const QByteArray hash = source.hash.result();
    const QString signatureFile = package + u".minisig"_s;
    if (!QFileInfo::exists(signatureFile)) {
        return fail(u"package.signature_missing"_s, {{u"file"_s, signatureFile}}, package);
    }
    TRY(const QByteArray signature, files::read(signatureFile, maxSignature));
    TRY(const auto checked, minisign::verify(hash, signature, publicKeys, package));
    verified.keyId = checked.keyId;
    verified.trustedComment = checked.trustedComment;

    // Then the members. The file is hashed again as it is read, in case that somebody writes to it meanwhile.
    if (!source.file.seek(0)) {
        return source.error();
    }
    source.hash = minisign::Hash();
    TRY(const Reader reader, open(source));
    TRY(verified.manifest, readManifest(source, reader.get(), limits));
    const Manifest &manifest = verified.manifest;
    TRY(verified.unpackedSize, unpackedSize(manifest, limits, package));
    if (unpacking) {
        CHECK(unpacking->start(verified.unpackedSize));
    }
    QHash<QString, const Manifest::Member *> missing;
    QHash<QString, bool> seen;
    for (const auto &member : manifest.members) {
        missing.insert(member.path, &member);
    }
    for (;;) {
        TRY(const auto header, nextHeader(source, reader.get()));
        if (!header) {
            break;
        }
        const Manifest::Member *member = missing.take(header->path);
        if (!member) {
            const bool twice = seen.contains(header->path) || header->path == manifestName();
            return fail(twice ? u"package.member_duplicate"_s : u"package.member_unlisted"_s, {{u"member"_s, header->path.left(200)}}, package);
        }
        seen.insert(header->path, true);
        if (unpacking) {
            TRY(files::Writer writer, unpacking->create(member->path));
            CHECK(readMember(source, reader.get(), *member, header->size, &writer));
            constexpr auto executable = files::publicFile | QFileDevice::ExeOwner | QFileDevice::ExeGroup | QFileDevice::ExeOther;
            CHECK(writer.commit(member->executable ? executable : files::publicFile));
        } else {
            CHECK(readMember(source, reader.get(), *member, header->size, nullptr));
        }
    }
    if (!missing.isEmpty()) {
        QStringList paths = missing.keys();
        std::ranges::sort(paths);
        return fail(u"package.member_missing"_s, {{u"member"_s, paths.first()}}, package);
    }
    qint64 got = 0;
    while ((got = source.next()) > 0) {
    }
    if (got < 0) {
        return source.error();
    }
    if (source.hash.result() != hash) {
        return fail(u"package.changed"_s, {}, package);
    }
    return verified;
}

/// Relative paths of all files below a folder, sorted by their bytes.
Result<> collect(const QString &root, const QString &relative, QStringList &paths)
{
    const QDir folder(relative.isEmpty() ? root : QString(root + u'/' + relative));
    const auto entries = folder.entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    for (const QFileInfo &entry : entries) {
        const QString path = relative.isEmpty() ? entry.fileName() : QString(relative + u'/' + entry.fileName());
        struct stat status{};
        if (::lstat(QFile::encodeName(entry.absoluteFilePath()).constData(), &status) != 0
            || (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))) {
            return fail(u"package.source_type"_s, {{u"member"_s, path}}, root);
        }
        if (path.contains(QChar::ReplacementCharacter) || std::ranges::any_of(path, [](QChar c) {
                return c.category() == QChar::Other_Control;
            })) {
            return fail(u"package.source_name"_s, {{u"member"_s, path}}, root);
        }
        if (S_ISDIR(status.st_mode)) {
            CHECK(collect(root, path, paths));
        } else if (path != manifestName()) {
            paths << path;
        }
    }
    return {};
}

struct Sink {
    files::Writer writer;
    std::optional<Error> error;
};

la_ssize_t writeSink(archive *writer, void *data, const void *block, size_t size)
{
    auto *sink = static_cast<Sink *>(data);
    if (auto written = sink->writer.write(static_cast<const char *>(block), qint64(size)); !written) {
        sink->error = written.error();
        archive_set_error(writer, EIO, "write failed");
        return -1;
    }
    return la_ssize_t(size);
}

std::unexpected<Error> buildError(const Sink &sink, archive *writer, const QString &where)
{
    if (sink.error) {
        return fail(*sink.error);
    }
    return fail(u"package.build"_s, {{u"reason"_s, QString::fromUtf8(archive_error_string(writer))}}, where);
}

/// Everything that differs between two machines is fixed, so that equal folders give equal packages.
Result<> writeHeader(const Sink &sink, archive *writer, const QString &path, qint64 size, bool executable, const QString &where)
{
    const Entry entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname_utf8(entry.get(), path.toUtf8().constData());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), size);
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) {
        return buildError(sink, writer, where);
    }
    return {};
}

Result<QByteArray> hashFile(const QString &path)
{
    Source source;
    source.file.setFileName(path);
    if (!source.file.open(QFile::ReadOnly | QFile::Unbuffered)) {
        return source.error();
    }
    qint64 got = 0;
    while ((got = source.next()) > 0) {
    }
    if (got < 0) {
        return source.error();
    }
    return source.hash.result();
}

} // namespace

QString fileName(const Manifest &manifest)
{
    return manifest.product + u'-' + manifest.version.toString() + u".cutover"_s;
}

Result<Manifest> describe(const QString &folder)
{
    const QString manifestFile = folder + u'/' + manifestName();
    TRY(const QByteArray yaml, files::read(manifestFile, Limits().maxManifest));
    TRY(Manifest manifest, Manifest::parse(yaml, manifestFile));
    manifest.members.clear();
    QStringList paths;
    CHECK(collect(folder, {}, paths));
    std::ranges::sort(paths, {}, [](const QString &path) {
        return path.toUtf8();
    });
    for (const QString &path : std::as_const(paths)) {
        const QString file = folder + u'/' + path;
        TRY(const QString sha256, files::sha256(file));
        manifest.members << Manifest::Member{path, QFileInfo(file).size(), sha256, QFileInfo(file).permissions().testFlag(QFile::ExeOwner)};
    }
    // What can't be read back must not be published.
    CHECK(Manifest::parse(manifest.toYaml(), manifestFile));
    return manifest;
}

Result<QString> build(const QString &folder, const QString &outputDirectory)
{
    TRY(const Manifest manifest, describe(folder));
    const QByteArray complete = manifest.toYaml();

    CHECK(files::makePath(outputDirectory));
    const QString package = outputDirectory + u'/' + fileName(manifest);
    Sink sink;
    TRY(sink.writer, files::Writer::open(package));
    const ArchiveWriter writer(archive_write_new(), &archive_write_free);
    archive_write_set_format_pax_restricted(writer.get());
    archive_write_add_filter_zstd(writer.get());
    archive_write_set_options(writer.get(), "zstd:compression-level=12,pax:hdrcharset=UTF-8");
    // Padding would follow the compressed stream as garbage.
    archive_write_set_bytes_in_last_block(writer.get(), 1);
    if (archive_write_open(writer.get(), &sink, nullptr, &writeSink, nullptr) != ARCHIVE_OK) {
        return buildError(sink, writer.get(), package);
    }
    CHECK(writeHeader(sink, writer.get(), manifestName(), complete.size(), false, package));
    if (archive_write_data(writer.get(), complete.constData(), size_t(complete.size())) != complete.size()) {
        return buildError(sink, writer.get(), package);
    }
    QByteArray buffer(bufferSize, Qt::Uninitialized);
    for (const auto &member : std::as_const(manifest.members)) {
        CHECK(writeHeader(sink, writer.get(), member.path, member.size, member.executable, package));
        QFile file(folder + u'/' + member.path);
        if (!file.open(QFile::ReadOnly | QFile::Unbuffered)) {
            return fail(u"file.read"_s, {{u"path"_s, file.fileName()}, {u"reason"_s, file.errorString()}}, file.fileName());
        }
        Sha256 sha256;
        qint64 got = 0;
        while ((got = file.read(buffer.data(), buffer.size())) > 0) {
            sha256.add(buffer.constData(), size_t(got));
            if (archive_write_data(writer.get(), buffer.constData(), size_t(got)) < 0) {
                return buildError(sink, writer.get(), package);
            }
        }
        if (sha256.result() != member.sha256) {
            return fail(u"package.source_changed"_s, {{u"member"_s, member.path}}, folder);
        }
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) {
        return buildError(sink, writer.get(), package);
    }
    CHECK(sink.writer.commit());
    return package;
}

Result<QByteArray> signature(const QString &package, const QString &secretKeyFile, const QString &trustedComment)
{
    TRY(const QByteArray hash, hashFile(package));
    const QString comment = trustedComment.isEmpty() ? QString(u"file:"_s + QFileInfo(package).fileName()) : trustedComment;
    return minisign::sign(hash, secretKeyFile, comment);
}

Result<QString> sign(const QString &package, const QString &secretKeyFile, const QString &trustedComment)
{
    TRY(const QByteArray content, signature(package, secretKeyFile, trustedComment));
    const QString file = package + u".minisig"_s;
    CHECK(files::replace(file, content));
    return file;
}

Result<> generateKeys(const QString &secretKeyFile, const QString &publicKeyFile)
{
    return minisign::generateKeys(secretKeyFile, publicKeyFile);
}

Result<Verified> verify(const QString &package, const QStringList &publicKeys, std::stop_token stop, const ProgressFunction &progress,
                        const Limits &limits)
{
    return process(package, publicKeys, nullptr, std::move(stop), progress, limits);
}

Result<Manifest> inspect(const QString &package)
{
    Source source;
    source.file.setFileName(package);
    if (!source.file.open(QFile::ReadOnly | QFile::Unbuffered)) {
        return source.error();
    }
    TRY(const Reader reader, open(source));
    return readManifest(source, reader.get(), Limits());
}

Result<Verified> unpack(const QString &package, const QStringList &publicKeys, const QString &directory, std::stop_token stop,
                        const ProgressFunction &progress, const Limits &limits)
{
    Unpacking unpacking(directory);
    TRY(Verified verified, process(package, publicKeys, &unpacking, std::move(stop), progress, limits));
    CHECK(unpacking.finish());
    return verified;
}

} // namespace cutover::package
