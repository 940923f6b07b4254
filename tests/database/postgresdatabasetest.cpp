// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresdatabase.h"
#include "database/postgresactivity.h"
#include "database/postgrescomparison.h"
#include "database/postgresplaces.h"
#include "database/postgresschema.h"
#include "database/postgrestools.h"
#include "serve/enginesessions.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/worker.h"
#include "tests/support/formerdatabases.h"
#include "tests/support/otherprocess.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QDirIterator>
#include <QJsonArray>
#include <QJsonDocument>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>

#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mount.h>
#include <sys/socket.h>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::OtherProcess;
using cutover::testing::PostgresServer;
using postgres::Session;

/** Against a real server, one for all tests, a database for each. */
class PostgresDatabaseTest : public QObject
{
    Q_OBJECT

    /// Their dump takes so long that it is caught in the middle.
    static constexpr int manyRows = 800000;

    /// Once, when a dump copies rows; stays as long as what is returned.
    [[nodiscard]] std::unique_ptr<QTimer> whileDumping(const std::function<void()> &act)
    {
        auto look = std::make_unique<QTimer>();
        connect(look.get(), &QTimer::timeout, this, [this, act, timer = look.get()] {
            if (m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active'"_s).toInt() > 0) {
                timer->stop();
                act();
            }
        });
        look->start(5);
        return look;
    }

    /// What was told of a dump or restore, and for how long at most the server said to copy rows meanwhile.
    struct Copying {
        QList<std::pair<qint64, qint64>> told;
        qint64 longestMs = 0;

        [[nodiscard]] bool hasPart() const
        {
            return std::ranges::any_of(told, [](const auto &each) { return each.first > 0 && each.first < each.second - 1; });
        }
        /// Something is told, or it took so long that the engine, which looks four times a second, must have told something.
        [[nodiscard]] bool isEnough() const { return hasPart() || longestMs >= 1000; }
    };
    template<typename Work>
    auto watched(Copying &copying, const Work &work)
    {
        QTimer look;
        connect(&look, &QTimer::timeout, this, [this, &copying] {
            const QString copies = m_server.value(u"postgres"_s,
                                                  u"SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start) * 1000), 0)::bigint "
                                                  "FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active'"_s);
            copying.longestMs = qMax(copying.longestMs, copies.toLongLong());
        });
        look.start(50);
        return work([&copying](qint64 done, qint64 total) { copying.told.append({done, total}); });
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        m_server.settings = {u"max_prepared_transactions=2"_s, u"wal_level=logical"_s};
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
    }

    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_spec = m_server.spec(u"trading"_s);
        (void)m_server.sql(u"trading"_s, u"ROLLBACK PREPARED 'stays'"_s); // Of a test that failed.
        sql(u"postgres"_s, u"DROP DATABASE IF EXISTS trading WITH (FORCE)"_s);
        sql(u"postgres"_s, u"CREATE DATABASE trading OWNER owner"_s);
        make(1000);
    }

    void cleanup()
    {
        faultpoints::arm({});
        const auto names = cutover::testing::dropFormer(m_spec);
        QVERIFY_RESULT(names);
        // Nothing of ours stays on the server.
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_%'"_s), u"0"_s);
    }

    void backupAndRestoreKeepEverything()
    {
        makeOdd();
        auto database = *Database::create(m_spec);
        const QString digest = *await(database->schemaDigest());
        const QString content = this->content();
        QList<std::pair<qint64, qint64>> progress;
        const auto info = await(database->backup(file(), [&](qint64 done, qint64 total) { progress.append({done, total}); }, {}));
        QVERIFY_RESULT(info);
        QCOMPARE(info->schemaDigest, digest);
        QCOMPARE(info->revision, u"a1,b2"_s);
        QCOMPARE(info->rows[u"orders"_s], 1000);
        QCOMPARE(info->rows[u"audit.entry"_s], 3);
        QVERIFY(!info->rows.contains(u"alembic_version"_s));
        QVERIFY(info->size > 1000);
        QVERIFY(!progress.isEmpty());
        QCOMPARE(progress.last().first, progress.last().second);
        QVERIFY(progress.last().second >= 1003);
        // Private, whole, and without the password in any file.
        QCOMPARE(QFile::permissions(file()) & (QFile::ReadGroup | QFile::ReadOther | QFile::ExeOther), QFile::Permissions());
        QCOMPARE(entries(), QStringList{u"main.pgdump"_s});
        QVERIFY(!grep(file(), PostgresServer::password()));
        QVERIFY(grep(file(), "CREATE ROLE owner"));
        QVERIFY(!grep(file(), "SCRAM-SHA-256"));
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));

        sql(u"trading"_s, u"DROP TABLE orders CASCADE; SELECT lo_unlink(4711); REVOKE SELECT ON audit.entry FROM reader; ALTER DATABASE trading RESET work_mem"_s);
        QVERIFY(await(database->schemaDigest()).value() != digest);
        for (int i = 0; i < 2; ++i) {
            QVERIFY_RESULT(await(database->restore(*info, {}, {})));
            QCOMPARE(await(database->schemaDigest()).value(), digest);
            QCOMPARE(await(database->countRows()).value(), info->rows);
            QCOMPARE(this->content(), content);
            QVERIFY_RESULT(await(database->check()));
        }
        QCOMPARE(m_server.value(u"trading"_s, u"SELECT has_table_privilege('reader', 'audit.entry', 'SELECT')"_s), u"true"_s);
        QCOMPARE(m_server.value(u"trading"_s, u"SELECT nextval('orders_id_seq')"_s), u"1001"_s);
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT has_database_privilege('reader', 'trading', 'CONNECT')"_s), u"true"_s);
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT setconfig::text FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'trading'"_s),
                 u"{work_mem=8MB}"_s);
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'trading'"_s), u"The orders"_s);
        // What was live before stays, closed, until it is cleaned up.
        const auto kept = cutover::testing::dropFormer(m_spec);
        QVERIFY_RESULT(kept);
        QCOMPARE(kept->size(), 2);
        QVERIFY(kept->first().startsWith(u"trading_before_"_s));
    }

    /// Of one table alone: a part of its rows only the server can have told, not what the programs say to have begun.
    void progressTellsRowsUnderWay()
    {
        auto database = *Database::create(m_spec);
        Copying dump, restoration;
        int rows = manyRows;
        // A quick machine may be done with them between two looks of the engine: then there are not enough yet.
        for (;; rows *= 2) {
            make(rows);
            dump = Copying();
            restoration = Copying();
            const auto info = watched(dump, [&](const auto &progress) { return await(database->backup(file(), progress, {})); });
            QVERIFY_RESULT(info);
            QVERIFY_RESULT(watched(restoration, [&](const auto &progress) { return await(database->restore(*info, progress, {})); }));
            if ((dump.isEnough() && restoration.isEnough()) || rows >= 8 * manyRows) {
                break;
            }
        }
        for (const auto &[what, copying] : {std::pair{"dump", &dump}, std::pair{"restore", &restoration}}) {
            for (const auto &[done, total] : std::as_const(copying->told)) {
                qInfo("%s: %lld of %lld", what, done, total);
            }
            QVERIFY2(copying->hasPart(), qPrintable(u"%1: no part in %2 ms"_s.arg(QLatin1StringView(what)).arg(copying->longestMs)));
            QVERIFY2(std::ranges::is_sorted(copying->told), what);
            QCOMPARE(copying->told.last(), std::pair(qint64(rows), qint64(rows)));
        }
    }

    void backupIsOneSnapshotWhileWritersGoOn()
    {
        // Each transaction moves money from one account to the other: any consistent state sums to 0.
        const OtherProcess writer([this] {
            int none = 0;
            const QCoreApplication application(none, nullptr);
            const auto session = Session::open(m_spec);
            for (int i = 1; session; ++i) {
                (void)(*session)->execute(u"INSERT INTO public.orders (amount) VALUES (%1), (-%1)"_s.arg(i));
            }
        });
        QTRY_VERIFY(m_server.value(u"trading"_s, u"SELECT count(*) FROM orders"_s).toInt() > 1100);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY(info->rows[u"orders"_s] > 1100);
        QVERIFY_RESULT(await(clonePostgres(m_spec, *info, u"trading_rehearsal"_s, {}, {})));
        QCOMPARE(m_server.value(u"trading_rehearsal"_s, u"SELECT sum(amount) FROM orders"_s), u"0"_s);
        QCOMPARE(m_server.value(u"trading_rehearsal"_s, u"SELECT count(*) FROM orders"_s).toLongLong(), info->rows[u"orders"_s]);
        sql(u"postgres"_s, u"DROP DATABASE trading_rehearsal"_s);
    }

    void clonesIdentityDiffers()
    {
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(clonePostgres(m_spec, *info, u"trading_clone"_s, {}, {})));
        QCOMPARE(await(clonePostgres(m_spec, *info, u"trading"_s, {}, {})).error().code, u"database.clone_name"_s);
        QCOMPARE(await(clonePostgres(m_spec, *info, u"trading_clone"_s, {}, {})).error().code, u"database.clone_exists"_s);
        QCOMPARE(await(clonePostgres(m_spec, *info, u"trading_cutover_new"_s, {}, {})).error().code, u"database.clone_name"_s);
        Target target;
        target.path = file();
        target.stateDirectory = m_directory->filePath(u"state"_s);
        target.databases = {m_spec};
        const auto first = pinIdentity(target);
        QVERIFY_RESULT(first);
        QVERIFY(!(*first)[u"database.main.server"_s].toString().isEmpty());
        // A restore makes another database of the same name: still this system.
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QCOMPARE(*pinIdentity(target), *first);
        target.databases[0].postgres.database = u"trading_clone"_s;
        const auto other = pinIdentity(target);
        QVERIFY(!other);
        QCOMPARE(other.error().code, u"target.identity_changed"_s);
        sql(u"postgres"_s, u"DROP DATABASE trading_clone"_s);
    }

    void restoreKilledAnywhereLeavesOldOrNew()
    {
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        database.reset();
        int killed = 0;
        for (int point = 1; point < 60; ++point) {
            sql(u"trading"_s, u"UPDATE orders SET amount = 7; INSERT INTO orders (amount) VALUES (7)"_s);
            // By another program, so that this one's connections and threads are not copied.
            QProcess child;
            QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
            environment.insert(u"CUTOVER_FAULT"_s, u"kill@%1"_s.arg(point));
            child.setProcessEnvironment(environment);
            child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
            child.start(QCoreApplication::applicationFilePath(), {u"--restore"_s, m_server.passwordFile(), QString::number(m_server.port()), QString::fromUtf8(QJsonDocument(toJson(*info)).toJson(QJsonDocument::Compact))});
            QVERIFY(child.waitForFinished(60000));
            // Whatever happened: it serves, and holds the one or the other.
            const QString rows = m_server.value(u"trading"_s, u"SELECT count(*) || ' ' || count(*) FILTER (WHERE amount = 7) FROM orders"_s);
            const bool isNew = rows == u"1000 0"_s;
            QVERIFY2(isNew || rows.section(u' ', 0, 0) == rows.section(u' ', 1, 1), qPrintable(u"point %1: %2"_s.arg(point).arg(rows)));
            const bool ended = child.exitStatus() == QProcess::NormalExit;
            QVERIFY2(!ended || (child.exitCode() == 0 && isNew), qPrintable(QString::number(child.exitCode())));
            // Once more: it comes to its end.
            QVERIFY_RESULT(await((*Database::create(m_spec))->restore(*info, {}, {})));
            QCOMPARE(m_server.value(u"trading"_s, u"SELECT count(*) || ' ' || count(*) FILTER (WHERE amount = 7) FROM orders"_s), u"1000 0"_s);
            QVERIFY_RESULT(cutover::testing::dropFormer(m_spec));
            if (ended) {
                QVERIFY2(killed >= 8, qPrintable(QString::number(killed)));
                return;
            }
            ++killed;
        }
        QFAIL("the restore never came to its end");
    }

    void lossIsCountedRowByRow()
    {
        sql(u"trading"_s, u"SET ROLE owner; CREATE TABLE bag (word text); INSERT INTO bag VALUES ('a'), ('a'), ('b'), (NULL); CREATE SCHEMA audit; "
                          "CREATE TABLE audit.entry (id integer PRIMARY KEY, price integer); INSERT INTO audit.entry VALUES (1, 5), (2, 6); "
                          "SELECT lo_from_bytea(4711, '\\xdead')"_s);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY(await(database->estimateLoss(*info, {}))->isEmpty());
        QVERIFY(await(database->lossAgainst(*info, {}, {}))->isEmpty());
        QVERIFY(database->remarks().isEmpty());
        QVERIFY(*await(database->holdsTheSame(*info, {})));
        QVERIFY_RESULT(await(database->forget()));

        // A wider number is no other one; a new column has one value that a row of then would lose.
        sql(u"trading"_s, u"SET ROLE owner; UPDATE orders SET amount = 7 WHERE id <= 2; DELETE FROM orders WHERE id = 3; INSERT INTO orders (amount) VALUES (1), (2), (3); "
                          "INSERT INTO bag VALUES ('a'), (NULL); DELETE FROM bag WHERE word = 'b'; "
                          "ALTER TABLE audit.entry ALTER price TYPE numeric(10,2), ADD note text, ADD kind text DEFAULT 'new'; "
                          "UPDATE audit.entry SET note = 'x' WHERE id = 1; INSERT INTO audit.entry VALUES (3, 7, 'y'); "
                          "CREATE TABLE later AS SELECT generate_series(1, 4) AS n; SELECT lo_put(4711, 0, '\\xbe')"_s);
        const QMap<QString, qint64> lost{{u"orders"_s, 5}, {u"bag"_s, 2}, {u"audit/entry"_s, 1}, {u"audit/entry.note"_s, 1}, {u"later"_s, 4}, {u"pg_largeobject"_s, 1}};
        // A plan builds nothing, and tells about.
        const auto about = await(database->estimateLoss(*info, {}));
        QVERIFY_RESULT(about);
        QCOMPARE(about->value(u"orders"_s), 5);
        QCOMPARE(about->value(u"later"_s), 4);
        QVERIFY(about->value(u"audit/entry"_s) >= 1);
        QCOMPARE(scratch(), 0);
        // Sessions that write otherwise don't make values differ.
        sql(u"postgres"_s, u"ALTER DATABASE trading SET extra_float_digits = -5; ALTER DATABASE trading SET timezone = 'Asia/Tokyo'"_s);
        const auto counted = await(database->lossAgainst(*info, {}, {}));
        QVERIFY_RESULT(counted);
        QCOMPARE(*counted, lost);
        QCOMPARE(database->remarks().size(), 1);
        QVERIFY2(database->remarks().first().text().contains(u"audit.entry"_s), qPrintable(database->remarks().first().text()));
        // Once more, as it is when writers are stopped; then the restore puts in place what was compared with.
        sql(u"trading"_s, u"DELETE FROM later"_s);
        bool built = false;
        const auto told = [&built](qint64, qint64) { built = true; };
        QCOMPARE(await(database->lossAgainst(*info, told, {}))->value(u"later"_s), 0);
        QVERIFY_RESULT(await(database->restore(*info, told, {})));
        QVERIFY(!built);
        QVERIFY(!*await(database->holdsTheSame(*info, {})));
        QCOMPARE(m_server.value(u"trading"_s, u"SELECT to_regclass('later')::text"_s), QString());
        QVERIFY(await(database->lossAgainst(*info, {}, {}))->isEmpty());
        QVERIFY_RESULT(await(database->forget()));
        QCOMPARE(scratch(), 0);
        // An older backup tells less: then only the number of rows is left.
        QVERIFY(files::replace(file() + u"/database.json"_s, withoutTraces()));
        sql(u"trading"_s, u"INSERT INTO orders (amount) VALUES (1)"_s);
        QCOMPARE(*await(database->estimateLoss(*info, {})), (QMap<QString, qint64>{{u"orders"_s, 1}}));
        QCOMPARE(await(database->lossAgainst(*info, {}, {})).error().code, u"database.backup_altered"_s);
    }

    /// No value of PostgreSQL's can hold one as a whole, so that they are compared piece by piece.
    void largeObjectsOfAnySizeAreCompared()
    {
        sql(u"postgres"_s, u"CREATE DATABASE other OWNER owner"_s);
        for (const QString &name : {u"trading"_s, u"other"_s}) {
            // 700 MB, of which only the ends are written; and a small one, and one of just a piece.
            sql(name, u"SET ROLE owner; SELECT lo_create(4712); SELECT lo_put(4712, 0, '\\x01'); SELECT lo_put(4712, 734003200, '\\x02'); "
                      "SELECT lo_from_bytea(4713, '\\xdead'); SELECT lo_from_bytea(4714, convert_to(repeat('x', 1048576), 'UTF8'))"_s);
        }
        const auto found = [this]() -> Result<QMap<QString, qint64>> {
            TRY(const auto live, postgres::Session::open(m_spec));
            TRY(const auto copy, postgres::Session::open(m_server.spec(u"other"_s)));
            TRY(const auto compared, postgres::compare(*live, *copy));
            return compared.loss;
        };
        const auto same = found();
        QVERIFY_RESULT(same);
        QVERIFY(!same->contains(u"pg_largeobject"_s));
        sql(u"trading"_s, u"SET ROLE owner; SELECT lo_put(4712, 700000000, '\\x03')"_s);
        QCOMPARE(found()->value(u"pg_largeobject"_s), 1);
        sql(u"trading"_s, u"SET ROLE owner; SELECT lo_put(4714, 1048576, '\\x03')"_s);
        QCOMPARE(found()->value(u"pg_largeobject"_s), 2);
        sql(u"postgres"_s, u"DROP DATABASE other"_s);
    }

    void lossOfManyRowsIsFoundByParts()
    {
        make(200000);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        sql(u"trading"_s, u"UPDATE orders SET amount = 1 WHERE id % 1000 = 0; DELETE FROM orders WHERE id % 777 = 5; INSERT INTO orders (amount) SELECT 3 FROM generate_series(1, 11)"_s);
        const QMap<QString, qint64> few{{u"orders"_s, 211 - m_server.value(u"trading"_s, u"SELECT 200 - count(*) FROM orders WHERE amount = 1"_s).toInt()}};
        QCOMPARE(*await(database->lossAgainst(*info, {}, {})), few);
        sql(u"trading"_s, u"UPDATE orders SET amount = amount + 5"_s);
        const qint64 all = m_server.value(u"trading"_s, u"SELECT count(*) FROM orders"_s).toLongLong();
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(*await(database->lossAgainst(*info, {}, {})), (QMap<QString, qint64>{{u"orders"_s, all}}));
        qInfo("all of %lld rows differ: %lld ms", all, timer.elapsed());
        // Somebody who stops it is heard.
        std::stop_source stop;
        QTimer::singleShot(20, this, [&] { stop.request_stop(); });
        const auto stopped = await(database->lossAgainst(*info, {}, stop.get_token()));
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().kind, Error::Kind::Cancelled);
    }

    void aMissingOrDamagedDatabaseIsBuiltAnew_data()
    {
        QTest::addColumn<QString>("how");
        QTest::newRow("dropped") << u"dropped"_s;
        QTest::newRow("its folder gone") << u"folder"_s;
        QTest::newRow("pages overwritten") << u"pages"_s;
    }
    void aMissingOrDamagedDatabaseIsBuiltAnew()
    {
        QFETCH(const QString, how);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY(!*await(database->whyUnreadable({})));
        Target target;
        target.path = file();
        target.stateDirectory = m_directory->filePath(u"state"_s);
        target.databases = {m_spec};
        const auto pinned = pinIdentity(target);
        QVERIFY_RESULT(pinned);
        const QString before = *await(database->identity());
        if (how == u"dropped"_s) {
            database.reset();
            sql(u"postgres"_s, u"DROP DATABASE trading WITH (FORCE)"_s);
        } else {
            const QString table = m_server.path(u"data/"_s + m_server.value(u"trading"_s, u"SELECT pg_relation_filepath('orders')"_s));
            sql(u"postgres"_s, u"CHECKPOINT"_s);
            database.reset();
            m_server.stop(SIGINT);
            if (how == u"pages"_s) {
                QFile pages(table);
                QVERIFY(pages.open(QIODevice::ReadWrite));
                QVERIFY(pages.write(QByteArray(int(pages.size()), '\xa5')) == pages.size());
            } else {
                QVERIFY(QFile::rename(QFileInfo(table).path(), m_server.path(u"gone"_s)));
            }
            const QString why = m_server.start();
            QVERIFY2(why.isEmpty(), qPrintable(why));
        }
        database = *Database::create(m_spec);
        const auto why = await(database->whyUnreadable({}));
        QVERIFY_RESULT(why);
        QVERIFY(*why);
        const Error error = why->value_or(Error());
        QVERIFY2(isUnreadable(error) && isMissing(error) == (how == u"dropped"_s), qPrintable(error.text()));
        // It is still this system.
        QCOMPARE(*pinIdentity(target), *pinned);

        const QString aside = *await(database->asideName(u"damaged-20261126-120000"_s));
        QCOMPARE(aside, u"trading_damaged-20261126-120000"_s);
        QCOMPARE(*await(database->identity()), how == u"dropped"_s ? QString() : before);
        QVERIFY_RESULT(await(database->rebuild(*info, aside, {}, {}, {})));
        QVERIFY(!*await(database->whyUnreadable({})));
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1000);
        QCOMPARE(*await(database->isAside(aside)), how != u"dropped"_s);
        QVERIFY(*await(database->identity()) != before);
        QCOMPARE(*pinIdentity(target), *pinned);
        QVERIFY_RESULT(await(database->bringBack(aside, {})));
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1000);
        // Evidence is nothing to clean up.
        QVERIFY_RESULT(cutover::testing::dropFormer(m_spec));
        QCOMPARE(*await(database->isAside(aside)), how != u"dropped"_s);
        sql(u"postgres"_s, u"DROP DATABASE IF EXISTS \"trading_damaged-20261126-120000\""_s);
        QDir(m_server.path(u"gone"_s)).removeRecursively();
    }

    void aSubscriptionIsNotStartedTwice()
    {
        m_spec = m_server.spec(u"trading"_s, u"postgres"_s);
        sql(u"trading"_s, u"CREATE SUBSCRIPTION news CONNECTION 'host=127.0.0.1 dbname=nowhere' PUBLICATION p WITH (connect = false, enabled = false, slot_name = NONE)"_s);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(database->estimateLoss(*info, {})));
        QCOMPARE(database->remarks().value(0).code, u"database.subscriptions"_s);
        QVERIFY2(database->remarks().value(0).text().contains(u"news"_s), qPrintable(database->remarks().value(0).text()));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QCOMPARE(database->remarks().value(0).code, u"database.subscriptions"_s);
        const QString where = u"SELECT string_agg(d.datname, ',') FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"_s;
        const QString kept = m_server.value(u"postgres"_s, where);
        QVERIFY2(kept.startsWith(u"trading_before_"_s), qPrintable(kept));
        // The server would not drop it; that stops no clean up.
        QCOMPARE(*cutover::testing::dropFormer(m_spec), QStringList());
        QCOMPARE(m_server.value(u"postgres"_s, where), kept);
        sql(u"postgres"_s, u"ALTER DATABASE %1 ALLOW_CONNECTIONS true"_s.arg(kept));
        sql(kept, u"DROP SUBSCRIPTION news"_s);
        sql(u"postgres"_s, u"ALTER DATABASE %1 ALLOW_CONNECTIONS false"_s.arg(kept));
        QCOMPARE(*cutover::testing::dropFormer(m_spec), QStringList{kept});
    }

    void aKilledBackupIsClearedAway()
    {
        auto database = *Database::create(m_spec);
        QVERIFY(QDir().mkpath(m_directory->filePath(u".main.pgdump.01AAAAAAAAAAAAAAAAAAAAAAAA.cutover-tmp/dump"_s)));
        sql(u"postgres"_s, u"CREATE DATABASE trading_cutover_proof OWNER owner"_s);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QCOMPARE(entries(), QStringList{u"main.pgdump"_s});
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_%'"_s), u"0"_s);
    }

    void cancelEndsTheDumpAndLeavesNothing()
    {
        make(manyRows);
        auto database = *Database::create(m_spec);
        std::stop_source stop;
        const auto look = whileDumping([&] { stop.request_stop(); });
        const auto info = await(database->backup(file(), {}, stop.get_token()));
        QVERIFY(!info);
        QCOMPARE(info.error().kind, Error::Kind::Cancelled);
        QCOMPARE(entries(), QStringList());
        QTRY_COMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cutover%' AND datname = 'trading' AND state <> 'idle'"_s), u"0"_s);
        // And a statement under way.
        std::stop_source second;
        QTimer::singleShot(300, this, [&] { second.request_stop(); });
        QElapsedTimer timer;
        timer.start();
        Worker worker;
        const auto slept = worker.run([spec = m_spec, token = second.get_token()]() -> Result<> {
            TRY(const auto session, Session::open(spec, {}, token));
            return session->execute(u"SELECT pg_sleep(20)"_s);
        });
        QTRY_VERIFY_WITH_TIMEOUT(slept.isFinished(), 5000);
        QCOMPARE(slept.result().error().kind, Error::Kind::Cancelled);
    }

    void serverStoppedMidDumpIsTransient()
    {
        make(manyRows);
        auto database = *Database::create(m_spec);
        bool stopped = false;
        const auto look = whileDumping([&] {
            stopped = true;
            m_server.stop(SIGQUIT);
        });
        const auto info = await(database->backup(file(), {}, {}));
        const QString why = m_server.start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY(stopped);
        QVERIFY(!info);
        QVERIFY2(info.error().code == u"database.unreachable"_s || info.error().code == u"database.connection_lost"_s, qPrintable(info.error().text()));
        QCOMPARE(info.error().kind, Error::Kind::Transient);
        QVERIFY(info.error().what().contains(u"127.0.0.1:%1"_s.arg(m_server.port())));
        QCOMPARE(entries(), QStringList());
        QVERIFY_RESULT(await(database->backup(file(), {}, {})));
    }

    void fullDiskInDumpIsToldAndLeavesNothing()
    {
        if (::geteuid() != 0) {
            QSKIP("needs root to mount a small file system");
        }
        const QString disk = m_directory->filePath(u"disk"_s);
        QVERIFY(QDir().mkpath(disk));
        if (::mount("tmpfs", qPrintable(disk), "tmpfs", 0, "size=256m") != 0) {
            QSKIP("no right to mount a file system here");
        }
        const auto unmount = qScopeGuard([&] { ::umount2(qPrintable(disk), MNT_DETACH); });
        // Random bytes can't be packed.
        sql(u"trading"_s, u"CREATE TABLE random AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') AS bytes FROM generate_series(1, 2500000) i GROUP BY i / 50"_s);
        // The disk is filled between the look at its free space and the dump.
        DatabaseSpec spec = m_server.spec(u"trading"_s, u"postgres"_s);
        const QString real = *postgres::toolPath(spec, u"pg_dump"_s, 130000);
        spec.postgres.tools = m_directory->filePath(u"tools"_s);
        QVERIFY(QDir().mkpath(spec.postgres.tools));
        QFile script(spec.postgres.tools + u"/pg_dump"_s);
        QVERIFY(script.open(QIODevice::WriteOnly));
        script.write(u"#!/bin/sh\nhead -c 240M /dev/zero > '%1/ballast'\nexec '%2' \"$@\"\n"_s.arg(disk, real).toUtf8());
        script.close();
        QVERIFY(script.setPermissions(QFileDevice::ReadOwner | QFileDevice::ExeOwner));
        auto database = *Database::create(spec);
        const QString target = disk + u"/main.pgdump"_s;
        const auto info = await(database->backup(target, {}, {}));
        QVERIFY(!info);
        QVERIFY2(info.error().code == u"database.dump_space"_s, qPrintable(info.error().text()));
        QCOMPARE(QFileInfo(disk + u"/ballast"_s).size(), 240 << 20);
        QVERIFY(QDir(disk).entryList({u"*main*"_s}, QDir::AllEntries | QDir::Hidden).isEmpty());
        // Known beforehand, it is told beforehand.
        const auto refused = await(database->backup(target, {}, {}));
        QCOMPARE(refused.error().code, u"database.backup_space"_s);
    }

    void refusalsSayWhatAndWhere()
    {
        const auto codeOf = [](const DatabaseSpec &spec) {
            const auto size = await((*Database::create(spec))->size());
            if (size) {
                return QString();
            }
            // No message tells the password, and each says what to do.
            return size.error().text().contains(QString::fromLatin1(PostgresServer::password())) || size.error().hint().isEmpty() ? u"bad text"_s : size.error().code;
        };
        QCOMPARE(codeOf(m_spec), QString());
        DatabaseSpec other = m_spec;
        QFile wrong(m_directory->filePath(u"wrong"_s));
        QVERIFY(wrong.open(QIODevice::WriteOnly) && wrong.write("no") == 2);
        wrong.close();
        other.postgres.password = u"file:"_s + wrong.fileName();
        QCOMPARE(codeOf(other), u"database.refused"_s);
        QCOMPARE(await((*Database::create(other))->size()).error().kind, Error::Kind::Permanent);
        other = m_spec;
        other.postgres.database = u"nowhere"_s;
        QCOMPARE(codeOf(other), u"database.absent"_s);
        other = m_spec;
        other.postgres.port = 1;
        QCOMPARE(codeOf(other), u"database.unreachable"_s);
        QCOMPARE(await((*Database::create(other))->size()).error().kind, Error::Kind::Transient);
        other = m_spec;
        other.postgres.password = u"file:/nonexistent/password"_s;
        QCOMPARE(codeOf(other), u"config.secret_missing"_s);
        other = m_spec;
        other.postgres.tools = m_directory->path();
        QCOMPARE(await((*Database::create(other))->schemaDigest()).error().code, u"database.no_tool"_s);
    }

    void serviceFileAndSocketLeadThere()
    {
        QFile services(m_directory->filePath(u"services"_s));
        QVERIFY(services.open(QIODevice::WriteOnly));
        services.write("[trading]\nhost=" + m_server.path(u"run"_s).toUtf8() + "\nport=" + QByteArray::number(m_server.port()) + "\ndbname=trading\nuser=owner\n");
        services.close();
        qputenv("PGSERVICEFILE", services.fileName().toUtf8());
        const auto forget = qScopeGuard([] { qunsetenv("PGSERVICEFILE"); });
        DatabaseSpec spec = m_spec;
        spec.postgres = {};
        spec.postgres.service = u"trading"_s;
        spec.postgres.password = m_spec.postgres.password;
        auto database = *Database::create(spec);
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1000);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
    }

    void lockIsTransientAndNamesItsHolder()
    {
        auto holder = Session::open(m_server.spec(u"trading"_s, u"postgres"_s));
        QVERIFY_RESULT(holder);
        QVERIFY((*holder)->execute(u"SET application_name = 'nightly job'"_s));
        const QString pid = (*holder)->value(u"SELECT pg_backend_pid()"_s)->toString();
        QVERIFY((*holder)->execute(u"BEGIN"_s));
        QVERIFY((*holder)->execute(u"LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE"_s));
        const auto counted = await((*Database::create(m_spec))->countRows());
        QVERIFY(!counted);
        QCOMPARE(counted.error().code, u"database.locked"_s);
        QCOMPARE(counted.error().kind, Error::Kind::Transient);
        QVERIFY2(counted.error().what().contains(u"nightly job (pid "_s + pid), qPrintable(counted.error().what()));
        QVERIFY((*holder)->execute(u"ROLLBACK"_s));
        QVERIFY(await((*Database::create(m_spec))->countRows()));
    }

    void longTransactionsAreFoundAndEndedOnlyWhenMeant()
    {
        auto holder = Session::open(m_spec);
        QVERIFY((*holder)->execute(u"BEGIN"_s));
        QVERIFY((*holder)->execute(u"SELECT 1"_s));
        auto session = Session::open(m_spec);
        QTest::qWait(60);
        const auto found = postgres::longTransactions(**session, 50);
        QVERIFY_RESULT(found);
        QCOMPARE(found->size(), 1);
        QVERIFY(postgres::longTransactions(**session, 60000)->isEmpty());
        const postgres::Activity activity = found->first();
        const auto other = await(postgres::terminateSession(m_spec, activity.pid, activity.started.addMSecs(-5000)));
        QCOMPARE(other.error().code, u"database.session_gone"_s);
        QVERIFY((*holder)->execute(u"SELECT 1"_s));
        QVERIFY_RESULT(await(postgres::terminateSession(m_spec, activity.pid, activity.started)));
        QTRY_VERIFY(!(*holder)->execute(u"SELECT 1"_s));
        QCOMPARE((*holder)->execute(u"SELECT 1"_s).error().kind, Error::Kind::Transient);
    }

    void sessionsInTheWayAreListedAndEndedByName()
    {
        Target target;
        target.databases = {m_spec};
        QVERIFY((*await(databaseSessions(target)))["sessions"_L1].toArray().isEmpty());
        auto holder = Session::open(m_server.spec(u"trading"_s, u"owner"_s));
        QVERIFY((*holder)->execute(u"SET application_name = 'nightly job'"_s));
        QVERIFY((*holder)->execute(u"BEGIN"_s));
        QVERIFY((*holder)->execute(u"LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE"_s));
        const auto found = await(databaseSessions(target));
        QVERIFY_RESULT(found);
        const QJsonArray sessions = (*found)["sessions"_L1].toArray();
        QCOMPARE(sessions.size(), 1);
        QCOMPARE(sessions[0]["application"_L1].toString(), u"nightly job"_s);
        QCOMPARE(sessions[0]["database"_L1].toString(), u"main"_s);
        QVERIFY(sessions[0]["blocks"_L1].toBool());
        QVERIFY(QDateTime::fromString(sessions[0]["since"_L1].toString(), Qt::ISODateWithMs).isValid());
        const QString name = sessions[0]["session"_L1].toString();
        QCOMPARE(await(endDatabaseSession(target, u"main"_s, u"4711"_s)).error().code, u"database.session_name"_s);
        QCOMPARE(await(endDatabaseSession(target, u"other"_s, name)).error().code, u"database.no_postgres"_s);
        QCOMPARE(await(endDatabaseSession(target, u"main"_s, name.section(u'-', 0, 0) + u"-1000"_s)).error().code, u"database.session_gone"_s);
        QVERIFY((*holder)->execute(u"SELECT 1"_s));
        const auto ended = await(endDatabaseSession(target, u"main"_s, name));
        QVERIFY_RESULT(ended);
        QTRY_VERIFY(!(*holder)->execute(u"SELECT 1"_s));
        QCOMPARE(await(endDatabaseSession(target, u"main"_s, name)).error().code, u"database.session_gone"_s);
    }

    void sessionsThatOurRoleMayNotSeeAreToldOf()
    {
        Target target;
        target.databases = {m_server.spec(u"trading"_s, u"owner"_s)};
        auto holder = Session::open(m_server.spec(u"trading"_s, u"postgres"_s));
        QVERIFY_RESULT((*holder)->execute(u"BEGIN"_s));
        QVERIFY_RESULT((*holder)->execute(u"SELECT 1"_s));
        const auto blind = await(databaseSessions(target));
        QVERIFY_RESULT(blind);
        QVERIFY((*blind)["sessions"_L1].toArray().isEmpty());
        QCOMPARE((*blind)["hidden"_L1].toArray().size(), 1);
        const Message hidden = Message::fromJson((*blind)["hidden"_L1][0].toObject());
        QCOMPARE(hidden.code, u"database.sessions_hidden"_s);
        QCOMPARE(hidden.args["count"_L1].toInt(), 1);
        QCOMPARE(hidden.args["role"_L1].toString(), u"owner"_s);
        // What its hint says helps.
        sql(u"trading"_s, u"GRANT pg_read_all_stats TO owner"_s);
        const auto seeing = await(databaseSessions(target));
        sql(u"trading"_s, u"REVOKE pg_read_all_stats FROM owner"_s);
        QVERIFY_RESULT(seeing);
        QVERIFY((*seeing)["hidden"_L1].toArray().isEmpty());
        QCOMPARE((*seeing)["sessions"_L1].toArray().size(), 1);
    }

    /// Who shuts others out is named, but not to be ended by a pid alone; and nobody says that it has gone.
    void aSessionWhoseTimeIsHiddenIsNotOfferedNorSaidToBeGone()
    {
        Target target;
        target.databases = {m_server.spec(u"trading"_s, u"owner"_s)};
        auto holder = Session::open(m_server.spec(u"trading"_s, u"postgres"_s));
        QVERIFY_RESULT((*holder)->execute(u"BEGIN"_s));
        QVERIFY_RESULT((*holder)->execute(u"LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE"_s));
        const QString pid = (*holder)->value(u"SELECT pg_backend_pid()"_s)->toString();
        const auto blind = await(databaseSessions(target));
        QVERIFY_RESULT(blind);
        const QJsonArray sessions = (*blind)["sessions"_L1].toArray();
        QCOMPARE(sessions.size(), 1);
        QCOMPARE(QString::number(sessions[0]["pid"_L1].toInteger()), pid);
        QCOMPARE(sessions[0]["session"_L1].toString(), QString());
        const Message hidden = Message::fromJson((*blind)["hidden"_L1][0].toObject());
        QCOMPARE(hidden.code, u"database.sessions_unnamed"_s);
        QVERIFY2(Catalogue::hint(hidden.code, hidden.args).contains(u"GRANT pg_read_all_stats TO owner"_s), qPrintable(hidden.text()));
        const auto refused = await(endDatabaseSession(target, u"main"_s, pid + u"-0"_s));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"database.session_hidden"_s);
        QVERIFY2(refused.error().text().contains(u"role postgres"_s) && refused.error().hint().contains(u"GRANT pg_read_all_stats TO owner"_s), qPrintable(refused.error().text()));
        QVERIFY_RESULT((*holder)->execute(u"SELECT 1"_s));
        sql(u"trading"_s, u"GRANT pg_read_all_stats TO owner"_s);
        const auto seeing = await(databaseSessions(target));
        sql(u"trading"_s, u"REVOKE pg_read_all_stats FROM owner"_s);
        QVERIFY_RESULT(seeing);
        QVERIFY((*seeing)["sessions"_L1][0]["session"_L1].toString().startsWith(pid + u'-'));
    }

    /// What a role is given so that forgotten programs end, does not end ours: the dump's snapshot waits for as long as the dump takes.
    void timeoutsOfTheRoleAreNotOurs()
    {
        QStringList limits{u"statement_timeout"_s, u"idle_in_transaction_session_timeout"_s, u"idle_session_timeout"_s};
        if (m_server.version().toInt() >= 17) {
            limits.append(u"transaction_timeout"_s);
        }
        const auto reset = qScopeGuard([this] { sql(u"postgres"_s, u"ALTER ROLE owner RESET ALL"_s); });
        for (const QString &limit : std::as_const(limits)) {
            sql(u"postgres"_s, u"ALTER ROLE owner SET %1 = 200"_s.arg(limit));
            const auto session = Session::open(m_server.spec(u"trading"_s, u"owner"_s));
            QVERIFY_RESULT(session);
            QTest::qSleep(300);
            QVERIFY_RESULT((*session)->execute(u"BEGIN"_s));
            QVERIFY_RESULT((*session)->execute(u"SELECT pg_sleep(0.3)"_s));
            QTest::qSleep(300);
            QVERIFY2((*session)->execute(u"COMMIT"_s), qPrintable(limit));
        }
        make(manyRows);
        const auto database = *Database::create(m_server.spec(u"trading"_s, u"owner"_s));
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));
    }

    /// As of a server that has no such figures: there the look is an error each time.
    void aLookAtProgressThatFailsHarmsNoDump()
    {
        sql(u"trading"_s, u"REVOKE SELECT ON pg_catalog.pg_stat_progress_copy FROM PUBLIC"_s);
        const auto looked = [this] { return files::read(m_server.path(u"log"_s))->contains("permission denied for view pg_stat_progress_copy"); };
        const auto database = *Database::create(m_server.spec(u"trading"_s, u"owner"_s));
        for (int rows = manyRows; !looked() && rows <= 8 * manyRows; rows *= 2) {
            make(rows);
            const auto info = await(database->backup(file(), {}, {}));
            QVERIFY_RESULT(info);
            QCOMPARE(info->rows[u"orders"_s], rows);
        }
        QVERIFY(looked());
    }

    void sessionsAreEndedBySwapButAPreparedTransactionIsNot()
    {
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        auto user = Session::open(m_server.spec(u"trading"_s, u"owner"_s));
        QVERIFY((*user)->execute(u"SELECT 1"_s));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QVERIFY(!(*user)->execute(u"SELECT 1"_s));

        sql(u"trading"_s, u"BEGIN; INSERT INTO orders (amount) VALUES (1); PREPARE TRANSACTION 'stays'"_s);
        const auto refused = await(database->restore(*info, {}, {}));
        QVERIFY(!refused);
        QVERIFY2(refused.error().code == u"database.in_use"_s, qPrintable(refused.error().text()));
        // The old one serves on, and what was made ready is used once the way is free.
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1000);
        sql(u"trading"_s, u"ROLLBACK PREPARED 'stays'"_s);
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
    }

    void closedItKeepsOthersOutAndLetsUsIn_data()
    {
        QTest::addColumn<QString>("user");
        QTest::newRow("its owner") << u"owner"_s;
        QTest::newRow("a superuser") << u"postgres"_s;
    }
    void closedItKeepsOthersOutAndLetsUsIn()
    {
        QFETCH(const QString, user);
        m_spec = m_server.spec(u"trading"_s, user);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY_RESULT(info);
        const QString before = *await(database->identity());
        auto writer = Session::open(m_server.spec(u"trading"_s, u"owner"_s));
        QVERIFY((*writer)->execute(u"SELECT 1"_s));
        QVERIFY(!*await(database->isClosed()));
        QVERIFY_RESULT(await(database->checkMayClose()));
        for (int i = 0; i < 2; ++i) {
            QVERIFY_RESULT(await(database->close()));
            QVERIFY(*await(database->isClosed()));
        }
        QVERIFY(!(*writer)->execute(u"SELECT 1"_s));
        // Whoever knows nothing of us, the owner and a superuser as well, finds it no more.
        QVERIFY2(insertAs(u"owner"_s).contains("does not exist"), insertAs(u"owner"_s).constData());
        QVERIFY2(insertAs(u"postgres"_s).contains("does not exist"), insertAs(u"postgres"_s).constData());
        QCOMPARE(*await(database->identity()), before);
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1000);
        QVERIFY_RESULT(await(database->schemaDigest()));
        const auto last = await(database->backup(m_directory->filePath(u"last.pgdump"_s), {}, {}));
        QVERIFY_RESULT(last);
        QVERIFY(*await(database->holdsTheSame(*last, {})));
        QVERIFY_RESULT(await(database->lossAgainst(*info, {}, {})));

        QVERIFY_RESULT(await(database->reopen()));
        QVERIFY_RESULT(await(database->reopen()));
        QVERIFY(!*await(database->isClosed()));
        QCOMPARE(insertAs(u"owner"_s), QByteArray());
        QVERIFY_RESULT(await(database->forget()));

        // What is replaced without that may hold what no backup does: it is not dropped, and told.
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QCOMPARE(*cutover::testing::formerNames(m_spec, true), QStringList());
        QCOMPARE(cutover::testing::formerNames(m_spec)->size(), 1);
        QCOMPARE(cutover::testing::dropFormer(m_spec)->size(), 1);
        QVERIFY_RESULT(await(database->close()));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QVERIFY(!*await(database->isClosed()));
        QCOMPARE(insertAs(u"owner"_s), QByteArray());
        QCOMPARE(cutover::testing::formerNames(m_spec, true)->size(), 1);
        QVERIFY(qAbs(await(formerPostgres(m_spec))->first().replaced.secsTo(QDateTime::currentDateTimeUtc())) < 60);
        // That one was of the database before.
        QVERIFY(!isLastBackupOf(await(formerPostgres(m_spec))->first(), m_spec, *last));
        QCOMPARE(cutover::testing::dropFormer(m_spec)->size(), 1);

        // Somebody makes another one meanwhile: neither is touched.
        QVERIFY_RESULT(await(database->close()));
        sql(u"postgres"_s, u"CREATE DATABASE trading OWNER owner"_s);
        QCOMPARE(await(database->reopen()).error().code, u"database.closed_taken"_s);
        // A plan finds it before services are stopped, and nobody takes the new one for closed.
        QCOMPARE(await(database->checkMayClose()).error().code, u"database.closed_taken"_s);
        QVERIFY(!*await(database->isClosed()));
        QCOMPARE(await(database->restore(*info, {}, {})).error().code, u"database.closed_taken"_s);
        database.reset();
        sql(u"postgres"_s, u"DROP DATABASE trading WITH (FORCE)"_s);
        QVERIFY_RESULT(await((*Database::create(m_spec))->reopen()));
        QCOMPARE(m_server.value(u"trading"_s, u"SELECT count(*) FROM orders"_s), u"1001"_s);
    }

    void whoMayNotCloseItIsToldBefore()
    {
        sql(u"postgres"_s, u"DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN CREATEDB PASSWORD "_s + postgres::literal(QString::fromLatin1(PostgresServer::password())));
        const auto refused = await((*Database::create(m_server.spec(u"trading"_s, u"guest"_s)))->checkMayClose());
        QVERIFY(!refused);
        QVERIFY2(refused.error().code == u"database.no_right"_s && refused.error().text().contains(u"guest does not own"_s), qPrintable(refused.error().text()));
    }

    /// A server that is gone without a word is noticed by pg_dump and pg_restore as by ourselves.
    void linksThatAreLostAreNoticed()
    {
        const QByteArray place = postgres::connectionString(m_spec).toUtf8();
        const QByteArray password = PostgresServer::password();
        const char *const keys[]{"dbname", "password", nullptr};
        const char *const values[]{place.constData(), password.constData(), nullptr};
        const std::unique_ptr<PGconn, void (*)(PGconn *)> connection(PQconnectdbParams(keys, values, 1), &PQfinish);
        QVERIFY2(PQstatus(connection.get()) == CONNECTION_OK, PQerrorMessage(connection.get()));
        const auto option = [&](int level, int name) {
            int value = -1;
            socklen_t size = sizeof value;
            return ::getsockopt(PQsocket(connection.get()), level, name, &value, &size) == 0 ? value : -1;
        };
        QCOMPARE(option(SOL_SOCKET, SO_KEEPALIVE), 1);
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPIDLE), 15);
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPINTVL), 10);
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPCNT), 4);
        QCOMPARE(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
    }

    void alteredOrForeignBackupIsRefused()
    {
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        sql(u"trading"_s, u"INSERT INTO orders (amount) VALUES (1)"_s);
        QFile toc(file() + u"/dump/toc.dat"_s);
        QVERIFY(toc.open(QIODevice::ReadWrite));
        toc.seek(toc.size() - 10);
        toc.write("Z");
        toc.close();
        QCOMPARE(await(database->verifyBackup(*info, {})).error().code, u"database.backup_altered"_s);
        QCOMPARE(await(database->restore(*info, {}, {})).error().code, u"database.backup_altered"_s);
        BackupInfo wrongRows = *await(database->backup(file(), {}, {}));
        wrongRows.rows[u"orders"_s] += 1;
        const auto differs = await(database->verifyBackup(wrongRows, {}));
        QCOMPARE(differs.error().code, u"database.backup_differs"_s);
        const auto refused = await(database->restore(wrongRows, {}, {}));
        QVERIFY2(refused.error().code == u"database.backup_differs"_s, qPrintable(refused.error().text()));
        // What was refused touched nothing.
        QCOMPARE(await(database->countRows()).value()[u"orders"_s], 1001);

        sql(u"trading"_s, u"CREATE ROLE passing; GRANT SELECT ON orders TO passing"_s);
        const auto later = await(database->backup(file(), {}, {}));
        sql(u"trading"_s, u"DROP OWNED BY passing; DROP ROLE passing"_s);
        const auto roles = await(database->verifyBackup(*later, {}));
        QCOMPARE(roles.error().code, u"database.roles_missing"_s);
        QVERIFY2(roles.error().what().contains(u"passing"_s), qPrintable(roles.error().what()));
    }

    void integrityIsLookedAtByAmcheckWhereItIs()
    {
        auto session = Session::open(m_server.spec(u"trading"_s, u"postgres"_s));
        QVERIFY(!postgres::checkIntegrityOf(**session, m_spec)->byAmcheck);
        sql(u"trading"_s, u"CREATE EXTENSION amcheck"_s);
        const auto whole = postgres::checkIntegrityOf(**session, m_spec);
        QVERIFY_RESULT(whole);
        QVERIFY(whole->byAmcheck);
        QVERIFY(whole->looked > 0);
        sql(u"trading"_s, u"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_pkey'::regclass"_s);
        const auto invalid = await((*Database::create(m_spec))->check());
        QVERIFY2(invalid.error().code == u"database.integrity"_s, qPrintable(invalid.error().text()));
        QVERIFY(invalid.error().what().contains(u"orders_pkey"_s));
    }

    void digestKnowsWhatMatters()
    {
        auto database = *Database::create(m_spec);
        const QString before = *await(database->schemaDigest());
        QCOMPARE(*await(database->schemaDigest()), before);
        sql(u"trading"_s, u"ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders DROP COLUMN note"_s);
        QCOMPARE(*await(database->schemaDigest()), before);
        sql(u"trading"_s, u"CREATE TABLE alembic_version (version_num text)"_s);
        QCOMPARE(*await(database->schemaDigest()), before);
        sql(u"trading"_s, u"CREATE INDEX amounts ON orders (amount)"_s);
        QVERIFY(*await(database->schemaDigest()) != before);
        QCOMPARE(postgres::schemaDigestOf(u"SET x = 1;\nCREATE TABLE a (b CHECK (((c)::text = ANY ((ARRAY['x'::character varying, 'it''s'::character varying])::text[]))));"_s),
                 postgres::schemaDigestOf(u"-- c\n\\restrict abc\nCREATE TABLE a (b CHECK (((c)::text = ANY (ARRAY[('x'::character varying)::text, ('it''s'::character varying)::text]))));"_s));
        m_spec.countTables = QStringList{u"orders"_s, u"none"_s};
        QCOMPARE(*await((*Database::create(m_spec))->countRows()), (QMap<QString, qint64>{{u"orders"_s, 1000}}));
    }

    void longNamesFitAndDiffer()
    {
        const QString longName(63, u'ä');
        const QString a = postgres::proofName(longName + u"1"_s);
        QVERIFY(a.toUtf8().size() <= 63);
        QVERIFY(a != postgres::proofName(longName + u"2"_s));
        QCOMPARE(postgres::freshName(u"trading"_s), u"trading_cutover_new"_s);
    }

private:
    QString file() const { return m_directory->filePath(u"main.pgdump"_s); }
    QStringList entries() const { return QDir(m_directory->path()).entryList({u"*main*"_s}, QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot); }

    void sql(const QString &database, const QString &statement) { QVERIFY_RESULT(m_server.sql(database, statement)); }

    /// As any other program would; what it says when it fails.
    QByteArray insertAs(const QString &user) const
    {
        QProcess psql;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"PGPASSWORD"_s, QString::fromLatin1(PostgresServer::password()));
        psql.setProcessEnvironment(environment);
        psql.start(m_server.programs() + u"/psql"_s, {u"-X"_s, u"-q"_s, u"-h"_s, u"127.0.0.1"_s, u"-p"_s, QString::number(m_server.port()), u"-U"_s, user, u"-d"_s, u"trading"_s, u"-c"_s, u"INSERT INTO orders (amount) VALUES (1)"_s});
        psql.waitForFinished();
        return psql.readAllStandardError();
    }

    void make(int rows)
    {
        sql(u"trading"_s, u"GRANT ALL ON SCHEMA public TO owner; SET ROLE owner; DROP TABLE IF EXISTS orders CASCADE; "
                          "CREATE TABLE orders (id serial PRIMARY KEY, amount bigint NOT NULL, filler text DEFAULT md5(random()::text)); "
                          "INSERT INTO orders (amount) SELECT 0 FROM generate_series(1, %1)"_s.arg(rows));
    }

    /// Of everything that a dump might lose, something.
    void makeOdd()
    {
        (void)m_server.sql(u"postgres"_s, u"CREATE ROLE reader"_s); // Once for all tests.
        sql(u"postgres"_s, u"COMMENT ON DATABASE trading IS 'The orders'; ALTER DATABASE trading SET work_mem = '8MB'; "
                           "REVOKE CONNECT ON DATABASE trading FROM PUBLIC; GRANT CONNECT ON DATABASE trading TO reader"_s);
        sql(u"trading"_s,
            u"CREATE SCHEMA audit AUTHORIZATION owner; SET ROLE owner; "
            "CREATE TYPE side AS ENUM ('buy', 'sell'); CREATE DOMAIN positive AS numeric(20, 8) CHECK (VALUE > 0); "
            "CREATE TABLE audit.entry (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz DEFAULT 'epoch', tags text[], what jsonb, side side, "
            "price positive, raw bytea, state varchar(10) CHECK (state IN ('new', 'filled', 'it''s')), twice numeric GENERATED ALWAYS AS (price * 2) STORED, "
            "span tstzrange, \"Odd \"\"name\" inet); "
            "INSERT INTO audit.entry (id, tags, what, side, price, raw, state, span, \"Odd \"\"name\") VALUES "
            "('00000000-0000-0000-0000-000000000001', '{a,\"b c\",NULL}', '{\"k\": [1, null, \"ü\"]}', 'buy', 0.00000001, '\\x00ff7f', 'it''s', '[2020-01-01,)', '::1'), "
            "('00000000-0000-0000-0000-000000000002', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
            "('00000000-0000-0000-0000-000000000003', '{}', '0', 'sell', 1e11, '', 'new', 'empty', '10.0.0.0/8'); "
            "CREATE VIEW audit.newest AS SELECT id, price FROM audit.entry WHERE state IN ('new', 'filled'); "
            "CREATE FUNCTION audit.f(i integer) RETURNS integer LANGUAGE sql AS $f$ SELECT i + 1 $f$; "
            "CREATE TABLE parts (id integer, day date) PARTITION BY RANGE (day); "
            "CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); INSERT INTO parts VALUES (1, '2024-05-05'); "
            "CREATE MATERIALIZED VIEW sums AS SELECT sum(id) AS sum FROM parts; "
            "GRANT USAGE ON SCHEMA audit TO reader; GRANT SELECT ON audit.entry TO reader; "
            "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b2'), ('a1'); "
            "SELECT lo_from_bytea(4711, '\\xdeadbeef00')"_s);
    }

    /// Databases that were built beside the live one.
    int scratch() const { return m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_cutover%'"_s).toInt(); }

    QByteArray withoutTraces() const
    {
        QJsonObject description = QJsonDocument::fromJson(*files::read(file() + u"/database.json"_s)).object();
        description.remove(u"traces"_s);
        return QJsonDocument(description).toJson();
    }

    QString content() const
    {
        return m_server.value(u"trading"_s, u"SELECT md5((SELECT string_agg(t::text, '|' ORDER BY id) FROM orders t) || (SELECT string_agg(t::text, '|' ORDER BY id) FROM audit.entry t) "
                                            "|| (SELECT string_agg(t::text, '|') FROM parts t) || (SELECT sum::text FROM sums) || audit.f(1)) || encode(lo_get(4711), 'hex')"_s);
    }

    static bool grep(const QString &folder, const QByteArray &text)
    {
        QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            if (const auto content = files::read(files.next()); content && content->contains(text)) {
                return true;
            }
        }
        return false;
    }

    PostgresServer m_server;
    std::unique_ptr<QTemporaryDir> m_directory;
    DatabaseSpec m_spec;
};

/// --restore PASSWORD-FILE PORT BACKUP: what the killed restore runs.
static int restoreAlone(const QStringList &arguments)
{
    DatabaseSpec spec;
    spec.name = u"main"_s;
    spec.driver = u"postgresql"_s;
    spec.postgres.host = u"127.0.0.1"_s;
    spec.postgres.port = arguments.value(1).toInt();
    spec.postgres.database = u"trading"_s;
    spec.postgres.user = u"owner"_s;
    spec.postgres.password = u"file:"_s + arguments.value(0);
    const BackupInfo info = backupInfoFromJson(QJsonDocument::fromJson(arguments.value(2).toUtf8()).object());
    const auto done = await((*Database::create(spec))->restore(info, {}, {}));
    if (!done) {
        qWarning("%s", qPrintable(done.error().text()));
    }
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    if (argc > 1 && qstrcmp(argv[1], "--restore") == 0) {
        return restoreAlone(QCoreApplication::arguments().mid(2));
    }
    PostgresDatabaseTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "postgresdatabasetest.moc"
