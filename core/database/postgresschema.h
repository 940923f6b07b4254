// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgressession.h"

#include <QMap>

// What a PostgreSQL database holds. Blocking, from a Worker.

namespace cutover::postgres {

/// pg_dump's definitions without what does not matter: comments, session settings, and forms of one
/// expression that the server writes in two ways before and after a restore. SHA-256, hexadecimal.
[[nodiscard]] QString schemaDigestOf(const QString &dump);
/// Tables that are bookkeeping of migrations, as patterns for pg_dump's --exclude-table.
[[nodiscard]] QStringList bookkeepingTables();

/// Exact rows by table ("orders", "audit.entry"), in the transaction that is open; tables empty: all
/// but bookkeeping and what belongs to extensions, except what the user fills of these (configuration tables). A named table that does not exist is left out.
[[nodiscard]] Result<QMap<QString, qint64>> countRowsOf(Session &session, const QStringList &tables);
/// Rows by table as the planner estimates them, and bytes of all tables without their indexes.
struct Estimate {
    QMap<QString, qint64> rows;
    qint64 bytes = 0;
};
[[nodiscard]] Result<Estimate> estimateOf(Session &session);
/// The head that Alembic has recorded; several, comma separated; empty when there is none.
[[nodiscard]] Result<QString> revisionOf(Session &session);

/** How a database was looked at. */
struct Integrity {
    bool byAmcheck = false; ///< Otherwise only what the server has noticed itself: bad indexes, checksums.
    qint64 looked = 0; ///< Indexes.
};
/// "database.integrity" with the first findings.
[[nodiscard]] Result<Integrity> checkIntegrityOf(Session &session, const DatabaseSpec &spec);

/** A table of the user, as far as its rows are compared. */
struct Table {
    QString from; ///< As SQL, behind FROM.
    QStringList columns;
    QMap<QString, QString> types; ///< By column: "character varying(10)".
    QMap<QString, QString> own; ///< By column, as SQL: whether a value is neither empty, nor the default, nor made of others.
    QStringList key; ///< In the order of the primary key.
    qint64 written = 0; ///< Rows inserted or changed since the server's statistics began.
};
/// By tableKey(); all but bookkeeping and what belongs to extensions, except what the user fills of these (configuration tables).
[[nodiscard]] Result<QMap<QString, Table>> tablesOf(Session &session);

/// The key of a table in all maps here: "orders" for public.orders, else "schema.table".
[[nodiscard]] QString tableKey(const QString &schema, const QString &table);

} // namespace cutover::postgres
