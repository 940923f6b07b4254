// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QDateTime>
#include <QFile>

namespace cutover {

/**
 * A run's log, a plain file that grows: "ISO-time step source line". For reading, never for
 * deciding, so it is not synced and a failed write is let go. One thread.
 */
class RunLog
{
public:
    explicit RunLog(const QString &path);
    /// Control characters of the line are replaced, so that one line stays one line.
    void write(const QDateTime &time, const QString &step, const QString &source, const QString &line);

private:
    QFile m_file;
};

} // namespace cutover
