// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresdatabase.h"
#include "tests/support/formerdatabases.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QProcess>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::PostgresServer;

/**
 * Dump and restore of a database with TimescaleDB. Debian has no package of it, so the server is real and the
 * extension stands in for it: its catalogue takes rows only while a restore was announced, as TimescaleDB's does.
 */
class TimescaleTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_programs;
    PostgresServer m_server;
    QTemporaryDir m_backups;

    void write(const QString &name, const QByteArray &content)
    {
        QFile file(m_programs.filePath(u"share/postgresql/%1/extension/"_s.arg(m_server.version()) + name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    QString value(const QString &sql) { return m_server.value(u"metrics"_s, sql); }

private Q_SLOTS:
    /// So that whoever reads how the tests ended knows.
    void theExtensionItself() { QSKIP("NOT TESTED: TimescaleDB itself, of which Debian has no package; a stand-in takes its part"); }
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        // The server looks for extensions beside its own program, so that a copy of it has its own.
        const QString version = m_server.version();
        for (const QString &part : {u"lib/postgresql/"_s, u"share/postgresql/"_s}) {
            QVERIFY(QDir().mkpath(m_programs.filePath(part)));
            QCOMPARE(QProcess::execute(u"cp"_s, {u"-a"_s, QString(u"/usr/"_s + part + version), m_programs.filePath(part)}), 0);
        }
        write(u"timescaledb.control"_s, "default_version = '2.19.3'\nrelocatable = false\nsuperuser = true\n");
        write(u"timescaledb--2.19.3.sql"_s, R"(
CREATE SCHEMA _timescaledb_catalog;
CREATE SCHEMA _timescaledb_functions;
CREATE SCHEMA _timescaledb_internal;
CREATE TABLE _timescaledb_internal.calls (at serial, what text, inside text);
CREATE FUNCTION _timescaledb_functions.called(what text) RETURNS bool LANGUAGE sql AS
    $$ INSERT INTO _timescaledb_internal.calls (what, inside) VALUES (what, pg_current_xact_id()::text) RETURNING true $$;
CREATE FUNCTION _timescaledb_functions.stop_background_workers() RETURNS bool LANGUAGE sql AS $$ SELECT _timescaledb_functions.called('stop') $$;
CREATE FUNCTION _timescaledb_functions.start_background_workers() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE insufficient_privilege USING MESSAGE = 'must be superuser to start background workers';
    END IF;
    RETURN _timescaledb_functions.called('start');
END $$;
CREATE TABLE _timescaledb_catalog.hypertable (id serial PRIMARY KEY, table_name name NOT NULL);
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.hypertable', '');
SELECT pg_catalog.pg_extension_config_dump('_timescaledb_catalog.hypertable_id_seq', '');
CREATE FUNCTION _timescaledb_catalog.guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('timescaledb.restoring', true) IS DISTINCT FROM 'on' AND current_setting('timescaledb.making', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the catalogue is not restored';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON _timescaledb_catalog.hypertable FOR EACH ROW EXECUTE FUNCTION _timescaledb_catalog.guard();
CREATE FUNCTION timescaledb_pre_restore() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET timescaledb.restoring = ''on''', current_database());
    PERFORM set_config('timescaledb.restoring', 'on', false);
    RETURN true;
END $$;
CREATE FUNCTION timescaledb_post_restore() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER DATABASE %I RESET timescaledb.restoring', current_database());
    PERFORM set_config('timescaledb.restoring', 'off', false);
    PERFORM _timescaledb_functions.called('restart');
    RETURN true;
END $$;
CREATE FUNCTION create_hypertable(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('timescaledb.making', 'on', true);
    INSERT INTO _timescaledb_catalog.hypertable (table_name) VALUES (relation::text);
    PERFORM set_config('timescaledb.making', 'off', true);
    EXECUTE format('CREATE TABLE _timescaledb_internal._hyper_1_1_chunk () INHERITS (%s)', relation);
END $$;
)");
        QCOMPARE(QProcess::execute(u"chmod"_s, {u"-R"_s, u"a+rX"_s, m_programs.path()}), 0);
        m_server.usePrograms(m_programs.filePath(u"lib/postgresql/%1/bin"_s.arg(version)));
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY_RESULT(m_server.sql(u"postgres"_s, u"CREATE DATABASE metrics OWNER owner"_s));
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"CREATE SCHEMA series; CREATE EXTENSION timescaledb SCHEMA series; CREATE TABLE readings (at timestamptz NOT NULL, sensor int, value float8); "
                                                  "SELECT series.create_hypertable('readings'); "
                                                  "GRANT USAGE ON SCHEMA _timescaledb_functions TO owner; "
                                                  "INSERT INTO _timescaledb_internal._hyper_1_1_chunk SELECT now() - i * interval '1 minute', i % 7, i FROM generate_series(1, 5000) i"_s));
    }

    void catalogueTakesNoRowsByItself()
    {
        // Without this the rest of the test could not fail.
        const auto inserted = m_server.sql(u"metrics"_s, u"INSERT INTO _timescaledb_catalog.hypertable (table_name) VALUES ('x')"_s);
        QVERIFY(!inserted);
        QVERIFY2(inserted.error().text().contains(u"the catalogue is not restored"_s), qPrintable(inserted.error().text()));
    }

    void dumpIsProvenAndRestored()
    {
        // As the superuser: whoever restores the extension has to be.
        auto database = *Database::create(m_server.spec(u"metrics"_s, u"postgres"_s));
        const auto info = await(database->backup(m_backups.filePath(u"main.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        QCOMPARE(info->rows, (QMap<QString, qint64>{{u"readings"_s, 5000}}));
        QVERIFY_RESULT(await(database->verifyBackup(*info, {})));
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"DELETE FROM readings WHERE sensor < 5; CREATE TABLE later (id int)"_s));
        QVERIFY_RESULT(await(database->restore(*info, {}, {})));
        QVERIFY(database->remarks().isEmpty());
        // The jobs are started by the end of a restore, and by nothing before the swap.
        QCOMPARE(value(u"SELECT string_agg(what, ' ' ORDER BY at) FROM _timescaledb_internal.calls"_s), u"restart stop start"_s);
        QCOMPARE(value(u"SELECT count(DISTINCT inside) FROM _timescaledb_internal.calls WHERE what <> 'start'"_s), u"1"_s);
        QCOMPARE(value(u"SELECT count(*) FROM readings"_s), u"5000"_s);
        QCOMPARE(value(u"SELECT string_agg(table_name, ',') FROM _timescaledb_catalog.hypertable"_s), u"readings"_s);
        QCOMPARE(value(u"SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"_s), u"2.19.3"_s);
        QCOMPARE(await(database->schemaDigest()).value(), info->schemaDigest);
        // The restore was announced as ended, too.
        QCOMPARE(value(u"SELECT coalesce(current_setting('timescaledb.restoring', true), '')"_s), QString());
        catalogueTakesNoRowsByItself();
        const auto dropped = cutover::testing::dropFormer(m_server.spec(u"metrics"_s, u"postgres"_s));
        QVERIFY_RESULT(dropped);
        QCOMPARE(dropped->size(), 1);
    }

    void jobsRunAgainOnceItIsOpen()
    {
        const QString starts = u"SELECT count(*) FROM _timescaledb_internal.calls WHERE what = 'start'"_s;
        const int before = value(starts).toInt();
        auto database = *Database::create(m_server.spec(u"metrics"_s, u"postgres"_s));
        QVERIFY_RESULT(await(database->close()));
        QCOMPARE(m_server.value(u"metrics_cutover_closed"_s, starts).toInt(), before);
        QVERIFY_RESULT(await(database->reopen()));
        QCOMPARE(value(starts).toInt(), before + 1);
        QVERIFY(database->remarks().isEmpty());

        // Who may not start them opens it all the same, and it is told.
        auto owners = *Database::create(m_server.spec(u"metrics"_s));
        QVERIFY_RESULT(await(owners->close()));
        QVERIFY(owners->remarks().isEmpty());
        QVERIFY_RESULT(await(owners->reopen()));
        QCOMPARE(owners->remarks().size(), 1);
        QCOMPARE(owners->remarks().first().code, u"database.jobs_stopped"_s);
        QCOMPARE(owners->remarks().first().args["reason"_L1].toString(), u"must be superuser to start background workers"_s);
        QCOMPARE(value(starts).toInt(), before + 1);
    }

    void whatIsWrittenIntoChunksIsEstimated()
    {
        auto database = *Database::create(m_server.spec(u"metrics"_s, u"postgres"_s));
        const auto info = await(database->backup(m_backups.filePath(u"later.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(m_server.sql(u"metrics"_s, u"DELETE FROM readings WHERE value > 4000; "
                                                  "INSERT INTO _timescaledb_internal._hyper_1_1_chunk SELECT now(), 1, i FROM generate_series(1, 300) i"_s));
        // A session's figures are the server's only once it has ended.
        QTRY_COMPARE(await(database->estimateLoss(*info, {})).value(), (QMap<QString, qint64>{{u"readings"_s, 300}}));
    }
};

QTEST_GUILESS_MAIN(TimescaleTest)
#include "timescaletest.moc"
