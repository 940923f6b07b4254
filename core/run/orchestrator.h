// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"
#include "run/journal.h"

#include <QObject>

#include <functional>

namespace cutover {

/**
 * Runs one plan to its end: new, old or held. Started by 'cutoverctl apply'; started again after a
 * crash it resumes from the journal. Emits progress for whoever looks on. Event-loop thread.
 *
 * Before each step the facts are collected and compared with plan.factsBefore(); commands are
 * taken between steps and while a step waits. All transitions come from run/transitions.h.
 */
class Orchestrator : public QObject
{
    Q_OBJECT
public:
    Orchestrator(Target target, Journal *journal, QString runId, int lockDescriptor, Clock *clock = &Clock::system(),
                 Processes *processes = &Processes::system(), QObject *parent = nullptr);
    ~Orchestrator() override;

    /// Returns the final state, or Held only when asked to leave while held (leaveWhenHeld).
    [[nodiscard]] Async<RunState> run(bool leaveWhenHeld = false);
    /// Asked before each change: an error ends run() with it at once and leaves the run to whoever has
    /// the target now (RunLock::check).
    void setFence(std::function<Result<>()> fence);
    /// A command row may be waiting; look now.
    void wake();

Q_SIGNALS:
    /// {"type": "progress", "step", "done", "total", "unit", "doing": message, "cancellable"} or
    /// {"type": "log", "step", "source", "line"} or {"type": "event", …}. Lossy.
    void told(const QJsonObject &what);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
