// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"
#include "target/target.h"

#include <QJsonObject>

namespace cutover {

/**
 * What identifies the world, by name: "target.identity", "target.digest", "release.current",
 * "migration.head:DB", "configuration:FILE" (keyed digest), "instance:NAME" (running version), "balancer:SERVICE" (colours let in).
 * Exact values, digested into the plan, compared again before each step and on resume.
 */
using Facts = QJsonObject;

/** Names the first facts that differ, as "plan.fact_changed" {fact, expected, found}. */
[[nodiscard]] Result<> compareFacts(const Facts &expected, const Facts &found);

/** Something that can tell facts. Rooms register theirs; all are asked when facts are collected. */
class FactSource
{
public:
    using Function = std::function<Async<Facts>(const Target &target)>;
    /// At file scope in the room that knows the fact.
    FactSource(const QString &name, Function function);
    [[nodiscard]] static Async<Facts> collect(const Target &target);
    /// Those of one source, for lookers-on who must not wait for all; empty when there is no such source.
    [[nodiscard]] static Async<Facts> collectFrom(const QString &name, const Target &target);
};

} // namespace cutover
