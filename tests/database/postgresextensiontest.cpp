// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresdatabase.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QProcess>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::PostgresServer;

/** Tables of an extension that the user fills, as of pg_cron and PostGIS: a real server and an extension of the test's own. */
class PostgresExtensionTest : public QObject
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
    void sql(const QString &statement) { QVERIFY_RESULT(m_server.sql(u"shop"_s, statement)); }
    QString value(const QString &statement) { return m_server.value(u"shop"_s, statement); }
    std::unique_ptr<Database> database() { return *Database::create(m_server.spec(u"shop"_s, u"postgres"_s)); }

private Q_SLOTS:
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
        write(u"taxes.control"_s, "default_version = '1.0'\nrelocatable = false\nschema = public\nsuperuser = true\n");
        write(u"taxes--1.0.sql"_s, R"(
CREATE TABLE tax_rate (name text PRIMARY KEY, percent int, standard bool NOT NULL DEFAULT false);
INSERT INTO tax_rate VALUES ('full', 19, true), ('less', 7, true);
SELECT pg_catalog.pg_extension_config_dump('tax_rate', 'WHERE NOT standard');
CREATE TABLE tax_office (name text PRIMARY KEY);
SELECT pg_catalog.pg_extension_config_dump('tax_office', '');
CREATE TABLE tax_law (paragraph int PRIMARY KEY);
INSERT INTO tax_law SELECT generate_series(1, 400);
)");
        // "accounts" comes first by its name and needs "wares".
        write(u"wares.control"_s, "default_version = '1.1'\nrelocatable = true\n");
        write(u"wares--1.0.sql"_s, "CREATE FUNCTION ware() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'old' $$;\n");
        write(u"wares--1.0--1.1.sql"_s, "CREATE OR REPLACE FUNCTION ware() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'new' $$;\n");
        write(u"accounts.control"_s, "default_version = '3'\nrelocatable = false\nrequires = 'wares'\n");
        write(u"accounts--2.sql"_s, "CREATE FUNCTION account() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '2' $$;\n");
        write(u"accounts--3.sql"_s, "CREATE FUNCTION account() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '3' $$;\n");
        QCOMPARE(QProcess::execute(u"chmod"_s, {u"-R"_s, u"a+rX"_s, m_programs.path()}), 0);
        m_server.usePrograms(m_programs.filePath(u"lib/postgresql/%1/bin"_s.arg(version)));
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY_RESULT(m_server.sql(u"postgres"_s, u"CREATE DATABASE shop OWNER owner"_s));
        sql(u"CREATE EXTENSION taxes; CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 10); "
            "INSERT INTO tax_rate VALUES ('ours', 3, false), ('theirs', 4, false); INSERT INTO tax_office VALUES ('north')"_s);
    }

    void whatTheUserFillsIsCountedProvenAndRestored()
    {
        const auto own = database();
        const auto info = await(own->backup(m_backups.filePath(u"main.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        // The extension's own rows, and its tables that nobody fills, come with it.
        const QMap<QString, qint64> rows{{u"orders"_s, 10}, {u"tax_rate"_s, 2}, {u"tax_office"_s, 1}};
        QCOMPARE(info->rows, rows);
        QCOMPARE(await(own->countRows()).value(), rows);
        QVERIFY_RESULT(await(own->verifyBackup(*info, {})));
        QVERIFY(await(own->lossAgainst(*info, {}, {}))->isEmpty());
        QVERIFY_RESULT(await(own->forget()));

        sql(u"INSERT INTO tax_rate VALUES ('new', 5, false); UPDATE tax_rate SET percent = 30 WHERE name = 'ours'; UPDATE tax_rate SET percent = 20 WHERE name = 'full'; "
            "INSERT INTO tax_office VALUES ('south'); DELETE FROM tax_rate WHERE name = 'theirs'"_s);
        const auto lost = await(own->lossAgainst(*info, {}, {}));
        QVERIFY_RESULT(lost);
        QCOMPARE(*lost, (QMap<QString, qint64>{{u"tax_rate"_s, 2}, {u"tax_office"_s, 1}}));
        QVERIFY_RESULT(await(own->restore(*info, {}, {})));
        QCOMPARE(value(u"SELECT string_agg(name || percent, ',' ORDER BY name) FROM tax_rate"_s), u"full19,less7,ours3,theirs4"_s);
        QCOMPARE(value(u"SELECT string_agg(name, ',') FROM tax_office"_s), u"north"_s);
        QCOMPARE(await(own->countRows()).value(), rows);
    }

    /// In a schema of their own, as is usual; the server's package is upgraded between the backup and its restore.
    void versionsStayInSchemasOfTheirOwn()
    {
        QVERIFY_RESULT(m_server.sql(u"postgres"_s, u"CREATE DATABASE store OWNER owner; CREATE ROLE reader"_s));
        QVERIFY_RESULT(m_server.sql(u"store"_s, u"CREATE SCHEMA \"tools SCHEMA\" AUTHORIZATION owner; GRANT USAGE ON SCHEMA \"tools SCHEMA\" TO reader; "
                                                "COMMENT ON SCHEMA \"tools SCHEMA\" IS 'not ours'"_s));
        QVERIFY_RESULT(m_server.sql(u"store"_s, u"CREATE EXTENSION wares SCHEMA \"tools SCHEMA\" VERSION '1.0'; CREATE SCHEMA books; CREATE EXTENSION accounts SCHEMA books VERSION '2'; "
                                                "CREATE TABLE orders (id int, ware text DEFAULT \"tools SCHEMA\".ware()); INSERT INTO orders VALUES (1)"_s));
        const auto own = *Database::create(m_server.spec(u"store"_s, u"postgres"_s));
        const auto info = await(own->backup(m_backups.filePath(u"store.pgdump"_s), {}, {}));
        QVERIFY_RESULT(info);
        QVERIFY_RESULT(await(own->verifyBackup(*info, {})));
        write(u"wares.control"_s, "default_version = '1.2'\nrelocatable = true\n");
        write(u"wares--1.1--1.2.sql"_s, "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\n");
        QVERIFY_RESULT(m_server.sql(u"store"_s, u"ALTER EXTENSION wares UPDATE; ALTER EXTENSION accounts UPDATE TO '2'; DELETE FROM orders"_s));
        QVERIFY_RESULT(await(own->restore(*info, {}, {})));
        const QString versions = u"SELECT string_agg(extname || ' ' || extversion || ' ' || extnamespace::regnamespace, ', ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'"_s;
        QCOMPARE(m_server.value(u"store"_s, versions), u"accounts 2 books, wares 1.0 \"tools SCHEMA\""_s);
        QCOMPARE(m_server.value(u"store"_s, u"SELECT \"tools SCHEMA\".ware() || ' ' || books.account() || ' ' || (SELECT ware FROM orders)"_s), u"old 2 old"_s);
        QCOMPARE(m_server.value(u"store"_s, u"SELECT nspowner::regrole || ' ' || array_to_string(nspacl, ' ') || ' ' || obj_description(oid) FROM pg_namespace WHERE nspname = 'tools SCHEMA'"_s),
                 u"owner owner=UC/owner reader=U/owner not ours"_s);
    }
};

QTEST_GUILESS_MAIN(PostgresExtensionTest)
#include "postgresextensiontest.moc"
