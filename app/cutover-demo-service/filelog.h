// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QString>

namespace demo {

/** A file that lines are appended to, each whole. */
class FileLog
{
public:
    FileLog() = default;
    ~FileLog();
    Q_DISABLE_COPY_MOVE(FileLog)
    /// Makes the folder too. Says why on standard error when it can't.
    [[nodiscard]] bool open(const QString &path);
    /// durable: on the disk when this returns.
    bool append(const QByteArray &line, bool durable = false);

private:
    int m_fd = -1;
};

} // namespace demo
