// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"

#include <QElapsedTimer>
#include <QObject>

namespace cutover {

/**
 * Brings progress from a worker to the thread that made the relay, at most every 50 ms. What is
 * still under way when the relay goes is dropped. Keep it in the coroutine that awaits the worker.
 */
class ProgressRelay
{
public:
    explicit ProgressRelay(Database::ProgressFunction progress)
        : m_progress(std::move(progress))
    {
    }
    Q_DISABLE_COPY_MOVE(ProgressRelay)

    /// From the worker.
    void tell(qint64 done, qint64 total)
    {
        if (!m_progress || (m_last.isValid() && m_last.elapsed() < 50 && done < total)) {
            return;
        }
        m_last.start();
        QMetaObject::invokeMethod(
            &m_receiver, [this, done, total] { m_progress(done, total); }, Qt::QueuedConnection);
    }

private:
    QObject m_receiver;
    Database::ProgressFunction m_progress;
    QElapsedTimer m_last;
};

} // namespace cutover
