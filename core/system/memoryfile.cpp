// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/memoryfile.h"

#include <cerrno>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

MemoryFile::~MemoryFile()
{
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

Result<> MemoryFile::write(const QByteArray &content)
{
    m_fd = ::memfd_create("cutover", MFD_CLOEXEC);
    // libpq ignores a password file that others may read.
    if (m_fd < 0 || ::fchmod(m_fd, S_IRUSR | S_IWUSR) != 0 || ::write(m_fd, content.constData(), size_t(content.size())) != content.size()) {
        return failErrno(u"process.start_failed"_s, errno, {}, {{u"program"_s, u"memfd_create"_s}});
    }
    return {};
}

} // namespace cutover
