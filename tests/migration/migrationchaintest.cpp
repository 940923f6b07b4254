// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationchain.h"
#include "database/schema.h"
#include "migration/migrationwork.h"
#include "migrationfolder.h"
#include "system/faultpoints.h"
#include "system/json.h"
#include "tests/support/otherprocess.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::makeOrders;
using cutover::testing::OtherProcess;
using cutover::testing::runSql;
using cutover::testing::valueOf;
using cutover::testing::writeFile;
using sqlite::Connection;

class MigrationChainTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_spec = {u"main"_s, u"sqlite"_s, m_directory->filePath(u"main.db"_s), u"migrations"_s, {}};
    }
    void cleanup() { faultpoints::arm({}); }

    void readsAFolder()
    {
        write("0001_base.up.sql", "CREATE TABLE a (b);");
        write("0001_base.down.sql", "-- cutover: loses=a\nDROP TABLE a;");
        write("0002_fill.up.sql", "-- cutover: phase=data loses=a.c\n-- cutover: batch=a key=b size=10\nUPDATE a SET b = 1 WHERE b BETWEEN :from AND :to;");
        write("README.txt", "not ours");
        const auto chain = readMigrations(folder());
        QVERIFY2(chain, qPrintable(chain ? QString() : chain.error().text()));
        QCOMPARE(chain->size(), 2);
        QCOMPARE(chain->at(0).revision, u"0001"_s);
        QCOMPARE(chain->at(0).name, u"base"_s);
        QCOMPARE(chain->at(0).phase, u"expand"_s);
        QCOMPARE(chain->at(0).loses, QStringList{u"a"_s});
        QCOMPARE(chain->at(0).upLoses, QStringList());
        QCOMPARE(chain->at(1).phase, u"data"_s);
        QCOMPARE(chain->at(1).loses, QStringList());
        QCOMPARE(chain->at(1).upLoses, QStringList{u"a.c"_s});
        QCOMPARE(chain->at(1).batchTable, u"a"_s);
        QCOMPARE(chain->at(1).batchKey, u"b"_s);
        QCOMPARE(chain->at(1).batchSize, 10);
        QVERIFY(chain->at(1).down.isEmpty());
    }

    void refusesBadFolders_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("where");
        const auto row = [](const char *title, const char *name, const char *content, const char *code, const char *where) {
            QTest::newRow(title) << QByteArray(name) << QByteArray(content) << QString::fromUtf8(code) << QString::fromUtf8(where);
        };
        row("name", "2_x.up.sql", "SELECT 1;", "migration.file_name", "2_x.up.sql");
        row("gap", "0003_x.up.sql", "-- cutover: phase=data\nSELECT 1;", "migration.gap", "0003_x.up.sql");
        row("duplicate", "0001_other.up.sql", "SELECT 1;", "migration.duplicate", "0001_other.up.sql");
        row("no down", "0002_x.up.sql", "SELECT 1;", "migration.no_down", "0002_x.down.sql");
        row("no up", "0002_x.down.sql", "SELECT 1;", "migration.no_up", "0002_x.up.sql");
        row("phase", "0002_x.up.sql", "\n-- cutover: phase=later\nSELECT 1;", "migration.header", "0002_x.up.sql:2");
        row("unknown key", "0002_x.up.sql", "-- cutover: fase=data\nSELECT 1;", "migration.header", "0002_x.up.sql:1");
        row("size", "0002_x.up.sql", "-- cutover: phase=data batch=a key=b size=0\nSELECT 1;", "migration.header", "0002_x.up.sql:1");
        row("half a batch", "0002_x.up.sql", "-- cutover: phase=data batch=a\nSELECT 1;", "migration.header", "0002_x.up.sql:1");
        row("injected table", "0002_x.up.sql", "-- cutover: phase=data batch=a;b key=b size=1\n", "migration.header", "0002_x.up.sql:1");
        row("open string", "0002_x.up.sql", "SELECT 1;\n\nSELECT 'a;\n", "migration.unfinished", "0002_x.up.sql:3");
    }
    void refusesBadFolders()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, content);
        write("0001_base.up.sql", "CREATE TABLE a (b);");
        write("0001_base.down.sql", "DROP TABLE a;");
        write(name, content);
        const auto chain = readMigrations(folder());
        QVERIFY(!chain);
        QTEST(chain.error().code, "code");
        QFETCH(QString, where);
        QVERIFY2(chain.error().where.contains(where), qPrintable(chain.error().where));
        QVERIFY(Catalogue::contains(chain.error().code));
    }

    void splitsWhereSqliteWould()
    {
        makeOrders(m_spec.file, 3);
        const Migration migration = make(u"0001"_s, uR"(
-- a comment; with a semicolon
CREATE TABLE "odd;name" (a TEXT DEFAULT 'x;y'); /* and; another */
CREATE TRIGGER t AFTER INSERT ON orders BEGIN
    INSERT INTO "odd;name" (a) VALUES (CASE WHEN new.amount > 1 THEN 'big;' ELSE 'small' END);
    UPDATE orders SET side = 'X' WHERE id = new.id;
END;
INSERT INTO orders (amount) VALUES (5))"_s);
        const auto done = await(upgrade(m_spec, migration, {}, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        QCOMPARE(value(u"SELECT a FROM \"odd;name\""_s).toString(), u"big;"_s);
        QCOMPARE(value(u"SELECT count(*) FROM orders WHERE side = 'X'"_s).toInt(), 1);
    }

    void upgradeAndDowngradeAreWhole()
    {
        makeOrders(m_spec.file, 3);
        auto database = *Database::create(m_spec);
        const QString before = *await(database->schemaDigest());
        const Migration good = make(u"0001"_s, u"ALTER TABLE orders ADD COLUMN note TEXT; CREATE INDEX n ON orders (note);"_s,
                                    u"-- cutover: loses=orders.note\nDROP INDEX n; ALTER TABLE orders DROP COLUMN note;"_s);
        const Migration bad = make(u"0002"_s, u"CREATE TABLE b (c);\nINSERT INTO b VALUES (1);\n\nINSERT INTO\n  nowhere VALUES (1);"_s);
        QVERIFY(await(upgrade(m_spec, good, {}, {})));
        QVERIFY(await(upgrade(m_spec, good, {}, {})));
        const auto failed = await(upgrade(m_spec, bad, {}, {}));
        QCOMPARE(failed.error().code, u"migration.sql"_s);
        QVERIFY2(failed.error().where.endsWith(u"0002_x.up.sql:4"_s), qPrintable(failed.error().where));
        QVERIFY(!value(u"SELECT 1 FROM sqlite_master WHERE name = 'b'"_s).isValid());
        const auto applied = await(appliedMigrations(m_spec));
        QCOMPARE(applied->size(), 1);
        QCOMPARE(applied->first().sha256, good.upSha256);
        QVERIFY(*await(database->schemaDigest()) != before);

        Migration changed = good;
        changed.upSha256 = u"0"_s;
        QCOMPARE(await(upgrade(m_spec, changed, {}, {})).error().code, u"migration.changed"_s);

        // The way back comes from the database itself, header and all.
        runSql(m_spec.file, {u"UPDATE orders SET note = 'x' WHERE id < 3"_s});
        const Migration recorded = applied->first().migration();
        QCOMPARE(*await(downgradeLoss(m_spec, {recorded})), (QMap<QString, qint64>{{u"orders.note"_s, 2}}));
        QVERIFY(await(downgrade(m_spec, recorded, {})));
        QVERIFY(await(downgrade(m_spec, recorded, {})));
        QCOMPARE(*await(database->schemaDigest()), before);
        QCOMPARE(*await(downgradeLoss(m_spec, {recorded})), (QMap<QString, qint64>{{u"orders.note"_s, 0}}));
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 3);
    }

    void lossLeavesOutWhatNobodyWrote()
    {
        makeOrders(m_spec.file, 10);
        runSql(m_spec.file, {u"ALTER TABLE orders ADD COLUMN tag TEXT NOT NULL DEFAULT ''"_s, u"UPDATE orders SET tag = 'x' WHERE id = 1"_s});
        Migration migration;
        migration.loses = QStringList{u"orders.tag"_s, u"orders"_s, u"orders.none"_s, u"none"_s};
        QCOMPARE(*await(downgradeLoss(m_spec, {migration})),
                 (QMap<QString, qint64>{{u"orders.tag"_s, 1}, {u"orders"_s, 10}, {u"orders.none"_s, 0}, {u"none"_s, 0}}));
    }

    void refusesWhatIsNotItsBusiness_data()
    {
        QTest::addColumn<QString>("sql");
        QTest::addColumn<QString>("code");
        QTest::newRow("commit") << u"CREATE TABLE z (a); COMMIT;"_s << u"migration.forbidden"_s;
        QTest::newRow("rollback") << u"CREATE TABLE z (a); ROLLBACK;"_s << u"migration.forbidden"_s;
        QTest::newRow("savepoint") << u"CREATE TABLE z (a); SAVEPOINT s;"_s << u"migration.forbidden"_s;
        QTest::newRow("attach") << u"CREATE TABLE z (a); ATTACH '/tmp/cutover-none.db' AS o;"_s << u"migration.forbidden"_s;
        QTest::newRow("pragma") << u"CREATE TABLE z (a); PRAGMA writable_schema = ON;"_s << u"migration.forbidden"_s;
        QTest::newRow("parameter") << u"CREATE TABLE z (a); INSERT INTO z VALUES (?);"_s << u"migration.parameter"_s;
        QTest::newRow("references")
            << u"CREATE TABLE z (a); CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (p REFERENCES p); INSERT INTO c VALUES (9);"_s
            << u"migration.references"_s;
    }
    void refusesWhatIsNotItsBusiness()
    {
        QFETCH(QString, sql);
        makeOrders(m_spec.file, 3);
        const auto refused = await(upgrade(m_spec, make(u"0001"_s, sql), {}, {}));
        QVERIFY(!refused);
        QTEST(refused.error().code, "code");
        QVERIFY(!value(u"SELECT 1 FROM sqlite_master WHERE name IN ('z', 'cutover_migrations')"_s).isValid());
        QVERIFY(value(u"SELECT count(*) FROM orders"_s).toInt() == 3);
    }

    void anUpFileThatTakesAwayMustSaySo_data()
    {
        QTest::addColumn<QString>("sql");
        QTest::addColumn<QString>("told"); ///< Empty: it is let through.
        QTest::newRow("dropped column") << u"ALTER TABLE orders DROP COLUMN side;"_s << u"orders.side 10 → 0"_s;
        QTest::newRow("dropped table") << u"DROP TABLE orders;"_s << u"orders 10 → 0"_s;
        QTest::newRow("deleted rows") << u"DELETE FROM orders WHERE id > 4;"_s << u"orders 10 → 4"_s;
        QTest::newRow("emptied column") << u"UPDATE orders SET side = NULL WHERE id <= 3;"_s << u"orders.side 10 → 7"_s;
        QTest::newRow("rebuilt without some") << u"CREATE TABLE o2 (id INTEGER PRIMARY KEY, side TEXT, amount INTEGER); INSERT INTO o2 SELECT * FROM orders WHERE id <> 5;"
                                                 "DROP TABLE orders; ALTER TABLE o2 RENAME TO orders;"_s
                                              << u"orders 10 → 9"_s;
        QTest::newRow("rebuilt") << u"CREATE TABLE o2 (id INTEGER PRIMARY KEY, side TEXT NOT NULL, amount REAL); INSERT INTO o2 SELECT * FROM orders;"
                                    "DROP TABLE orders; ALTER TABLE o2 RENAME TO orders;"_s
                                 << QString();
        QTest::newRow("rewritten rows") << u"UPDATE orders SET amount = amount * 100, side = lower(side);"_s << QString();
        QTest::newRow("replaced rows") << u"INSERT OR REPLACE INTO orders SELECT id, side, amount + 1 FROM orders;"_s << QString();
    }
    void anUpFileThatTakesAwayMustSaySo()
    {
        QFETCH(QString, sql);
        QFETCH(QString, told);
        makeOrders(m_spec.file, 10);
        const QString before = value(u"SELECT group_concat(id || side || amount) FROM orders"_s).toString();
        const auto done = await(upgrade(m_spec, make(u"0001"_s, sql), {}, {}));
        if (told.isEmpty()) {
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
            QVERIFY(done->isEmpty());
            QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 10);
            return;
        }
        QVERIFY(!done);
        QCOMPARE(done.error().code, u"migration.shrinks"_s);
        for (const QString &word : {u"0001"_s, told, u"loses=orders"_s}) {
            QVERIFY2(done.error().text().contains(word), qPrintable(done.error().text()));
        }
        QCOMPARE(value(u"SELECT group_concat(id || side || amount) FROM orders"_s).toString(), before);
        QVERIFY(!value(u"SELECT 1 FROM sqlite_master WHERE name = 'cutover_migrations'"_s).isValid());
    }

    void anAnnouncedLossIsCountedAndTaken()
    {
        makeOrders(m_spec.file, 10);
        runSql(m_spec.file, {u"UPDATE orders SET side = NULL WHERE id = 1"_s});
        Migration drop = make(u"0001"_s, u"ALTER TABLE orders DROP COLUMN side;"_s, u"ALTER TABLE orders ADD COLUMN side TEXT;"_s);
        QVERIFY(!drop.isPointOfNoReturn());
        drop.upLoses = QStringList{u"orders.side"_s};
        QVERIFY(drop.isPointOfNoReturn());
        QCOMPARE(*await(upgradeLoss(m_spec, drop)), (QMap<QString, qint64>{{u"orders.side"_s, 9}}));
        QCOMPARE(*await(upgrade(m_spec, drop, {}, {})), (QMap<QString, qint64>{{u"orders.side"_s, 9}}));
        // The announcement of one is none of another.
        Migration more = make(u"0002"_s, u"DELETE FROM orders WHERE id = 2;"_s);
        more.upLoses = QStringList{u"orders.amount"_s};
        QCOMPARE(await(upgrade(m_spec, more, {}, {})).error().code, u"migration.shrinks"_s);
        more.upLoses = QStringList{u"orders"_s};
        QCOMPARE(*await(upgrade(m_spec, more, {}, {})), (QMap<QString, qint64>{{u"orders"_s, 1}}));
    }

    void aDataMigrationIsJudgedRangeByRange()
    {
        makeOrders(m_spec.file, 1000);
        Migration emptying = data();
        emptying.up = u"UPDATE orders SET side = NULL WHERE id BETWEEN :from AND :to AND id > 250;"_s;
        const auto refused = await(upgrade(m_spec, emptying, {}, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"migration.shrinks"_s);
        // The third range of 100; the two before it stay, as they lost nothing.
        QVERIFY2(refused.error().text().contains(u"orders.side 1000 → 950"_s), qPrintable(refused.error().text()));
        QCOMPARE(value(u"SELECT count(side) FROM orders"_s).toInt(), 1000);
        QCOMPARE(await(appliedMigrations(m_spec))->first().cursor, u"200"_s);
        emptying.upLoses = QStringList{u"orders.side"_s};
        QCOMPARE(*await(upgrade(m_spec, emptying, {}, {})), (QMap<QString, qint64>{{u"orders.side"_s, 750}}));

        Migration deleting = data();
        deleting.revision = u"0002"_s;
        deleting.up = u"DELETE FROM orders WHERE id BETWEEN :from AND :to;"_s;
        QCOMPARE(await(upgrade(m_spec, deleting, {}, {})).error().code, u"migration.shrinks"_s);
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 1000);
        Migration hidden = data();
        hidden.revision = u"0002"_s;
        hidden.up = u"/* :from */ DROP TABLE orders;"_s;
        QCOMPARE(await(upgrade(m_spec, hidden, {}, {})).error().code, u"migration.range_schema"_s);
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 1000);
    }

    void onlyTheNewestGoesBack()
    {
        makeOrders(m_spec.file, 3);
        const Migration first = make(u"0001"_s, u"CREATE TABLE a (x);"_s, u"DROP TABLE a;"_s);
        const Migration second = make(u"0002"_s, u"CREATE TABLE b (x);"_s);
        QVERIFY(await(upgrade(m_spec, first, {}, {})));
        QVERIFY(await(upgrade(m_spec, second, {}, {})));
        QCOMPARE(await(downgrade(m_spec, first, {})).error().code, u"migration.not_newest"_s);
        QCOMPARE(await(downgrade(m_spec, second, {})).error().code, u"migration.irreversible"_s);
    }

    void dataMigrationKilledAnywhereResumes()
    {
        const Migration migration = data();
        int kills = 0;
        for (int point = 1; point < 300; point += 1 + point / 6) {
            for (const auto suffix : {""_L1, "-wal"_L1, "-shm"_L1}) {
                QFile::remove(m_spec.file + suffix);
            }
            makeOrders(m_spec.file, 500);
            OtherProcess child([&] {
                faultpoints::arm("kill@" + QByteArray::number(point));
                auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
                (void)migration::upgrade(*connection, migration, {}, {});
            });
            const bool killed = WIFSIGNALED(child.wait());
            kills += killed;
            // Each order is counted exactly once: a batch done twice would show in the ledger.
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            QVERIFY(checkIntegrityOf(*connection));
            const auto done = migration::upgrade(*connection, migration, {}, {});
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
            QCOMPARE(connection->value(u"SELECT count(*) FROM ledger"_s)->toInt(), 500);
            QCOMPARE(connection->value(u"SELECT count(*) FROM setup"_s)->toInt(), 1);
            QCOMPARE(connection->value(u"SELECT cursor FROM cutover_migrations"_s)->toString(), QString());
            if (!killed) {
                QVERIFY2(kills > 5, qPrintable(QString::number(kills)));
                return;
            }
        }
        QFAIL("the migration never came to its end");
    }

    /// The limit is of the whole, and so is what is reported, whichever process took it away.
    void dataMigrationKilledAnywhereKnowsWhatItTook()
    {
        Migration migration = data();
        migration.up = u"UPDATE orders SET side = NULL WHERE id BETWEEN :from AND :to;"_s;
        migration.upLoses = QStringList{u"orders.side"_s};
        int between = 0;
        for (int point = 1; point < 300; point += 1 + point / 6) {
            for (const auto suffix : {""_L1, "-wal"_L1, "-shm"_L1}) {
                QFile::remove(m_spec.file + suffix);
            }
            makeOrders(m_spec.file, 500);
            migration.upLimit = Loss{{u"orders.side"_s, 350}};
            OtherProcess child([&] {
                faultpoints::arm("kill@" + QByteArray::number(point));
                auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
                (void)migration::upgrade(*connection, migration, {}, {});
            });
            const bool killed = WIFSIGNALED(child.wait());
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            const int left = connection->value(u"SELECT count(side) FROM orders"_s)->toInt();
            between += left < 500 && left > 200;
            const auto refused = migration::upgrade(*connection, migration, {}, {});
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, u"migration.takes_more"_s);
            QCOMPARE(lossFromJson(refused.error().args[u"lost"_s]), (Loss{{u"orders.side"_s, 400}}));
            QCOMPARE(connection->value(u"SELECT count(side) FROM orders"_s)->toInt(), 200);
            migration.upLimit = Loss{{u"orders.side"_s, 500}};
            const auto done = migration::upgrade(*connection, migration, {}, {});
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
            QCOMPARE(*done, (Loss{{u"orders.side"_s, 500}}));
            // Whoever asks again, because its answer was lost, is told the same.
            QCOMPARE(*migration::upgrade(*connection, migration, {}, {}), (Loss{{u"orders.side"_s, 500}}));
            if (!killed) {
                QVERIFY2(between > 0, qPrintable(QString::number(point)));
                return;
            }
        }
        QFAIL("the migration never came to its end");
    }

    /// A database that an older version has migrated keeps its table, extended.
    void tableOfAnOlderVersionIsExtended()
    {
        makeOrders(m_spec.file, 500);
        Migration migration = data();
        migration.up = u"UPDATE orders SET side = NULL WHERE id BETWEEN :from AND :to;"_s;
        migration.upSha256 = json::sha256(migration.up.toUtf8());
        migration.revision = u"0002"_s;
        migration.upLoses = QStringList{u"orders.side"_s};
        runSql(m_spec.file,
               {u"CREATE TABLE cutover_migrations (revision TEXT PRIMARY KEY, name TEXT NOT NULL,"
                " phase TEXT NOT NULL, sha256 TEXT NOT NULL, down TEXT NOT NULL, cursor TEXT NOT NULL, changed TEXT NOT NULL)"_s,
                u"INSERT INTO cutover_migrations VALUES ('0001', 'base', 'expand', 'x', '', '', '2026-01-01T00:00:00.000Z'),"
                " ('0002', 'x', 'data', '%1', '', '200', '2026-01-02T00:00:00.000Z')"_s.arg(migration.upSha256),
                u"UPDATE orders SET side = NULL WHERE id <= 200"_s});
        const auto before = *await(appliedMigrations(m_spec));
        QCOMPARE(before.size(), 2);
        QVERIFY(before[1].lost.isEmpty());
        // Looking changes nothing.
        QCOMPARE(value(u"SELECT count(*) FROM pragma_table_info('cutover_migrations')"_s).toInt(), 7);
        QCOMPARE(*await(upgrade(m_spec, migration, {}, {})), (Loss{{u"orders.side"_s, 300}}));
        const auto after = *await(appliedMigrations(m_spec));
        QCOMPARE(after.size(), 2);
        QCOMPARE(after[0].changed, before[0].changed);
        QVERIFY(after[0].lost.isEmpty());
        QCOMPARE(after[1].cursor, QString());
        QCOMPARE(after[1].lost, (Loss{{u"orders.side"_s, 300}}));
        // The version before goes on with the table as it is now.
        runSql(m_spec.file, {u"INSERT OR REPLACE INTO cutover_migrations (revision, name, phase, sha256, down, cursor, changed)"
                             " VALUES ('0003', 'y', 'expand', 'x', '', '', 'now')"_s});
        QCOMPARE(await(appliedMigrations(m_spec))->size(), 3);
    }

    void dataMigrationBesideAWriter()
    {
        makeOrders(m_spec.file, 3000);
        const OtherProcess writer([this] {
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            for (;;) {
                (void)connection->execute(u"INSERT INTO orders (side, amount) VALUES ('BUY', 1)"_s);
                ::usleep(2000);
            }
        });
        QTRY_VERIFY(value(u"SELECT count(*) FROM orders"_s).toInt() > 3005);
        const int before = value(u"SELECT count(*) FROM orders"_s).toInt();
        QList<qint64> progress;
        const auto done = await(upgrade(m_spec, data(), [&](qint64 rows, qint64) { progress.append(rows); }, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        QVERIFY(value(u"SELECT count(*) FROM orders"_s).toInt() > before);
        QVERIFY(value(u"SELECT count(*) FROM ledger"_s).toInt() >= before);
        QVERIFY(std::ranges::is_sorted(progress));
    }

    void cancelledBetweenBatchesAndResumed()
    {
        makeOrders(m_spec.file, 1000);
        std::stop_source stop;
        auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
        const auto cancelled = migration::upgrade(
            *connection, data(),
            [&](qint64 done, qint64) {
                if (done >= 300) {
                    stop.request_stop();
                }
            },
            stop.get_token());
        QCOMPARE(cancelled.error().kind, Error::Kind::Cancelled);
        QCOMPARE(value(u"SELECT count(*) FROM ledger"_s).toInt(), 300);
        QCOMPARE(await(appliedMigrations(m_spec))->first().cursor, u"300"_s);
        QCOMPARE(*migrationHeadOf(*connection), QString());
        QList<qint64> progress;
        QVERIFY(migration::upgrade(*connection, data(), [&](qint64 done, qint64) { progress.append(done); }, {}));
        QCOMPARE(progress.first(), 400);
        QCOMPARE(progress.last(), 1000);
        QCOMPARE(*migrationHeadOf(*connection), u"0001"_s);
        QVERIFY(await(downgrade(m_spec, data(), {})));
        QVERIFY(!value(u"SELECT 1 FROM sqlite_master WHERE name = 'ledger'"_s).isValid());
    }

    void textKeysAreRangesToo()
    {
        runSql(m_spec.file, {u"CREATE TABLE users (name TEXT PRIMARY KEY, seen INTEGER DEFAULT 0)"_s, u"INSERT INTO users (name) VALUES (''), ('a''b'), ('c'), ('d')"_s});
        Migration migration = make(u"0001"_s, u"UPDATE users SET seen = seen + 1 WHERE name BETWEEN :from AND :to;"_s);
        migration.phase = u"data"_s;
        migration.batchTable = u"users"_s;
        migration.batchKey = u"name"_s;
        migration.batchSize = 1;
        QVERIFY(await(upgrade(m_spec, migration, {}, {})));
        QCOMPARE(value(u"SELECT group_concat(seen, '') FROM users"_s).toString(), u"1111"_s);
    }

    void lockedDatabaseIsTransientAndUntouched()
    {
        makeOrders(m_spec.file, 3);
        auto holder = Connection::open(m_spec.file, Connection::Mode::Existing);
        QVERIFY(holder->execute(u"BEGIN IMMEDIATE"_s));
        auto connection = Connection::open(m_spec.file, Connection::Mode::Existing, {}, 50);
        const auto locked = migration::upgrade(*connection, make(u"0001"_s, u"CREATE TABLE a (x);"_s), {}, {});
        QCOMPARE(locked.error().code, u"database.locked"_s);
        QCOMPARE(locked.error().kind, Error::Kind::Transient);
        QVERIFY(holder->execute(u"COMMIT"_s));
        QVERIFY(migration::upgrade(*connection, make(u"0001"_s, u"CREATE TABLE a (x);"_s), {}, {}));
    }

    void fullDiskUndoesTheMigration()
    {
        const Migration migration = make(u"0001"_s, u"CREATE TABLE a (x); INSERT INTO a SELECT randomblob(1000) FROM orders;"_s);
        makeOrders(m_spec.file, 2000);
        int failed = 0;
        for (int point = 1; point < 50; ++point) {
            faultpoints::arm("enospc@" + QByteArray::number(point));
            const auto done = await(upgrade(m_spec, migration, {}, {}));
            faultpoints::arm({});
            if (done) {
                QVERIFY(failed > 0);
                QCOMPARE(value(u"SELECT count(*) FROM a"_s).toInt(), 2000);
                return;
            }
            ++failed;
            QCOMPARE(done.error().code, u"database.no_space"_s);
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            QVERIFY(checkIntegrityOf(*connection));
            QVERIFY(!*connection->hasTable(u"a"_s));
        }
        QFAIL("the migration never succeeded");
    }

private:
    QString folder() const { return m_directory->filePath(u"migrations"_s); }
    void write(const QByteArray &name, const QByteArray &content) { writeFile(folder() + u'/' + QString::fromUtf8(name), content); }
    QVariant value(const QString &sql) const { return valueOf(m_spec.file, sql); }

    static Migration make(const QString &revision, const QString &up, const QString &down = {})
    {
        Migration migration;
        migration.revision = revision;
        migration.name = u"x"_s;
        migration.up = up;
        migration.down = down;
        migration.upSha256 = json::sha256(up.toUtf8());
        return migration;
    }

    static Migration data()
    {
        Migration migration = make(u"0001"_s,
                                   u"CREATE TABLE ledger (order_id INTEGER, amount INTEGER);"
                                   "CREATE TABLE setup AS SELECT 1 AS once;"
                                   "INSERT INTO ledger SELECT id, amount FROM orders WHERE id BETWEEN :from AND :to;"_s,
                                   u"DROP TABLE ledger; DROP TABLE setup;"_s);
        migration.phase = u"data"_s;
        migration.batchTable = u"orders"_s;
        migration.batchKey = u"id"_s;
        migration.batchSize = 100;
        return migration;
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    DatabaseSpec m_spec;
};

QTEST_GUILESS_MAIN(MigrationChainTest)
#include "migrationchaintest.moc"
