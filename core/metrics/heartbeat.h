// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QMap>

namespace cutover {

/** The watcher's sign of life, STATE/watcher.json, renewed with each scrape. */
struct Heartbeat {
    qint64 pid = 0;
    quint64 startTime = 0; ///< processStartTime(); with the pid it names the process for good.
    QString bootId;
    qint64 bootTime = 0; ///< Clock::monotonic() when written.
    qint64 time = 0; ///< ms since the epoch.
    qint64 scrapes = 0;
    qint64 intervalMs = 0;
    QMap<QString, Error> down; ///< Instances that did not answer, and why.
    Error storeError; ///< When samples could not be written; empty code: none.
    Error targetError; ///< When target.yaml was changed and can't be read.

    /// Fills in process and time.
    [[nodiscard]] Result<> write(const QString &stateDirectory);
    /// Empty (pid 0) when there is none.
    [[nodiscard]] static Heartbeat read(const QString &stateDirectory);
    /// ms since it was written; -1 when its process is gone.
    [[nodiscard]] qint64 silence() const;
};

} // namespace cutover
