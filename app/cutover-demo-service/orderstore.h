// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/worker.h"

#include <QJsonObject>
#include <QString>

namespace demo {

struct Order {
    QString symbol;
    QString side; ///< "buy", "sell"
    double quantity = 0;
    double price = 0;
    QString user;
    QString clientId; ///< The same one again is the same order.
    QString clientTag; ///< Kept from schema 2 on.
};

/** An answer before it is HTTP. */
struct Reply {
    int status = 200;
    QJsonObject body;
};

/**
 * Orders and feature flags in SQLite or PostgreSQL. Writing and reading have a connection each, used
 * on one thread each, so that reads go on while a migration holds the write lock.
 */
class OrderStore
{
public:
    /// database: a file of SQLite, or postgresql://USER@HOST:PORT/DATABASE, whose password is libpq's PGPASSWORD.
    OrderStore(const QString &database, int schema);
    /// Error text, or empty: whether the database is there and has the schema that is needed.
    [[nodiscard]] QString problem();

    // These block and belong on the thread of writer() or reader().
    /// Committed and durable when it answers 201 (new) or 200 (known client id).
    [[nodiscard]] Reply place(const Order &order);
    [[nodiscard]] Reply order(qint64 id);
    [[nodiscard]] Reply health();
    [[nodiscard]] Reply feature(const QString &name, const QString &user);

    [[nodiscard]] cutover::Worker &writer() { return m_writer; }
    [[nodiscard]] cutover::Worker &reader() { return m_reader; }

private:
    [[nodiscard]] Reply tryToPlace(const Order &order);
    /// A server that was away, or ended our session, is asked once more: no order comes twice.
    template<typename Work>
    [[nodiscard]] Reply insist(Work work);

    QString m_database;
    int m_schema;
    cutover::Worker m_writer;
    cutover::Worker m_reader;
};

} // namespace demo
