// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "benchapplication.h"

#include <QElapsedTimer>
#include <QThread>

#include <ctime>

namespace cutover::bench {

static double threadCpuMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

bool BenchApplication::notify(QObject *receiver, QEvent *event)
{
    if (!m_counting || m_depth > 0 || QThread::currentThread() != thread()) {
        return QApplication::notify(receiver, event);
    }
    // Both may be gone afterwards.
    Handler handler{.receiver = receiver->metaObject()->className(), .event = event->type()};
    ++m_depth;
    QElapsedTimer wall;
    wall.start();
    const double before = threadCpuMs();
    const bool result = QApplication::notify(receiver, event);
    handler.cpuMs = threadCpuMs() - before;
    handler.wallMs = double(wall.nsecsElapsed()) / 1e6;
    --m_depth;
    m_handlers.append(std::move(handler));
    return result;
}

void BenchApplication::begin()
{
    m_handlers.clear();
    m_handlers.reserve(1 << 16);
    m_counting = true;
}

QList<BenchApplication::Handler> BenchApplication::end()
{
    m_counting = false;
    return std::exchange(m_handlers, {});
}

} // namespace cutover::bench
