// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"
#include "target/target.h"

namespace cutover {

// Whose a restore point's folder is, told before anything else is in it: several targets may keep their
// backups in one place, and what one of them is writing is nothing that another may clean up. Blocking,
// small. Codes "file.*" and "target.*".

/// How long a folder that nobody owns is left alone after its last change: of a version that wrote no owner.
constexpr qint64 strayAfterMs = 24LL * 60 * 60 * 1000;

[[nodiscard]] Result<> writeBackupOwner(const Target &target, const QString &folder);

/// Folders of this target's restore points that were begun and never recorded, or removed halfway, and
/// those of nobody that nothing has changed in for long. points: all that the journal knows.
[[nodiscard]] Result<QStringList> strayBackups(const Target &target, const QList<RestorePoint> &points, const QDateTime &now);

} // namespace cutover
