// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QMap>
#include <QObject>
#include <QSocketNotifier>
#include <QStringList>
#include <QTimer>

#include <memory>

namespace cutover {

/** What a service process is started from. */
struct ServiceSpawn {
    QString program; ///< Absolute.
    QStringList arguments;
    QString workingDirectory;
    QMap<QString, QString> environment; ///< The whole of it.
    QString logFile; ///< Standard output and error are appended to it.
};

/**
 * One process of a service, in a session and process group of its own: started by this process, or
 * adopted from an earlier supervisor. Its end is told by a pidfd, so that a reused pid is never
 * taken for it. Destroying the object leaves the process alone. Event-loop thread.
 */
class ServiceProcess : public QObject
{
    Q_OBJECT
public:
    /// Inherits no descriptor, no signal mask. Error "supervisor.start_failed" {program, reason}.
    [[nodiscard]] static Result<std::unique_ptr<ServiceProcess>> spawn(const ServiceSpawn &spawn);
    /// nullptr when there is no such process any more.
    [[nodiscard]] static std::unique_ptr<ServiceProcess> adopt(qint64 pid, quint64 startTime);
    ~ServiceProcess() override;

    [[nodiscard]] qint64 pid() const { return m_pid; }
    [[nodiscard]] quint64 startTime() const { return m_startTime; }
    /// TERM to the process; KILL to its whole group after graceMs.
    void terminate(qint64 graceMs);
    /// KILL to whatever is left of its group after its end.
    void killGroup() const;
    /// Whether any process of its group is alive (a zombie is not).
    [[nodiscard]] bool groupAlive() const;

Q_SIGNALS:
    /// exitCode: 128 + signal when a signal ended it; -1 when it was adopted, so nobody can tell.
    void ended(int exitCode);

private:
    ServiceProcess(qint64 pid, quint64 startTime, int pidfd, bool child);
    void onReadable();

    qint64 m_pid;
    quint64 m_startTime;
    int m_pidfd;
    bool m_child;
    QSocketNotifier m_notifier;
    QTimer m_kill;
};

} // namespace cutover
