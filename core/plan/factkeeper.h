// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"

#include <functional>

namespace cutover {

class Processes;

/** What a keeper works with. */
struct KeeperTools {
    Processes *processes = nullptr; ///< Outlives the task; nullptr: those of the system.
    QList<int> inherit = {}; ///< Descriptors that its programs keep: the run lock.
    std::function<void(const Message &done)> told = {}; ///< What was put right, as soon as it is.
    Facts before = {}; ///< As the run was planned;
    Facts expected = {}; ///< and as they are to be now: what has gone from them, the run has stopped.
    QList<StepSpec> begun = {}; ///< Steps that the run has begun to apply, done or not; of a watch none.
};

/**
 * Puts a fact right that runs have set themselves and that something else has changed since without meaning to, as a
 * server's restart does: where that harms nobody. Rooms register theirs; a run asks all of them before each step, and
 * its watch meanwhile. What a keeper leaves alone, the facts tell. Event-loop thread.
 */
class FactKeeper
{
public:
    /// ignored: names of facts that the step at work is changing just now.
    using Function = std::function<Async<>(Target target, QStringList ignored, KeeperTools tools)>;
    /// At file scope in the room that knows the fact.
    FactKeeper(const QString &name, Function function);
    [[nodiscard]] static Async<> keep(Target target, QStringList ignored, KeeperTools tools);
};

} // namespace cutover
