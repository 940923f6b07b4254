// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/serviceprocess.h"

#include "system/processes.h"

#include <QDir>
#include <QFile>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// From linux/pidfd.h and sys/wait.h of newer C libraries.
int pidfdOpen(qint64 pid)
{
    return static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
}

struct SpawnActions {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    SpawnActions()
    {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnActions()
    {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
    Q_DISABLE_COPY_MOVE(SpawnActions)
};

std::vector<char *> pointers(std::vector<QByteArray> &texts)
{
    std::vector<char *> result;
    for (QByteArray &text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

} // namespace

ServiceProcess::ServiceProcess(qint64 pid, quint64 startTime, int pidfd, bool child)
    : m_pid(pid)
    , m_startTime(startTime)
    , m_pidfd(pidfd)
    , m_child(child)
    , m_notifier(pidfd, QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, &ServiceProcess::onReadable);
    m_kill.setSingleShot(true);
    connect(&m_kill, &QTimer::timeout, this, &ServiceProcess::killGroup);
}

ServiceProcess::~ServiceProcess()
{
    m_notifier.setEnabled(false);
    close(m_pidfd);
}

Result<std::unique_ptr<ServiceProcess>> ServiceProcess::spawn(const ServiceSpawn &spawn)
{
    SpawnActions actions;
    const QByteArray log = spawn.logFile.toLocal8Bit();
    const QByteArray directory = spawn.workingDirectory.toLocal8Bit();
    posix_spawn_file_actions_addopen(&actions.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // The service writes there itself, so that it lives on without us: nobody can mask what it says on the
    // way. It is for the owner's eyes only; whatever of it is shown is masked.
    posix_spawn_file_actions_addopen(&actions.files, STDOUT_FILENO, log.constData(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions.files, STDOUT_FILENO, STDERR_FILENO);
    // A service that kept the run lock's descriptor would keep the lock.
    posix_spawn_file_actions_addclosefrom_np(&actions.files, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions.files, directory.constData());
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&actions.attributes, &none);
    posix_spawnattr_setsigdefault(&actions.attributes, &all);
    posix_spawnattr_setflags(&actions.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::vector<QByteArray> arguments{spawn.program.toLocal8Bit()};
    for (const QString &argument : spawn.arguments) {
        arguments.push_back(argument.toLocal8Bit());
    }
    std::vector<QByteArray> environment;
    for (const auto &[name, value] : spawn.environment.asKeyValueRange()) {
        environment.push_back(QString(name + u'=' + value).toLocal8Bit());
    }
    pid_t pid = 0;
    const int error = posix_spawn(&pid, arguments.front().constData(), &actions.files, &actions.attributes, pointers(arguments).data(),
                                  pointers(environment).data());
    if (error != 0) {
        return failErrno(u"supervisor.start_failed"_s, error, spawn.program, {{u"program"_s, spawn.program}});
    }
    const int pidfd = pidfdOpen(pid);
    if (pidfd < 0) {
        const int reason = errno;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        return failErrno(u"supervisor.start_failed"_s, reason, spawn.program, {{u"program"_s, spawn.program}});
    }
    return std::unique_ptr<ServiceProcess>(new ServiceProcess(pid, processStartTime(pid), pidfd, true));
}

std::unique_ptr<ServiceProcess> ServiceProcess::adopt(qint64 pid, quint64 startTime)
{
    if (pid <= 1 || startTime == 0) {
        return nullptr;
    }
    const int pidfd = pidfdOpen(pid);
    if (pidfd < 0) {
        return nullptr;
    }
    // Asked after opening: from here on the descriptor names this very process.
    if (processStartTime(pid) != startTime) {
        close(pidfd);
        return nullptr;
    }
    return std::unique_ptr<ServiceProcess>(new ServiceProcess(pid, startTime, pidfd, false));
}

void ServiceProcess::terminate(qint64 graceMs)
{
    syscall(SYS_pidfd_send_signal, m_pidfd, SIGTERM, nullptr, 0);
    if (!m_kill.isActive()) {
        m_kill.start(static_cast<int>(graceMs));
    }
}

void ServiceProcess::killGroup() const
{
    kill(-static_cast<pid_t>(m_pid), SIGKILL);
}

bool ServiceProcess::groupAlive() const
{
    if (kill(-static_cast<pid_t>(m_pid), 0) != 0) {
        return false;
    }
    // Zombies answer kill() until their parent collects them.
    const QStringList pids = QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        QFile file(u"/proc/"_s + pid + u"/stat"_s);
        if (!file.open(QIODevice::ReadOnly)) {
            continue;
        }
        const QByteArray stat = file.readAll();
        const QList<QByteArray> fields = stat.sliced(stat.lastIndexOf(')') + 1).simplified().split(' '); // state ppid pgrp …
        if (fields.size() > 2 && fields[2].toLongLong() == m_pid && fields[0] != "Z" && fields[0] != "X") {
            return true;
        }
    }
    return false;
}

void ServiceProcess::onReadable()
{
    m_notifier.setEnabled(false);
    m_kill.stop();
    int exitCode = -1;
    if (m_child) {
        siginfo_t info{};
        if (waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED) == 0) {
            exitCode = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
        }
    }
    Q_EMIT ended(exitCode);
}

} // namespace cutover
