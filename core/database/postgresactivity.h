// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"
#include "database/postgressession.h"

#include <QDateTime>

/**
 * What a PostgreSQL server is doing. Blocking, from a Worker, where it takes a session; what returns a
 * task is called from the event loop.
 */
namespace cutover::postgres {

/** Somebody else's session in the database. */
struct Activity {
    qint64 pid = 0;
    QDateTime started; ///< Of the session: with the pid it names it for good.
    QString user, application, client, state;
    QDateTime transactionStart, queryStart;
    QString query;
    /// "psql (pid 4711), its query since 14:03:12".
    [[nodiscard]] QString text() const;
};

/// Those that wait for nobody and that others wait for in this database, or that hold a lock which
/// shuts out readers.
[[nodiscard]] Result<QList<Activity>> lockHolders(Session &session);
/// For an error's text; by a connection of its own. Names nobody when they are gone already.
[[nodiscard]] QString lockHoldersText(const DatabaseSpec &spec);
/// Those whose transaction is older than that, oldest first; ours left out. Without those of hiddenSessions().
[[nodiscard]] Result<QList<Activity>> longTransactions(Session &session, qint64 olderThanMs);

/** Sessions of other roles in this database, of which the server tells our role only that they are there. */
struct HiddenSessions {
    qint64 count = 0;
    QString role; ///< Ours, as SQL writes it.
};
[[nodiscard]] Result<HiddenSessions> hiddenSessions(Session &session);

/// Of clients. Where the server hides what a session of another role is, it counts as one; active are those that may be seen.
struct ConnectionCount {
    qint64 active = 0, all = 0, maximum = 0, reserved = 0;
};
[[nodiscard]] Result<ConnectionCount> countConnections(Session &session);

struct Replica {
    QString name, state;
    qint64 lagBytes = 0; ///< Not yet replayed there.
};
struct Slot {
    QString name;
    bool active = false;
    qint64 keptBytes = 0; ///< WAL that the server keeps for it.
};
/// Needs the rights of pg_monitor for figures of others.
[[nodiscard]] Result<QList<Replica>> replicas(Session &session);
[[nodiscard]] Result<QList<Slot>> slotsOf(Session &session);

/// The server's folders as this host sees them: its data, and its WAL where that lies apart. Those of the specification, else
/// as the server tells. Errors, each with what to do: "database.folder_missing" of a specified one, "database.folder_elsewhere",
/// "database.folder_inside" a container, "database.folder_hidden" from the role. Where the data may be seen and the place of the WAL
/// may not: "database.wal_hidden", "database.wal_apart" beside them.
[[nodiscard]] Result<DatabaseFolders> localFolders(Session &session, const DatabaseSpec &spec);

/// Ends the session with that pid, but only if it is still the one that started then: otherwise
/// "database.session_gone", or "database.session_hidden" where the role may not know. "database.no_right" where it may not end it.
/// Event-loop thread.
[[nodiscard]] Async<> terminateSession(DatabaseSpec spec, qint64 pid, QDateTime started);

} // namespace cutover::postgres
