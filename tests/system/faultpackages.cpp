// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultpackages.h"

#include "demo/demoreleases.h"
#include "release/repository.h"
#include "systemdemo.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QtEndian>

#include <archive.h>
#include <archive_entry.h>

#include <memory>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace faultpackages {

namespace {

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

bool put(archive *writer, const Member &member)
{
    const qint64 size = member.zeros > 0 ? member.zeros : member.content.size();
    const Entry entry(archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname_utf8(entry.get(), member.path.toUtf8().constData());
    archive_entry_set_perm(entry.get(), 0644);
    if (!member.link.isEmpty()) {
        archive_entry_set_filetype(entry.get(), AE_IFLNK);
        archive_entry_set_symlink_utf8(entry.get(), member.link.toUtf8().constData());
        return archive_write_header(writer, entry.get()) == ARCHIVE_OK;
    }
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_size(entry.get(), size);
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) {
        return false;
    }
    const QByteArray block = member.zeros > 0 ? QByteArray(1 << 20, '\0') : member.content;
    for (qint64 left = size; left > 0;) {
        const auto piece = size_t(qMin<qint64>(left, block.size()));
        if (archive_write_data(writer, block.constData(), piece) != la_ssize_t(piece)) {
            return false;
        }
        left -= qint64(piece);
    }
    return true;
}

Result<DemoRelease> hotfix(const QString &version)
{
    TRY(const QList<DemoRelease> all, demoReleases(1));
    DemoRelease release = all.at(1);
    TRY(release.manifest.version, Version::parse(version));
    release.behaviour[u"version"_s] = version;
    return release;
}

} // namespace

QString write(const QString &repository, const QString &version, qint64 listedSize, const QList<Member> &members)
{
    const auto release = hotfix(version);
    if (!release) {
        return release.error().text();
    }
    Manifest manifest = release->manifest;
    const QByteArray listed(qMin<qint64>(listedSize, 1 << 20), 'x');
    manifest.members = {{u"data"_s, listedSize, QString::fromLatin1(QCryptographicHash::hash(listed, QCryptographicHash::Sha256).toHex()), false}};
    const QString file = u"%1/trading-%2.cutover"_s.arg(repository, version);
    const Writer writer(archive_write_new(), &archive_write_free);
    archive_write_set_format_pax_restricted(writer.get());
    archive_write_add_filter_zstd(writer.get());
    archive_write_set_bytes_in_last_block(writer.get(), 1);
    bool good = archive_write_open_filename(writer.get(), QFile::encodeName(file).constData()) == ARCHIVE_OK;
    good = good && put(writer.get(), {u"manifest.yaml"_s, manifest.toYaml(), {}, 0});
    for (const Member &member : members) {
        good = good && put(writer.get(), member);
    }
    good = archive_write_close(writer.get()) == ARCHIVE_OK && good;
    return good ? QString() : QString::fromUtf8(archive_error_string(writer.get()));
}

QString writeScripted(const QString &demo, const QString &version, const QByteArray &script)
{
    const auto release = hotfix(version);
    if (!release) {
        return release.error().text();
    }
    const QString folder = demo + u"/build-"_s + version;
    const QString file = demo + u"/script-"_s + version;
    QFile program(file);
    if (!program.open(QIODevice::WriteOnly) || program.write(script) != script.size()) {
        return program.errorString();
    }
    program.close();
    program.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    if (const auto written = writeDemoRelease(*release, file, folder); !written) {
        return written.error().text();
    }
    if (!QFile::copy(SystemDemo::program(u"cutover-demo-service"_s), folder + u"/service"_s)) {
        return u"the service can't be copied"_s;
    }
    const auto built = package::build(folder, demo + u"/repository"_s);
    QFile::remove(file);
    QDir(folder).removeRecursively();
    return built ? QString() : built.error().text();
}

QString writePartial(const QString &demo, const QString &version, const QStringList &restart)
{
    auto release = hotfix(version);
    if (!release) {
        return release.error().text();
    }
    release->manifest.restart = restart;
    const QString folder = demo + u"/build-"_s + version;
    if (const auto written = writeDemoRelease(*release, SystemDemo::program(u"cutover-demo-service"_s), folder); !written) {
        return written.error().text();
    }
    const auto built = package::build(folder, demo + u"/repository"_s);
    QDir(folder).removeRecursively();
    return built ? QString() : built.error().text();
}

QString enlarge(const QString &package)
{
    constexpr quint32 frame = (2U << 30) + (1U << 20);
    QFile file(package);
    // Skippable: a number that says so, and its size.
    QByteArray header(8, '\0');
    qToLittleEndian<quint32>(0x184d2a50U, header.data());
    qToLittleEndian<quint32>(frame, header.data() + 4);
    const bool good = file.open(QIODevice::ReadWrite) && file.seek(file.size()) && file.write(header) == header.size()
        && file.resize(file.pos() + qint64(frame));
    return good ? QString() : file.errorString();
}

QString publish(const QString &repository, const QString &version, const QString &secretKey)
{
    if (const auto done = package::sign(u"%1/trading-%2.cutover"_s.arg(repository, version), secretKey, u"trading "_s + version); !done) {
        return done.error().text();
    }
    const auto indexed = Repository::writeIndex(repository, secretKey);
    return indexed ? QString() : indexed.error().text();
}

} // namespace faultpackages
