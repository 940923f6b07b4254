// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresdatabase.h"
#include "tests/support/formerdatabases.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::PostgresServer;

/// Dump and restore of hypertables with TimescaleDB itself, where the machine has it.
class TimescaleItselfTest : public QObject
{
    Q_OBJECT

    PostgresServer m_server;
    QTemporaryDir m_backups;
    QString m_chunks;

    std::unique_ptr<Database> database() { return *Database::create(m_server.spec(u"metrics"_s, u"postgres"_s)); }
    QString value(const QString &sql) { return m_server.value(u"metrics"_s, sql); }
    /// What stands in every chunk, chunk by chunk.
    QString chunks(const QString &database = u"metrics"_s)
    {
        return m_server.value(database, u"SELECT string_agg(c, ',' ORDER BY c) FROM (SELECT tableoid::regclass || ' ' || count(*) || ' ' || sum(hashtextextended(r::text, 0)) AS c FROM readings r GROUP BY tableoid) x"_s);
    }
    bool isScheduled(const QString &database)
    {
        return m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '%1' AND backend_type LIKE 'TimescaleDB%'"_s.arg(database)) != u"0"_s;
    }
    void insert(const QString &day)
    {
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"INSERT INTO readings SELECT timestamptz '%1 00:00:00Z' + i * interval '2 minutes', 1, i FROM generate_series(1, 1000) i"_s.arg(day)));
    }
    QString log()
    {
        QFile file(m_server.path(u"log"_s));
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        if (!QFileInfo::exists(u"/usr/share/postgresql/%1/extension/timescaledb.control"_s.arg(m_server.version()))) {
            QSKIP("NOT TESTED: TimescaleDB itself, which this machine has not");
        }
        m_server.settings = {u"shared_preload_libraries=timescaledb"_s, u"timescaledb.telemetry_level=off"_s, u"timescaledb.bgw_launcher_poll_time=500"_s,
                             u"max_worker_processes=24"_s, u"log_line_prefix=%m %b "_s};
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY_RESULT(m_server.sql(u"postgres"_s, u"CREATE DATABASE metrics OWNER owner"_s));
        QVERIFY_RESULT(m_server.sql(u"metrics"_s,
                                    u"CREATE EXTENSION timescaledb; CREATE TABLE sensors (id int PRIMARY KEY, name text); INSERT INTO sensors SELECT i, 'sensor ' || i FROM generate_series(0, 6) i; "
                                    "CREATE TABLE readings (at timestamptz NOT NULL, sensor int REFERENCES sensors, value float8, CHECK (value >= 0), UNIQUE (at, sensor)); "
                                    "SELECT create_hypertable('readings', 'at', chunk_time_interval => interval '1 day'); "
                                    "CREATE INDEX ON readings (sensor, at DESC); CREATE TABLE notes (id serial PRIMARY KEY, note text); INSERT INTO notes (note) SELECT 'x' FROM generate_series(1, 100); "
                                    "CREATE TABLE spread (at timestamptz NOT NULL, device text, v int); SELECT create_hypertable('spread', 'at', 'device', 3, chunk_time_interval => interval '2 days'); "
                                    "INSERT INTO spread SELECT timestamptz '2026-03-01 00:00:00Z' + i * interval '10 minutes', 'd' || i % 11, i FROM generate_series(1, 1000) i; "
                                    "INSERT INTO readings SELECT timestamptz '2026-03-01 00:00:00Z' + i * interval '2 minutes', i % 7, i FROM generate_series(1, 10000) i; "
                                    // A job of the user's.
                                    "CREATE PROCEDURE prune(job_id int, config jsonb) LANGUAGE SQL AS 'DELETE FROM public.notes'; "
                                    "INSERT INTO _timescaledb_catalog.bgw_job (application_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema, proc_name, config, initial_start) "
                                    "VALUES ('Prune [1000]', interval '1 s', interval '1 min', -1, interval '1 s', 'public', 'prune', '{}', now())"_s));
        m_chunks = chunks();
        QCOMPARE(value(u"SELECT count(*) > 20 FROM timescaledb_information.chunks"_s), u"true"_s);
    }

    void dumpIsProvenAndRestored()
    {
        QTRY_VERIFY(isScheduled(u"metrics"_s));
        auto database = this->database();
        const auto info = await(database->backup(m_backups.filePath(u"main.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        QCOMPARE(info->rows, (QMap<QString, qint64>{{u"notes"_s, 100}, {u"readings"_s, 10000}, {u"sensors"_s, 7}, {u"spread"_s, 1000}}));
        // Due in the backup, and so in whatever is made of it, but not here.
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"UPDATE _timescaledb_catalog.bgw_job SET scheduled = false WHERE id = 1000; SELECT _timescaledb_functions.restart_background_workers()"_s));
        QTest::qWait(500);
        const qsizetype from = log().size();
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"DELETE FROM readings WHERE sensor < 5; INSERT INTO readings SELECT timestamptz '2026-04-20 00:00:00Z' + i * interval '2 minutes', 1, i FROM generate_series(1, 1000) i"_s));
        const QMap<QString, qint64> lost{{u"readings"_s, 1000}};
        QTRY_COMPARE(await(database->estimateLoss(*info, {})).value(), lost);
        QCOMPARE(await(database->lossAgainst(*info, {}, {})).value(), lost);
        QTest::qWait(1500);
        // Nowhere beside the live database does a job of the user's run.
        QVERIFY2(!log().mid(from).contains(u"Prune"_s), qPrintable(log().mid(from)));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QCOMPARE(chunks(), m_chunks);
        QCOMPARE(await(database->schemaDigest()).value(), info->schemaDigest);
        QCOMPARE(value(u"SELECT current_setting('timescaledb.restoring')"_s), u"off"_s);
        QTRY_VERIFY(isScheduled(u"metrics"_s));
        QTRY_VERIFY(log().mid(from).contains(u"Prune"_s));
        insert(u"2026-06-20"_s);
        QCOMPARE(value(u"SELECT count(*) FROM readings"_s), u"11000"_s);
        QCOMPARE(value(u"SELECT count(*) FROM ONLY readings"_s), u"0"_s);
        QCOMPARE(cutover::testing::dropFormer(m_server.spec(u"metrics"_s, u"postgres"_s))->size(), 1);
    }

    void jobsStopWhileItIsClosed()
    {
        auto database = this->database();
        QTRY_VERIFY(isScheduled(u"metrics"_s));
        QVERIFY_RESULT(await(database->close()));
        const QString runs = u"SELECT coalesce(sum(total_runs), 0) FROM _timescaledb_internal.bgw_job_stat"_s;
        const QString before = m_server.value(u"metrics_cutover_closed"_s, runs);
        QTest::qWait(2500);
        QVERIFY(!isScheduled(u"metrics%"_s));
        QCOMPARE(m_server.value(u"metrics_cutover_closed"_s, runs), before);
        const auto info = await(database->backup(m_backups.filePath(u"last.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(database->reopen()));
        QTRY_VERIFY(isScheduled(u"metrics"_s));

        QVERIFY_RESULT(await(database->close()));
        const QString now = chunks(u"metrics_cutover_closed"_s);
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QTRY_VERIFY(isScheduled(u"metrics"_s));
        QVERIFY(!isScheduled(u"metrics\\_%"_s));
        QCOMPARE(chunks(), now);
        insert(u"2026-07-20"_s);
        QCOMPARE(value(u"SELECT count(*) FROM readings"_s), u"12000"_s);
        QCOMPARE(cutover::testing::dropFormer(m_server.spec(u"metrics"_s, u"postgres"_s))->size(), 1);
    }
};

QTEST_GUILESS_MAIN(TimescaleItselfTest)
#include "timescaleitselftest.moc"
