// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgresdatabase.h"
#include "database/postgressession.h"

#include <QJsonObject>

/**
 * Databases beside the live one: made, swapped in, dropped. Blocking, from a Worker, through a session
 * of the maintenance database. Which they are and how far they got is told by their names and, on a
 * restored one, by a comment; so a run that was killed is gone on with by looking.
 */
namespace cutover::postgres {

[[nodiscard]] QString proofName(const QString &live); ///< Scratch of verification: "trading_cutover_proof".
[[nodiscard]] QString freshName(const QString &live); ///< A restore on its way: "trading_cutover_new".
[[nodiscard]] QString closedName(const QString &live); ///< The live one, while a restore keeps writers out of it: "trading_cutover_closed".

[[nodiscard]] Result<bool> exists(Session &maintenance, const QString &name);
/// Ends its sessions; no error when it does not exist.
[[nodiscard]] Result<> drop(Session &maintenance, const QString &name);
/// An empty database with the description's encoding, collation and owner.
[[nodiscard]] Result<> createLike(Session &maintenance, const QString &name, const QJsonObject &description);
/// Before pg_restore, once the extensions are there: tells TimescaleDB, where it is one of them.
[[nodiscard]] Result<> announceRestore(Session &fresh, const QJsonObject &description);
/// After pg_restore: what announceRestore() began ends. Its jobs stay stopped, see startJobs().
[[nodiscard]] Result<> finishContent(Session &fresh, const QJsonObject &description);
/// TimescaleDB ends its jobs in a database that gets another name, also where that fails, and leaves it to others to start
/// them again. Only a superuser may: "database.no_right". Nothing where it is not, or there is no live database.
[[nodiscard]] Result<> startJobs(const DatabaseSpec &spec, Session &maintenance, const QString &live);
/// Rights, settings and limit of the database itself.
[[nodiscard]] Result<> applyProperties(Session &maintenance, const QString &name, const QJsonObject &description);
/// Whether restoring can be done by several workers at once.
[[nodiscard]] bool allowsJobs(const QJsonObject &description);

/// Nobody may connect to it any more, and its comment says that it holds this backup, whole.
[[nodiscard]] Result<> markReady(Session &maintenance, const QString &name, const QString &sha256);
[[nodiscard]] Result<bool> isReady(Session &maintenance, const QString &name, const QString &sha256);

/// Keeps everybody out who does not know of us, whatever their role: sessions are ended and the database gets closedName(),
/// in one transaction, so that it is open or closed and nothing between. Session::open() leads there. Not by ALLOW_CONNECTIONS,
/// which would keep out pg_dump as well, and which a limit of connections would not do to superusers. It takes the rights that
/// swapIn() takes. Safe to repeat. Errors "database.in_use", "database.closed_taken" when somebody made another one of the name.
[[nodiscard]] Result<> close(const DatabaseSpec &spec, Session &maintenance, const QString &live);
/// The way back; nothing where it is not closed.
[[nodiscard]] Result<> reopen(const DatabaseSpec &spec, Session &maintenance, const QString &live);
/// The way back by hand, from any other database of its server: SQL.
[[nodiscard]] QString reopeningStatement(const DatabaseSpec &spec);
/// Whether our role may do that; "database.no_right" says what it lacks.
[[nodiscard]] Result<> checkMayClose(const DatabaseSpec &spec, Session &maintenance, const QString &live);
/// The name under which the live database is there now: its own one, or closedName().
[[nodiscard]] Result<QString> standingName(Session &maintenance, const QString &live);

/// Puts fresh in the place of live, closed or not, in one transaction: a kill at any moment leaves the one or the
/// other, and either takes connections. While the names change, new connections wait and old ones are
/// ended. The former live database stays as "trading_before_20261125180500", closed; as aside, where that is
/// given, and then for good. Returns its name; empty when there was none. Error "database.in_use" names who could not be ended.
[[nodiscard]] Result<QString> swapIn(const DatabaseSpec &spec, Session &maintenance, const QString &live, const QString &fresh,
                                     const QJsonObject &description, const QString &aside = {});
/// A database that was closed under that name is the live one again; nothing when it does not exist, or live does.
[[nodiscard]] Result<> bringBack(Session &maintenance, const QString &live, const QString &aside);
/// Where a damaged database is kept: "trading_damaged-20261126-120000".
[[nodiscard]] QString asideName(const QString &live, const QString &mark);
/// A session with a database that markReady() has closed; its door is open only for that moment. A kill
/// in between leaves it open, and so not ready.
[[nodiscard]] Result<std::unique_ptr<Session>> lookInto(const DatabaseSpec &spec, Session &maintenance, const QString &name, std::stop_token stop);
/// The number of a database, which no other one of the server ever has; empty when there is none of that name.
[[nodiscard]] Result<QString> identityOf(Session &maintenance, const QString &name);
/// Former databases that swapIn() has kept and that can be dropped, oldest first.
[[nodiscard]] Result<QList<FormerDatabase>> replaced(Session &maintenance, const QString &live);

} // namespace cutover::postgres
