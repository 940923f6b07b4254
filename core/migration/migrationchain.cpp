// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationchain.h"

#include "database/progressrelay.h"
#include "migration/migrationwork.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

using sqlite::Connection;

Async<QList<AppliedMigration>> appliedMigrations(DatabaseSpec database)
{
    Worker worker;
    co_return co_await worker.run([database]() -> Result<QList<AppliedMigration>> {
        TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing));
        return migration::applied(connection);
    });
}

bool Migration::isPointOfNoReturn() const
{
    return down.isEmpty() || phase == "contract"_L1 || !upLoses.isEmpty();
}

Async<QMap<QString, qint64>> upgrade(DatabaseSpec database, Migration migration, Database::ProgressFunction progress, std::stop_token stop)
{
    ProgressRelay relay(std::move(progress));
    Worker worker;
    co_return co_await worker.run([&relay, database, migration, stop]() -> Result<Loss> {
        TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
        return migration::upgrade(connection, migration, [&relay](qint64 done, qint64 total) { relay.tell(done, total); }, stop);
    });
}

Async<> downgrade(DatabaseSpec database, Migration migration, std::stop_token stop)
{
    Worker worker;
    co_return co_await worker.run([database, migration, stop]() -> Result<> {
        TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
        return migration::downgrade(connection, migration);
    });
}

Async<QMap<QString, qint64>> downgradeLoss(DatabaseSpec database, QList<Migration> migrations)
{
    Worker worker;
    co_return co_await worker.run([database, migrations]() -> Result<QMap<QString, qint64>> {
        TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing));
        QStringList loses;
        for (const Migration &migration : migrations) {
            loses += migration.loses;
        }
        return migration::countLoss(connection, loses);
    });
}

Async<QMap<QString, qint64>> upgradeLoss(DatabaseSpec database, Migration migration)
{
    Worker worker;
    co_return co_await worker.run([database, migration]() -> Result<Loss> {
        TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing));
        return migration::countLoss(connection, migration.upLoses);
    });
}

} // namespace cutover
