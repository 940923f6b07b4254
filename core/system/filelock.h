// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <memory>
#include <stop_token>

namespace cutover {

/**
 * One process at a time: flock on a file of its own, which stays behind empty. It goes with the
 * process, however that ends; children do not inherit it. For short work on shared files; the
 * target's run lock is RunLock. Event-loop thread. Codes "file.*", "system.cancelled".
 */
class FileLock
{
public:
    /// Waits without blocking, as long as it takes; the folder is made when it is missing.
    [[nodiscard]] static Async<std::unique_ptr<FileLock>> acquire(QString path, std::stop_token stop = {});
    /// Null when somebody else has it.
    [[nodiscard]] static Result<std::unique_ptr<FileLock>> attempt(const QString &path);
    ~FileLock();
    Q_DISABLE_COPY_MOVE(FileLock)

private:
    explicit FileLock(int fd);
    int m_fd;
};

/** A turn at the files of a folder: flock on the folder itself. Blocks until the one before is
    through, so only for a moment's work. Not on a GUI thread. Codes "file.read". */
class FolderTurn
{
public:
    [[nodiscard]] static Result<FolderTurn> take(const QString &folder);
    FolderTurn(FolderTurn &&other) noexcept;
    FolderTurn &operator=(FolderTurn &&other) noexcept;
    ~FolderTurn();

private:
    explicit FolderTurn(int fd);
    int m_fd;
};

} // namespace cutover
