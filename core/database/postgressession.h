// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QVariant>

#include <functional>
#include <memory>
#include <stop_token>

/**
 * One connection to a PostgreSQL server. Blocking: call from a Worker; an object stays on the thread
 * that made it. Connection problems are Transient "database.unreachable", a refused log-in is
 * permanent "database.refused", a lock of others is Transient "database.locked" with its holders named.
 */
namespace cutover::postgres {

/// How long a lock held by others is waited for before "database.locked".
constexpr int lockWaitMs = 10000;

using Row = QVariantList;

class Session
{
public:
    ~Session();
    Q_DISABLE_COPY_MOVE(Session)

    /// To the spec's own database, or another one of the same server. stop cancels the statement under
    /// way by libpq's cancel request. While a restore keeps others out of the spec's own database (postgresplaces.h, close()),
    /// this leads into it all the same. Code "database.absent" when the server has no such database.
    [[nodiscard]] static Result<std::unique_ptr<Session>> open(const DatabaseSpec &spec, const QString &database = {}, std::stop_token stop = {});

    /// One statement; "$1", "$2", … stand for values.
    [[nodiscard]] Result<QList<Row>> rows(const QString &sql, const QVariantList &values = {});
    [[nodiscard]] Result<> execute(const QString &sql, const QVariantList &values = {});
    /// A statement that changes something: passes a fault point first.
    [[nodiscard]] Result<> change(const QString &sql, const QVariantList &values = {});
    /// First column of the first row; an invalid variant when there is none.
    [[nodiscard]] Result<QVariant> value(const QString &sql, const QVariantList &values = {});
    /// Work between BEGIN and COMMIT: committed when it returns a value, else rolled back. A commit
    /// whose outcome is not known fails with Kind::Unknown.
    [[nodiscard]] Result<> transaction(const std::function<Result<>()> &work);

    /// What cancels from now on.
    void setStop(std::stop_token stop);
    [[nodiscard]] QString database() const; ///< Its name, as the server tells it.
    [[nodiscard]] int version() const; ///< 170006 is 17.6.

private:
    struct Private;
    explicit Session(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

/// "db.example.org:5432/trading", "/run/postgresql:5432/trading" or "service trading", for people.
[[nodiscard]] QString addressOf(const DatabaseSpec &spec, const QString &database = {});
/// libpq's connection string without a password; database empty: the spec's own.
[[nodiscard]] QString connectionString(const DatabaseSpec &spec, const QString &database = {});
/// What notices within about a minute that a server is gone without a word: libpq's keywords for every connection of ours and
/// of programs that we start.
[[nodiscard]] QList<std::pair<QLatin1StringView, QString>> livenessOptions();
/// Settings by which a server of that version ends what takes long; zero lifts each.
[[nodiscard]] QStringList timeouts(int serverVersion);
/// The password that the spec refers to; empty when it names none.
[[nodiscard]] Result<QString> passwordOf(const DatabaseSpec &spec);
/// Whether a server takes connections there: no error, or why not. Asks without logging in.
[[nodiscard]] Result<> isReachable(const DatabaseSpec &spec, const QString &reason = {});

/// A name as SQL, and a text as SQL.
[[nodiscard]] QString quoted(const QString &identifier);
[[nodiscard]] QString literal(const QString &text);

} // namespace cutover::postgres
