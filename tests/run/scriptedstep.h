// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

#include <map>
#include <optional>

namespace cutover::testing {

/** What scripted steps change, and what their parts do beyond it. One per process. */
struct World {
    /// Killed here, as far as the run can tell: nothing after it happens in this process.
    struct Crash {
    };
    using Hook = std::function<std::optional<Error>()>;

    QMap<QString, QString> values; ///< Seen as facts "world:NAME".
    QMap<QString, QString> silent; ///< Value → host that would tell it, and does not answer.
    QStringList calls; ///< "a:apply", in order.
    std::map<QString, Hook> before; ///< By call; an error instead of the work.
    std::map<QString, Hook> after; ///< By call; an error after the work.
    std::map<QString, QJsonObject> asks; ///< By call ("a:apply"): it fails asking for this, until it is agreed to.
    std::map<QString, Message> keeps; ///< By step: what its revert leaves.
    int kept = 0; ///< How often a keeper was let at the world.
    bool takesAWord = false; ///< Of all steps.
    bool asksAnew = false; ///< Of all steps.
    std::map<QString, Inspection> inspections; ///< By step, instead of the truth.

    [[nodiscard]] static World &instance();
    [[nodiscard]] int count(const QString &call) const { return int(calls.count(call)); }
};

/// A step that sets one value of the world. waitMs: how long apply() takes before it does.
[[nodiscard]] StepSpec scriptedStep(const QString &id, const QString &from, const QString &to, qint64 waitMs = 0);

} // namespace cutover::testing
