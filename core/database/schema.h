// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"

#include <QMap>

namespace cutover {

/// Name of the table that records which migrations a database has.
inline constexpr QLatin1StringView migrationTable{"cutover_migrations"};
/// The same of Alembic.
inline constexpr QLatin1StringView alembicTable{"alembic_version"};

// What a database holds, told from an open connection. Blocking.

/// A definition without what does not matter: white space, comments, quotes around plain names.
[[nodiscard]] QString normalisedSql(const QString &sql);
/// SHA-256 over the normalised definitions in the order of their names; bookkeeping of migrations left out.
[[nodiscard]] Result<QString> schemaDigestOf(sqlite::Connection &connection);
/// Rows by table; tables empty: all but bookkeeping of migrations. A named table that does not exist is left out.
[[nodiscard]] Result<QMap<QString, qint64>> countRowsOf(sqlite::Connection &connection, const QStringList &tables);
/// A condition for the rows that have a value of their own in a column, neither null nor its default;
/// empty when there is no such column.
[[nodiscard]] Result<QString> ownValuesOf(sqlite::Connection &connection, const QString &table, const QString &column);
/// Greatest revision that is wholly applied; of Alembic its heads, comma separated; empty when there is none.
[[nodiscard]] Result<QString> migrationHeadOf(sqlite::Connection &connection);
/// "database.integrity" with SQLite's first findings.
[[nodiscard]] Result<> checkIntegrityOf(sqlite::Connection &connection);

} // namespace cutover
