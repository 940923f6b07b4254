// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>

namespace cutover {

/**
 * A file in memory for a program that wants to read one: for children that inherit descriptor()
 * (ProcessSpec::inherit) it is at path(), readable by this user only, and no kill can leave it behind.
 */
class MemoryFile
{
public:
    MemoryFile() = default;
    ~MemoryFile();
    Q_DISABLE_COPY_MOVE(MemoryFile)

    /// Once. Error "process.start_failed".
    [[nodiscard]] Result<> write(const QByteArray &content);
    [[nodiscard]] int descriptor() const { return m_fd; } ///< -1 before write().
    /// As the child names it; a child of the child only where that keeps the descriptor open.
    [[nodiscard]] QString path() const { return QStringLiteral("/proc/self/fd/%1").arg(m_fd); }

private:
    int m_fd = -1;
};

} // namespace cutover
