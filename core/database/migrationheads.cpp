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

Result<QString> headOf(const QString &file)
{
    TRY(sqlite::Connection connection, sqlite::Connection::open(file, sqlite::Connection::Mode::Existing));
    return migrationHeadOf(connection);
}

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
        const Result<QString> head = headOf(database.file);
        if (!head && isUnreadable(head.error())) {
            // A fact of its own, for the plan that is needed most then: the one that restores it.
            const Message why{head.error().code == "database.missing"_L1 ? u"database.is_missing"_s : u"database.is_damaged"_s, {}};
            facts.insert(unreadableFact(database.name), why.toJson());
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
