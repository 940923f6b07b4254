// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"
#include "run/journal.h"

#include <functional>

namespace cutover {

/// Name of the member of a restore point.
[[nodiscard]] QString redisMember(const QString &name);
/// The servers of which each restore point has a snapshot.
[[nodiscard]] QList<RedisSpec> backedUpRedis(const Target &target);

/// A snapshot of the server into the folder of a restore point; the member. progress: bytes, on the event-loop thread. Errors "redis.*".
[[nodiscard]] Async<QJsonObject> backUpRedis(RedisSpec spec, QString directory, std::function<void(qint64 done, qint64 total)> progress,
                                             std::stop_token stop);

/// For a plan that restores everything: a step for each server that says that it stays as it is, why, and how a snapshot of
/// the point is put back by hand. A queue put back would have its jobs done twice, and only who knows the product can tell.
[[nodiscard]] QList<StepSpec> redisStays(const Target &target, const RestorePoint &point);

} // namespace cutover
