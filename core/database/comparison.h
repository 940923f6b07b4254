// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"

#include <QMap>

namespace cutover {

/**
 * What a database holds that a copy of it, made earlier, does not: by "TABLE" the rows that the copy
 * has not, by primary key, or has with other values; by "TABLE.COLUMN" the values in columns that the
 * copy has not, of rows that it has. A table without a primary key is compared by whole rows, and
 * counts equal ones. Zeros are left out, and so is our own bookkeeping. Blocking; reads both files whole.
 */
[[nodiscard]] Result<QMap<QString, qint64>> lossAgainst(sqlite::Connection &live, const QString &copy);

/// Whether both hold the same: definitions, migrations, rows.
[[nodiscard]] Result<bool> holdsTheSame(sqlite::Connection &live, const QString &copy);

} // namespace cutover
