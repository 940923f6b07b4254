// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QProcessEnvironment>
#include <QStringList>

#include <functional>
#include <stop_token>

namespace cutover {

using ProcessLine = std::function<void(const QByteArray &line, bool isError)>;

/** What to run: always an argument list, never a shell string. */
struct ProcessSpec {
    QString program; ///< Absolute, or looked up in PATH.
    QStringList arguments;
    QString workingDirectory;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    QByteArray input; ///< Written to its standard input, then closed.
    qint64 timeoutMs = 0; ///< 0: none. TERM, then KILL after graceMs.
    qint64 graceMs = 5000;
    QList<int> inherit; ///< Descriptors that the child keeps (the run lock); all others are closed.
    qint64 maxOutput = 16 << 20; ///< Bytes kept of each stream; the rest is counted and dropped.
    ProcessLine onLine; ///< Each output line as it comes; may be empty.
    /// Where set: a program that lives as long as its standard input says so. That stays open behind the input, this is
    /// written to it every heartbeatMs, and a stop or a time-out closes it; KILL follows after graceMs.
    QByteArray heartbeat = {};
    qint64 heartbeatMs = 5000;
};

struct ProcessResult {
    int exitCode = 0; ///< 128 + signal when a signal ended it.
    QByteArray output;
    QByteArray errorOutput;
    qint64 durationMs = 0;
    qint64 droppedBytes = 0; ///< Of both streams together, beyond maxOutput.

    /// The last line that it said, of its errors where there are any; at most 500 characters.
    [[nodiscard]] QString lastWords() const;
};

/**
 * Runs other programs, with fault points before, during and after. GUI or event-loop thread.
 * A non-zero exit code is a result, not an error. Errors: "process.not_found", "process.timeout",
 * "process.start_failed", "process.lost" (its end is not known to have been seen); on stop
 * "system.cancelled", both that and a time-out after its whole process group is proven gone.
 */
class Processes
{
public:
    virtual ~Processes() = default;
    [[nodiscard]] virtual Async<ProcessResult> run(ProcessSpec spec, std::stop_token stop = {}) = 0;
    [[nodiscard]] static Processes &system();
};

/// Starts a program that outlives this one: new session, no inherited descriptors, standard output
/// and error appended to logFile, working directory "/". Returns its pid. Used for runner, watcher, supervisor.
[[nodiscard]] Result<qint64> startDetached(const QString &program, const QStringList &arguments, const QString &logFile,
                                           const QProcessEnvironment &environment = QProcessEnvironment::systemEnvironment());

/// Start time in clock ticks since boot from /proc/PID/stat; with the pid it names a process for
/// good. 0 when there is no such process or it is a zombie.
[[nodiscard]] quint64 processStartTime(qint64 pid);

} // namespace cutover
