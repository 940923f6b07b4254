// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "systemdemo.h"

#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;

/** Whole updates of the demo system by cutoverctl, under traffic. */
class UpdateTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hotfixAndBack();
    void minorWithMigrationAndDowngrade();
    void faultyReleaseGoesBackByItself();
};

namespace {

/// A balancer that asks again would hide a request that a stopping server has not answered.
const QStringList Strict{u"--no-retries"_s};

void expectHealthy(const SystemDemo &demo, const QString &version, const QString &troubles)
{
    QVERIFY2(demo.servesOnly(version), qPrintable(u"not only "_s + version));
    QCOMPARE(demo.failures(), QStringList());
    QCOMPARE(demo.balancerTroubles(), troubles);
    QCOMPARE(demo.strategyOverlap(), QString());
    const qsizetype acknowledged = demo.acknowledgedOrders().size();
    QVERIFY2(acknowledged > 5, qPrintable(QString::number(acknowledged)));
    QCOMPARE(demo.lostOrders(), QStringList());
}

/// So that it is known that there is something to lose.
void expectFilled(const QList<SystemDemo::Table> &tables)
{
    QMap<QString, qsizetype> rows;
    for (const auto &table : tables) {
        rows.insert(table.name, table.rows.size());
    }
    QCOMPARE(rows.keys(), (QStringList{u"cutover_migrations"_s, u"feature_flag_audit"_s, u"feature_flags"_s, u"orders"_s}));
    QVERIFY(rows[u"orders"_s] >= 5000 && rows[u"feature_flags"_s] == 3 && rows[u"feature_flag_audit"_s] == 3 && rows[u"cutover_migrations"_s] == 1);
}

} // namespace

void UpdateTest::hotfixAndBack()
{
    SystemDemo demo;
    QVERIFY2(demo.start(5000, 50, Strict), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, 60000);
    QCOMPARE(demo.servedVersion(), u"1.2.0"_s);
    const QString troubles = demo.balancerTroubles();

    const auto before = demo.tables();
    expectFilled(before);

    const auto update = demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"3s"_s});
    QVERIFY2(update.exitCode == 0, update.errors);
    expectHealthy(demo, u"1.2.1"_s, troubles);
    QCOMPARE(demo.missingOf(before), QString());

    const auto back = demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == 0, back.errors);
    expectHealthy(demo, u"1.2.0"_s, troubles);
    QCOMPARE(demo.missingOf(before), QString());

    const auto history = demo.ctl({u"history"_s});
    QCOMPARE(history.json[u"runs"].toArray().size(), 2);
}

void UpdateTest::minorWithMigrationAndDowngrade()
{
    SystemDemo demo;
    QVERIFY2(demo.start(5000, 50, Strict), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, 60000);
    const QString troubles = demo.balancerTroubles();
    const QString schema = demo.schema();
    const auto before = demo.tables();
    expectFilled(before);

    const auto update = demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s, u"--watch"_s, u"3s"_s});
    QVERIFY2(update.exitCode == 0, update.errors);
    expectHealthy(demo, u"1.3.0"_s, troubles);
    QVERIFY(demo.schema() != schema);
    QCOMPARE(demo.missingOf(before), QString());

    const auto back = demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == 0, back.errors);
    expectHealthy(demo, u"1.2.0"_s, troubles);
    QCOMPARE(demo.schema(), schema);
    QCOMPARE(demo.missingOf(before), QString());
}

void UpdateTest::faultyReleaseGoesBackByItself()
{
    SystemDemo demo;
    QVERIFY2(demo.start(5000, 50, Strict), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, 60000);
    const QString troubles = demo.balancerTroubles();
    const auto before = demo.tables();
    expectFilled(before);
    const auto update = demo.ctl({u"update"_s, u"1.3.1"_s, u"--yes"_s, u"--watch"_s, u"60s"_s});
    QVERIFY2(update.exitCode == 5, update.errors);
    const QString reason = update.json[u"reason"].toString();
    QVERIFY2(reason.contains(u'%'), qPrintable(reason));
    QVERIFY(demo.servesOnly(u"1.2.0"_s));
    QCOMPARE(demo.missingOf(before), QString());
    // Answers were errors; none was missing.
    QCOMPARE(demo.balancerTroubles(), troubles);
    QCOMPARE(demo.strategyOverlap(), QString());
    QCOMPARE(demo.lostOrders(), QStringList());
}

QTEST_GUILESS_MAIN(UpdateTest)
#include "updatetest.moc"
