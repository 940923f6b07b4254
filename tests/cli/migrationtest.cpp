// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include "run/runlock.h"
#include "system/files.h"
#include "target/target.h"
#include "tests/migration/alembicproject.h"
#include "tests/support/postgresserver.h"

#include <QCoroTask>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace cutover;
using cli::Answer;
using cutover::testing::AlembicProject;
using cutover::testing::PostgresServer;
using cutover::testing::runSql;
using cutover::testing::valueOf;

/** "cutoverctl migration …" with Alembic itself, on SQLite and once on PostgreSQL. */
class MigrationTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString database() const { return path(u"main.db"_s); }
    Answer run(const QStringList &words) const { return cli::run(QStringList{u"migration"_s} + words + QStringList{u"--target"_s, path(u"target.yaml"_s)}, m_folder->path()); }
    Answer json(const QStringList &words) const { return run(words + QStringList{u"--json"_s}); }
    AlembicProject project() const { return AlembicProject(path(u"releases/1.3.0/db"_s)); }
    /// In a working tree beside the releases.
    AlembicProject working() const { return AlembicProject(path(u"work/db"_s)); }
    QStringList inWork() const { return {u"--folder"_s, path(u"work"_s)}; }
    QString head() const { return valueOf(database(), u"SELECT group_concat(version_num) FROM alembic_version"_s).toString(); }
    static QStringList names(const QJsonValue &value)
    {
        QStringList all;
        for (const auto &each : value.toArray()) {
            all.append(each.toString());
        }
        return all;
    }
    void writeTarget(const QByteArray &environment, const QByteArray &databases)
    {
        const auto written = files::replace(path(u"target.yaml"_s),
                                            "schema: 1\nname: trading\nproduct: trading\nenvironment: " + environment
                                                + "\nstate: state\nreleases: releases\nrepository: {url: repository, keys: [key.pub]}\n"
                                                  "services:\n  - {name: backend, managed: false, instances: [{name: backend-1}], health: {tcp: \"127.0.0.1:1\"}, command: [/bin/true]}\n"
                                                  "databases:\n"
                                                + databases);
        QVERIFY(written);
        const auto target = Target::load(path(u"target.yaml"_s));
        QVERIFY2(target, target ? "" : qPrintable(target.error().text()));
    }
    static QByteArray sqlite(const QByteArray &name = "main")
    {
        return "  - {name: " + name + ", driver: sqlite, file: " + name + ".db, migrations: {tool: alembic, folder: db}}\n";
    }
    /// 2b parts into 3c and 3d, which 4e joins; 5f follows.
    static void addBranched(const AlembicProject &project, bool joined)
    {
        const QByteArray table = "    op.create_table('t', sa.Column('id', sa.Integer))";
        const auto add = [&](const QString &revision, const QString &down, const QByteArray &message) {
            const QByteArray own = "'t" + revision.toUtf8() + "'";
            project.add(revision, down, message, QByteArray(table).replace("'t'", own), "    op.drop_table(" + own + ")");
        };
        add(u"1a"_s, {}, "orders");
        add(u"2b"_s, u"1a"_s, "users");
        add(u"3c"_s, u"2b"_s, "of the desk");
        add(u"3d"_s, u"2b"_s, "of risk");
        if (joined) {
            project.add(u"4e"_s, u"('3c', '3d')"_s, "both", "    pass", "    pass");
            add(u"5f"_s, u"4e"_s, "later");
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!AlembicProject::isInstalled()) {
            QSKIP("NOT TESTED: Alembic is not installed");
        }
    }

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(QDir().mkpath(path(u"releases/1.3.0"_s)));
        QVERIFY(files::switchLink(path(u"releases/current"_s), u"1.3.0"_s));
        runSql(database(), {u"PRAGMA journal_mode = WAL"_s});
        writeTarget("development", sqlite());
    }

    void statusTellsWhatIsPending()
    {
        project().addFive();
        const Answer before = json({u"status"_s});
        EXIT_IS(before, 0);
        QCOMPARE(names(before.json[u"current"]), QStringList());
        QCOMPARE(before.json[u"head"], u"5e"_s);
        QCOMPARE(names(before.json[u"pending"]), (QStringList{u"1a"_s, u"2b"_s, u"3c"_s, u"4d"_s, u"5e"_s}));
        EXIT_IS(run({u"upgrade"_s, u"3c"_s}), 0);
        const Answer after = json({u"status"_s});
        QCOMPARE(names(after.json[u"current"]), QStringList{u"3c"_s});
        QCOMPARE(names(after.json[u"pending"]), (QStringList{u"4d"_s, u"5e"_s}));
        const Answer said = run({u"status"_s});
        QVERIFY2(said.output.contains("3c (double what was bought)") && said.output.contains("  4d (tags)\n") && !said.output.contains("2b"), said.told());
    }

    void twoHeadsAreNamed()
    {
        addBranched(project(), false);
        addBranched(working(), false);
        for (const QStringList &words : {QStringList{u"status"_s}, QStringList{u"new"_s, u"more"_s} + inWork()}) {
            const Answer two = json(words);
            EXIT_IS(two, 1);
            QCOMPARE(two.code(), u"alembic.several_heads"_s);
            QVERIFY2(two.told().contains("3c") && two.told().contains("3d") && two.told().contains("2b"), two.told());
        }
        // To see them is not refused.
        const Answer history = json({u"history"_s});
        EXIT_IS(history, 0);
        QStringList heads = names(history.json[u"heads"]);
        heads.sort();
        QCOMPARE(heads, (QStringList{u"3c"_s, u"3d"_s}));
    }

    void historyDrawsBranchAndMerge()
    {
        addBranched(project(), true);
        const Answer told = json({u"history"_s});
        EXIT_IS(told, 0);
        QMap<QString, QStringList> parents;
        for (const auto &each : told.json[u"revisions"].toArray()) {
            parents.insert(each[u"revision"].toString(), names(each[u"downRevisions"]));
        }
        QCOMPARE(parents.keys(), (QStringList{u"1a"_s, u"2b"_s, u"3c"_s, u"3d"_s, u"4e"_s, u"5f"_s}));
        QCOMPARE(parents[u"1a"_s], QStringList());
        QCOMPARE(parents[u"3d"_s], QStringList{u"2b"_s});
        QCOMPARE(parents[u"4e"_s], (QStringList{u"3c"_s, u"3d"_s}));
        QCOMPARE(names(told.json[u"heads"]), QStringList{u"5f"_s});
        QCOMPARE(names(told.json[u"branchPoints"]), QStringList{u"2b"_s});
        const Answer drawn = run({u"history"_s});
        EXIT_IS(drawn, 0);
        // What leads down, and the revision beside it.
        static const QRegularExpression row(u"\\A([*| ]*[*|])\\s+([0-9a-f]{2})\\b"_s);
        QStringList lanes;
        for (const QString &line : QString::fromUtf8(drawn.output).split(u'\n', Qt::SkipEmptyParts).sliced(1)) {
            const auto of = row.match(line);
            lanes.append(of.hasMatch() ? QString(of.captured(1) + u' ' + of.captured(2)) : line);
        }
        // Which of the two is the newer one, only Alembic can say: it comes first, in the lane of the merge's first or second parent.
        QVERIFY2(lanes.size() == 8, drawn.told());
        QStringList between = lanes.sliced(3, 2);
        between.sort();
        const QString first = parents[u"4e"_s].first();
        const QString second = parents[u"4e"_s].last();
        QCOMPARE(between, (QStringList{QString(u"* | "_s + first), QString(u"| * "_s + second)}));
        lanes.remove(3, 2);
        QCOMPARE(lanes, (QStringList{u"* 5f"_s, u"* 4e"_s, u"|\\"_s, u"|/"_s, u"* 2b"_s, u"* 1a"_s}));
        QVERIFY2(drawn.output.contains("5f (head)") && drawn.output.contains("of the desk") && drawn.output.contains("db/alembic/versions/4e_x.py"), drawn.told());
    }

    void sqlIsShownOrWhyNot()
    {
        project().addFive();
        const Answer up = json({u"sql"_s, u"2b"_s});
        EXIT_IS(up, 0);
        QVERIFY2(up.json[u"sql"].toString().contains(u"ALTER TABLE orders ADD COLUMN note VARCHAR(80)"_s), up.told());
        QVERIFY(up.json[u"whyNot"].isNull());
        const Answer down = run({u"sql"_s, u"2b"_s, u"--down"_s});
        EXIT_IS(down, 0);
        QVERIFY2(down.output.contains("DROP COLUMN note") && !down.output.contains("ADD COLUMN"), down.told());
        // It reads what it changes.
        const Answer online = json({u"sql"_s, u"3c"_s});
        EXIT_IS(online, 0);
        QVERIFY2(online.json[u"whyNot"][u"code"].toString().startsWith(u"alembic."_s), online.told());
        const Answer unknown = json({u"sql"_s, u"9z"_s});
        EXIT_IS(unknown, 2);
        QCOMPARE(unknown.code(), u"cli.no_revision"_s);
    }

    void goesByStepsAndBack()
    {
        project().addFive();
        const Answer dry = json({u"upgrade"_s, u"+1"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"to"], u"+1"_s);
        QCOMPARE(dry.json[u"applied"], false);
        QVERIFY(!valueOf(database(), u"SELECT count(*) FROM orders"_s).isValid());
        for (const QString &expected : {u"1a"_s, u"2b"_s}) {
            const Answer up = json({u"upgrade"_s, u"+1"_s});
            EXIT_IS(up, 0);
            QCOMPARE(names(up.json[u"current"]), QStringList{expected});
            QCOMPARE(head(), expected);
        }
        runSql(database(), {u"INSERT INTO orders (side, amount, note) VALUES ('BUY', 7, 'n')"_s});
        const Answer back = json({u"downgrade"_s, u"-1"_s});
        EXIT_IS(back, 0);
        QCOMPARE(head(), u"1a"_s);
        QCOMPARE(valueOf(database(), u"SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'note'"_s).toInt(), 0);
        QCOMPARE(valueOf(database(), u"SELECT amount FROM orders"_s).toInt(), 7);
        // Without a revision to the head, where what was bought is doubled on the way; and to the very beginning.
        EXIT_IS(run({u"upgrade"_s}), 0);
        QCOMPARE(head(), u"5e"_s);
        QCOMPARE(valueOf(database(), u"SELECT amount FROM orders"_s).toInt(), 14);
        const Answer tooFar = json({u"upgrade"_s, u"+1"_s});
        QVERIFY2(tooFar.exitCode != 0 && tooFar.code().startsWith(u"alembic."_s), tooFar.told());
        EXIT_IS(run({u"downgrade"_s, u"base"_s}), 0);
        QCOMPARE(head(), QString());
        EXIT_IS(run({u"downgrade"_s}), 2);
    }

    void aRevisionThatFailsIsNamed()
    {
        const AlembicProject all = project();
        all.addFive();
        all.keepUpTo(2);
        all.add(u"3z"_s, u"2b"_s, "broken", "    op.execute('INSERT INTO nowhere VALUES (1)')", "    pass");
        const Answer failed = json({u"upgrade"_s});
        QVERIFY2(failed.exitCode != 0, failed.told());
        QVERIFY2(failed.told().contains("3z") && failed.told().contains("INSERT INTO nowhere"), failed.told());
        QCOMPARE(head(), u"2b"_s);
    }

    void newRevisionsGoIntoAWorkingTree()
    {
        project().addFive();
        working().addFive();
        const Answer nowhere = json({u"new"_s, u"limits"_s});
        EXIT_IS(nowhere, 2);
        QCOMPARE(nowhere.code(), u"cli.new_folder"_s);
        const Answer dry = json(QStringList{u"new"_s, u"limits"_s, u"--dry-run"_s} + inWork());
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"follows"], u"5e"_s);
        const QDir versions(path(u"work/db/alembic/versions"_s));
        QCOMPARE(versions.entryList({u"*.py"_s}, QDir::Files).size(), 5);
        const Answer empty = json(QStringList{u"new"_s, u"limits"_s} + inWork());
        EXIT_IS(empty, 0);
        const auto written = files::read(empty.json[u"file"].toString());
        QVERIFY2(written && written->contains("down_revision = '5e'") && written->contains("\"\"\"limits\n"), empty.told());
        QCOMPARE(versions.entryList({u"*.py"_s}, QDir::Files).size(), 6);
        // The installed release has none.
        QCOMPARE(QDir(path(u"releases/1.3.0/db/alembic/versions"_s)).entryList({u"*.py"_s}, QDir::Files).size(), 5);

        // What the models have and the database has not: a database at the head is asked for.
        EXIT_IS(run(QStringList{u"upgrade"_s} + inWork()), 0);
        const Answer generated = json(QStringList{u"new"_s, u"colours"_s, u"--autogenerate"_s} + inWork());
        EXIT_IS(generated, 0);
        const auto found = files::read(generated.json[u"file"].toString());
        QVERIFY2(found && found->contains("op.add_column('orders', sa.Column('colour'"), found ? found->constData() : generated.told().constData());
        EXIT_IS(run(QStringList{u"upgrade"_s} + inWork()), 0);
        QCOMPARE(valueOf(database(), u"SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'colour'"_s).toInt(), 1);
    }

    void productionMigratesByPlanOnly()
    {
        writeTarget("production", sqlite());
        project().addFive();
        for (const QStringList &words : {QStringList{u"upgrade"_s}, QStringList{u"upgrade"_s, u"+1"_s, u"--dry-run"_s}, QStringList{u"downgrade"_s, u"-1"_s}}) {
            const Answer refused = json(words);
            EXIT_IS(refused, 2);
            QCOMPARE(refused.code(), u"cli.migrate_by_plan"_s);
            QVERIFY2(refused.told().contains("production"), refused.told());
        }
        QVERIFY(!valueOf(database(), u"SELECT count(*) FROM sqlite_master WHERE name = 'orders'"_s).toInt());
        // To look is allowed everywhere.
        EXIT_IS(run({u"status"_s}), 0);
        EXIT_IS(run({u"history"_s}), 0);
    }

    void neitherBesideARunNorWithoutSayingWhichDatabase()
    {
        project().addFive();
        QVERIFY(QDir().mkpath(path(u"state"_s)));
        {
            const auto lock = QCoro::waitFor(RunLock::acquire(path(u"state"_s), u"test"_s, {}));
            QVERIFY(lock);
            const Answer beside = json({u"upgrade"_s});
            QVERIFY2(beside.exitCode != 0 && beside.code().startsWith(u"lock."_s), beside.told());
            QCOMPARE(head(), QString());
        }
        writeTarget("development", sqlite() + sqlite("other"));
        runSql(path(u"other.db"_s), {u"PRAGMA journal_mode = WAL"_s});
        const Answer which = json({u"status"_s});
        EXIT_IS(which, 2);
        QCOMPARE(which.code(), u"cli.which_database"_s);
        QVERIFY2(which.told().contains("main") && which.told().contains("other"), which.told());
        EXIT_IS(run({u"upgrade"_s, u"1a"_s, u"--database"_s, u"other"_s}), 0);
        QCOMPARE(valueOf(path(u"other.db"_s), u"SELECT version_num FROM alembic_version"_s).toString(), u"1a"_s);
        QCOMPARE(head(), QString());
    }

    void soOnPostgres()
    {
        PostgresServer server;
        if (const QString why = server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: "_s + why));
        }
        const QString failed = server.create();
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
        QVERIFY(server.sql(u"postgres"_s, u"CREATE DATABASE trading OWNER owner"_s));
        writeTarget("development", "  - name: main\n    driver: postgresql\n    host: 127.0.0.1\n    port: " + QByteArray::number(server.port()) + "\n    database: trading\n    user: owner\n    password: \"file:" + server.passwordFile().toUtf8() + "\"\n    migrations: {tool: alembic, folder: db}\n");
        project().addFive();
        const Answer up = json({u"upgrade"_s, u"+2"_s});
        EXIT_IS(up, 0);
        QCOMPARE(names(up.json[u"current"]), QStringList{u"2b"_s});
        QCOMPARE(server.value(u"trading"_s, u"SELECT version_num FROM alembic_version"_s), u"2b"_s);
        const Answer status = json({u"status"_s});
        QCOMPARE(names(status.json[u"pending"]), (QStringList{u"3c"_s, u"4d"_s, u"5e"_s}));
        const Answer down = json({u"downgrade"_s, u"-1"_s});
        EXIT_IS(down, 0);
        QCOMPARE(names(down.json[u"current"]), QStringList{u"1a"_s});
        QCOMPARE(server.value(u"trading"_s, u"SELECT version_num FROM alembic_version"_s), u"1a"_s);
        // Its password is nobody's to see.
        QVERIFY2(!QByteArray(up.told() + status.told()).contains(PostgresServer::password()), "the password was told");
    }
};

QTEST_GUILESS_MAIN(MigrationTest)
#include "migrationtest.moc"
