// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QStringList>

namespace cutover {

/// The statements that lead from version n to n + 1 of journal.db (its user_version), by n.
/// Versions are only ever added, so that any older journal can be brought up to date.
[[nodiscard]] const QList<QStringList> &journalMigrations();

} // namespace cutover
