// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fuzztargets.h"

#include "config/envfile.h"
#include "metrics/exposition.h"
#include "migration/migrationheader.h"
#include "migration/migrationscript.h"
#include "release/minisign.h"
#include "release/package.h"
#include "release/semver.h"
#include "serve/jsonlines.h"
#include "target/target.h"

#include <QFile>
#include <QTemporaryDir>

#include <zstd.h>

#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;

namespace cutover::fuzz {

namespace {

/// Aborts, in every build: a fuzzer sees nothing else.
void require(bool holds, const char *what)
{
    if (!holds) {
        std::fprintf(stderr, "not so: %s\n", what);
        std::abort();
    }
}

/// An error is as good as a value, when there is a sentence for it.
template<class T>
bool worked(const Result<T> &result)
{
    if (!result) {
        require(Catalogue::contains(result.error().code), qPrintable(result.error().code + u" has a sentence"));
        require(!result.error().text().isEmpty(), "an error can be told");
    }
    return result.has_value();
}

/** A folder of the process's own, in memory where the machine has such. */
class Scratch
{
public:
    static QString file(const QString &name)
    {
        static const Scratch scratch;
        return scratch.m_folder.filePath(name);
    }
    static QString write(const QString &name, const QByteArray &content)
    {
        QFile out(file(name));
        require(out.open(QFile::WriteOnly | QFile::Truncate) && out.write(content) == content.size(), "the scratch folder takes a file");
        return out.fileName();
    }

private:
    QTemporaryDir m_folder{QFile::exists(u"/dev/shm"_s) ? u"/dev/shm/cutover-fuzz-XXXXXX"_s : u"cutover-fuzz-XXXXXX"_s};
};

bool target(const QByteArray &input)
{
    return worked(Target::load(Scratch::write(u"target.yaml"_s, input)));
}

bool manifest(const QByteArray &input)
{
    const Result<Manifest> manifest = Manifest::parse(input, u"manifest.yaml"_s);
    if (!worked(manifest)) {
        return false;
    }
    const Result<Manifest> again = Manifest::parse(manifest->toYaml(), u"again"_s);
    require(worked(again), "a manifest that was written can be read");
    require(again->toJson() == manifest->toJson(), "a manifest is read as it was written");
    require(again->members.size() == manifest->members.size(), "no member is lost");
    require(Manifest::fromJson(manifest->toJson()).toJson() == manifest->toJson(), "JSON loses nothing");
    return true;
}

bool semver(const QByteArray &input)
{
    const Result<Version> version = Version::parse(QString::fromUtf8(input));
    if (!worked(version)) {
        return false;
    }
    const Result<Version> again = Version::parse(version->toString());
    require(worked(again) && again->toString() == version->toString(), "a version is read as it was written");
    require(*again == *version, "a version equals itself");
    return true;
}

/// The first line is the range, the others are versions.
bool range(const QByteArray &input)
{
    const QList<QByteArray> lines = input.split('\n');
    const Result<VersionRange> range = VersionRange::parse(QString::fromUtf8(lines.first()));
    if (!worked(range)) {
        return false;
    }
    const Result<VersionRange> again = VersionRange::parse(range->toString());
    require(worked(again), "a range that was written can be read");
    for (const QByteArray &line : lines.sliced(1, std::min<qsizetype>(lines.size() - 1, 16))) {
        if (const Result<Version> version = Version::parse(QString::fromUtf8(line)); worked(version)) {
            require(again->contains(*version) == range->contains(*version), "both ranges contain the same");
        }
    }
    return true;
}

bool exposition(const QByteArray &input)
{
    const Result<Exposition> page = parseExposition(input, u"metrics"_s);
    if (!worked(page)) {
        return false;
    }
    for (const ExpositionSample &sample : page->samples) {
        require(!sample.name.isEmpty(), "a sample has a name");
        require(page->sum(sample.name).has_value(), "a sample that is there has a sum");
    }
    return true;
}

bool envfile(const QByteArray &input)
{
    Result<EnvFile> file = EnvFile::parse(input, u".env"_s);
    if (!worked(file)) {
        return false;
    }
    require(file->toBytes() == input, "an unchanged file stays as it is");
    const QString value = u"it's \"new\" $HOME \\ # no comment\nline"_s;
    QStringList keys;
    for (const EnvFile::Entry &entry : file->entries()) {
        if (!entry.key.isEmpty()) {
            keys.append(entry.key);
        }
    }
    keys.append(u"CUTOVER_FUZZ_NEW"_s);
    for (const QString &key : std::as_const(keys)) {
        file->set(key, value);
    }
    const Result<EnvFile> again = EnvFile::parse(file->toBytes(), u"again"_s);
    require(worked(again), "a changed file can be read");
    for (const QString &key : std::as_const(keys)) {
        require(again->value(key) == value, "a value is read as it was set");
    }
    return true;
}

bool migration(const QByteArray &input)
{
    const QString text = QString::fromUtf8(input);
    Migration migration;
    const bool header = worked(readMigrationHeader(text, u"0001_fuzz.up.sql"_s, migration));
    const auto statements = splitScript(text, u"0001_fuzz.up.sql"_s);
    if (!worked(statements)) {
        return false;
    }
    for (const ScriptStatement &statement : *statements) {
        require(statement.line >= 1, "a statement has a line");
        (void)statement.isPerRange();
    }
    return header;
}

QList<QByteArray> cut(const QByteArray &input, qsizetype piece)
{
    JsonLines lines;
    QList<QByteArray> found;
    for (qsizetype at = 0; at < input.size(); at += piece) {
        lines.feed(input.mid(at, piece));
        while (const auto next = lines.next()) {
            found.append(worked(*next) ? JsonLines::line(**next) : next->error().code.toUtf8());
        }
    }
    return found;
}

bool jsonlines(const QByteArray &input)
{
    const QList<QByteArray> whole = cut(input, std::max<qsizetype>(1, input.size()));
    require(cut(input, 7) == whole, "how the stream is cut does not matter");
    for (const QByteArray &line : whole) {
        if (line.startsWith('{')) {
            JsonLines lines;
            lines.feed(line);
            const auto next = lines.next();
            require(next && *next && JsonLines::line(**next) == line, "a line is read as it was written");
        }
    }
    return !whole.isEmpty() && whole.first().startsWith('{');
}

/** A key pair of this process, and one hash that it signed. */
struct Keys {
    QString secret = Scratch::file(u"key.sec"_s);
    QString open = Scratch::file(u"key.pub"_s);
    QByteArray hash;
    QByteArray signature;

    static const Keys &instance()
    {
        static const Keys keys;
        return keys;
    }

private:
    Keys()
    {
        require(worked(minisign::generateKeys(secret, open)), "keys can be made");
        minisign::Hash hasher;
        hasher.add("cutover", 7);
        hash = hasher.result();
        signature = minisign::sign(hash, secret, u"fuzz"_s).value();
    }
};

/// As a signature, as a public and as a secret key; the first two may never be good.
bool minisignFile(const QByteArray &input)
{
    const Keys &keys = Keys::instance();
    require(!worked(minisign::verify(keys.hash, input, QStringList{keys.open}, u"fuzz"_s)), "a foreign signature is refused");
    const QString key = Scratch::write(u"foreign.pub"_s, input);
    require(!worked(minisign::verify(keys.hash, keys.signature, QStringList{key}, u"fuzz"_s)), "a foreign key is refused");
    const QString secret = Scratch::write(u"foreign.sec"_s, input);
    (void)worked(minisign::sign(keys.hash, secret, {}));
    return false;
}

QByteArray compressed(const QByteArray &input)
{
    QByteArray out(qsizetype(ZSTD_compressBound(size_t(input.size()))), Qt::Uninitialized);
    const size_t size = ZSTD_compress(out.data(), size_t(out.size()), input.constData(), size_t(input.size()), 1);
    require(!ZSTD_isError(size), "zstd compresses");
    return out.first(qsizetype(size));
}

/**
 * A package, or a bare tar that is compressed first, so that the archive's reader sees the change and
 * not only zstd's checksum. It is signed as it is: what is behind the signature is looked at too.
 */
bool package(const QByteArray &input)
{
    const Keys &keys = Keys::instance();
    const QByteArray bytes = input.startsWith("\x28\xb5\x2f\xfd") ? input : compressed(input);
    const QString path = Scratch::write(u"fuzz.cutover"_s, bytes);
    const bool readable = worked(package::inspect(path));

    minisign::Hash hasher;
    hasher.add(bytes.constData(), size_t(bytes.size()));
    Scratch::write(u"fuzz.cutover.minisig"_s, minisign::sign(hasher.result(), keys.secret, u"fuzz"_s).value());
    const package::Limits limits{.maxUnpacked = 1 << 20, .maxMembers = 50, .maxManifest = 64 << 10};
    const auto verified = package::verify(path, {keys.open}, {}, {}, limits);
    if (worked(verified)) {
        require(readable, "what is verified can be looked at");
        require(verified->unpackedSize <= limits.maxUnpacked, "the limit holds");
        require(verified->size == bytes.size(), "the size is the file's");
    }
    return verified.has_value();
}

constexpr FuzzTarget all[] = {
    {"target", target},
    {"manifest", manifest},
    {"semver", semver},
    {"range", range},
    {"exposition", exposition},
    {"envfile", envfile},
    {"migration", migration},
    {"jsonlines", jsonlines},
    {"minisign", minisignFile, true},
    {"package", package},
};

} // namespace

std::span<const FuzzTarget> fuzzTargets()
{
    return all;
}

} // namespace cutover::fuzz
