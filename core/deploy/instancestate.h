// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QDateTime>
#include <QString>

namespace cutover {

/** How one instance of a service is, by what really runs. */
struct InstanceState {
    QString name;
    QString service;
    enum class State { Stopped,
                       Starting,
                       Ready,
                       Unready,
                       Stopping,
                       Failed,
                       Unknown } state = State::Stopped; ///< Unknown: its host, one of several, does not tell.
    qint64 pid = 0; ///< Of its process, or of its container's first one; 0: nothing runs.
    QString release; ///< Version folder that it was started from.
    QDateTime since;
    int restarts = 0; ///< After deaths nobody asked for.
    int lastExit = 0;
    QString container = {}; ///< Id; empty where there is none.
    QString image = {}; ///< Digest of what the container was made from.
    Error problem = {}; ///< Why it is unknown.
};

/// "stopped", "starting", "ready", "unready", "stopping", "failed", "unknown": in state files, answers and consoles.
[[nodiscard]] QString instanceStateName(InstanceState::State state);

} // namespace cutover
