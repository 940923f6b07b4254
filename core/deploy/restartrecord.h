// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/facts.h"
#include "target/target.h"

#include <optional>

namespace cutover {

/** An instance that a restart outside of a run is about: what it ran, and is to run again. */
struct RestartRecord {
    QString version;
    QString image; ///< Id of its container's; empty: not known, or none.
};

/// Those whose restart has begun and has not come to its end, by instance, from STATE/restart.json. While nobody holds the run
/// lock they were cut, by a signal, a lost link or a full disk. Blocking for a small file.
[[nodiscard]] Result<QMap<QString, RestartRecord>> restartRecords(const Target &target);
/// On disk before the instance is touched. Only who holds the run's lock.
[[nodiscard]] Result<> recordRestart(const Target &target, const QString &instance, const RestartRecord &record);
/// It is back, or something else decides about it from here on. Nothing happens where none is recorded. Only who holds the lock.
[[nodiscard]] Result<> forgetRestart(const Target &target, const QString &instance);

/// Instances of the runtime whose restart was cut are meant to run, whatever the runtime says of them: it was told to stop them.
[[nodiscard]] Result<> addCutRestarts(const Target &target, const QString &runtime, Facts *facts);
/// "restart.cut" {instances, services}, with the command that goes on; nothing where none was, or where one is under way.
[[nodiscard]] Result<std::optional<Error>> cutRestart(const Target &target);

} // namespace cutover
