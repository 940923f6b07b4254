// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "descendants.h"

#include <QFile>
#include <QThread>

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

QList<pid_t> children()
{
    QFile file(u"/proc/self/task/%1/children"_s.arg(::getpid()));
    QList<pid_t> pids;
    if (file.open(QIODevice::ReadOnly)) {
        for (const QByteArray &word : file.readAll().simplified().split(' ')) {
            if (!word.isEmpty()) {
                pids.append(word.toInt());
            }
        }
    }
    return pids;
}

} // namespace

Descendants::Descendants()
{
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Descendants::~Descendants()
{
    for (int look = 0; look < 500; ++look) {
        const QList<pid_t> pids = children();
        if (pids.isEmpty()) {
            return;
        }
        for (const pid_t pid : pids) {
            ::kill(pid, SIGKILL);
        }
        reap();
        QThread::msleep(10);
    }
}

void Descendants::reap(const QSet<qint64> &waitedFor) const
{
    for (const pid_t pid : children()) {
        if (!waitedFor.contains(pid)) {
            ::waitpid(pid, nullptr, WNOHANG);
        }
    }
}

} // namespace cutover::testing
