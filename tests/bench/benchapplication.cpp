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
    if (!m_counting || QThread::currentThread() != thread()) {
        return QApplication::notify(receiver, event);
    }
    if (m_depth > 0) {
        return notifyInside(receiver, event);
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
    handler.inside = std::exchange(m_inside, {});
    m_handlers.append(std::move(handler));
    return result;
}

bool BenchApplication::notifyInside(QObject *receiver, QEvent *event)
{
    constexpr double tellFromMs = 2;
    // By the clock, which costs next to nothing to read.
    QElapsedTimer wall;
    wall.start();
    const QByteArray name = receiver->metaObject()->className() + QByteArray("/") + receiver->objectName().toUtf8();
    const int type = event->type();
    const qsizetype before = m_inside.size();
    ++m_depth;
    const bool result = QApplication::notify(receiver, event);
    --m_depth;
    if (const double ms = double(wall.nsecsElapsed()) / 1e6; ms >= tellFromMs) {
        m_inside.insert(before, QByteArray(m_depth, ' ') + QByteArray::number(ms, 'f', 1) + " ms " + name + ' ' + QByteArray::number(type) + '\n');
    }
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
