// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"
#include "database/postgresrefusal.h"
#include "database/postgressession.h"
#include "target/databaseidentity.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The cluster by its own identifier, the database by its name in it: another server, and a clone on
/// the same one, differ. Not by its oid, which every restore renews. A copy of the whole cluster has the
/// same identifier, so the address counts as well.
Result<QJsonObject> identityOf(const DatabaseSpec &database)
{
    auto session = postgres::Session::open(database);
    if (!session && isUnreadable(session.error())) {
        // A database that is to be built anew is still this system's.
        session = postgres::Session::open(database, database.postgres.maintenanceDatabase);
    }
    TRY(const auto open, std::move(session));
    TRY(const QVariant server, open->value(u"SELECT system_identifier::text FROM pg_control_system()"_s));
    return QJsonObject{{u"server"_s, server.toString()}, {u"name"_s, postgres::databaseName(database)}, {u"address"_s, postgres::addressOf(database)}};
}

const DatabaseIdentity identity(u"postgresql"_s, identityOf);

} // namespace

} // namespace cutover
