// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>

#include <functional>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace cutover::testing {

/**
 * Work in a process of its own, made by fork() so that tests need no second program. The child
 * makes no Qt event loop and leaves by _exit(). Killed and waited for at the end at the latest.
 */
class OtherProcess
{
public:
    explicit OtherProcess(const std::function<void()> &work)
        : m_pid(::fork())
    {
        if (m_pid == 0) {
            work();
            ::_exit(0);
        }
    }
    ~OtherProcess()
    {
        if (m_pid > 0) {
            kill();
        }
    }
    OtherProcess(const OtherProcess &) = delete;
    OtherProcess &operator=(const OtherProcess &) = delete;

    [[nodiscard]] pid_t pid() const { return m_pid; }
    /// Its wait status.
    int wait()
    {
        int status = 0;
        ::waitpid(m_pid, &status, 0);
        m_pid = -1;
        return status;
    }
    int kill(int signal = SIGKILL)
    {
        ::kill(m_pid, signal);
        return wait();
    }

private:
    pid_t m_pid;
};

} // namespace cutover::testing
