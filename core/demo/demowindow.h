// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/**
 * A window's part in a demo that several windows may look at: the last one to close ends what a
 * window has started. What 'demo start' started is left alone, and so is what another window uses.
 * Each holds a shared flock on STATE/windows.lock, which goes with its process; a mark of the
 * machine's start beside it says that a window started the demo. Event-loop thread. Codes "file.*".
 */
class DemoWindow
{
public:
    explicit DemoWindow(QString directory);
    ~DemoWindow();
    Q_DISABLE_COPY_MOVE(DemoWindow)

    /// The demo exists. Waits, without blocking, for a last window that is ending it.
    [[nodiscard]] Async<> join();
    void leave();
    /// From now on the last window ends it.
    [[nodiscard]] Result<> markStarted() const;
    /// Whether this window is the one to end it. Then no other can join before this object is gone;
    /// else this one has left.
    [[nodiscard]] Result<bool> isToEnd();

private:
    [[nodiscard]] QString lockFile() const;
    [[nodiscard]] Result<bool> attempt();
    /// Not removed by a reset meanwhile.
    [[nodiscard]] bool isCurrent() const;

    QString m_directory;
    int m_fd = -1;
};

/// Forgets that a window started it.
[[nodiscard]] Result<> unmarkDemoWindow(const QString &stateDirectory);

} // namespace cutover
