// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace cutover {

/**
 * Disk space kept back in the state folder, so that a run can still record what it does, and go
 * back, on a disk that has become full. Any thread, any process.
 */
constexpr qint64 reservedBytes = 8 << 20;

/// Takes the space when there is plenty; a nearly full disk is left alone. True when it is held.
bool holdReserve(const QString &stateDirectory);
/// Gives the space back; false when there was none to give.
[[nodiscard]] bool releaseReserve(const QString &stateDirectory);

} // namespace cutover
