// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

// Sessions of others in the target's PostgreSQL databases that stand in the way of an update. Event-loop thread.

/// Those with a transaction open, and those that others wait for: {"sessions": [{database, session, pid,
/// started, application, user, client, state, since, blocks}]}. "session" names one for good; its
/// query is left out, as it may hold anything. "hidden": messages "database.sessions_hidden" and "database.sessions_unnamed" {count, database, role}
/// for each database that has sessions which our role may not see into.
[[nodiscard]] Async<QJsonObject> databaseSessions(Target target);
/// Ends the one that databaseSessions() has named so. "database.session_gone" when it has ended meanwhile,
/// "database.session_name" for what is no such name. Returns its database, pid and started.
[[nodiscard]] Async<QJsonObject> endDatabaseSession(Target target, QString database, QString session);

} // namespace cutover
