// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QObject>

#include <memory>

namespace cutover {

/**
 * Owns the services of the process runtime: 'cutoverctl supervise --target FILE'. What shall run is
 * written to STATE/supervisor/state.json before anything is started or stopped, so that a
 * supervisor that was killed is replaced by one that adopts what runs (by pid and start time, and
 * by a mark in the environment where the pid had not been written yet) and starts what is missing.
 * Only one per state folder (flock on STATE/supervisor/lock). Event-loop thread. Codes "supervisor.*".
 * It also starts the runner of a run under way again when that has died (run/runnerkeeper).
 * A log that has grown over 32 MB while its service runs is copied to NAME.log.1 and emptied in place.
 * What the service writes until the copy is on the disk is given up then: it has the file itself open, and
 * goes on writing when the supervisor dies, as it could not into a pipe that somebody has to read.
 *
 * Protocol, for SupervisorClient: one JSON object per connection, {"method", …} answered by
 * {"result"} or {"error"}. Methods: ping, states, start, stop, shutdown.
 */
class Supervisor : public QObject
{
    Q_OBJECT
public:
    explicit Supervisor(const QString &targetFile, QObject *parent = nullptr);
    ~Supervisor() override;
    /// Takes the lock, adopts, listens. Error "supervisor.already_running" {pid}.
    [[nodiscard]] Result<> start();

Q_SIGNALS:
    /// After "shutdown": nothing runs any more, leave.
    void finished();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// The whole role: runs the application's event loop. Returns the exit code: 0, 1 on an error told on standard error.
[[nodiscard]] int superviseMain(const QString &targetFile);

/// What the supervisor's state file says each instance shall run: instance → folder name of its
/// release, for managed services only. Truth for facts; needs no running supervisor. Any thread.
[[nodiscard]] Result<QMap<QString, QString>> recordedReleases(const Target &target);

/// What an instance of the runtime "process" writes goes there.
[[nodiscard]] QString logFileOf(const Target &target, const QString &instance);

/// The last lines of an instance's log, secrets hidden. Any thread; blocking for a small file.
[[nodiscard]] QStringList recordedLines(const Target &target, const QString &instance);

} // namespace cutover
