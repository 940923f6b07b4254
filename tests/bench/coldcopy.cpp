// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "coldcopy.h"

#include "system/files.h"

#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QThread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

/// Until fonts are loaded and plugins looked for.
constexpr int MapMs = 3000;

QStringList mappedFiles(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.setStandardOutputFile(QProcess::nullDevice());
    process.setStandardErrorFile(QProcess::nullDevice());
    process.start(program, arguments);
    process.waitForStarted();
    QThread::msleep(MapMs);
    QFile maps(u"/proc/%1/maps"_s.arg(process.processId()));
    QStringList files;
    if (maps.open(QFile::ReadOnly)) {
        for (const QByteArray &line : maps.readAll().split('\n')) {
            const qsizetype slash = line.indexOf('/');
            const QString file = slash < 0 ? QString() : QString::fromLocal8Bit(line.sliced(slash));
            // Neither devices nor shared memory nor databases.
            const bool data = file.endsWith(u"-shm") || file.endsWith(u".db") || file.startsWith(u"/dev") || file.endsWith(u" (deleted)");
            if (!file.isEmpty() && !data && !files.contains(file) && QFileInfo(file).isFile()) {
                files.append(file);
            }
        }
    }
    process.terminate();
    process.closeWriteChannel();
    if (!process.waitForFinished(10000)) {
        process.kill();
        process.waitForFinished();
    }
    return files;
}

bool isCode(const QString &file)
{
    QFile start(file);
    return start.open(QFile::ReadOnly) && start.read(4) == "\177ELF";
}

/// Bytes of a file that are in memory, and all of them.
std::pair<qint64, qint64> residence(int descriptor, qint64 size)
{
    const qint64 page = sysconf(_SC_PAGESIZE);
    void *place = size > 0 ? mmap(nullptr, size_t(size), PROT_READ, MAP_SHARED, descriptor, 0) : MAP_FAILED;
    if (place == MAP_FAILED) {
        return {0, size};
    }
    QByteArray pages((size + page - 1) / page, '\0');
    const bool known = mincore(place, size_t(size), reinterpret_cast<unsigned char *>(pages.data())) == 0;
    munmap(place, size_t(size));
    const auto resident = std::ranges::count_if(pages, [](char flags) { return flags & 1; });
    return {known ? std::min(size, resident * page) : size, size};
}

} // namespace

ColdCopy::ColdCopy(const QString &scratch)
    : m_folder(scratch)
{
}

Result<QString> ColdCopy::add(const QString &file, const QString &folder)
{
    CHECK(files::makePath(m_folder.filePath(folder)));
    const QString copy = m_folder.filePath(folder + u'/' + QFileInfo(file).fileName());
    if (!QFileInfo::exists(copy)) {
        CHECK(files::copy(file, copy));
        QFile::setPermissions(copy, QFile::permissions(file));
        m_files.append(copy);
    }
    return copy;
}

Result<std::unique_ptr<ColdCopy>> ColdCopy::make(const QString &scratch, const QString &program, const QStringList &arguments, const QStringList &besides)
{
    std::unique_ptr<ColdCopy> cold(new ColdCopy(scratch));
    TRY(cold->m_program, cold->add(program, u"bin"_s));
    for (const QString &file : besides) {
        CHECK(cold->add(file, u"bin"_s));
    }
    const QString canonical = QFileInfo(program).canonicalFilePath();
    for (const QString &file : mappedFiles(program, arguments)) {
        if (file == canonical || QFileInfo(file).fileName().startsWith(u"ld-linux")) {
            continue;
        }
        if (!isCode(file)) {
            cold->m_files.append(file);
            continue;
        }
        // …/plugins/KIND/libNAME.so, or a library.
        const qsizetype plugins = file.lastIndexOf(u"/plugins/");
        CHECK(cold->add(file, plugins < 0 ? u"lib"_s : QFileInfo(file.sliced(plugins + 1)).path()));
    }
    return cold;
}

QStringList ColdCopy::environment() const
{
    return {u"LD_LIBRARY_PATH="_s + m_folder.filePath(u"lib"_s), u"QT_PLUGIN_PATH="_s + m_folder.filePath(u"plugins"_s)};
}

ColdCopy::Cached ColdCopy::drop() const
{
    Cached cached;
    for (const QString &name : m_files) {
        QFile file(name);
        if (!file.open(QFile::ReadOnly)) {
            continue;
        }
        // Only what is on the disk can be dropped.
        fsync(file.handle());
        posix_fadvise(file.handle(), 0, 0, POSIX_FADV_DONTNEED);
        const auto [left, total] = residence(file.handle(), file.size());
        cached.left += double(left) / 1e6;
        cached.total += double(total) / 1e6;
    }
    return cached;
}

} // namespace cutover::bench
