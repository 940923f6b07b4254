// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QCoroFuture>
#include <QFuture>
#include <QPromise>

namespace cutover {

/**
 * Something that happens once and can be awaited: co_await future(). set() may be called again.
 * The awaiting coroutine goes on from the event loop, never inside set(), so it may destroy
 * whatever called set(). One thread.
 */
class OneShot
{
public:
    OneShot() { m_promise.start(); }
    ~OneShot() { set(); }
    Q_DISABLE_COPY_MOVE(OneShot)
    void set()
    {
        if (!std::exchange(m_set, true)) {
            m_promise.finish();
        }
    }
    [[nodiscard]] bool isSet() const { return m_set; }
    [[nodiscard]] QFuture<void> future() const { return m_promise.future(); }

private:
    QPromise<void> m_promise;
    bool m_set = false;
};

} // namespace cutover
