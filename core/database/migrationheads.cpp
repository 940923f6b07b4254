// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresschema.h"
#include "database/schema.h"
#include "plan/facts.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<Facts> readHeads(const QList<DatabaseSpec> &databases)
{
    Facts facts;
    for (const DatabaseSpec &database : databases) {
        if (database.driver == "postgresql"_L1) {
            TRY(const auto session, postgres::Session::open(database));
            TRY(const QString head, postgres::revisionOf(*session));
            facts.insert(u"migration.head:"_s + database.name, head);
            continue;
        }
        if (database.driver != "sqlite"_L1) {
            continue;
        }
        TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
        TRY(const QString head, migrationHeadOf(connection));
        facts.insert(u"migration.head:"_s + database.name, head);
    }
    return facts;
}

Async<Facts> migrationHeads(const Target &target)
{
    // Copied before the first wait: the reference may not outlive it.
    const QList<DatabaseSpec> databases = target.databases;
    Worker worker;
    co_return co_await worker.run([databases] { return readHeads(databases); });
}

const FactSource source(u"migration.head"_s, migrationHeads);

} // namespace

} // namespace cutover
