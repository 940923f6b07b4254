// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "systemdemo.h"

#include <QJsonArray>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;

/** To the major release with its data migration and back, under traffic, with a balancer that asks no server twice. */
class MajorTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fromTheReleaseBefore();
    void overTwoReleasesAtOnce();
};

namespace {

/// More than one batch of the data migration.
constexpr int Orders = 12000;

/// What was there at a moment, and must be there afterwards.
struct Before {
    QString schema;
    qint64 last = 0;
    QList<SystemDemo::Table> tables;
};

void begin(SystemDemo &demo)
{
    QVERIFY2(demo.start(Orders, 50, {u"--no-retries"_s}), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, 60000);
}

Before stateOf(const SystemDemo &demo)
{
    const qint64 last = demo.query(u"SELECT max(id) FROM orders"_s).value(0).toLongLong();
    return {demo.schema(), last, demo.tables()};
}

void expectSame(const SystemDemo &demo, const Before &before)
{
    const auto orders = std::ranges::find(before.tables, u"orders"_s, &SystemDemo::Table::name);
    QVERIFY(orders != before.tables.end() && orders->rows.size() >= Orders);
    QCOMPARE(demo.missingOf(before.tables), QString());
}

void expectHealthy(const SystemDemo &demo, const QString &version, const QString &troubles)
{
    QVERIFY2(demo.servesOnly(version), qPrintable(version));
    QCOMPARE(demo.failures(), QStringList());
    QCOMPARE(demo.balancerTroubles(), troubles);
    QCOMPARE(demo.strategyOverlap(), QString());
    const qsizetype acknowledged = demo.acknowledgedOrders().size();
    QVERIFY2(acknowledged > 5, qPrintable(QString::number(acknowledged)));
    QCOMPARE(demo.lostOrders(), QStringList());
    QCOMPARE(demo.query(u"PRAGMA integrity_check"_s), QStringList{u"ok"_s});
}

/// The data migration reached every order, those placed meanwhile by old and by new code too.
void expectMigratedData(const SystemDemo &demo)
{
    QCOMPARE(demo.query(u"SELECT count(*) FROM orders WHERE notional IS NULL OR abs(notional - quantity * price) > 0.001"_s), QStringList{u"0"_s});
    QVERIFY(demo.query(u"SELECT count(*) FROM orders"_s).value(0).toInt() > Orders);
}

void run(const SystemDemo &demo, const QStringList &words)
{
    const auto outcome = demo.ctl(words);
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(3000));
}

#define RUN(...)                        \
    run(demo, QStringList __VA_ARGS__); \
    if (QTest::currentTestFailed()) {   \
        return;                         \
    }

} // namespace

void MajorTest::fromTheReleaseBefore()
{
    SystemDemo demo;
    begin(demo);
    RUN({u"update"_s, u"1.3.0"_s, u"--yes"_s, u"--watch"_s, u"3s"_s})
    const QString troubles = demo.balancerTroubles();
    expectHealthy(demo, u"1.3.0"_s, troubles);
    const Before before = stateOf(demo);
    const QString eventsOf = u"SELECT count(*) FROM order_events WHERE order_id <= %1"_s.arg(before.last);
    const QStringList events = demo.query(eventsOf);
    QVERIFY(events.value(0).toInt() > 0);

    RUN({u"update"_s, u"2.0.0"_s, u"--yes"_s, u"--watch"_s, u"3s"_s})
    expectHealthy(demo, u"2.0.0"_s, troubles);
    expectMigratedData(demo);
    expectSame(demo, before);
    QVERIFY(demo.schema() != before.schema);

    // What only the new release knows of an order goes; nothing else does.
    RUN({u"rollback"_s, u"1.3.0"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s})
    expectHealthy(demo, u"1.3.0"_s, troubles);
    QCOMPARE(demo.schema(), before.schema);
    expectSame(demo, before);
    QCOMPARE(demo.query(eventsOf), events);

    // And once more, over what the way back has left.
    RUN({u"update"_s, u"2.0.0"_s, u"--yes"_s, u"--watch"_s, u"3s"_s})
    expectHealthy(demo, u"2.0.0"_s, troubles);
    expectMigratedData(demo);
    expectSame(demo, before);
}

void MajorTest::overTwoReleasesAtOnce()
{
    SystemDemo demo;
    begin(demo);
    const QString troubles = demo.balancerTroubles();
    const Before before = stateOf(demo);

    const auto update = demo.ctl({u"update"_s, u"2.0.0"_s, u"--yes"_s, u"--watch"_s, u"3s"_s});
    QVERIFY2(update.exitCode == 0, update.errors.left(3000));
    QCOMPARE(update.json[u"run"][u"plan"][u"path"].toArray(), (QJsonArray{u"1.3.0"_s, u"2.0.0"_s}));
    expectHealthy(demo, u"2.0.0"_s, troubles);
    expectMigratedData(demo);
    expectSame(demo, before);
    QVERIFY(demo.schema() != before.schema);

    RUN({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s})
    expectHealthy(demo, u"1.2.0"_s, troubles);
    QCOMPARE(demo.schema(), before.schema);
    expectSame(demo, before);
}

QTEST_GUILESS_MAIN(MajorTest)
#include "majortest.moc"
