// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "endsignals.h"

#include <QSocketNotifier>

#include <array>
#include <cerrno>
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>

namespace cutover {

namespace {

constexpr std::array Ends{SIGTERM, SIGINT, SIGHUP};
std::array<int, 2> ends{-1, -1};

void set(void (*handler)(int))
{
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | SA_RESETHAND;
    for (const int number : Ends) {
        struct sigaction before{};
        // Whoever started it so that one is ignored, as nohup does, goes on meaning that.
        if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
            ::sigaction(number, &action, nullptr);
        }
    }
}

// Only what may be called in a signal's handler.
void onSignal(int number)
{
    const int before = errno;
    const char byte = char(number);
    [[maybe_unused]] const ssize_t written = ::write(ends[0], &byte, 1);
    errno = before;
}

} // namespace

EndSignals::EndSignals(QObject *parent)
    : QObject(parent)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return; // They end the process as they always did.
    }
    auto *notifier = new QSocketNotifier(ends[1], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, [this, notifier] {
        notifier->setEnabled(false);
        set(SIG_DFL);
        Q_EMIT asked();
    });
    set(onSignal);
}

EndSignals::~EndSignals()
{
    if (ends[0] >= 0) {
        set(SIG_DFL);
        ::close(ends[0]);
        ::close(ends[1]);
    }
}

} // namespace cutover
