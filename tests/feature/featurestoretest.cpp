// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/featurestore.h"
#include "database/sqlite.h"
#include "plan/planners.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::TestContext;

class FeatureStoreTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_target = {};
        m_target.name = u"test"_s;
        m_target.stateDirectory = m_directory->path();
        m_target.databases = {{u"main"_s, u"sqlite"_s, m_directory->filePath(u"main.db"_s), {}, {}}};
        m_target.features.database = u"main"_s;
        auto connection = sqlite::Connection::open(m_target.databases[0].file, sqlite::Connection::Mode::Create);
        QVERIFY(connection);
        for (const QString &statement : featureSchema(m_target.features)) {
            QVERIFY(connection->execute(statement));
        }
        QVERIFY(connection->execute(u"INSERT INTO feature_flags (name, enabled, rollout) VALUES ('a', 1, 10), ('b', 0, 0)"_s));
    }

    void appliesAllInOneTransactionWithAudit()
    {
        const auto applied = await(applyFlags(m_target, {{u"a"_s, true, true, 10, 25.5}, {u"b"_s, false, true, 0, 1}}, u"kim"_s, u"try"_s));
        QVERIFY2(applied, qPrintable(applied ? QString() : applied.error().text()));
        const auto flags = await(readFlags(m_target));
        QVERIFY(flags);
        QCOMPARE(flags->size(), 2);
        QCOMPARE(flags->at(0).rollout, 25.5);
        QCOMPARE(flags->at(0).changedBy, u"kim"_s);
        QVERIFY(flags->at(0).changed.isValid());
        QVERIFY(flags->at(1).enabled);
        QCOMPARE(value(u"SELECT group_concat(name || from_rollout || '>' || to_rollout || by || reason, ' ') FROM feature_flag_audit"_s)
                     .toString(),
                 u"a10.0>25.5kimtry b0.0>1.0kimtry"_s);
    }

    void refusedWholeWhenChangedMeanwhile()
    {
        QVERIFY(await(applyFlags(m_target, {{u"b"_s, false, true, 0, 5}}, u"lee"_s, {})));
        const auto refused = await(applyFlags(m_target, {{u"a"_s, true, true, 10, 50}, {u"b"_s, false, true, 0, 1}}, u"kim"_s, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"feature.changed_meanwhile"_s);
        QVERIFY2(refused.error().what().contains(u"lee"_s), qPrintable(refused.error().what()));
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'a'"_s).toDouble(), 10.0);
        QCOMPARE(value(u"SELECT count(*) FROM feature_flag_audit"_s).toInt(), 1);
    }

    void refusesNonsense()
    {
        QCOMPARE(await(applyFlags(m_target, {{u"a"_s, true, true, 10, 101}}, u"kim"_s, {})).error().code, u"feature.rollout"_s);
        QCOMPARE(await(applyFlags(m_target, {{u"x"_s, true, true, 10, 1}}, u"kim"_s, {})).error().code, u"feature.unknown"_s);
        m_target.features.database.clear();
        QCOMPARE(await(readFlags(m_target)).error().code, u"feature.no_store"_s);
    }

    void stepSwitchesOnAndBack()
    {
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        release.info.manifest.flags = {{u"a"_s, {}, 1}, {u"b"_s, u"B"_s, 10}, {u"new"_s, u"New"_s, 5}};
        const auto steps = await(planFeatures({m_target, {}, u"1.2.0"_s}, release));
        QVERIFY(steps);
        QCOMPARE(steps->size(), 1);
        QCOMPARE(steps->first().previews.first().text, u"@flag\t@from\t@to\nb\t0 %\t10 %\nnew\t–\t5 %"_s);

        TestContext context(m_target);
        auto step = StepRegistry::create(steps->first());
        QVERIFY(step);
        QCOMPARE(await((*step)->inspect(context, {})).value(), Inspection::NotStarted);
        QVERIFY(await((*step)->apply(context, {}, {})));
        QVERIFY(await((*step)->apply(context, {}, {})));
        QVERIFY(await((*step)->verify(context, {})));
        QCOMPARE(await((*step)->inspect(context, {})).value(), Inspection::Done);
        QCOMPARE(value(u"SELECT count(*) FROM feature_flag_audit"_s).toInt(), 2);
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'new'"_s).toDouble(), 5.0);
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'a'"_s).toDouble(), 10.0);

        // The operator went on with one of them: that one is left alone.
        QVERIFY(await(applyFlags(m_target, {{u"b"_s, true, true, 10, 50}}, u"kim"_s, {})));
        QVERIFY(await((*step)->revert(context, {}, {})));
        QVERIFY(await((*step)->revert(context, {}, {})));
        QCOMPARE(value(u"SELECT rollout FROM feature_flags WHERE name = 'b'"_s).toDouble(), 50.0);
        QVERIFY(!value(u"SELECT 1 FROM feature_flags WHERE name = 'new'"_s).isValid());
        QCOMPARE(context.logged.value(0).code, u"feature.left"_s);
    }

private:
    QVariant value(const QString &sql)
    {
        auto connection = sqlite::Connection::open(m_target.databases[0].file, sqlite::Connection::Mode::Existing);
        return connection->value(sql).value_or(QVariant());
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
};

QTEST_GUILESS_MAIN(FeatureStoreTest)
#include "featurestoretest.moc"
