// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QSocketNotifier>

#include <functional>
#include <memory>

namespace cutover {

/** Calls a function on the event loop at Ctrl+C, as long as it lives. One at a time. */
class Interruptible
{
public:
    explicit Interruptible(std::function<void()> function);
    ~Interruptible();
    Q_DISABLE_COPY_MOVE(Interruptible)

private:
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace cutover
