// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QVariant>

#include <functional>
#include <memory>
#include <stop_token>

struct sqlite3;
struct sqlite3_stmt;

/**
 * SQLite with its own error codes, tails and backup API, which Qt's driver hides. Goes through the
 * process's default VFS and thus through the fault points. Blocking: call from a Worker; an object
 * stays on one thread. Codes "database.*".
 */
namespace cutover::sqlite {

/// How long a lock held by others is waited for before "database.locked".
constexpr int lockWaitMs = 10000;

class Statement;

class Connection
{
public:
    enum class Mode { Existing,
                      Create };
    Connection(Connection &&) noexcept;
    Connection &operator=(Connection &&) noexcept;
    ~Connection();

    /// stop interrupts statements and lock waits. Errors "database.missing", "database.open".
    [[nodiscard]] static Result<Connection> open(const QString &file, Mode mode, std::stop_token stop = {}, int waitMs = lockWaitMs);
    [[nodiscard]] sqlite3 *handle() const;
    [[nodiscard]] QString file() const;

    /// One statement without result rows.
    [[nodiscard]] Result<> execute(const QString &sql, const QVariantList &values = {});
    [[nodiscard]] Result<Statement> prepare(const QString &sql, const QVariantList &values = {});
    /// First column of the first row; an invalid variant when there is none.
    [[nodiscard]] Result<QVariant> value(const QString &sql, const QVariantList &values = {});
    [[nodiscard]] Result<bool> hasTable(const QString &table);

    /// Work in one BEGIN IMMEDIATE transaction: committed when it returns a value, else rolled back.
    /// A commit whose outcome is not known fails with Kind::Unknown.
    [[nodiscard]] Result<> transaction(const std::function<Result<>()> &work);

    /// The connection's last error, or resultCode (an SQLite result code) when given, as ours.
    [[nodiscard]] Error error(int resultCode = 0) const;

private:
    struct Private;
    explicit Connection(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

/** A prepared statement; destroyed before its connection. */
class Statement
{
public:
    Statement(Statement &&other) noexcept;
    Statement &operator=(Statement &&other) noexcept;
    ~Statement();

    /// true: there is a row.
    [[nodiscard]] Result<bool> step();
    [[nodiscard]] QVariant column(int index) const;
    [[nodiscard]] QString text(int index) const { return column(index).toString(); }
    [[nodiscard]] qint64 integer(int index) const { return column(index).toLongLong(); }

private:
    friend class Connection;
    Statement(const Connection *connection, sqlite3_stmt *statement);
    const Connection *m_connection;
    sqlite3_stmt *m_statement;
};

/// Binds to parameter index (from 1). Returns an SQLite result code.
[[nodiscard]] int bind(sqlite3_stmt *statement, int index, const QVariant &value);
/// A name as SQL: "order ""x""".
[[nodiscard]] QString quoted(const QString &identifier);

} // namespace cutover::sqlite
