// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QStringList>

namespace cutover {

/// What polkit is asked for stop, start, kill and reset-failed of a unit; it is told which unit.
[[nodiscard]] QString manageUnitsAction();
/// For daemon-reload; it knows no unit.
[[nodiscard]] QString reloadAction();
/// A whole file of rules, in one line, that lets the account update these units and no others. Pure.
[[nodiscard]] QString polkitRule(const QString &account, const QStringList &units);

} // namespace cutover
