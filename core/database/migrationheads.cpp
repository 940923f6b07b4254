// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"
#include "database/postgresschema.h"
#include "database/schema.h"
#include "plan/facts.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<QString> headOf(const DatabaseSpec &database)
{
    if (database.driver == "postgresql"_L1) {
        TRY(const auto session, postgres::Session::open(database));
        return postgres::revisionOf(*session);
    }
    TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
    return migrationHeadOf(connection);
}

QString reasonOf(const Error &error)
{
    return error.code == "database.absent"_L1 ? u"database.is_absent"_s : isMissing(error) ? u"database.is_missing"_s
                                                                                           : u"database.is_damaged"_s;
}

Result<Facts> readHeads(const QList<DatabaseSpec> &databases)
{
    Facts facts;
    for (const DatabaseSpec &database : databases) {
        const Result<QString> head = headOf(database);
        if (!head && isUnreadable(head.error())) {
            // A fact of its own, for the plan that is needed most then: the one that restores it.
            facts.insert(unreadableFact(database.name), Message{reasonOf(head.error()), {}}.toJson());
            continue;
        }
        CHECK(head);
        facts.insert(u"migration.head:"_s + database.name, *head);
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
