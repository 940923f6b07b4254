// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "filelog.h"

#include <QDir>
#include <QFileInfo>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace demo {

FileLog::~FileLog()
{
    if (m_fd >= 0) {
        close(m_fd);
    }
}

bool FileLog::open(const QString &path)
{
    QDir().mkpath(QFileInfo(path).absolutePath());
    m_fd = ::open(path.toLocal8Bit().constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (m_fd < 0) {
        fprintf(stderr, "cannot open %s: %s\n", qPrintable(path), strerror(errno));
    }
    return m_fd >= 0;
}

bool FileLog::append(const QByteArray &line, bool durable)
{
    const QByteArray whole = line + '\n';
    return write(m_fd, whole.constData(), whole.size()) == whole.size() && (!durable || fdatasync(m_fd) == 0);
}

} // namespace demo
