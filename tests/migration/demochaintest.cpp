// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demoreleases.h"
#include "migration/migrationchain.h"
#include "migrationfolder.h"
#include "tests/support/steps.h"

#include <QElapsedTimer>
#include <QTemporaryDir>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::runSql;
using cutover::testing::valueOf;

/** The demo's own migrations: up one by one, and back to the same schema and the same rows. */
class DemoChainTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void upAndBack()
    {
        QTemporaryDir directory;
        const DatabaseSpec spec{u"trading"_s, u"sqlite"_s, directory.filePath(u"trading.db"_s), u"migrations"_s, {}};
        const auto releases = demoReleases(30);
        QVERIFY(releases);
        QVERIFY(writeDemoRelease(releases->last(), u"/bin/true"_s, directory.filePath(u"last"_s)));
        const auto chain = readMigrations(directory.filePath(u"last/migrations"_s));
        QVERIFY2(chain, qPrintable(chain ? QString() : chain.error().text()));
        QCOMPARE(chain->size(), releases->last().migrations);

        runSql(spec.file, {u"PRAGMA journal_mode = WAL"_s});
        QVERIFY(await(upgrade(spec, chain->first(), {}, {})));
        runSql(spec.file,
               {u"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO orders "
                "(symbol, side, quantity, price, user, client_id, created_at) "
                "SELECT 'ABC', iif(i % 2, 'buy', 'sell'), i % 7 + 1, 10.5, 'u' || (i % 100), 'c' || i, '2026-01-01' FROM n"_s});
        auto database = *Database::create(spec);
        QStringList digests;
        const QString rows = u"SELECT count(*) || ' ' || total(id * quantity) || ' ' || max(client_id) FROM orders"_s;
        const QString before = valueOf(spec.file, rows).toString();
        for (const Migration &migration : chain->sliced(1)) {
            digests.append(*await(database->schemaDigest()));
            QElapsedTimer timer;
            timer.start();
            const auto done = await(upgrade(spec, migration, {}, {}));
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
            // Writers wait at most for one transaction.
            QVERIFY2(timer.elapsed() < 10000, qPrintable(migration.revision));
        }
        QVERIFY(valueOf(spec.file, u"SELECT min(notional) FROM orders"_s).toDouble() > 0);
        const auto applied = *await(appliedMigrations(spec));
        for (qsizetype i = applied.size() - 1; i > 0; --i) {
            const Migration migration = applied[i].migration();
            const auto loss = *await(downgradeLoss(spec, {migration}));
            for (const auto &[name, count] : loss.asKeyValueRange()) {
                // What 0004 filled in is taken out again, and said to be.
                const qint64 filled = valueOf(spec.file, u"SELECT count(*) FROM orders WHERE notional IS NOT NULL"_s).toLongLong();
                QVERIFY2(count == (migration.revision == u"0004"_s ? filled : 0), qPrintable(migration.revision + u' ' + name));
            }
            const auto done = await(downgrade(spec, migration, {}));
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
            QCOMPARE(*await(database->schemaDigest()), digests[i - 1]);
        }
        QCOMPARE(valueOf(spec.file, rows).toString(), before);
        QVERIFY(await(database->check()));
    }
};

QTEST_GUILESS_MAIN(DemoChainTest)
#include "demochaintest.moc"
