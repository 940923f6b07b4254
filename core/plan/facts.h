// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"
#include "target/target.h"

#include <QJsonObject>
#include <QMap>

namespace cutover {

/**
 * What identifies the world, by name: "target.identity", "target.digest", "release.current",
 * "migration.head:DB", "configuration:FILE" (keyed digest), "instance:NAME" (running version), "balancer:SERVICE" (colours let in).
 * Exact values, digested into the plan, compared again before each step and on resume.
 */
using Facts = QJsonObject;

/** Names the first facts that differ, as "plan.fact_changed" {fact, expected, found}. */
[[nodiscard]] Result<> compareFacts(const Facts &expected, const Facts &found);

/// In the place of a fact that a further host of the target would tell, and does not for the moment.
[[nodiscard]] QJsonValue silentFact(const QString &host, const Error &why);

/** What could be told, and what not as a further host does not answer. */
struct FactLook {
    Facts facts; ///< Without those that are unknown.
    QMap<QString, QString> unknown; ///< Name → host that would tell it.
    QMap<QString, Error> silent; ///< Those hosts, and why they don't.
};

/** Something that can tell facts. Rooms register theirs; all are asked when facts are collected. */
class FactSource
{
public:
    using Function = std::function<Async<Facts>(const Target &target)>;
    /// At file scope in the room that knows the fact.
    FactSource(const QString &name, Function function);
    /// All of them: a host that does not answer is an error.
    [[nodiscard]] static Async<Facts> collect(const Target &target);
    /// The same for who can do without some: only what is asked here is an error.
    [[nodiscard]] static Async<FactLook> look(const Target &target);
    /// Those of one source, for lookers-on who must not wait for all; empty when there is no such source.
    [[nodiscard]] static Async<Facts> collectFrom(const QString &name, const Target &target);
};

} // namespace cutover
