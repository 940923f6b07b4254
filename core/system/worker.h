// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QFuture>
#include <QtConcurrentRun>
#include <QThreadPool>

namespace cutover {

/**
 * One thread for blocking work, kept for the object's life: a database connection opened in run()
 * may be used in every later run() of the same Worker. co_await the returned future.
 */
class Worker
{
public:
    Worker()
    {
        m_pool.setMaxThreadCount(1);
        m_pool.setExpiryTimeout(-1);
    }
    /// Waits for the work under way.
    ~Worker() { m_pool.waitForDone(); }
    template<class F>
    [[nodiscard]] auto run(F &&work)
    {
        return QtConcurrent::run(&m_pool, std::forward<F>(work));
    }

private:
    QThreadPool m_pool;
};

} // namespace cutover
