// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"
#include "target/target.h"

namespace cutover {

// The catalogue of restore points, from the event-loop thread; each call opens the journal on a
// worker. Codes "backup.*" and "journal.*".

[[nodiscard]] Async<QList<RestorePoint>> readRestorePoints(QString stateDirectory); ///< Newest first.
/// Error "backup.unknown_point".
[[nodiscard]] Async<RestorePoint> readRestorePoint(QString stateDirectory, QString id);
[[nodiscard]] Async<> saveRestorePoint(QString stateDirectory, RestorePoint point);

/// Names of the members of a restore point.
[[nodiscard]] QString databaseMember(const QString &database);
[[nodiscard]] QString configurationMember(const QString &file);

} // namespace cutover
