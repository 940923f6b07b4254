// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Alembic itself, with an SQLite database.

#include "alembicproject.h"
#include "migration/alembic.h"
#include "migration/migrationplan.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::AlembicProject;
using cutover::testing::await;
using cutover::testing::runSql;
using cutover::testing::TestContext;
using cutover::testing::valueOf;

#define GOOD(expression)                                                    \
    do {                                                                    \
        const auto &good = (expression);                                    \
        QVERIFY2(good, qPrintable(good ? QString() : good.error().text())); \
    } while (false)

class AlembicSqliteTest : public QObject
{
    Q_OBJECT

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
        m_target = {};
        m_target.stateDirectory = m_folder->path();
        m_target.releasesDirectory = m_folder->filePath(u"releases"_s);
        QJsonObject options;
        DatabaseSpec spec;
        spec.name = u"main"_s;
        spec.driver = u"sqlite"_s;
        spec.file = m_folder->filePath(u"main 100%.db"_s);
        spec.migrations = u"db"_s;
        spec.migrationTool = {u"alembic"_s, options};
        m_target.databases = {spec};
        runSql(spec.file, {u"PRAGMA journal_mode = WAL"_s});
    }

    void goesUpAndDown()
    {
        const AlembicProject release = project();
        release.addFive();
        const auto steps = plan();
        GOOD(steps);
        QCOMPARE(steps->size(), 5);
        QCOMPARE(steps->at(0).intent.code, u"alembic.step.intent_parts"_s);
        for (const StepSpec &each : *steps) {
            TestContext context(m_target);
            const auto step = *StepRegistry::create(each);
            const auto undo = await(step->prepare(context, {}));
            GOOD(undo);
            GOOD(await(step->apply(context, *undo, {})));
            GOOD(await(step->verify(context, {})));
            QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Done);
        }
        QCOMPARE(head(), u"5e"_s);
        const auto back = await(planDowngrades(context(), m_target.databases[0], u"3c"_s));
        GOOD(back);
        QCOMPARE(back->size(), 2);
        for (const StepSpec &each : *back) {
            TestContext context(m_target);
            const auto step = *StepRegistry::create(each);
            const auto undo = await(step->prepare(context, {}));
            GOOD(await(step->apply(context, *undo, {})));
        }
        QCOMPARE(head(), u"3c"_s);
        QVERIFY(!valueOf(file(), u"SELECT 1 FROM sqlite_master WHERE name = 'tags'"_s).isValid());
    }

    /// Its driver commits definitions as they come: what is half done is told, not guessed.
    void aHalfDoneRevisionHolds()
    {
        const AlembicProject release = project();
        release.addFive();
        release.add(u"6f"_s, u"5e"_s, "half", "    op.create_table('half', sa.Column('id', sa.Integer))\n    op.execute('INSERT INTO nowhere VALUES (1)')", "    op.drop_table('half')");
        const auto steps = plan();
        GOOD(steps);
        const auto good = steps->first(5);
        for (const StepSpec &each : good) {
            TestContext context(m_target);
            GOOD(await((*StepRegistry::create(each))->apply(context, {}, {})));
        }
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(5));
        const auto undo = await(step->prepare(context, {}));
        const auto failed = await(step->apply(context, *undo, {}));
        QCOMPARE(failed.error().code, u"alembic.partial_done"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Unknown);
        QVERIFY2(failed.error().text().contains(u"INSERT INTO nowhere"_s), qPrintable(failed.error().text()));
        QCOMPARE(await(step->inspect(context, *undo)).error().code, u"alembic.partial_found"_s);
        QCOMPARE(head(), u"5e"_s);
        // Where the first statement fails already, nothing has happened.
        runSql(file(), {u"DROP TABLE half"_s});
        release.add(u"6f"_s, u"5e"_s, "half", "    op.execute('INSERT INTO nowhere VALUES (1)')\n    op.create_table('half', sa.Column('id', sa.Integer))", "    op.drop_table('half')");
        const auto again = plan();
        GOOD(again);
        const auto other = *StepRegistry::create(again->at(0));
        const auto undoOther = await(other->prepare(context, {}));
        const auto early = await(other->apply(context, *undoOther, {}));
        QCOMPARE(early.error().code, u"alembic.failed"_s);
        QCOMPARE(await(other->inspect(context, *undoOther)).value(), Inspection::NotStarted);
    }

    void saysThatTheFileIsLocked()
    {
        project().addFive();
        const auto steps = plan();
        GOOD(steps);
        auto other = sqlite::Connection::open(file(), sqlite::Connection::Mode::Existing);
        QVERIFY(other);
        QVERIFY(other->execute(u"BEGIN IMMEDIATE"_s));
        TestContext context(m_target);
        const auto step = *StepRegistry::create(steps->at(0));
        const auto undo = await(step->prepare(context, {}));
        const auto failed = await(step->apply(context, *undo, {}));
        QVERIFY2(failed.error().code.startsWith(u"alembic.locked"_s), qPrintable(failed.error().text()));
        QCOMPARE(failed.error().kind, Error::Kind::Transient);
        QVERIFY(other->execute(u"ROLLBACK"_s));
        GOOD(await(step->apply(context, *undo, {})));
    }

private:
    AlembicProject project() const { return AlembicProject(m_target.releaseDirectory(u"1.3.0"_s) + u"/db"_s); }
    PlanningContext context() const { return {m_target, {}, u"1.3.0"_s}; }
    QString file() const { return m_target.databases[0].file; }
    QString head() const { return alembic::joined(alembic::recordedHeads(m_target.databases[0]).value_or(QStringList{u"?"_s})); }

    Result<QList<StepSpec>> plan() const
    {
        StagedRelease release;
        release.info.manifest.version = *Version::parse(u"1.3.0"_s);
        release.preview = m_target.releaseDirectory(u"1.3.0"_s);
        return await(planMigrations(context(), release));
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
};

QTEST_GUILESS_MAIN(AlembicSqliteTest)
#include "alembicsqlitetest.moc"
