// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

#include <QObject>

namespace cutover {

/**
 * Sees to it that the run under way has a runner. The supervisor and every console's counterpart
 * have one; whoever sees first that a runner is missing starts the next, and the run lock lets
 * only one of them lead. A run that never began is not started: only apply does that, through
 * begin(). A runner that dies three times without getting further is not started a fourth time:
 * the run is held and says so. Event-loop thread; the journal's reads are small.
 */
class RunnerKeeper : public QObject
{
    Q_OBJECT
public:
    struct Limits {
        qint64 graceMs = 5000; ///< A runner that is missing for so long is followed by another.
        qint64 beginMs = 120000; ///< The same for a run that has not begun, where it isn't known who was to begin it.
        qint64 backOffMs = 5000; ///< Between the first two tries; four times that before the third.
    };

    /// journal outlives it.
    RunnerKeeper(const QString &targetFile, const QString &stateDirectory, Journal *journal);
    RunnerKeeper(const QString &targetFile, const QString &stateDirectory, Journal *journal, Limits limits);
    ~RunnerKeeper() override;

    /// Starts the runner of a run that was added just now. On an error nothing was started, and
    /// the run has ended as refused with that reason.
    [[nodiscard]] Result<> begin(const QString &runId);
    /// Looks once, and does what is due: about once a second.
    void look();

Q_SIGNALS:
    /// A runner was started, or a run was refused or held for want of one.
    void changed();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
