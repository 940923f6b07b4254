// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgressession.h"

#include <QJsonObject>

/**
 * Extensions of a restored database in the versions that a backup was made with: pg_dump keeps none, and pg_restore would take
 * the server's newest ones. They are made before pg_restore, which leaves alone what is there; and before them the
 * schemas they lie in, which pg_restore makes by itself. Blocking, from a Worker, where it takes a session.
 */
namespace cutover::postgres {

[[nodiscard]] bool hasExtension(const QJsonObject &description, QLatin1StringView name);
/// Whether pg_restore alone would not make them as they were.
[[nodiscard]] Result<bool> haveToBeMade(Session &fresh, const QJsonObject &description);
/// All of them, those that others need first.
[[nodiscard]] Result<> makeExtensions(Session &fresh, const QJsonObject &description);

/** What "pg_restore --list" prints, as two lists for --use-list. */
struct Entries {
    QByteArray schemas, others;
};
[[nodiscard]] Entries partedEntries(const QByteArray &list);

} // namespace cutover::postgres
