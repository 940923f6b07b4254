// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QDateTime>
#include <QList>

#include <memory>
#include <optional>
#include <stop_token>

namespace cutover {

/** Who has, or last had, the run lock; from what the holder wrote into it. */
struct LockOwner {
    qint64 pid = 0;
    quint64 startTime = 0; ///< Clock ticks since boot; see processStartTime().
    QString bootId;
    QString host;
    QString user;
    QString runId;
    qint64 epoch = 0;
    QDateTime since;

    /// That process still runs on this boot of this machine.
    [[nodiscard]] bool lives() const;
};

/** A process that keeps the lock held: it has the very descriptor, opened or inherited. */
struct LockKeeper {
    qint64 pid = 0;
    quint64 startTime = 0;
    QString program; ///< Its command's name.
    bool inherited = false; ///< It did not take the lock itself: a child of the runner that did.
};

/**
 * The lock of a target: flock on STATE/lock. It goes with the last process that has its
 * descriptor; children that change the system inherit that (ProcessSpec::inherit), so a run cannot
 * go on while work of a dead runner is still under way. Each acquisition raises the fencing epoch
 * in STATE/epoch. Event-loop thread. Codes "lock.*".
 */
class RunLock
{
public:
    struct Options {
        qint64 waitMs = 0; ///< For a live holder, and for leftover children to end by themselves.
        bool endLeftovers = true; ///< Then TERM, and KILL after graceMs, to children of a dead runner whose run has not ended.
        qint64 graceMs = 5000;
    };

    /// Errors: "lock.held" {pid, user, host, run, since}, "lock.leftovers" {programs}; "lock.left_running" {run, programs}: what
    /// they belong to has ended, so that they are nobody's unfinished work and may be what serves by now. Nothing ends those.
    [[nodiscard]] static Async<std::unique_ptr<RunLock>> acquire(QString stateDirectory, QString runId, Options options,
                                                                 std::stop_token stop = {});
    ~RunLock(); ///< Gives it back, unless a child still has it.
    Q_DISABLE_COPY_MOVE(RunLock)

    /// To be inherited by children.
    [[nodiscard]] int descriptor() const { return m_fd; }
    [[nodiscard]] qint64 epoch() const { return m_epoch; }
    /// Before each change: "lock.lost" when the lock file was replaced or somebody has a later epoch.
    [[nodiscard]] Result<> check() const;

    /// Who holds it now; nothing when it is free. "pid 0" when it is held but not known by whom.
    [[nodiscard]] static Result<std::optional<LockOwner>> owner(const QString &stateDirectory);
    /// Whether the run that signed the lock has come to its end, as the journal says; false where that knows no such run.
    [[nodiscard]] static Result<bool> isOver(const QString &stateDirectory);
    /// All processes that keep it held, as far as this user may see them.
    [[nodiscard]] static QList<LockKeeper> keepers(const QString &stateDirectory);
    /// The last epoch given; 0 before the first.
    [[nodiscard]] static Result<qint64> currentEpoch(const QString &stateDirectory);

private:
    RunLock(int fd, const QString &stateDirectory);
    [[nodiscard]] Result<> sign(const QString &runId);

    int m_fd;
    QString m_directory;
    qint64 m_epoch = 0;
};

} // namespace cutover
