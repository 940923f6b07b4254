// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Alembic itself, against a PostgreSQL server.

#include "migration/alembic.h"
#include "alembicproject.h"
#include "database/database.h"
#include "migration/migrationlock.h"
#include "migration/migrationplan.h"
#include "migration/migrationtool.h"
#include "system/files.h"
#include "tests/support/postgresserver.h"
#include "tests/support/skip.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>
#include <QTimer>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::AlembicProject;
using cutover::testing::await;
using cutover::testing::PostgresServer;
using cutover::testing::TestContext;
using cutover::testing::writeFile;

namespace {

/// The pid of an Alembic that this process has started; 0: there is none.
qint64 alembicPid()
{
    const QStringList pids = QDir(u"/proc"_s).entryList(QDir::Dirs);
    for (const QString &pid : pids) {
        QFile stat(u"/proc/"_s + pid + u"/stat"_s), command(u"/proc/"_s + pid + u"/cmdline"_s);
        if (pid.toLongLong() > 0 && stat.open(QIODevice::ReadOnly) && command.open(QIODevice::ReadOnly)
            && stat.readAll().split(')').last().trimmed().split(' ').value(1).toLongLong() == ::getpid() && command.readAll().contains("alembic")) {
            return pid.toLongLong();
        }
    }
    return 0;
}

QByteArray procFile(qint64 pid, const QString &name)
{
    QFile file(u"/proc/%1/"_s.arg(pid) + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

#define GOOD(expression)                                                    \
    do {                                                                    \
        const auto &good = (expression);                                    \
        QVERIFY2(good, qPrintable(good ? QString() : good.error().text())); \
    } while (false)

class AlembicTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: "_s + why));
        }
        if (!AlembicProject::isInstalled()) {
            QSKIP("NOT TESTED: Alembic is not installed");
        }
        const QString failed = m_server.create();
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
        m_isReady = true;
    }

    void init()
    {
        if (!m_isReady) {
            QSKIP("no server");
        }
        m_folder = std::make_unique<QTemporaryDir>();
        m_name = u"t%1"_s.arg(++m_count);
        QVERIFY(m_server.sql(u"postgres"_s, u"CREATE DATABASE "_s + m_name + u" OWNER owner"_s));
        m_target = {};
        m_target.name = u"trading"_s;
        m_target.stateDirectory = m_folder->path();
        m_target.releasesDirectory = m_folder->filePath(u"releases"_s);
        m_target.databases = {spec()};
    }

    void goesUpAndDownStepByStep()
    {
        project(u"1.3.0"_s).addFive();
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 5);
        // What is shown is what Alembic prints, and what can't be printed says so.
        QCOMPARE(steps->at(1).id, u"migrate:main:2b"_s);
        QCOMPARE(steps->at(1).previews.size(), 2);
        QCOMPARE(steps->at(1).previews[0].type, u"sql"_s);
        QVERIFY2(steps->at(1).previews[0].text.contains(u"ALTER TABLE orders ADD COLUMN note VARCHAR(80)"_s), qPrintable(steps->at(1).previews[0].text));
        QVERIFY(steps->at(1).previews[1].text.contains(u"DROP COLUMN note"_s));
        QCOMPARE(steps->at(1).changes, (Facts{{u"migration.head:main"_s, u"2b"_s}}));
        QVERIFY(!steps->at(1).pointOfNoReturn);
        QCOMPARE(steps->at(2).intent.code, u"alembic.step.intent_online"_s);
        QCOMPARE(steps->at(2).previews[0].type, u"text"_s);
        QVERIFY2(steps->at(2).intent.text().contains(u"can't be shown beforehand"_s), qPrintable(steps->at(2).intent.text()));
        QVERIFY2(steps->at(2).previews[0].text.contains(u"fetchall"_s), qPrintable(steps->at(2).previews[0].text));
        QCOMPARE(steps->at(2).previews[1].title, u"3c_x.down.sql"_s);
        QVERIFY(steps->at(4).pointOfNoReturn);
        QVERIFY(!steps->at(4).automaticRollback);
        // Planning changed nothing, neither there nor in the release.
        QCOMPARE(head(), QString());
        QVERIFY(m_server.value(m_name, u"SELECT to_regclass('public.alembic_version')"_s).isEmpty());
        QVERIFY(!QDir(m_target.releaseDirectory(u"1.3.0"_s) + u"/db/alembic/__pycache__"_s).exists());

        const auto begin = steps->first(2);
        for (const StepSpec &each : begin) {
            apply(each);
        }
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders SELECT i, CASE WHEN i % 2 = 0 THEN 'BUY' ELSE 'SELL' END, i, NULL FROM generate_series(1, 10) i"_s));
        apply(steps->at(2));
        apply(steps->at(3));
        // The plan counted none of these.
        QVERIFY(m_server.sql(m_name, u"UPDATE orders SET side = NULL"_s));
        apply(steps->at(4));
        QCOMPARE(head(), u"5e"_s);
        QCOMPARE(m_server.value(m_name, u"SELECT sum(amount) FROM orders"_s), u"85"_s);
        QVERIFY(plan(u"1.3.0"_s)->isEmpty());

        // Back, with what goes counted.
        QVERIFY(m_server.sql(m_name, u"UPDATE orders SET note = 'mine' WHERE id < 4; INSERT INTO tags VALUES (1, 'x')"_s));
        const auto back = await(planDowngrades(context(u"1.3.0"_s), spec(), u"1a"_s));
        GOOD(back);
        QCOMPARE(back->size(), 4);
        QCOMPARE(back->at(0).id, u"downgrade:main:5e"_s);
        QVERIFY(back->at(3).pointOfNoReturn);
        QVERIFY2(back->at(3).intent.text().contains(u"3 values of orders.note"_s), qPrintable(back->at(3).intent.text()));
        QCOMPARE(back->at(1).params["accepted"_L1].toObject(), (QJsonObject{{u"tags"_s, 1}}));
        // What the upgrade would take away once more is not applied again by a way back.
        QVERIFY(back->at(0).irreversible);
        QVERIFY(back->at(1).irreversible);
        QVERIFY(!back->at(2).irreversible);
        apply(back->at(0));
        apply(back->at(1));
        {
            TestContext context(m_target);
            context.step = back->at(2).id;
            const auto step = *StepRegistry::create(back->at(2));
            const auto undo = await(step->prepare(context, {}));
            GOOD(undo);
            GOOD(await(step->apply(context, *undo, {})));
            QCOMPARE(head(), u"2b"_s);
            GOOD(await(step->revert(context, *undo, {})));
            QCOMPARE(head(), u"3c"_s);
            QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
            QCOMPARE(m_server.value(m_name, u"SELECT sum(amount) FROM orders"_s), u"85"_s);
        }
        apply(back->at(2));
        apply(back->at(3));
        QCOMPARE(head(), u"1a"_s);
        QCOMPARE(m_server.value(m_name, u"SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'orders'"_s),
                 u"amount id side"_s);
    }

    /// The old revision stays, and the error says which revision, statement and line.
    void aRevisionThatRaisesLeavesTheOldOne()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "goes wrong", "    op.add_column('orders', sa.Column('colour', sa.String(12)))\n    op.execute('INSERT INTO nowhere VALUES (1)')",
                    "    op.drop_column('orders', 'colour')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        const QString before = digest();
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        const auto failed = await(step->apply(context, *undo, {}));
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, u"alembic.failed"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Permanent);
        for (const QString &word : {u"6f"_s, u"INSERT INTO nowhere VALUES (1)"_s, u"relation \"nowhere\" does not exist"_s, u"6f_x.py:18"_s}) {
            QVERIFY2(failed.error().text().contains(word), qPrintable(failed.error().text()));
        }
        QCOMPARE(head(), u"5e"_s);
        QCOMPARE(digest(), before);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        GOOD(await(step->revert(context, *undo, {})));
        QCOMPARE(head(), u"5e"_s);
        QVERIFY2(context.lines.join(u'\n').contains(u"Running upgrade 5e -> 6f"_s), qPrintable(context.lines.join(u'\n')));
    }

    /// The same with transactions for each revision, and with an exception that is not the database's.
    void transactionsOfOneRevisionMakeNoDifference()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        QByteArray env = AlembicProject::env;
        writeFile(release.folder() + u"/alembic/env.py"_s, env.replace("target_metadata=target_metadata)", "target_metadata=target_metadata, transaction_per_migration=True)"));
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "raises", "    op.add_column('orders', sa.Column('colour', sa.String(12)))\n    raise RuntimeError('no colours today')", "    op.drop_column('orders', 'colour')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        TestContext context(m_target);
        const auto failed = await((*StepRegistry::create(steps->at(0)))->apply(context, {}, {}));
        QCOMPARE(failed.error().code, u"alembic.raised"_s);
        QVERIFY2(failed.error().text().contains(u"no colours today"_s) && failed.error().text().contains(u"6f"_s), qPrintable(failed.error().text()));
        QCOMPARE(head(), u"5e"_s);
        QVERIFY(m_server.value(m_name, u"SELECT 1 FROM information_schema.columns WHERE column_name = 'colour'"_s).isEmpty());
    }

    /// What is committed before the revision is recorded is named beforehand, and told when it is there.
    void aPartOutsideTheTransactionIsTold()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "index beside the work",
                    "    with op.get_context().autocommit_block():\n        op.execute('CREATE INDEX CONCURRENTLY orders_amount ON orders (amount)')\n    op.execute('SELECT nothing FROM nowhere')",
                    "    op.drop_index('orders_amount')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        QCOMPARE(steps->at(0).intent.code, u"alembic.step.intent_commits"_s);
        QVERIFY2(steps->at(0).intent.text().contains(u"1 statement commits before it is done (CREATE INDEX CONCURRENTLY orders_amount ON orders (amount))"_s), qPrintable(steps->at(0).intent.text()));
        QCOMPARE(steps->at(0).previews.last().title, u"6f_x.commits"_s);
        QCOMPARE(steps->at(0).previews.last().text, u"CREATE INDEX CONCURRENTLY orders_amount ON orders (amount)"_s);
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        GOOD(undo);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        const auto failed = await(step->apply(context, *undo, {}));
        QCOMPARE(failed.error().code, u"alembic.partial_done"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Unknown);
        QVERIFY2(failed.error().text().contains(u"SELECT nothing FROM nowhere"_s) && failed.error().text().contains(u"A part of migration 6f is in the database"_s), qPrintable(failed.error().text()));
        // Not as Inspection::Partial, which would have it applied once more by itself.
        const auto inspected = await(step->inspect(context, *undo));
        QVERIFY(!inspected);
        QCOMPARE(inspected.error().code, u"alembic.partial_found"_s);
        QCOMPARE(inspected.error().kind, Error::Kind::Unknown);
        QCOMPARE(await(step->revert(context, *undo, {})).error().code, u"alembic.partial_stays"_s);
        QCOMPARE(head(), u"5e"_s);
        // Undone by hand, it is as before.
        QVERIFY(m_server.sql(m_name, u"DROP INDEX orders_amount"_s));
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        GOOD(await(step->revert(context, *undo, {})));
    }

    /// One that was begun and is not valid is in no dump of the schema.
    void anIndexThatWasOnlyBegunIsNamed()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "amounts differ",
                    "    with op.get_context().autocommit_block():\n        op.create_index('amounts_differ', 'orders', ['amount'], unique=True, postgresql_concurrently=True)",
                    "    op.drop_index('amounts_differ')");
        moveTo(u"5e"_s);
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders (id, amount) VALUES (1, 5), (2, 5)"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        GOOD(undo);
        const auto failed = await(step->apply(context, *undo, {}));
        QCOMPARE(failed.error().code, u"alembic.partial_done"_s);
        QVERIFY2(failed.error().text().contains(u"amounts_differ was begun and is not valid"_s), qPrintable(failed.error().text()));
        const auto inspected = await(step->inspect(context, *undo));
        QVERIFY(!inspected);
        QCOMPARE(inspected.error().code, u"alembic.partial_index"_s);
        QVERIFY(m_server.sql(m_name, u"DROP INDEX amounts_differ; UPDATE orders SET amount = id"_s));
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        GOOD(await(step->apply(context, *undo, {})));
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Done);
    }

    /// Or one that outlives a killed runner would keep the next one's migration from its tables.
    void dumpOfTheSchemaKeepsTheRunsLock()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "an index", "    with op.get_context().autocommit_block():\n        op.create_index('amounts', 'orders', ['amount'], postgresql_concurrently=True)",
                    "    op.drop_index('amounts')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QFile lock(m_folder->filePath(u"lock"_s));
        QVERIFY(lock.open(QIODevice::ReadWrite));
        const QString tools = m_folder->filePath(u"tools"_s);
        const QString told = m_folder->filePath(u"told"_s);
        GOOD(files::makePath(tools));
        const QString script = u"#!/bin/sh\nfor fd in /proc/$$/fd/*; do [ \"$(readlink \"$fd\")\" = \"%1\" ] && echo kept >>\"%2\"; done\necho ran >>\"%2\"\nexec \"%3/pg_dump\" \"$@\"\n"_s
                                   .arg(QFileInfo(lock).canonicalFilePath(), told, m_server.programs());
        GOOD(files::replace(tools + u"/pg_dump"_s, script.toUtf8()));
        QVERIFY(QFile::setPermissions(tools + u"/pg_dump"_s, QFile::ReadOwner | QFile::ExeOwner));
        m_target.databases[0].postgres.tools = tools;
        TestContext context(m_target);
        context.lock = lock.handle();
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        GOOD(undo);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        QCOMPARE(*files::read(told), "kept\nran\nkept\nran\n");
    }

    /// Where data is committed first the schema tells nothing, and nobody claims that nothing was done.
    void dataThatIsCommittedFirstIsNotDenied()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "fill, then an index",
                    "    # cutover: loses=nothing\n    op.execute('UPDATE orders SET amount = amount * 2')\n    with op.get_context().autocommit_block():\n        op.execute('SELECT nothing FROM nowhere')",
                    "    # cutover: loses=nothing\n    pass");
        moveTo(u"5e"_s);
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders (id, amount) VALUES (1, 5)"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QVERIFY2(steps->at(0).intent.text().contains(u"UPDATE orders SET amount = amount * 2"_s), qPrintable(steps->at(0).intent.text()));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        const auto failed = await(step->apply(context, *undo, {}));
        QCOMPARE(failed.error().code, u"alembic.partial"_s);
        QCOMPARE(m_server.value(m_name, u"SELECT amount FROM orders"_s), u"10"_s);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Unknown);
    }

    void anEnvironmentThatCommitsEachStatementIsNoticed()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        QByteArray env = AlembicProject::env;
        writeFile(release.folder() + u"/alembic/env.py"_s, env.replace("poolclass=pool.NullPool)", "poolclass=pool.NullPool, isolation_level=\"AUTOCOMMIT\")"));
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "two of them", "    op.add_column('orders', sa.Column('colour', sa.String(12)))\n    op.execute('SELECT nothing FROM nowhere')", "    op.drop_column('orders', 'colour')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->at(0).intent.code, u"alembic.step.intent_commits"_s);
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        QCOMPARE(await(step->apply(context, *undo, {})).error().code, u"alembic.partial_done"_s);
        QCOMPARE(m_server.value(m_name, u"SELECT count(*) FROM information_schema.columns WHERE column_name = 'colour'"_s), u"1"_s);
    }

    /// What a killed Alembic still commits while the lock is taken is seen under it: revision and rows are looked at after that.
    void whatChangesBeforeTheLockIsSeenUnderIt_data()
    {
        QTest::addColumn<QString>("change");
        QTest::addColumn<QString>("code");
        QTest::newRow("revision") << u"UPDATE public.alembic_version SET version_num = '3c'"_s << u"alembic.not_there"_s;
        QTest::newRow("rows") << u"UPDATE public.orders SET side = 'BUY'"_s << u"migration.takes_more"_s;
    }
    void whatChangesBeforeTheLockIsSeenUnderIt()
    {
        QFETCH(const QString, change);
        QFETCH(const QString, code);
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        moveTo(u"4d"_s);
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders (id) SELECT generate_series(1, 50000)"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        auto other = postgres::Session::open(m_server.spec(m_name));
        GOOD(other);
        QVERIFY((*other)->execute(u"SET application_name = '%1'"_s.arg(alembic::applicationName)));
        QVERIFY((*other)->execute(u"BEGIN"_s));
        GOOD((*other)->execute(change));
        QTimer::singleShot(1500, this, [&other] {
            QVERIFY((*other)->execute(u"COMMIT"_s));
            other->reset();
        });
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto failed = await(step->apply(context, {}, {}));
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, code);
        if (code == u"alembic.not_there") {
            // So that the run is held.
            QCOMPARE(failed.error().kind, Error::Kind::Unknown);
            QVERIFY2(failed.error().text().contains(u"is at 3c"_s), qPrintable(failed.error().text()));
        }
        QVERIFY(!m_server.value(m_name, u"SELECT 1 FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'side'"_s).isEmpty());
    }

    /// A name without a schema is that of the table which the role finds first, not of one in public.
    void aDropWithoutSchemaIsCountedWhereItIsFound()
    {
        QVERIFY(m_server.sql(m_name, u"CREATE SCHEMA app AUTHORIZATION owner; ALTER ROLE owner IN DATABASE %1 SET search_path = app, public"_s.arg(m_name)));
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        moveTo(u"5e"_s);
        release.add(u"6f"_s, u"5e"_s, "stock goes", "    op.execute('DROP TABLE stock')", "    # cutover: loses=nothing\n    op.execute('CREATE TABLE stock (id integer)')");
        QVERIFY(m_server.sql(m_name, u"CREATE TABLE public.stock (id int); ALTER TABLE public.stock OWNER TO owner; INSERT INTO public.stock VALUES (1); "
                                     "CREATE TABLE app.stock (id int); ALTER TABLE app.stock OWNER TO owner; INSERT INTO app.stock SELECT generate_series(1, 40)"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        QCOMPARE(steps->at(0).params["takesAway"_L1].toObject(), (QJsonObject{{u"stock"_s, 40}}));
        QVERIFY(steps->at(0).pointOfNoReturn);
        apply(steps->at(0));
        QCOMPARE(m_server.value(m_name, u"SELECT to_regclass('app.stock')::text"_s), QString());
        QCOMPARE(m_server.value(m_name, u"SELECT count(*) FROM public.stock"_s), u"1"_s);
    }

    void namesSeveralHeads()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"4x"_s, u"3c"_s, "another way", "    pass", "    pass");
        const auto steps = plan(u"1.3.0"_s);
        QCOMPARE(steps.error().code, u"alembic.several_heads"_s);
        for (const QString &word : {u"4x (another way)"_s, u"5e (sides go)"_s, u"3c (double what was bought)"_s}) {
            QVERIFY2(steps.error().text().contains(word), qPrintable(steps.error().text()));
        }
        // Joined they are one again.
        release.add(u"6m"_s, u"('4x', '5e')"_s, "join", "    pass", "    pass");
        moveTo(u"4d"_s);
        const auto joined = plan(u"1.3.0"_s);
        GOOD(joined);
        QCOMPARE(joined->size(), 3);
        for (const StepSpec &each : *joined) {
            apply(each);
        }
        QCOMPARE(head(), u"6m"_s);
        QCOMPARE(await(planDowngrades(context(u"1.3.0"_s), spec(), u"3c"_s)).error().code, u"alembic.branched"_s);
    }

    void refusesARevisionThatNobodyKnows()
    {
        project(u"1.3.0"_s).addFive();
        moveTo(u"5e"_s);
        QVERIFY(m_server.sql(m_name, u"UPDATE alembic_version SET version_num = 'deadbeef'"_s));
        const auto steps = plan(u"1.3.0"_s);
        QCOMPARE(steps.error().code, u"alembic.unknown_revision"_s);
        QVERIFY2(steps.error().text().contains(u"deadbeef"_s) && steps.error().text().contains(u"main"_s), qPrintable(steps.error().text()));
        QCOMPARE(await(planDowngrades(context(u"1.3.0"_s), spec(), u"1a"_s)).error().code, u"alembic.unknown_revision"_s);
        // And in Alembic's own words.
        const auto told = await(alembic::current({spec(), m_target.releaseDirectory(u"1.3.0"_s)}, {}));
        QCOMPARE(told.error().code, u"alembic.unknown_revision"_s);
    }

    void leavesTheSchemaOfANewerReleaseAlone()
    {
        project(u"1.3.0"_s).addFive();
        moveTo(u"5e"_s);
        const AlembicProject older = project(u"1.2.1"_s);
        older.addFive();
        QFile::remove(older.file(u"5e"_s));
        QFile::remove(older.file(u"4d"_s));
        const auto steps = plan(u"1.2.1"_s);
        GOOD(steps);
        QVERIFY(steps->isEmpty());
        QCOMPARE(await(contractSince(context(u"1.2.1"_s), spec(), u"4d"_s)).value(), u"5e"_s);
        QCOMPARE(await(contractSince(context(u"1.2.1"_s), spec(), u"5e"_s)).value(), QString());
    }

    /// Killed in the middle: nothing of it is there, and trying again does it.
    void aKilledAlembicLeavesTheOldRevision()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "slow", "    op.create_table('half', sa.Column('id', sa.Integer))\n    op.execute('SELECT pg_sleep(seconds) FROM pace')", "    op.drop_table('half')");
        moveTo(u"5e"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        QVERIFY(m_server.sql(m_name, u"CREATE TABLE pace AS SELECT 60 AS seconds; GRANT ALL ON pace TO owner"_s));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        qint64 killed = 0;
        QByteArray arguments, environment;
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            const qint64 pid = alembicPid();
            if (!killed && pid && m_server.value(m_name, u"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cutover alembic' AND wait_event = 'PgSleep'"_s) == "1"_L1) {
                arguments = procFile(pid, u"cmdline"_s);
                environment = procFile(pid, u"environ"_s);
                killed = pid;
                ::kill(pid_t(pid), SIGKILL);
            }
        });
        look.start(100);
        const auto failed = await(step->apply(context, *undo, {}));
        look.stop();
        QVERIFY(killed > 0);
        QCOMPARE(failed.error().code, u"alembic.killed"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Transient);
        // The secret was nowhere to be seen.
        QVERIFY(!arguments.isEmpty() && !environment.isEmpty());
        QVERIFY(environment.contains("PGPASSFILE=/proc/self/fd/"));
        QVERIFY(!arguments.contains("s3cret") && !environment.contains("s3cret"));

        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        // That it is told means that the server has ended the session too.
        QCOMPARE(m_server.value(m_name, u"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cutover alembic'"_s), u"0"_s);
        QCOMPARE(head(), u"5e"_s);
        QVERIFY(m_server.value(m_name, u"SELECT to_regclass('public.half')"_s).isEmpty());
        QVERIFY(m_server.sql(m_name, u"UPDATE pace SET seconds = 0"_s));
        GOOD(await(step->apply(context, *undo, {})));
        GOOD(await(step->apply(context, *undo, {})));
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Done);
        QCOMPARE(head(), u"6f"_s);
    }

    void namesWhoHoldsALock()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(2);
        moveTo(u"1a"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        const auto other = postgres::Session::open(m_server.spec(m_name));
        GOOD(other);
        QVERIFY((*other)->execute(u"SET application_name = 'reporting'"_s));
        QVERIFY((*other)->execute(u"BEGIN"_s));
        QVERIFY((*other)->execute(u"LOCK TABLE public.orders IN ACCESS SHARE MODE"_s));
        const QString pid = (*other)->value(u"SELECT pg_backend_pid()"_s)->toString();
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        QElapsedTimer waited;
        waited.start();
        const auto failed = await(step->apply(context, {}, {}));
        QVERIFY2(waited.elapsed() < 30000, qPrintable(QString::number(waited.elapsed())));
        QCOMPARE(failed.error().code, u"alembic.locked"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Transient);
        for (const QString &word : {u"2b"_s, QString(u"reporting (pid "_s + pid), u"ALTER TABLE orders ADD COLUMN note"_s}) {
            QVERIFY2(failed.error().text().contains(word), qPrintable(failed.error().text()));
        }
        QCOMPARE(head(), u"1a"_s);
        QVERIFY((*other)->execute(u"ROLLBACK"_s));
        GOOD(await(step->apply(context, {}, {})));
        QCOMPARE(head(), u"2b"_s);
    }

    void twoMigrationsDoNotRunAtOnce()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(1);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        TestContext context(m_target);
        {
            const auto lock = await(MigrationLock::acquire(spec(), QString(alembic::applicationName), {}));
            GOOD(lock);
            const auto failed = await((*StepRegistry::create(steps->at(0)))->apply(context, {}, {}));
            QCOMPARE(failed.error().code, u"migration.busy"_s);
            QCOMPARE(failed.error().kind, Error::Kind::Transient);
            QVERIFY2(failed.error().text().contains(u"pid "_s), qPrintable(failed.error().text()));
        }
        apply(steps->at(0));
    }

    void revertKeepsWhatWouldBeLost()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(2);
        moveTo(u"1a"_s);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        apply(steps->at(0));
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders VALUES (1, 'BUY', 5, 'keep me')"_s));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        GOOD(await(step->revert(context, {}, {})));
        QCOMPARE(head(), u"2b"_s);
        const QString kept = Message::fromJson(context.result({}, u"kept"_s).toObject()).text();
        QVERIFY2(kept.contains(u"1 value of orders.note"_s), qPrintable(kept));
        QVERIFY(m_server.sql(m_name, u"UPDATE orders SET note = NULL"_s));
        GOOD(await(step->revert(context, {}, {})));
        QCOMPARE(head(), u"1a"_s);
        GOOD(await(step->revert(context, {}, {})));
    }

    void countsWhereAlembicWorks_data()
    {
        QTest::addColumn<bool>("isRoles");
        QTest::newRow("search_path of the role") << true;
        QTest::newRow("search_path of env.py") << false;
    }
    /// A table of that name in "public" is another one, which was there before.
    void countsWhereAlembicWorks()
    {
        QFETCH(const bool, isRoles);
        QVERIFY(m_server.sql(m_name, u"CREATE SCHEMA trading AUTHORIZATION owner"_s));
        const AlembicProject release = project(u"1.3.0"_s);
        if (isRoles) {
            QVERIFY(m_server.sql(m_name, u"ALTER ROLE owner IN DATABASE %1 SET search_path = trading, public"_s.arg(m_name)));
        } else {
            QByteArray env = AlembicProject::env;
            env.replace("as connection:\n", "as connection:\n        connection.exec_driver_sql('SET search_path TO trading, public')\n        connection.commit()\n");
            writeFile(release.folder() + u"/alembic/env.py"_s, env);
        }
        release.addFive();
        release.keepUpTo(2);
        moveTo(u"1a"_s);
        QCOMPARE(m_server.value(m_name, u"SELECT schemaname FROM pg_tables WHERE tablename = 'orders'"_s), u"trading"_s);
        QVERIFY(m_server.sql(m_name, u"CREATE TABLE public.orders (id integer, note text); ALTER TABLE public.orders OWNER TO owner"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        apply(steps->at(0));
        QVERIFY(m_server.sql(m_name, u"INSERT INTO trading.orders VALUES (1, 'BUY', 5, 'keep me')"_s));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        GOOD(await(step->revert(context, {}, {})));
        QCOMPARE(head(), u"2b"_s);
        const QString kept = Message::fromJson(context.result({}, u"kept"_s).toObject()).text();
        QVERIFY2(kept.contains(u"1 value of orders.note"_s), qPrintable(kept));

        QVERIFY(m_server.sql(m_name, u"UPDATE trading.orders SET note = NULL; INSERT INTO public.orders VALUES (1, 'of old')"_s));
        GOOD(await(step->revert(context, {}, {})));
        // What env.py chooses nobody else knows, so that either counts.
        QCOMPARE(head(), isRoles ? u"1a"_s : u"2b"_s);
        QVERIFY(m_server.sql(m_name, u"DELETE FROM public.orders"_s));
        GOOD(await(step->revert(context, {}, {})));
        QCOMPARE(head(), u"1a"_s);
    }

    void takesNoMoreThanThePlanCounted()
    {
        project(u"1.3.0"_s).addFive();
        moveTo(u"4d"_s);
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders SELECT i, 'BUY', i, NULL FROM generate_series(1, 4) i"_s));
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        StepSpec last = steps->at(0);
        QCOMPARE(last.params["takesAway"_L1].toObject(), (QJsonObject{{u"orders.side"_s, 4}}));
        QVERIFY2(last.intent.text().contains(u"4 values of orders.side"_s), qPrintable(last.intent.text()));
        last.params[u"allowance"_s] = QJsonObject{{u"orders.side"_s, 1}};
        QVERIFY(m_server.sql(m_name, u"INSERT INTO orders SELECT i, 'SELL', i, NULL FROM generate_series(5, 10) i"_s));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(last);
        QCOMPARE(await(step->apply(context, {}, {})).error().code, u"migration.takes_more"_s);
        QCOMPARE(head(), u"4d"_s);
        context.results[{last.id, u"asked"_s}] = context.result({}, u"asks"_s);
        GOOD(await(step->apply(context, {}, {})));
        QCOMPARE(context.result({}, u"lost"_s).toObject(), (QJsonObject{{u"orders.side"_s, 10}}));
    }

    void refusesFilesThatWereNotApproved()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(1);
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        GOOD(await(step->observe(context, {})));
        writeFile(release.folder() + u"/alembic/env.py"_s, QByteArray(AlembicProject::env) + "\n");
        QCOMPARE(await(step->apply(context, {}, {})).error().code, u"alembic.environment_changed"_s);
        writeFile(release.folder() + u"/alembic/env.py"_s, AlembicProject::env);
        release.add(u"1a"_s, {}, "something else", "    pass", "    pass");
        QCOMPARE(await(step->apply(context, {}, {})).error().code, u"migration.changed"_s);
        QCOMPARE(head(), QString());
    }

    /// An env.py that takes its URL from a variable, and one that goes elsewhere.
    void followsTheContractOfTheUrl()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        QByteArray env = AlembicProject::env;
        env.replace("config.get_main_option(\"sqlalchemy.url\")", "os.environ[\"APP_DATABASE\"]");
        env.replace("engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)",
                    "sqlalchemy.create_engine(os.environ[\"APP_DATABASE\"], poolclass=pool.NullPool)");
        writeFile(release.folder() + u"/alembic/env.py"_s, "import os\nimport sqlalchemy\n" + env);
        release.addFive();
        release.keepUpTo(2);
        m_target.databases[0] = spec({{u"urlVariable"_s, u"APP_DATABASE"_s}});
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        apply(steps->at(0));
        QCOMPARE(head(), u"1a"_s);
        // Another database, reached by its own way.
        QVERIFY(m_server.sql(u"postgres"_s, u"CREATE DATABASE other%1 OWNER owner"_s.arg(m_count)));
        writeFile(release.folder() + u"/alembic/env.py"_s,
                  "import os\nimport sqlalchemy\n" + QByteArray(env).replace("os.environ[\"APP_DATABASE\"]", "os.environ[\"APP_DATABASE\"].replace(\"/t\", \"/other\")"));
        const auto elsewhere = plan(u"1.3.0"_s);
        QCOMPARE(elsewhere.error().code, u"alembic.elsewhere"_s);
        QVERIFY2(elsewhere.error().text().contains(u"main"_s) && elsewhere.error().text().contains(u"1a"_s), qPrintable(elsewhere.error().text()));
    }

    /// "Loading..." looks like a revision.
    void wordsOfTheEnvironmentAreNoRevisions()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        writeFile(release.folder() + u"/alembic/env.py"_s, QByteArray(AlembicProject::env).replace("def run_migrations_online():\n", "def run_migrations_online():\n    print('Loading...')\n    print('online')\n"));
        release.keepUpTo(2);
        moveTo(u"1a"_s);
        QCOMPARE(await(alembic::current({spec(), m_target.releaseDirectory(u"1.3.0"_s)}, {})).value(), QStringList{u"1a"_s});
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 1);
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->first());
        const auto undo = await(step->prepare(context, {}));
        GOOD(undo);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
    }

    /// What is behind the cut could take away what nobody counts.
    void sqlThatIsTooLongToReadIsNotShownAsAll()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(1);
        release.add(u"2b"_s, u"1a"_s, "long", "    op.execute(\"SELECT '\" + 'x' * (17 << 20) + \"'\")\n    op.execute('DROP TABLE orders')", "    pass");
        const alembic::Project tree{m_target.databases[0], m_target.releaseDirectory(u"1.3.0"_s)};
        const auto history = await(alembic::history(tree, {}));
        GOOD(history);
        const auto script = await(alembic::script(tree, *history->find(u"2b"_s), alembic::Direction::Up, {}));
        GOOD(script);
        QCOMPARE(script->whyNot.code, u"alembic.long_script"_s);
        QCOMPARE(script->sql, QString());
        const auto steps = plan(u"1.3.0"_s);
        GOOD(steps);
        QCOMPARE(steps->size(), 2);
        QCOMPARE(steps->at(1).intent.code, u"alembic.step.intent_long"_s);
        QCOMPARE(steps->at(1).previews[0].type, u"text"_s);
        QCOMPARE(steps->at(1).params[u"phase"_s].toString(), u"data"_s);
    }

    /// What a role is given so that forgotten programs end.
    void timeoutsOfTheRoleEndNoMigration()
    {
        if (m_server.version().toInt() < 17) {
            QSKIP("NOT TESTED: transaction_timeout is there since PostgreSQL 17");
        }
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        release.keepUpTo(1);
        release.add(u"2b"_s, u"1a"_s, "slow", "    op.execute('SELECT pg_sleep(1)')", "    pass");
        moveTo(u"1a"_s);
        QVERIFY(m_server.sql(u"postgres"_s, u"ALTER ROLE owner SET transaction_timeout = '500ms'"_s));
        const auto result = await(alembic::move({spec(), m_target.releaseDirectory(u"1.3.0"_s)}, alembic::Direction::Up, u"head"_s, {}));
        QVERIFY(m_server.sql(u"postgres"_s, u"ALTER ROLE owner RESET ALL"_s));
        GOOD(result);
        QVERIFY2(result->exitCode == 0, result->errorOutput.constData());
        QCOMPARE(head(), u"2b"_s);
    }

    void makesNewRevisions()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        moveTo(u"1a"_s);
        const alembic::Project tree{m_target.databases[0], m_target.releaseDirectory(u"1.3.0"_s)};
        // Autogenerating needs the newest schema.
        QCOMPARE(await(alembic::create(tree, u"colours"_s, true, {})).error().code, u"alembic.refused"_s);
        moveTo(u"5e"_s);
        const auto file = await(alembic::create(tree, u"colours; of $HOME"_s, true, {}));
        GOOD(file);
        QFile made(*file);
        QVERIFY(made.open(QIODevice::ReadOnly));
        const QByteArray text = made.readAll();
        QVERIFY2(text.contains("op.add_column('orders', sa.Column('colour'") && text.contains("colours; of $HOME"), text.constData());
        const auto empty = await(alembic::create(tree, u"later"_s, false, {}));
        GOOD(empty);
        const auto history = await(alembic::history(tree, {}));
        GOOD(history);
        QCOMPARE(history->revisions().size(), 7);
        QCOMPARE(history->revisions().last().message, u"later"_s);
        QCOMPARE(history->revisions().last().file, *empty);
    }

    /// Both ways by steps, as on a command line.
    void movesBySteps()
    {
        const AlembicProject release = project(u"1.3.0"_s);
        release.addFive();
        const alembic::Project tree{m_target.databases[0], m_target.releaseDirectory(u"1.3.0"_s)};
        auto result = await(alembic::move(tree, alembic::Direction::Up, u"head"_s, {}));
        GOOD(result);
        QCOMPARE(result->exitCode, 0);
        result = await(alembic::move(tree, alembic::Direction::Down, u"-1"_s, {}));
        GOOD(result);
        QVERIFY2(result->exitCode == 0, result->errorOutput.constData());
        QCOMPARE(head(), u"4d"_s);
        QCOMPARE(await(alembic::current(tree, {})).value(), QStringList{u"4d"_s});
    }

    void saysWhatIsMissing()
    {
        project(u"1.3.0"_s).addFive();
        m_target.databases[0] = spec({{u"program"_s, u"bin/alembic"_s}});
        const auto none = plan(u"1.3.0"_s);
        QCOMPARE(none.error().code, u"alembic.no_program"_s);
        QVERIFY2(none.error().text().contains(m_target.releaseDirectory(u"1.3.0"_s) + u"/bin/alembic"_s), qPrintable(none.error().text()));
        m_target.databases[0] = spec({{u"ini"_s, u"other.ini"_s}});
        QCOMPARE(plan(u"1.3.0"_s).error().code, u"alembic.no_ini"_s);
        m_target.databases[0] = spec();
        m_server.stop(SIGINT);
        const auto gone = plan(u"1.3.0"_s);
        QCOMPARE(gone.error().kind, Error::Kind::Transient);
        QCOMPARE(m_server.start(), QString());
    }

private:
    DatabaseSpec spec(QJsonObject options = {}) const
    {
        DatabaseSpec spec = m_server.spec(m_name);
        options.insert(u"lockWaitMs"_s, 2000);
        spec.migrations = u"db"_s;
        spec.migrationTool = {u"alembic"_s, options};
        return spec;
    }

    AlembicProject project(const QString &version) const { return AlembicProject(m_target.releaseDirectory(version) + u"/db"_s); }

    PlanningContext context(const QString &installed) const { return {m_target, {}, installed}; }

    Result<QList<StepSpec>> plan(const QString &version) const
    {
        StagedRelease release;
        release.info.manifest.version = *Version::parse(version);
        release.preview = m_target.releaseDirectory(version);
        return await(planMigrations(context(u"1.2.0"_s), release));
    }

    void apply(const StepSpec &spec)
    {
        TestContext context(m_target);
        const auto step = *StepRegistry::create(spec);
        const auto undo = await(step->prepare(context, {}));
        GOOD(undo);
        const auto applied = await(step->apply(context, *undo, {}));
        GOOD(applied);
        const auto verified = await(step->verify(context, {}));
        GOOD(verified);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Done);
    }

    /// By Alembic alone, all in one go.
    void moveTo(const QString &revision)
    {
        const alembic::Project tree{m_target.databases[0], m_target.releaseDirectory(u"1.3.0"_s)};
        const auto moved = await(alembic::move(tree, alembic::Direction::Up, revision, {}));
        GOOD(moved);
        QVERIFY2(moved->exitCode == 0, moved->errorOutput.constData());
        QCOMPARE(head(), revision);
    }

    QString head() const { return alembic::joined(alembic::recordedHeads(m_target.databases[0]).value_or(QStringList{u"?"_s})); }
    QString digest() const { return await((*Database::create(m_target.databases[0]))->schemaDigest()).value_or(u"?"_s); }

    PostgresServer m_server;
    bool m_isReady = false;
    int m_count = 0;
    QString m_name;
    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
};

QTEST_GUILESS_MAIN(AlembicTest)
#include "alembictest.moc"
