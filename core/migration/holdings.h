// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"
#include "plan/loss.h"

#include <map>

namespace cutover::migration {

/// Rows by table ("orders"), values by column ("orders.price"), names in lower case.
using Holdings = QMap<QString, qint64>;

/// What a database holds now, our own bookkeeping left out. Reads every table once: inside the
/// transaction that is judged.
[[nodiscard]] Result<Holdings> holdings(sqlite::Connection &connection);

/** What became less, and from what to what. */
struct Shrink {
    qint64 before = 0, after = 0;
    [[nodiscard]] qint64 lost() const { return before - after; }
};
using Shrinks = QMap<QString, Shrink>;

/// What is less than before without having been announced by a "loses" line. A script that says
/// nothing of its losses is not believed.
[[nodiscard]] Shrinks unannounced(const Holdings &before, const Holdings &after, const QStringList &announced);
/// "orders.side 10 → 0"; a table stands for its columns.
[[nodiscard]] QStringList shrinkTexts(const Shrinks &shrinks);

/**
 * Counts what changes through a connection while it lives, where reading every table for each small
 * transaction would keep writers out for too long. Sees no table that is dropped or altered.
 */
class ChangeCounter
{
public:
    explicit ChangeCounter(sqlite::Connection &connection);
    ~ChangeCounter();
    Q_DISABLE_COPY_MOVE(ChangeCounter)

    /// By name as in Holdings: what was added, negative where something is gone.
    [[nodiscard]] Result<Holdings> changes();

private:
    struct Table {
        qint64 rows = 0;
        QList<qint64> values; ///< By column.
    };
    static void changed(void *counter, sqlite3 *database, int operation, const char *schema, const char *table, long long, long long);

    sqlite::Connection &m_connection;
    std::map<QByteArray, Table> m_tables;
};

} // namespace cutover::migration
