// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QSocketNotifier>

#include <functional>
#include <memory>
#include <vector>

namespace cutover {

/**
 * Calls a function on the event loop at Ctrl+C, as long as it lives. One at a time. also: further signals that mean the same, where
 * what is under way must come to an end that leaves nothing behind: of a terminal or a link that is gone, of who ends this process.
 * One that is ignored stays so.
 */
class Interruptible
{
public:
    explicit Interruptible(std::function<void()> function, const std::vector<int> &also = {});
    ~Interruptible();
    Q_DISABLE_COPY_MOVE(Interruptible)

private:
    std::vector<int> m_signals;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace cutover
