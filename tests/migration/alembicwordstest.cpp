// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What Alembic says, what its SQL does and what is handed to it, without it.

#include "migration/alembic.h"
#include "migration/alembicerror.h"
#include "migration/alembicfiles.h"
#include "migration/alembichistory.h"
#include "migration/alembicsql.h"
#include "migrationfolder.h"

#include <QTemporaryDir>

using namespace cutover;
using namespace cutover::alembic;
using namespace Qt::StringLiterals;
using cutover::testing::writeFile;

class AlembicWordsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAHistory()
    {
        const auto history = History::parse(u"a word that a file prints\n"
                                            "Rev: 4m (head) (mergepoint)\nMerges: 2b, 3c\nPath: /r/4m.py\n\n    join\n    \n    Revision ID: 4m\n\n"
                                            "Rev: 3c\nParent: 1a\nAlso depends on: 2b\nBranch names: side\nPath: /r/3c.py\n\n    Parent: of mine\n\n"
                                            "Rev: 2b\nParent: 1a\nPath: /r/2b.py\n\n    two\n\n"
                                            "Rev: 1a (branchpoint)\nParent: <base>\nBranches into: 2b, 3c\nPath: /r/1a.py\n\n    one\n\n"_s);
        QVERIFY2(history, qPrintable(history ? QString() : history.error().text()));
        QCOMPARE(history->revisions().size(), 4);
        QCOMPARE(history->revisions().first().revision, u"1a"_s);
        QCOMPARE(history->find(u"4m"_s)->downRevisions, (QStringList{u"2b"_s, u"3c"_s}));
        QCOMPARE(history->find(u"3c"_s)->message, u"Parent: of mine"_s);
        QCOMPARE(history->find(u"3c"_s)->branchLabels, QStringList{u"side"_s});
        QCOMPARE(history->find(u"3c"_s)->dependsOn, QStringList{u"2b"_s});
        QCOMPARE(history->heads(), QStringList{u"4m"_s});
        QCOMPARE(history->branchPoints(), QStringList{u"1a"_s});
        const auto pending = history->pending({u"2b"_s}, {u"4m"_s});
        QCOMPARE(pending.size(), 2);
        QCOMPARE(pending[0].revision, u"3c"_s);
        QCOMPARE(history->after({u"2b"_s, u"3c"_s}, pending[1]), QStringList{u"4m"_s});
        QCOMPARE(history->before({u"4m"_s}, pending[1]), (QStringList{u"2b"_s, u"3c"_s}));
        QCOMPARE(History::parse(u"Rev: 1a\nParent: <base>\n"_s).error().code, u"alembic.output"_s);
        QVERIFY(History::parse(QString())->heads().isEmpty());
    }

    void readsATraceback()
    {
        const Failure failed = parseFailure(u"INFO  [alembic.runtime.migration] Running upgrade 5e -> 6f, it goes wrong\n"_s,
                                            u"Traceback (most recent call last):\n"
                                            "  File \"/usr/lib/python3/dist-packages/sqlalchemy/engine/base.py\", line 1969, in _exec_single_context\n"
                                            "    self.dialect.do_execute(\n"
                                            "psycopg2.errors.UniqueViolation: duplicate key\n"
                                            "\nThe above exception was the direct cause of the following exception:\n\n"
                                            "Traceback (most recent call last):\n"
                                            "  File \"/usr/bin/alembic\", line 8, in <module>\n"
                                            "  File \"/r/db/alembic/env.py\", line 40, in <module>\n"
                                            "  File \"/r/db/alembic/versions/6f_x.py\", line 20, in upgrade\n"
                                            "    op.execute(\n    ~~~^^^\n"
                                            "  File \"/r/venv/lib/site-packages/alembic/op.py\", line 3, in execute\n"
                                            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint \"u\"\n"
                                            "DETAIL:  Key (mail)=(kim@example.org) already exists.\n\n"
                                            "[SQL: INSERT INTO users\n  VALUES (%(m)s)]\n"
                                            "[parameters: {'m': 'kim@example.org'}]\n"
                                            "(Background on this error at: https://sqlalche.me/e/20/gkpj)\n"_s,
                                            u"/r"_s);
        QCOMPARE(failed.exception, u"sqlalchemy.exc.IntegrityError"_s);
        QCOMPARE(failed.reason, u"(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint \"u\""_s);
        QCOMPARE(failed.statement, u"INSERT INTO users VALUES (%(m)s)"_s);
        QCOMPARE(failed.file, u"/r/db/alembic/versions/6f_x.py"_s);
        QCOMPARE(failed.line, 20);
        QCOMPARE(failed.revision, u"6f"_s);
        const Failure bare = parseFailure({}, u"Traceback (most recent call last):\n  File \"/r/v.py\", line 1, in upgrade\nNotImplementedError\n"_s, u"/r"_s);
        QCOMPARE(bare.exception, u"NotImplementedError"_s);
        QCOMPARE(bare.reason, u"NotImplementedError"_s);
        const Failure refused = parseFailure(u"  FAILED: Can't locate revision identified by 'deadbeef'\n"_s.trimmed(), u"ERROR [alembic.util.messaging] Can't locate revision identified by 'deadbeef'\n"_s, u"/r"_s);
        QCOMPARE(refused.unknownRevision, u"deadbeef"_s);
        QVERIFY(refused.exception.isEmpty());
        // Nothing that can't be read makes it fall.
        for (const QString &odd : {u""_s, u"Traceback (most recent call last):"_s, u"\n\n[SQL: "_s, u"Traceback (most recent call last):\n  File \"\n\n[SQL: x]"_s}) {
            QVERIFY(parseFailure(odd, odd, u"/r"_s).statement.isEmpty());
        }
    }

    void judgesSql_data()
    {
        QTest::addColumn<QString>("sql");
        QTest::addColumn<QStringList>("loses");
        QTest::addColumn<QString>("uncounted");
        QTest::addColumn<bool>("changes");
        const auto row = [](const char *name, const char *sql, const QStringList &loses = {}, const char *uncounted = "", bool changes = true) {
            QTest::newRow(name) << QString::fromUtf8(sql) << loses << QString::fromUtf8(uncounted) << changes;
        };
        row("bookkeeping", "BEGIN;\n\n-- Running downgrade 2b -> 1a\n\nUPDATE alembic_version SET version_num='1a' WHERE alembic_version.version_num = '2b';\n\nCOMMIT;", {}, "", false);
        row("a column", "BEGIN;\nALTER TABLE orders DROP COLUMN note;\nCOMMIT;", {u"orders.note"_s});
        row("of a schema", "ALTER TABLE audit.\"Entry\" DROP COLUMN \"the \"\"note\";", {u"audit.Entry.the \"note"_s});
        row("public is plain", "DROP TABLE public.orders;", {u"orders"_s});
        row("a table", "DROP TABLE IF EXISTS tags CASCADE;", {u"tags"_s});
        row("what adds", "CREATE INDEX i ON t (a); ALTER TABLE t ADD COLUMN b INTEGER; ALTER TABLE t ALTER COLUMN b SET NOT NULL; INSERT INTO t VALUES (1); DROP INDEX j;");
        row("a constraint", "ALTER TABLE orders DROP CONSTRAINT c;");
        row("hidden behind a comma", "ALTER TABLE t ADD COLUMN a INTEGER, DROP COLUMN b;", {}, "ALTER TABLE t ADD COLUMN a INTEGER, DROP COLUMN b");
        row("a type", "ALTER TABLE t ALTER COLUMN a TYPE SMALLINT;", {}, "ALTER TABLE t ALTER COLUMN a TYPE SMALLINT");
        row("rows", "DELETE FROM t;", {}, "DELETE FROM t");
        row("values", "UPDATE t SET a = 1;", {}, "UPDATE t SET a = 1");
        row("written over", "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2;", {}, "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2");
        row("a function's body", "CREATE FUNCTION f() RETURNS int AS $body$ BEGIN DELETE FROM t; RETURN 1; END; $body$ LANGUAGE plpgsql;");
        row("a text with a semicolon", "INSERT INTO t VALUES ('a;DROP TABLE t;', E'it''s');");
        row("a comment", "/* DROP TABLE t; */ CREATE TABLE u (a int); -- DROP TABLE u;");
        row("unknown", "VACUUM FULL t;", {}, "VACUUM FULL t");
    }

    void judgesSql()
    {
        QFETCH(QString, sql);
        QFETCH(QStringList, loses);
        QFETCH(QString, uncounted);
        QFETCH(bool, changes);
        const Effect effect = effectOf(sql);
        QStringList names;
        for (const Lost &lost : effect.loses) {
            names.append(lost.name());
        }
        QCOMPARE(names, loses);
        QCOMPARE(effect.uncounted, uncounted);
        QCOMPARE(effect.changes, changes);
        QCOMPARE(lostFromJson(toJson(effect.loses)), effect.loses);
    }

    void seesTransactions()
    {
        QVERIFY(effectOf(u"BEGIN;\nDROP TABLE t;\nCOMMIT;\n"_s).inOneTransaction);
        QVERIFY(!effectOf(u"BEGIN;\nDROP TABLE t;\nCOMMIT;\nCREATE INDEX CONCURRENTLY i ON t (a);\nBEGIN;\nCOMMIT;"_s).inOneTransaction);
        QVERIFY(!effectOf(u"DROP TABLE t;"_s).inOneTransaction);
        // What is committed before the revision is recorded.
        const QString record = u"UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a';"_s;
        QVERIFY(effectOf(u"BEGIN;\nCREATE TABLE t (a int);\n"_s + record + u"\nCOMMIT;"_s).commits.isEmpty());
        const Effect block = effectOf(u"BEGIN;\nUPDATE t SET a = 1;\nCREATE TABLE u (a int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY i ON t (a);\nBEGIN;\nDROP TABLE v;\n"_s + record + u"\nCOMMIT;"_s);
        QCOMPARE(block.commits, (QStringList{u"UPDATE t SET a = 1"_s, u"CREATE TABLE u (a int)"_s, u"CREATE INDEX CONCURRENTLY i ON t (a)"_s}));
        QVERIFY(block.commitsTell);
        QVERIFY(!effectOf(u"BEGIN;\nUPDATE t SET a = 1;\nCOMMIT;\nCREATE INDEX CONCURRENTLY i ON t (a);\nBEGIN;\n"_s + record + u"\nCOMMIT;"_s).commitsTell);
        QVERIFY(!effectOf(u"BEGIN;\nCOMMIT;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);\nUPDATE t SET a = 1;\nBEGIN;\n"_s + record + u"\nCOMMIT;"_s).commitsTell);
        QCOMPARE(effectOf(u"BEGIN;\nDROP TABLE t;\nUPDATE u SET a = 1;\n"_s + record + u"\nCOMMIT;"_s, true).commits, (QStringList{u"DROP TABLE t"_s, u"UPDATE u SET a = 1"_s}));
        // In a schema that only the script knows a table can't be found to be counted.
        QCOMPARE(effectOf(u"BEGIN;\nSET search_path TO tenant;\nDROP TABLE t;\nCOMMIT;"_s).uncounted, u"DROP TABLE t"_s);
        QVERIFY(effectOf(u"BEGIN;\nSET LOCAL search_path = tenant;\nDROP TABLE tenant.t;\nCOMMIT;"_s).uncounted.isEmpty());
    }

    void setsTheUrl()
    {
        const QString text = u"[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = driver://user:pass@localhost/dbname\n    more\nfile_template = %%(rev)s\n\n[loggers]\nkeys = root\n"_s;
        const auto set = iniWithUrl(text, u"postgresql://o%40x@h/db"_s, u"/r 100%/alembic.ini"_s);
        QVERIFY(set);
        QCOMPARE(*set, u"[alembic]\nsqlalchemy.url = postgresql://o%%40x@h/db\nscript_location = /r 100%%/alembic\nfile_template = %%(rev)s\n\n[loggers]\nkeys = root\n"_s);
        QCOMPARE(iniWithUrl(u"[other]\na = b\n"_s, u"x"_s, u"/r/alembic.ini"_s).error().code, u"alembic.ini_section"_s);

        const QString alive = u"keepalives_idle=15&keepalives_interval=10&keepalives_count=4&tcp_user_timeout=60000"_s;
        DatabaseSpec spec;
        spec.name = u"main"_s;
        spec.driver = u"postgresql"_s;
        spec.postgres.database = u"trading"_s;
        spec.postgres.password = u"env:NOT_ASKED_FOR"_s;
        QCOMPARE(urlOf(spec).value(), u"postgresql:///trading?"_s + alive);
        spec.postgres.user = u"o@x"_s;
        spec.postgres.host = u"::1"_s;
        spec.postgres.port = 5433;
        spec.postgres.sslMode = u"verify-full"_s;
        spec.postgres.sslRootCertificate = u"/a b.pem"_s;
        QCOMPARE(urlOf(spec).value(), u"postgresql://o%40x@[::1]:5433/trading?sslmode=verify-full&sslrootcert=%2Fa%20b.pem&"_s + alive);
        spec.postgres = {};
        spec.postgres.service = u"trading"_s;
        QCOMPARE(urlOf(spec).value(), u"postgresql:///?service=trading&"_s + alive);
        spec.postgres.host = u"/run/postgresql"_s;
        spec.postgres.port = 5433;
        QCOMPARE(urlOf(spec).value(), u"postgresql:///?host=%2Frun%2Fpostgresql&port=5433&service=trading&"_s + alive);
        // A driver that is not libpq would refuse them.
        spec.migrationTool.options[u"dialect"_s] = u"postgresql+asyncpg"_s;
        QVERIFY(!urlOf(spec)->contains(u"keepalives"_s));
        spec.migrationTool.options.remove(u"dialect"_s);
        spec.driver = u"sqlite"_s;
        spec.file = u"/var/lib/main.db"_s;
        QCOMPARE(urlOf(spec).value(), u"sqlite:////var/lib/main.db"_s);
        spec.file = u"/var/lib/ma?in.db"_s;
        QCOMPARE(urlOf(spec).error().code, u"alembic.url"_s);
    }

    void readsWhatAFileSays()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(u"1a.py"_s);
        writeFile(file, "# cutover: phase=contract loses=orders.side\ndef upgrade():\n    pass\n\ndef downgrade():\n    # cutover: loses=nothing\n    pass\n");
        const auto read = readRevisionFile(file);
        QVERIFY2(read, qPrintable(read ? QString() : read.error().text()));
        QCOMPARE(read->phase, u"contract"_s);
        QCOMPARE(read->upLoses, QList<Lost>({{{}, u"orders"_s, u"side"_s}}));
        QVERIFY(read->downSaid);
        QVERIFY(read->downLoses.isEmpty());
        writeFile(file, "def upgrade():\n    pass\n\ndef downgrade():\n    # cutover: looses=x\n    pass\n");
        const auto bad = readRevisionFile(file);
        QCOMPARE(bad.error().code, u"migration.header"_s);
        QCOMPARE(bad.error().where, QString(file + u":5"_s));
    }
};

QTEST_GUILESS_MAIN(AlembicWordsTest)
#include "alembicwordstest.moc"
