// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "interruptible.h"

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace cutover {

namespace {

int s_interrupt[2] = {-1, -1};

} // namespace

Interruptible::Interruptible(std::function<void()> function, const std::vector<int> &also)
    : m_signals{SIGINT}
{
    for (const int signal : also) {
        // As under nohup: somebody wants it to go on.
        struct sigaction now{};
        if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
            m_signals.push_back(signal);
        }
    }
    if (::pipe2(s_interrupt, O_CLOEXEC | O_NONBLOCK) == 0) {
        m_notifier = std::make_unique<QSocketNotifier>(s_interrupt[0], QSocketNotifier::Read);
        QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [function = std::move(function)] {
            char byte = 0;
            if (::read(s_interrupt[0], &byte, 1) == 1) {
                function();
            }
        });
        for (const int signal : m_signals) {
            std::signal(signal, [](int) {
                const char byte = 1;
                [[maybe_unused]] const ssize_t written = ::write(s_interrupt[1], &byte, 1);
            });
        }
    }
}

Interruptible::~Interruptible()
{
    for (const int signal : m_signals) {
        std::signal(signal, SIG_DFL);
    }
    m_notifier.reset();
    ::close(s_interrupt[0]);
    ::close(s_interrupt[1]);
}

} // namespace cutover
