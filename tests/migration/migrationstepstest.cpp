// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationplan.h"
#include "migration/migrationwork.h"
#include "migrationfolder.h"
#include "system/files.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QTemporaryDir>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::makeOrders;
using cutover::testing::runSql;
using cutover::testing::TestContext;
using cutover::testing::valueOf;
using cutover::testing::writeFile;

class MigrationStepsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_target = {};
        m_target.stateDirectory = m_directory->path();
        m_target.releasesDirectory = m_directory->filePath(u"releases"_s);
        m_target.databases = {{u"main"_s, u"sqlite"_s, m_directory->filePath(u"main.db"_s), u"migrations"_s, {}}};
        makeOrders(file(), 10);
        write(u"1.3.0"_s, "0001_note.up.sql", "ALTER TABLE orders ADD COLUMN note TEXT;");
        write(u"1.3.0"_s, "0001_note.down.sql", "-- cutover: loses=orders.note\nALTER TABLE orders DROP COLUMN note;");
        write(u"1.3.0"_s, "0002_drop.up.sql", "-- cutover: phase=contract loses=orders.side\nALTER TABLE orders DROP COLUMN side;");
        write(u"1.3.0"_s, "0003_tags.up.sql", "CREATE TABLE tags (id, tag);");
        write(u"1.3.0"_s, "0003_tags.down.sql", "-- cutover: loses=tags\nDROP TABLE tags;");
    }

    void plansWhatIsPendingAndOwesContracts()
    {
        const auto steps = await(planMigrations(context(u"1.2.0"_s), release(3)));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->size(), 2);
        QCOMPARE(steps->at(0).id, u"migrate:main:0001"_s);
        QCOMPARE(steps->at(0).changes, (Facts{{u"migration.head:main"_s, u"0001"_s}}));
        QCOMPARE(steps->at(0).previews.size(), 2);
        QCOMPARE(steps->at(0).previews[0].type, u"sql"_s);
        QVERIFY(!steps->at(0).pointOfNoReturn);
        QCOMPARE(steps->at(1).id, u"migrate:main:0003"_s);
        QCOMPARE(*await(owedMigrations(context(u"1.2.0"_s), release(3))), QStringList{u"main:0002"_s});
        // Planning changed nothing.
        QVERIFY(!valueOf(file(), u"SELECT 1 FROM sqlite_master WHERE name = 'cutover_migrations'"_s).isValid());

        // A later release runs what the installed one carries.
        for (const StepSpec &spec : *steps) {
            TestContext context(m_target);
            QVERIFY(await((*StepRegistry::create(spec))->apply(context, {}, {})));
        }
        const auto later = await(planMigrations(context(u"1.3.0"_s), release(3)));
        QCOMPARE(later->size(), 1);
        QCOMPARE(later->at(0).id, u"migrate:main:0002"_s);
        QVERIFY(later->at(0).pointOfNoReturn);
        QVERIFY(!later->at(0).automaticRollback);
        QVERIFY(later->at(0).changes.isEmpty());
        QVERIFY2(later->at(0).intent.text().contains(u"10 values of orders.side"_s), qPrintable(later->at(0).intent.text()));
        QCOMPARE(later->at(0).params["takesAway"_L1].toObject(), (QJsonObject{{u"orders.side"_s, 10}}));
        QVERIFY(await(owedMigrations(context(u"1.3.0"_s), release(3)))->isEmpty());
    }

    /// Announced is not agreed to without end: what the plan counted is the measure.
    void takesNoMoreThanThePlanCounted()
    {
        runSql(file(), {u"UPDATE orders SET side = NULL WHERE id > 4"_s});
        QVERIFY(!valueOf(file(), u"SELECT count(side) FROM orders"_s).isNull());
        const auto steps = await(planMigrations(context(u"1.3.0"_s), release(3)));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        StepSpec spec = steps->at(1);
        QCOMPARE(spec.id, u"migrate:main:0002"_s);
        QCOMPARE(spec.params["accepted"_L1].toObject(), (QJsonObject{{u"orders.side"_s, 4}}));
        QVERIFY(spec.params["allowance"_L1]["orders.side"_L1].toInteger() > 0);
        QVERIFY2(spec.intent.text().contains(u"holds above"_s), qPrintable(spec.intent.text()));
        QVERIFY(apply(0));
        spec.params[u"allowance"_s] = QJsonObject{{u"orders.side"_s, 1}};
        runSql(file(), {u"UPDATE orders SET side = 'buy' WHERE id > 4"_s});
        TestContext context(m_target);
        auto step = *StepRegistry::create(spec);
        const QString schema = digest();
        const auto more = await(step->apply(context, {}, {}));
        QCOMPARE(more.error().code, u"migration.takes_more"_s);
        for (const QString &word : {u"0002"_s, u"10 values of orders.side"_s, u"counted 4 values"_s, u"holds above 5 values"_s, u"up to 11 values"_s}) {
            QVERIFY2(more.error().text().contains(word), qPrintable(more.error().text()));
        }
        QCOMPARE(digest(), schema);
        QCOMPARE(valueOf(file(), u"SELECT count(side) FROM orders"_s).toInt(), 10);
        QCOMPARE(await(step->inspect(context, {})).value(), Inspection::NotStarted);
        // Somebody agrees.
        context.results[{spec.id, u"asked"_s}] = context.result({}, u"asks"_s);
        QVERIFY(await(step->apply(context, {}, {})));
        QCOMPARE(context.result({}, u"lost"_s).toObject(), (QJsonObject{{u"orders.side"_s, 10}}));
        // To let it stay on a way back is another question, which that does not answer.
        QCOMPARE(await(step->revert(context, {}, {})).error().code, u"migration.stays"_s);
    }

    /// A run that ended in the middle of a data migration; the next one plans, limits and reports what is left.
    void goesOnWithAnothersDataMigration()
    {
        write(u"1.3.0"_s, "0004_clear.up.sql",
              "-- cutover: phase=data loses=orders.amount\n-- cutover: batch=orders key=id size=4\n"
              "UPDATE orders SET amount = NULL WHERE id BETWEEN :from AND :to;");
        for (int i = 0; i < 2; ++i) {
            QVERIFY(apply(i));
        }
        Migration begun = readMigrations(m_target.releaseDirectory(u"1.3.0"_s) + u"/migrations"_s)->last();
        QCOMPARE(begun.revision, u"0004"_s);
        begun.upLimit = Loss{{u"orders.amount"_s, 10}};
        {
            std::stop_source stop;
            auto connection = sqlite::Connection::open(file(), sqlite::Connection::Mode::Existing);
            const auto cancelled = migration::upgrade(*connection, begun, [&stop](qint64, qint64) { stop.request_stop(); }, stop.get_token());
            QCOMPARE(cancelled.error().kind, Error::Kind::Cancelled);
        }
        const auto steps = await(planMigrations(context(u"1.2.0"_s), release(3)));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        StepSpec spec = steps->last();
        QCOMPARE(spec.id, u"migrate:main:0004"_s);
        QCOMPARE(spec.params["takesAway"_L1].toObject(), (QJsonObject{{u"orders.amount"_s, 6}}));
        spec.params[u"allowance"_s] = QJsonObject();
        spec.params[u"accepted"_s] = QJsonObject{{u"orders.amount"_s, 5}};
        TestContext context(m_target);
        // Of the six that are left one batch takes four; the batch that goes above the limit is undone.
        const auto more = await((*StepRegistry::create(spec))->apply(context, {}, {}));
        QCOMPARE(more.error().code, u"migration.takes_more_batch"_s);
        QVERIFY2(more.error().text().contains(u"6 values of orders.amount in all"_s), qPrintable(more.error().text()));
        QCOMPARE(valueOf(file(), u"SELECT count(amount) FROM orders"_s).toInt(), 2);
        context.results[{spec.id, u"asked"_s}] = context.result({}, u"asks"_s);
        const auto done = await((*StepRegistry::create(spec))->apply(context, {}, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        QCOMPARE(context.result({}, u"lost"_s).toObject(), (QJsonObject{{u"orders.amount"_s, 6}}));
        // Killed before that was recorded: the next runner only looks, and knows it all the same.
        TestContext next(m_target);
        QCOMPARE(await((*StepRegistry::create(spec))->inspect(next, {})).value(), Inspection::Done);
        QCOMPARE(next.result({}, u"lost"_s).toObject(), (QJsonObject{{u"orders.amount"_s, 6}}));
    }

    void aContractIsAPointOfNoReturnWhateverItsWayBack()
    {
        write(u"1.3.0"_s, "0002_drop.down.sql", "ALTER TABLE orders ADD COLUMN side TEXT;");
        const auto steps = await(planMigrations(context(u"1.3.0"_s), release(3)));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->at(1).id, u"migrate:main:0002"_s);
        QVERIFY(steps->at(1).pointOfNoReturn);
        QVERIFY(!steps->at(1).automaticRollback);
        QVERIFY(!steps->at(0).pointOfNoReturn);
        TestContext context(m_target);
        auto contract = *StepRegistry::create(steps->at(1));
        QVERIFY(await(contract->apply(context, {}, {})));
        QCOMPARE(context.result({}, u"lost"_s)["orders.side"_L1].toInt(), 10);
    }

    void aContractOfAnEarlierHopIsStillOwed()
    {
        // 1.3.0 carries it, but is only on the way: what was installed when the run was planned is 1.2.0.
        PlanningContext hop = context(u"1.3.0"_s);
        QCOMPARE(await(planMigrations(hop, release(3)))->size(), 3);
        hop.origin = u"1.2.0"_s;
        QCOMPARE(await(planMigrations(hop, release(3)))->size(), 2);
        QCOMPARE(*await(owedMigrations(hop, release(3))), QStringList{u"main:0002"_s});
    }

    void refusesAChangedOrForeignHistory()
    {
        apply(0);
        write(u"1.3.0"_s, "0001_note.up.sql", "ALTER TABLE orders ADD COLUMN other TEXT;");
        QCOMPARE(await(planMigrations(context(u"1.2.0"_s), release(3))).error().code, u"migration.changed"_s);
    }

    void keepsASchemaThatANewerReleaseLeft()
    {
        apply(0);
        for (const auto name : {"0001_note.up.sql", "0001_note.down.sql", "0002_drop.up.sql", "0003_tags.up.sql", "0003_tags.down.sql"}) {
            QFile::remove(m_target.releaseDirectory(u"1.3.0"_s) + u"/migrations/"_s + QString::fromLatin1(name));
        }
        const auto steps = await(planMigrations(context(u"1.2.0"_s), release(3)));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QVERIFY(steps->isEmpty());
    }

    void refusesFilesThatWereNotApproved()
    {
        const auto steps = await(planMigrations(context(u"1.2.0"_s), release(3)));
        auto step = StepRegistry::create(steps->at(0));
        TestContext context(m_target);
        QVERIFY(await((*step)->observe(context, {})));
        write(u"1.3.0"_s, "0001_note.down.sql", "DROP TABLE orders;");
        QCOMPARE(await((*step)->observe(context, {})).error().code, u"migration.changed"_s);
        QCOMPARE(await((*step)->apply(context, {}, {})).error().code, u"migration.changed"_s);
        QCOMPARE(await((*step)->inspect(context, {})).value(), Inspection::NotStarted);
    }

    void revertGoesBackWhenNothingIsLost()
    {
        const QString before = digest();
        auto first = apply(0);
        auto third = apply(1);
        TestContext context(m_target);
        QCOMPARE(await(third->inspect(context, {})).value(), Inspection::Done);
        QVERIFY(await(third->verify(context, {})));
        QVERIFY(await(third->revert(context, {}, {})));
        QVERIFY(await(third->revert(context, {}, {})));
        QVERIFY(await(first->revert(context, {}, {})));
        QCOMPARE(digest(), before);
        QVERIFY(context.logged.isEmpty());
        QCOMPARE(await(first->inspect(context, {})).value(), Inspection::NotStarted);
    }

    void revertKeepsWhatWouldBeLost()
    {
        auto first = apply(0);
        runSql(file(), {u"UPDATE orders SET note = 'kept' WHERE id = 1"_s});
        TestContext context(m_target);
        QVERIFY(await(first->revert(context, {}, {})));
        QCOMPARE(valueOf(file(), u"SELECT note FROM orders WHERE id = 1"_s).toString(), u"kept"_s);
        QCOMPARE(context.logged.size(), 1);
        QCOMPARE(context.logged.first().code, u"migration.kept"_s);
        QVERIFY2(context.logged.first().text().contains(u"1 value of orders.note"_s), qPrintable(context.logged.first().text()));
        QVERIFY(context.result({}, u"kept"_s).isObject());
        const QString kept = Message::fromJson(context.result({}, u"kept"_s).toObject()).text();
        QVERIFY2(kept.contains(u"migration 0001"_s) && kept.contains(u"1 value of orders.note"_s), qPrintable(kept));
    }

    void revertAsksBeforeAnythingButAnExpansionStays()
    {
        for (const auto name : {"0001_note.up.sql", "0002_drop.up.sql"}) {
            QFile::remove(m_target.releaseDirectory(u"1.3.0"_s) + u"/migrations/"_s + QString::fromLatin1(name));
        }
        write(u"1.3.0"_s, "0001_note.up.sql", "-- cutover: phase=data\nALTER TABLE orders ADD COLUMN note TEXT; UPDATE orders SET note = 'x' WHERE id <= 3;");
        write(u"1.3.0"_s, "0002_drop.up.sql", "-- cutover: phase=expand\nCREATE TABLE later (id);");
        write(u"1.3.0"_s, "0002_drop.down.sql", "DROP TABLE later;");
        auto first = apply(0);
        TestContext context(m_target);
        const auto asked = await(first->revert(context, {}, {}));
        QVERIFY(!asked);
        QCOMPARE(asked.error().code, u"migration.stays"_s);
        for (const QString &word : {u"migration 0001"_s, u"3 values of orders.note"_s, u"data"_s}) {
            QVERIFY2(asked.error().text().contains(word), qPrintable(asked.error().text()));
        }
        QVERIFY(context.result({}, u"asks"_s).isObject());
        QVERIFY(!context.result({}, u"kept"_s).isObject());
        // Somebody resumed.
        context.results[{u"migrate:main:0001"_s, u"asked"_s}] = QJsonObject();
        QVERIFY(await(first->revert(context, {}, {})));
        QVERIFY(context.result({}, u"kept"_s).isObject());
        QCOMPARE(valueOf(file(), u"SELECT count(note) FROM orders"_s).toInt(), 3);
    }

    void revertDoesNotBelieveAScriptThatHidesItsLosses()
    {
        write(u"1.3.0"_s, "0001_note.down.sql", "ALTER TABLE orders DROP COLUMN note;");
        auto first = apply(0);
        runSql(file(), {u"UPDATE orders SET note = 'kept' WHERE id = 1"_s});
        TestContext context(m_target);
        QVERIFY(await(first->revert(context, {}, {})));
        QCOMPARE(valueOf(file(), u"SELECT note FROM orders WHERE id = 1"_s).toString(), u"kept"_s);
        QCOMPARE(context.logged.value(0).code, u"migration.kept"_s);
    }

    void downgradeCountsAndRefusesMore()
    {
        apply(0);
        apply(1);
        runSql(file(), {u"UPDATE orders SET note = 'x' WHERE id <= 4"_s});
        const auto steps = await(planDowngrades(context(u"1.3.0"_s), m_target.databases[0], {}));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->size(), 2);
        QCOMPARE(steps->at(0).id, u"downgrade:main:0003"_s);
        QCOMPARE(steps->at(0).changes, (Facts{{u"migration.head:main"_s, u"0001"_s}}));
        QVERIFY(!steps->at(0).pointOfNoReturn);
        QCOMPARE(steps->at(1).changes, (Facts{{u"migration.head:main"_s, u""_s}}));
        QVERIFY(steps->at(1).pointOfNoReturn);
        QVERIFY(steps->at(1).irreversible);
        QCOMPARE(steps->at(1).params["accepted"_L1].toObject()["orders.note"_L1].toInt(), 4);

        runSql(file(), {u"INSERT INTO tags VALUES (1, 'new')"_s});
        TestContext context(m_target);
        auto third = *StepRegistry::create(steps->at(0));
        const auto tags = await(third->apply(context, {}, {}));
        QCOMPARE(tags.error().code, u"migration.loses_more"_s);
        QVERIFY2(tags.error().text().contains(u"1 row of tags"_s) && tags.error().text().contains(u"counted nothing"_s), qPrintable(tags.error().text()));
        QCOMPARE(context.result({}, u"asks"_s).toObject(), (QJsonObject{{u"tags"_s, 1}}));
        QCOMPARE(valueOf(file(), u"SELECT count(*) FROM tags"_s).toInt(), 1);
        runSql(file(), {u"DELETE FROM tags"_s});
        QVERIFY(await(third->apply(context, {}, {})));
        QCOMPARE(await(third->inspect(context, {})).value(), Inspection::Done);
        // The new code wrote one more before it was gone: within what the plan allows, counted, and told.
        runSql(file(), {u"UPDATE orders SET note = 'x' WHERE id = 5"_s});
        StepSpec tight = steps->at(1);
        QVERIFY(tight.params["allowance"_L1].toObject()["orders.note"_L1].toInt() > 0);
        QVERIFY2(tight.intent.text().contains(u"4 values of orders.note"_s) && tight.intent.text().contains(u"holds above"_s), qPrintable(tight.intent.text()));
        // Without the allowance it asks with the new number, and a new number is a new question.
        tight.params[u"allowance"_s] = QJsonObject();
        auto strict = *StepRegistry::create(tight);
        const auto more = await(strict->apply(context, {}, {}));
        QCOMPARE(more.error().code, u"migration.loses_more"_s);
        for (const QString &word : {u"0001"_s, u"5 values of orders.note"_s, u"counted 4 values"_s, u"holds above 4 values"_s, u"up to 5 values"_s}) {
            QVERIFY2(more.error().text().contains(word), qPrintable(more.error().text()));
        }
        QCOMPARE(context.result({}, u"asks"_s).toObject(), (QJsonObject{{u"orders.note"_s, 5}}));
        context.results[{tight.id, u"asked"_s}] = context.result({}, u"asks"_s);
        runSql(file(), {u"UPDATE orders SET note = 'x' WHERE id = 6"_s});
        QCOMPARE(await(strict->apply(context, {}, {})).error().code, u"migration.loses_more"_s);
        runSql(file(), {u"UPDATE orders SET note = NULL WHERE id = 6"_s});
        auto first = *StepRegistry::create(steps->at(1));
        QVERIFY(await(first->apply(context, {}, {})));
        QVERIFY(await(first->verify(context, {})));
        QCOMPARE(context.result({}, u"lost"_s)["orders.note"_L1].toInt(), 5);
        QCOMPARE(valueOf(file(), u"SELECT count(*) FROM orders"_s).toInt(), 10);
    }

    /// What lost nothing is applied again on a way back; what lost something is not, and neither is what would take away.
    void aDowngradeGoesBackOnlyWhereNothingIsLost()
    {
        apply(0);
        apply(1);
        const QString schema = digest();
        const auto steps = await(planDowngrades(context(u"1.3.0"_s), m_target.databases[0], u"0001"_s));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->size(), 1);
        QVERIFY(!steps->at(0).irreversible);
        Plan plan;
        plan.from = u"1.3.0"_s;
        TestContext context(m_target, plan);
        context.step = steps->at(0).id;
        auto down = *StepRegistry::create(steps->at(0));
        const auto undo = await(down->prepare(context, {}));
        QVERIFY(undo);
        QVERIFY(await(down->apply(context, *undo, {})));
        QVERIFY(digest() != schema);
        QVERIFY(await(down->revert(context, *undo, {})));
        QCOMPARE(digest(), schema);
        QCOMPARE(await(down->inspect(context, *undo)).value(), Inspection::NotStarted);
        QVERIFY(await(down->revert(context, *undo, {})));

        // Interrupted behind the commit nobody knows how much it took: as much as was allowed, which is nothing here.
        QVERIFY(await(down->apply(context, *undo, {})));
        context.results.erase({steps->at(0).id, u"lost"_s});
        QCOMPARE(await(down->inspect(context, *undo)).value(), Inspection::Done);
        QVERIFY(!context.result(steps->at(0).id, u"irreversible"_s).toBool());
        context.results[{steps->at(0).id, u"asked"_s}] = QJsonObject{{u"tags"_s, 2}};
        context.results.erase({steps->at(0).id, u"lost"_s});
        QCOMPARE(await(down->inspect(context, *undo)).value(), Inspection::Done);
        QVERIFY(context.result(steps->at(0).id, u"irreversible"_s).toBool());
        QCOMPARE(context.result(steps->at(0).id, u"lost"_s).toObject(), (QJsonObject{{u"tags"_s, 2}}));
        context.results.clear();
        QVERIFY(await(down->revert(context, *undo, {})));
        QCOMPARE(digest(), schema);

        // The release that has it was changed since: not applied by guess.
        QVERIFY(await(down->apply(context, *undo, {})));
        const QString old = QString::fromUtf8(*files::read(m_target.releaseDirectory(u"1.3.0"_s) + u"/migrations/0003_tags.up.sql"_s));
        write(u"1.3.0"_s, "0003_tags.up.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);");
        QCOMPARE(await(down->revert(context, *undo, {})).error().code, u"migration.changed"_s);
        write(u"1.3.0"_s, "0003_tags.up.sql", old.toUtf8());
        QVERIFY(await(down->revert(context, *undo, {})));

        // Rows that came meanwhile, and an allowance for them: gone, told, and no way back is claimed.
        runSql(file(), {u"INSERT INTO tags VALUES (1, 'new')"_s});
        StepSpec generous = steps->at(0);
        generous.params[u"allowance"_s] = QJsonObject{{u"tags"_s, 5}};
        auto losing = *StepRegistry::create(generous);
        QVERIFY(await(losing->apply(context, *undo, {})));
        QVERIFY(context.result(generous.id, u"irreversible"_s).toBool());
        QCOMPARE(await(losing->revert(context, *undo, {})).error().code, u"step.not_revertible"_s);
    }

    /// Left by a newer release that is gone: there is nothing to apply again, which is told before it begins.
    void aDowngradeWithoutItsMigrationTellsSo()
    {
        apply(0);
        apply(1);
        const auto steps = await(planDowngrades(context(u"1.3.0"_s), m_target.databases[0], u"0001"_s));
        QVERIFY(steps);
        QVERIFY(QDir(m_target.releaseDirectory(u"1.3.0"_s)).removeRecursively());
        TestContext context(m_target);
        context.step = steps->at(0).id;
        auto down = *StepRegistry::create(steps->at(0));
        const auto undo = await(down->prepare(context, {}));
        QVERIFY(undo);
        QVERIFY(undo->isEmpty());
        QVERIFY(context.result(steps->at(0).id, u"irreversible"_s).toBool());
    }

private:
    QString file() const { return m_target.databases[0].file; }
    QString digest() { return *await((*Database::create(m_target.databases[0]))->schemaDigest()); }
    void write(const QString &version, const QByteArray &name, const QByteArray &content)
    {
        writeFile(m_target.releaseDirectory(version) + u"/migrations/"_s + QString::fromUtf8(name), content);
    }
    PlanningContext context(const QString &installed) const { return {m_target, {}, installed}; }
    StagedRelease release(int minor) const
    {
        StagedRelease staged;
        staged.info.manifest.version = {1, quint64(minor), 0, {}, {}};
        staged.preview = m_target.releaseDirectory(staged.info.manifest.version.toString());
        return staged;
    }
    /// Plans, and runs the n-th step that was planned at first.
    std::unique_ptr<Step> apply(int n)
    {
        if (m_plannedIn != m_directory.get()) {
            m_planned = *await(planMigrations(context(u"1.2.0"_s), release(3)));
            m_plannedIn = m_directory.get();
        }
        auto step = *StepRegistry::create(m_planned[n]);
        TestContext context(m_target);
        const auto done = await(step->apply(context, {}, {}));
        if (!done) {
            qWarning("%s", qPrintable(done.error().text()));
        }
        return step;
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
    QList<StepSpec> m_planned;
    QTemporaryDir *m_plannedIn = nullptr;
};

QTEST_GUILESS_MAIN(MigrationStepsTest)
#include "migrationstepstest.moc"
