// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>
#include <QFileDevice>

/**
 * Everything of ours that writes a file does it here: one layer with fault points, so that a
 * crash test can stop at each of them. Blocking; call for small files, or from a Worker. Any thread.
 * Errors: "file.*" with the path as where, ENOSPC as "file.no_space".
 */
namespace cutover::files {

constexpr auto privateFile = QFileDevice::ReadOwner | QFileDevice::WriteOwner;
constexpr auto publicFile = privateFile | QFileDevice::ReadGroup | QFileDevice::ReadOther;

/// Refuses files over maxBytes ("file.too_big").
[[nodiscard]] Result<QByteArray> read(const QString &path, qint64 maxBytes = 64 << 20);
/// Old content or new content, never anything between: temporary file beside it, fsync, rename,
/// fsync of the folder. Keeps owner and mode of an existing file; a new one gets permissions.
/// A leftover temporary is named ".NAME.cutover-tmp" and is overwritten by the next call.
[[nodiscard]] Result<> replace(const QString &path, const QByteArray &content, QFileDevice::Permissions permissions = publicFile);
/// Whole for every reader, but not synced: for signs of life and figures that are renewed each
/// second, where losing the last one in a crash of the machine means nothing.
[[nodiscard]] Result<> publish(const QString &path, const QByteArray &content, QFileDevice::Permissions permissions = publicFile);
/// Makes the folder and its parents, each synced.
[[nodiscard]] Result<> makePath(const QString &path);
/// Atomic within a file system; both folders synced.
[[nodiscard]] Result<> rename(const QString &from, const QString &to);
/// No error when it does not exist.
[[nodiscard]] Result<> remove(const QString &path);
/// Removes a folder with all it holds, not following links. No error when it does not exist.
/// Renamed to a hidden name first, so that a half-removed tree is never taken for a whole one.
[[nodiscard]] Result<> removeTree(const QString &path);
/// Points the symbolic link at target in one step (temporary link, rename). Creates it if needed.
[[nodiscard]] Result<> switchLink(const QString &link, const QString &target);
[[nodiscard]] Result<QString> readLink(const QString &link);
/// Copies content and mode; the copy is synced and appears whole.
[[nodiscard]] Result<> copy(const QString &from, const QString &to);
/// fsync of a folder's entries.
[[nodiscard]] Result<> syncDirectory(const QString &path);
/// Bytes an unprivileged process can still write at path (or its nearest existing parent).
[[nodiscard]] Result<qint64> freeBytes(const QString &path);
/// Makes a file that takes up that many bytes on the disk, or leaves one that does. Removing it
/// gives the space back.
[[nodiscard]] Result<> reserve(const QString &path, qint64 bytes);
/// SHA-256 of a file, lower-case hexadecimal, streamed.
[[nodiscard]] Result<QString> sha256(const QString &path);

/// A file written piece by piece under a temporary name until commit() or keep() for resumable downloads.
class Writer
{
public:
    Writer() = default;
    Writer(Writer &&other) noexcept;
    Writer &operator=(Writer &&other) noexcept;
    ~Writer(); ///< Without commit(), removes the temporary unless keep() was called.
    /// appendTo: continue an earlier temporary at that offset (truncates what is behind it).
    [[nodiscard]] static Result<Writer> open(const QString &path, const QString &temporary = {}, qint64 appendTo = 0);
    [[nodiscard]] Result<> write(const char *data, qint64 size);
    /// fsync, rename to the final path, fsync of the folder.
    [[nodiscard]] Result<> commit(QFileDevice::Permissions permissions = publicFile);
    /// Leaves the temporary for a later open().
    void keep() { m_keep = true; }

private:
    int m_fd = -1;
    QString m_path;
    QString m_temporary;
    bool m_keep = false;
};

} // namespace cutover::files
