// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QSet>
#include <QString>

#include <optional>

/** What /proc tells of processes, whoever's they are. Empty, 0 or nothing where one is gone. Any thread. */
namespace cutover::procfiles {

[[nodiscard]] QString folder(qint64 pid);
/// A file of /proc has no size: read to the end, not through files::read().
[[nodiscard]] QByteArray read(const QString &path);
[[nodiscard]] qint64 parentOf(qint64 pid);
/// Inodes of the sockets that a process has; nothing where this user may not look.
[[nodiscard]] std::optional<QSet<QByteArray>> socketsOf(qint64 pid);

} // namespace cutover::procfiles
