// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/filelock.h"

#include "system/clock.h"
#include "system/files.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 pollMs = 50;

} // namespace

FileLock::FileLock(int fd)
    : m_fd(fd)
{
}

FileLock::~FileLock()
{
    ::close(m_fd);
}

Result<std::unique_ptr<FileLock>> FileLock::attempt(const QString &path)
{
    CHECK(files::makePath(QFileInfo(path).absolutePath()));
    const int fd = ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return failErrno(u"file.write"_s, errno, path);
    }
    std::unique_ptr<FileLock> lock(new FileLock(fd));
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return lock;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
        return failErrno(u"file.write"_s, errno, path);
    }
    return std::unique_ptr<FileLock>();
}

Async<std::unique_ptr<FileLock>> FileLock::acquire(QString path, std::stop_token stop)
{
    while (true) {
        CO_TRY(auto lock, attempt(path));
        if (lock) {
            co_return lock;
        }
        CO_CHECK(co_await Clock::system().sleep(pollMs, stop));
    }
}

FolderTurn::FolderTurn(int fd)
    : m_fd(fd)
{
}

FolderTurn::FolderTurn(FolderTurn &&other) noexcept
    : m_fd(std::exchange(other.m_fd, -1))
{
}

FolderTurn &FolderTurn::operator=(FolderTurn &&other) noexcept
{
    std::swap(m_fd, other.m_fd);
    return *this;
}

FolderTurn::~FolderTurn()
{
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

Result<FolderTurn> FolderTurn::take(const QString &folder)
{
    const int fd = ::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failErrno(u"file.read"_s, errno, folder);
    }
    while (::flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    return FolderTurn(fd);
}

} // namespace cutover
