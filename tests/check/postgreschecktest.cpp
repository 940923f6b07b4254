// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/checklist.h"
#include "check/spacefloor.h"
#include "database/postgresactivity.h"
#include "tests/support/postgresserver.h"
#include "tests/support/skip.h"

#include <QCoroTask>
#include <QScopeGuard>
#include <QTest>

#include <algorithm>
#include <thread>
#include <unistd.h>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::PostgresServer;
using postgres::Session;

namespace {

/** While it lives, root works with the rights of an account that nobody else uses. All threads. */
class OrdinaryAccount
{
public:
    OrdinaryAccount()
    {
        constexpr uid_t account = 65533;
        if (::setegid(account) != 0 || ::seteuid(account) != 0) {
            qFatal("seteuid");
        }
    }
    ~OrdinaryAccount()
    {
        if (::seteuid(0) != 0 || ::setegid(0) != 0) {
            qFatal("seteuid");
        }
    }
    Q_DISABLE_COPY_MOVE(OrdinaryAccount)
};

} // namespace

/** The checks of a PostgreSQL database, against a real server. */
class PostgresCheckTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        m_server.settings = {u"wal_level=logical"_s, u"max_replication_slots=4"_s};
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY(m_server.sql(u"postgres"_s, u"CREATE DATABASE trading OWNER owner"_s));
        m_scope.target.databases = {m_server.spec(u"trading"_s)};
        m_scope.target.check.minimumFreeBytes = 1000;
    }

    void aHealthyServerPasses()
    {
        for (const QString &id : {u"database:main"_s, u"connections:main"_s, u"transactions:main"_s, u"database_space:main"_s, u"replication:main"_s}) {
            const Finding finding = run(id);
            if (id.startsWith(u"database_space")) {
                // The owner may not know the folder.
                QVERIFY(finding.mild);
                continue;
            }
            QVERIFY2(finding.error.code.isEmpty(), qPrintable(id + u": "_s + finding.error.text()));
            QVERIFY2(!finding.text.text().contains(u"%{"), qPrintable(finding.text.text()));
        }
        QVERIFY2(run(u"database:main"_s).text.text().contains(u"PostgreSQL "_s), qPrintable(run(u"database:main"_s).text.text()));
    }

    void spaceIsMeasuredWhereTheServerIsHere()
    {
        m_scope.target.databases[0].postgres.user = u"postgres"_s;
        QCOMPARE(run(u"database_space:main"_s).text.code, u"check.disk_ok"_s);
        m_scope.target.databases[0].postgres.minimumFreeBytes = 1LL << 60;
        const Finding few = run(u"database_space:main"_s);
        QCOMPARE(few.error.code, u"check.postgres_space"_s);
        QVERIFY(!few.mild);
        QVERIFY(few.error.args[u"path"_s].toString().startsWith(m_server.path(u"data"_s)));
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
    }

    /// What nobody measured is no pass, and no failure either: it says why, and what to do.
    void spaceThatCantBeMeasuredIsAWarning()
    {
        m_scope.only = {u"database_space:main"_s};
        const auto results = QCoro::waitFor(runCheckList(m_scope, {}, {}));
        m_scope.only.clear();
        QVERIFY(results && results->size() == 1);
        QCOMPARE(results->first().status, CheckResult::Status::Warning);
        QCOMPARE(results->first().error.code, u"check.postgres_space_unknown"_s);
        for (const QString &word : {u"role owner may not"_s, u"GRANT pg_read_all_settings TO owner"_s, u"data_folder"_s}) {
            QVERIFY2(results->first().error.text().contains(word), qPrintable(results->first().error.text()));
        }
        const auto floor = QCoro::waitFor(lookAtSpace(m_scope.target));
        QVERIFY(floor && floor->size() == 1);
        QCOMPARE(floor->first().code, u"database.folder_hidden"_s);

        // The right makes it measurable, without a word in target.yaml.
        QVERIFY(m_server.sql(u"postgres"_s, u"GRANT pg_read_all_settings TO owner"_s));
        QCOMPARE(run(u"database_space:main"_s).text.code, u"check.disk_ok"_s);
        const auto measured = QCoro::waitFor(lookAtSpace(m_scope.target));
        QVERIFY(measured && measured->isEmpty());
        QVERIFY(m_server.sql(u"postgres"_s, u"REVOKE pg_read_all_settings FROM owner"_s));
    }

    void foldersOfTheTargetAreMeasured()
    {
        PostgresSpec &postgres = m_scope.target.databases[0].postgres;
        postgres.dataFolder = m_server.path(u"data"_s);
        postgres.walFolder = m_server.path(u"data/pg_wal"_s);
        QCOMPARE(run(u"database_space:main"_s).text.code, u"check.disk_ok"_s);
        postgres.minimumFreeBytes = 1LL << 60;
        QCOMPARE(run(u"database_space:main"_s).error.args[u"path"_s].toString(), postgres.dataFolder);
        const auto low = QCoro::waitFor(lookAtSpace(m_scope.target));
        QVERIFY(!low);
        QCOMPARE(low.error().code, u"space.low"_s);
        // One that is not there is a mistake, not a doubt.
        postgres.dataFolder = m_server.path(u"nowhere"_s);
        const Finding gone = run(u"database_space:main"_s);
        QCOMPARE(gone.error.code, u"database.folder_missing"_s);
        QVERIFY(!gone.mild);
        QVERIFY2(gone.error.text().contains(postgres.dataFolder), qPrintable(gone.error.text()));
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
    }

    /// Who may not look into the data folder finds no link there, whether the WAL lies apart or not: nothing of it was measured.
    void walThatCantBeSeenIsNoPass()
    {
        if (::geteuid() != 0) {
            SKIP_WITHOUT_ROOT("the server's own account sees into its folder");
        }
        qputenv("CUTOVER_TEST_PASSWORD", PostgresServer::password());
        PostgresSpec &postgres = m_scope.target.databases[0].postgres;
        postgres.user = u"postgres"_s;
        postgres.password = u"env:CUTOVER_TEST_PASSWORD"_s;
        const auto reset = qScopeGuard([this] { m_scope.target.databases[0] = m_server.spec(u"trading"_s); });
        QCOMPARE(run(u"database_space:main"_s).text.code, u"check.disk_ok"_s);
        {
            const OrdinaryAccount account;
            const Finding found = run(u"database_space:main"_s);
            QCOMPARE(found.error.code, u"check.postgres_space_partly"_s);
            QVERIFY(found.mild);
            for (const QString &word : {u"free at “"_s, u"room left for WAL"_s, m_server.path(u"data"_s), u"wal_folder"_s}) {
                QVERIFY2(found.error.text().contains(word), qPrintable(found.error.text()));
            }
            const auto floor = QCoro::waitFor(lookAtSpace(m_scope.target));
            QVERIFY(floor && floor->size() == 1);
            QCOMPARE(floor->first().code, u"database.wal_hidden"_s);
            // What can be measured still counts.
            postgres.minimumFreeBytes = 1LL << 60;
            QCOMPARE(run(u"database_space:main"_s).error.code, u"check.postgres_space"_s);
            postgres.minimumFreeBytes = -1;
            // Its place said, it is measured: apart, or within.
            for (const QString &place : {u"/tmp"_s, m_server.path(u"data"_s)}) {
                postgres.walFolder = place;
                const Finding said = run(u"database_space:main"_s);
                QVERIFY2(said.text.code == u"check.disk_ok"_s, qPrintable(said.error.text()));
            }
        }
    }

    /// A link that leads to nothing here, as of a server in a container.
    void walThatIsElsewhereIsNoPass()
    {
        const QTemporaryDir volume;
        PostgresSpec &postgres = m_scope.target.databases[0].postgres;
        const auto reset = qScopeGuard([this] { m_scope.target.databases[0] = m_server.spec(u"trading"_s); });
        postgres.dataFolder = volume.path();
        QCOMPARE(run(u"database_space:main"_s).text.code, u"check.disk_ok"_s);
        QVERIFY(QFile::link(u"/nowhere/wal"_s, volume.filePath(u"pg_wal"_s)));
        const Finding found = run(u"database_space:main"_s);
        QCOMPARE(found.error.code, u"check.postgres_space_partly"_s);
        QVERIFY2(found.error.text().contains(u"/nowhere/wal"_s) && found.error.hint().contains(u"wal_folder"_s), qPrintable(found.error.text()));
    }

    void tooFewConnectionsFailBeforeTheUpdateOnly()
    {
        m_scope.target.databases[0].postgres.jobs = 64;
        const Finding few = run(u"connections:main"_s);
        QCOMPARE(few.error.code, u"check.postgres_connections_few"_s);
        QVERIFY2(few.error.what().contains(u"67"_s), qPrintable(few.error.what()));
        m_scope.afterUpdate = true;
        QVERIFY(run(u"connections:main"_s).error.code.isEmpty());
        m_scope.afterUpdate = false;
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
    }

    void moreConnectionsThanWereDeclaredFail()
    {
        m_scope.target.check.maxConnections = 1000;
        const Finding within = run(u"connections:main"_s);
        QVERIFY2(within.error.code.isEmpty(), qPrintable(within.error.text()));
        QVERIFY2(within.text.text().contains(u" of 40 connections taken, "_s) && within.text.text().endsWith(u"free; at most 1000 expected"_s), qPrintable(within.text.text()));
        m_scope.target.check.maxConnections = 2;
        std::vector<std::unique_ptr<Session>> held;
        for (int i = 0; i < 4; ++i) {
            auto session = Session::open(m_server.spec(u"trading"_s));
            QVERIFY(session);
            held.push_back(std::move(*session));
        }
        for (const bool after : {false, true}) {
            m_scope.afterUpdate = after;
            const Finding many = run(u"connections:main"_s);
            QCOMPARE(many.error.code, u"check.postgres_connections_many"_s);
            QVERIFY(many.error.args[u"all"_s].toInt() >= 5);
            QVERIFY2(many.error.what().startsWith(QString::number(many.error.args[u"all"_s].toInt()) + u" connections are taken ("_s)
                         && many.error.what().endsWith(u"the server allows 40); at most 2 expected."_s),
                     qPrintable(many.error.what()));
        }
        m_scope.afterUpdate = false;
        m_scope.target.check.maxConnections = 0;
    }

    void aLongTransactionIsNamed()
    {
        auto holder = Session::open(m_server.spec(u"trading"_s));
        QVERIFY(holder);
        QVERIFY((*holder)->execute(u"SET application_name = 'forgotten'"_s));
        QVERIFY((*holder)->execute(u"BEGIN"_s));
        QVERIFY((*holder)->execute(u"SELECT 1"_s));
        const QString pid = (*holder)->value(u"SELECT pg_backend_pid()"_s)->toString();
        QTest::qWait(60);
        QVERIFY(run(u"transactions:main"_s).error.code.isEmpty());
        m_scope.target.databases[0].postgres.longTransactionMs = 50;
        const Finding found = run(u"transactions:main"_s);
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
        QCOMPARE(found.error.code, u"check.postgres_long_transaction"_s);
        QVERIFY2(found.error.what().contains(u"forgotten (pid "_s + pid), qPrintable(found.error.what()));
        const QString remedy = u"cutoverctl database end-session %1-%2 --database main"_s.arg(pid).arg(QDateTime::fromString(found.error.args[u"started"_s].toString(), Qt::ISODateWithMs).toMSecsSinceEpoch());
        QVERIFY2(found.error.hint().contains(remedy), qPrintable(found.error.hint()));
    }

    /// What the server hides from the role is no pass: state, times and even the kind of other roles' sessions.
    void whatTheRoleMayNotSeeIsNotPassed()
    {
        QVERIFY(m_server.sql(u"postgres"_s, u"DROP ROLE IF EXISTS other; CREATE ROLE other LOGIN PASSWORD "_s + postgres::literal(QString::fromLatin1(PostgresServer::password()))));
        auto session = postgres::Session::open(m_server.spec(u"trading"_s, u"other"_s));
        QVERIFY(session);
        m_scope.target.databases[0].postgres.longTransactionMs = 50;
        QVERIFY((*session)->execute(u"BEGIN"_s));
        QVERIFY((*session)->execute(u"SELECT 1"_s));
        QTest::qWait(100);
        const Finding hidden = run(u"transactions:main"_s);
        QCOMPARE(hidden.error.code, u"check.postgres_transactions_hidden"_s);
        QVERIFY(hidden.mild);
        QVERIFY2(hidden.error.text().contains(u"1 session in this database"_s) && hidden.error.hint().contains(u"GRANT pg_read_all_stats TO owner"_s), qPrintable(hidden.error.text()));
        const Finding connections = run(u"connections:main"_s);
        QVERIFY2(connections.text.text().contains(u"unknown number active"_s), qPrintable(connections.text.text()));
        const qint64 all = connections.text.args[u"all"_s].toInteger();
        auto more = postgres::Session::open(m_server.spec(u"postgres"_s, u"other"_s));
        QVERIFY(more);
        QCOMPARE(run(u"connections:main"_s).text.args[u"all"_s].toInteger(), all + 1);

        // Whose locks are waited for is told all the same.
        QVERIFY(m_server.sql(u"trading"_s, u"CREATE TABLE waited (id int); GRANT ALL ON waited TO other"_s));
        QVERIFY((*session)->execute(u"LOCK TABLE public.waited IN SHARE MODE"_s));
        const auto asOwner = postgres::Session::open(m_server.spec(u"trading"_s, u"owner"_s));
        QVERIFY(asOwner);
        std::thread waiter([this] { (void)m_server.sql(u"trading"_s, u"INSERT INTO waited VALUES (1)"_s); });
        bool named = false;
        for (int i = 0; i < 50 && !named; ++i) {
            QTest::qWait(50);
            const auto holders = postgres::lockHolders(**asOwner);
            named = holders && std::ranges::contains(*holders, u"other"_s, &postgres::Activity::user);
        }
        QVERIFY((*session)->execute(u"ROLLBACK"_s));
        waiter.join();
        QVERIFY(named);

        QVERIFY(m_server.sql(u"postgres"_s, u"GRANT pg_read_all_stats TO owner"_s));
        const auto revoke = qScopeGuard([this] { (void)m_server.sql(u"postgres"_s, u"REVOKE pg_read_all_stats FROM owner"_s); });
        QVERIFY((*session)->execute(u"BEGIN"_s));
        QVERIFY((*session)->execute(u"SELECT 1"_s));
        QTest::qWait(100);
        QCOMPARE(run(u"transactions:main"_s).error.code, u"check.postgres_long_transaction"_s);
        QVERIFY((*session)->execute(u"ROLLBACK"_s));
        QCOMPARE(run(u"transactions:main"_s).text.code, u"check.postgres_transactions_ok"_s);
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
    }

    void anInactiveSlotIsAWarningWithItsWal()
    {
        QVERIFY(m_server.sql(u"trading"_s, u"SELECT pg_create_physical_replication_slot('lonely', true)"_s));
        const Finding found = run(u"replication:main"_s);
        QVERIFY(m_server.sql(u"trading"_s, u"SELECT pg_drop_replication_slot('lonely')"_s));
        QCOMPARE(found.error.code, u"check.postgres_slot_inactive"_s);
        QVERIFY2(found.error.what().contains(u"lonely"_s), qPrintable(found.error.what()));
    }

    /// A real one, that has stopped replaying.
    void aReplicaThatIsBehindIsNamed()
    {
        PostgresServer replica;
        replica.settings = {u"wal_level=logical"_s, u"max_replication_slots=4"_s, u"cluster_name=follower"_s};
        const QString why = replica.follow(m_server);
        QVERIFY2(why.isEmpty(), qPrintable(why));
        const auto followers = [this] { return m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"_s).toInt(); };
        QTRY_COMPARE_WITH_TIMEOUT(followers(), 1, 30000);
        // Whose role may not see it is told so.
        const Finding hidden = run(u"replication:main"_s);
        QCOMPARE(hidden.error.code, u"check.postgres_replication_hidden"_s);
        QVERIFY(hidden.mild);
        QVERIFY(m_server.sql(u"postgres"_s, u"GRANT pg_read_all_stats TO owner"_s));
        QTRY_COMPARE_WITH_TIMEOUT(run(u"replication:main"_s).text.code, u"check.postgres_replication_ok"_s, 10000);
        QVERIFY(replica.sql(u"postgres"_s, u"SELECT pg_wal_replay_pause()"_s));
        QVERIFY(m_server.sql(u"trading"_s, u"SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM generate_series(1, 80)"_s));
        QTRY_COMPARE_WITH_TIMEOUT(run(u"replication:main"_s).error.code, u"check.postgres_lag"_s, 30000);
        const Finding behind = run(u"replication:main"_s);
        QVERIFY2(behind.error.what().contains(u"follower"_s), qPrintable(behind.error.what()));
        QVERIFY(replica.sql(u"postgres"_s, u"SELECT pg_wal_replay_resume()"_s));
        QTRY_COMPARE_WITH_TIMEOUT(run(u"replication:main"_s).text.code, u"check.postgres_replication_ok"_s, 30000);
        replica.stop(SIGINT);
        QVERIFY(m_server.sql(u"postgres"_s, u"REVOKE pg_read_all_stats FROM owner"_s));
    }

    void aServerThatIsGoneFailsWithItsAddress()
    {
        m_scope.target.databases[0].postgres.port = 1;
        const Finding gone = run(u"database:main"_s);
        m_scope.target.databases[0] = m_server.spec(u"trading"_s);
        QCOMPARE(gone.error.code, u"database.unreachable"_s);
        QVERIFY(gone.error.what().contains(u"127.0.0.1:1"_s));
    }

private:
    Finding run(const QString &id)
    {
        const QList<CheckItem> items = CheckKind::all(m_scope);
        for (const CheckItem &item : items) {
            if (item.id == id) {
                return QCoro::waitFor(item.run(m_scope, {}));
            }
        }
        return wrong(u"no such item"_s);
    }

    PostgresServer m_server;
    CheckScope m_scope;
};

QTEST_GUILESS_MAIN(PostgresCheckTest)
#include "postgreschecktest.moc"
