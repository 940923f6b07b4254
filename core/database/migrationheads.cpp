// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"
#include "database/postgresplaces.h"
#include "database/postgresrefusal.h"
#include "database/postgresschema.h"
#include "database/schema.h"
#include "plan/facts.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Head {
    QString revision;
    bool isClosed = false; ///< A restore keeps writers out.
};

Result<Head> headOf(const DatabaseSpec &database)
{
    Head head;
    if (database.driver == "postgresql"_L1) {
        TRY(const auto session, postgres::Session::open(database));
        TRY(head.revision, postgres::revisionOf(*session));
        head.isClosed = session->database() == postgres::closedName(postgres::databaseName(database));
        return head;
    }
    TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
    TRY(head.revision, migrationHeadOf(connection));
    return head;
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
        const Result<Head> head = headOf(database);
        if (!head && isUnreadable(head.error())) {
            // A fact of its own, for the plan that is needed most then: the one that restores it.
            facts.insert(unreadableFact(database.name), Message{reasonOf(head.error()), {}}.toJson());
            continue;
        }
        CHECK(head);
        facts.insert(u"migration.head:"_s + database.name, head->revision);
        if (head->isClosed) {
            facts.insert(closedFact(database.name), true);
        }
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
