// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"
#include "feature/featurestore.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::PostgresServer;
using cutover::testing::TestContext;

/** Flags in a real PostgreSQL server; what they mean, the SQLite store's test tells. */
class PostgresFlagsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        m_target.name = u"test"_s;
        m_target.databases = {m_server.spec(u"trading"_s)};
        m_target.features.database = u"main"_s;
    }

    void init()
    {
        QVERIFY(m_server.sql(u"postgres"_s, u"DROP DATABASE IF EXISTS trading WITH (FORCE); CREATE DATABASE trading OWNER owner"_s));
        QVERIFY(m_server.sql(u"trading"_s, u"GRANT ALL ON SCHEMA public TO owner"_s));
    }

    void stepSwitchesOnAndBack()
    {
        QVERIFY(await(readFlags(m_target))->isEmpty());
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        release.info.manifest.flags = {{u"it's"_s, u"odd \\ name"_s, 12.5}, {u"new"_s, {}, 5}};
        const auto steps = await(planFeatures({m_target, {}, u"1.2.0"_s}, release));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->size(), 1);
        TestContext context(m_target);
        auto step = *StepRegistry::create(steps->first());
        QCOMPARE(await(step->inspect(context, {})).value(), Inspection::NotStarted);
        for (int i = 0; i < 2; ++i) {
            const auto applied = await(step->apply(context, {}, {}));
            QVERIFY2(applied, qPrintable(applied ? QString() : applied.error().text()));
        }
        QVERIFY(await(step->verify(context, {})));
        QCOMPARE(value(u"SELECT count(*) FROM feature_flag_audit WHERE from_enabled IS NULL AND to_enabled AND by = 'run RUN1'"_s), u"2"_s);
        const auto flags = await(readFlags(m_target));
        QVERIFY(flags);
        QCOMPARE(flags->at(0).name, u"it's"_s);
        QCOMPARE(flags->at(0).description, u"odd \\ name"_s);
        QCOMPARE(flags->at(0).rollout, 12.5);
        QVERIFY(flags->at(0).changed.isValid() && qAbs(flags->at(0).changed.secsTo(QDateTime::currentDateTimeUtc())) < 60);
        QCOMPARE(flags->at(0).changedBy, u"run RUN1"_s);
        // The operator went on with one of them: that one is left alone.
        QVERIFY(await(applyFlags(m_target, {{u"new"_s, true, true, 5, 50}}, u"kim"_s, {})));
        QVERIFY(await(step->revert(context, {}, {})));
        QCOMPARE(value(u"SELECT string_agg(name || rollout, ' ') FROM feature_flags"_s), u"new50"_s);
        QCOMPARE(context.logged.value(0).code, u"feature.left"_s);
    }

    void refusedWholeWhenChangedMeanwhile()
    {
        make();
        QVERIFY(await(applyFlags(m_target, {{u"b"_s, false, true, 0, 5}}, u"lee"_s, {})));
        const auto refused = await(applyFlags(m_target, {{u"a"_s, true, true, 10, 50}, {u"b"_s, false, true, 0, 1}}, u"kim"_s, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"feature.changed_meanwhile"_s);
        QVERIFY2(refused.error().what().contains(u"lee"_s), qPrintable(refused.error().what()));
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'a'"_s), u"10"_s);
        QCOMPARE(value(u"SELECT count(*) FROM feature_flag_audit"_s), u"1"_s);
    }

    void twoAtOnceAreOneAfterTheOther()
    {
        make();
        // Both saw the same value; the second must not overwrite what the first did.
        auto first = applyFlags(m_target, {{u"a"_s, true, true, 10, 20}}, u"kim"_s, {});
        auto second = applyFlags(m_target, {{u"a"_s, true, true, 10, 30}}, u"lee"_s, {});
        const auto one = await(std::move(first));
        const auto two = await(std::move(second));
        QVERIFY(bool(one) != bool(two));
        QCOMPARE((one ? two : one).error().code, u"feature.changed_meanwhile"_s);
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'a'"_s), one ? u"20"_s : u"30"_s);
    }

    /// What is written there is gone with the swap, and was counted by nobody.
    void aDatabaseThatARestoreHasClosedTakesNoChange()
    {
        make();
        const auto database = *Database::create(m_target.databases.first());
        QVERIFY(await(database->close()));
        const auto refused = await(applyFlags(m_target, {{u"a"_s, true, false, 10, 0}}, u"kim"_s, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"feature.database_closed"_s);
        QVERIFY2(refused.error().text().contains(u"main"_s) && refused.error().text().contains(u"Nothing was changed"_s), qPrintable(refused.error().text()));
        // They can be looked at.
        const auto flags = await(readFlags(m_target));
        QVERIFY(flags);
        QCOMPARE(flags->size(), 2);
        QVERIFY(await(database->reopen()));
        QCOMPARE(value(u"SELECT enabled::text || (SELECT count(*) FROM feature_flag_audit) FROM feature_flags WHERE name = 'a'"_s), u"true0"_s);
        QVERIFY(await(applyFlags(m_target, {{u"a"_s, true, false, 10, 0}}, u"kim"_s, {})));
    }

    void aRoleThatMayNotMakeTablesCanUseThem()
    {
        make();
        QVERIFY(m_server.sql(u"trading"_s, u"REVOKE ALL ON SCHEMA public FROM owner; REVOKE CREATE ON SCHEMA public FROM PUBLIC"_s));
        const auto applied = await(applyFlags(m_target, {{u"a"_s, true, false, 10, 10}}, u"kim"_s, {}));
        QVERIFY2(applied, qPrintable(applied ? QString() : applied.error().text()));
        QCOMPARE(value(u"SELECT enabled::text FROM feature_flags WHERE name = 'a'"_s), u"false"_s);
    }

private:
    void make()
    {
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        release.info.manifest.flags = {{u"x"_s, {}, 1}};
        TestContext context(m_target);
        auto step = *StepRegistry::create(await(planFeatures({m_target, {}, u"1.2.0"_s}, release))->first());
        QVERIFY(await(step->apply(context, {}, {})));
        QVERIFY(m_server.sql(u"trading"_s, u"DELETE FROM feature_flags; DELETE FROM feature_flag_audit; "
                                           "INSERT INTO feature_flags (name, enabled, rollout) VALUES ('a', true, 10), ('b', false, 0)"_s));
    }

    QString value(const QString &statement) const { return m_server.value(u"trading"_s, statement); }

    PostgresServer m_server;
    Target m_target;
};

QTEST_GUILESS_MAIN(PostgresFlagsTest)
#include "postgresflagstest.moc"
