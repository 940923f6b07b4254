// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demowindow.h"

#include "system/clock.h"
#include "system/files.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 PollMs = 50;

QString markFile(const QString &stateDirectory)
{
    return stateDirectory + u"/started-by-window"_s;
}

} // namespace

DemoWindow::DemoWindow(QString directory)
    : m_directory(std::move(directory))
{
}

DemoWindow::~DemoWindow()
{
    leave();
}

void DemoWindow::leave()
{
    if (m_fd >= 0) {
        ::close(std::exchange(m_fd, -1));
    }
}

QString DemoWindow::lockFile() const
{
    return m_directory + u"/state/windows.lock"_s;
}

bool DemoWindow::isCurrent() const
{
    struct stat held{};
    struct stat there{};
    return ::fstat(m_fd, &held) == 0 && ::stat(QFile::encodeName(lockFile()).constData(), &there) == 0 && held.st_ino == there.st_ino
        && held.st_dev == there.st_dev;
}

Result<bool> DemoWindow::attempt()
{
    leave();
    const QString path = lockFile();
    CHECK(files::makePath(QFileInfo(path).absolutePath()));
    m_fd = ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (m_fd < 0) {
        return failErrno(u"file.write"_s, errno, path);
    }
    if (::flock(m_fd, LOCK_SH | LOCK_NB) == 0) {
        return isCurrent();
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
        return failErrno(u"file.write"_s, errno, path);
    }
    return false;
}

Async<> DemoWindow::join()
{
    while (true) {
        CO_TRY(const bool joined, attempt());
        if (joined) {
            co_return {};
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs));
    }
}

Result<> DemoWindow::markStarted() const
{
    // After another start of the machine it says nothing any more, so it need not outlive that.
    return files::publish(markFile(m_directory + u"/state"_s), Clock::system().bootId().toUtf8());
}

Result<bool> DemoWindow::isToEnd()
{
    const QString mark = markFile(m_directory + u"/state"_s);
    // One that fails to get it has left by trying, so of two that close at once one stays the last.
    if (m_fd < 0 || !isCurrent() || ::flock(m_fd, LOCK_EX | LOCK_NB) != 0 || !QFileInfo::exists(mark)) {
        leave();
        return false;
    }
    TRY(const QByteArray boot, files::read(mark));
    if (boot != Clock::system().bootId().toUtf8()) {
        leave();
        return false;
    }
    return true;
}

Result<> unmarkDemoWindow(const QString &stateDirectory)
{
    const QString mark = markFile(stateDirectory);
    return QFileInfo::exists(mark) ? files::remove(mark) : Result<>();
}

} // namespace cutover
