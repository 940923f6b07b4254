// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/loss.h"

#include <QStringList>

namespace cutover::alembic {

/** A table, or a column of one, whose content goes. */
struct Lost {
    QString schema; ///< Empty: the one that the session finds first.
    QString table;
    QString column; ///< Empty: all rows.

    /// "orders", "orders.note", "audit.entry.note"; as plan/loss.h names it.
    [[nodiscard]] QString name() const;
    bool operator==(const Lost &) const = default;
};
[[nodiscard]] QJsonArray toJson(const QList<Lost> &losses);
[[nodiscard]] QList<Lost> lostFromJson(const QJsonValue &json);

/** What the SQL of one revision does with what is there. */
struct Effect {
    QList<Lost> loses; ///< By DROP TABLE and DROP COLUMN.
    QString uncounted; ///< The first statement of which it can't be told what it takes away; empty: none.
    bool changes = false; ///< Anything besides Alembic's bookkeeping.
    bool inOneTransaction = false; ///< BEGIN and COMMIT around all of it, and none within.
    QStringList commits; ///< Statements, shortened, that are committed before the revision is recorded: what a failure leaves.
    bool commitsTell = true; ///< Of a part that was committed the schema tells: it begins with a definition that changes it for sure.
};
/// Of what "--sql" prints. Statements that are not known to keep everything count as taking something
/// away: DELETE, TRUNCATE, UPDATE, a change of a column's type, whatever else. Any thread.
/// autocommit: each of them commits by itself, whatever is printed.
[[nodiscard]] Effect effectOf(const QString &sql, bool autocommit = false);

/// Statements at the semicolons that end them; comments left out. Knows quotes and dollar quotes.
[[nodiscard]] QStringList statementsOf(const QString &sql);

/// Rows, or values that are neither null nor the column's default, that go now. What is not there
/// counts 0. ownPath: Alembic's session has a search_path of its own making, not the one that its role has there. A table
/// without a schema that several have is then not known, and all of that name count.
/// Asks the database: blocking, from a Worker.
[[nodiscard]] Result<Loss> count(const DatabaseSpec &database, const QList<Lost> &losses, bool ownPath);

} // namespace cutover::alembic
