// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallscenario.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

class CrashTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyPointEndsNewOldOrHeld_data()
    {
        QTest::addColumn<bool>("goesBack");
        QTest::addColumn<QString>("kind");
        QTest::newRow("forward, killed") << false << u"kill"_s;
        QTest::newRow("forward, disk full") << false << u"enospc"_s;
        QTest::newRow("forward, disk stays full") << false << u"full"_s;
        QTest::newRow("forward, disk broken") << false << u"eio"_s;
        QTest::newRow("back, killed") << true << u"kill"_s;
        QTest::newRow("back, disk full") << true << u"enospc"_s;
        QTest::newRow("back, disk stays full") << true << u"full"_s;
        QTest::newRow("back, disk broken") << true << u"eio"_s;
    }

    void everyPointEndsNewOldOrHeld()
    {
        QFETCH(const bool, goesBack);
        QFETCH(const QString, kind);
        SmallScenario scenario(goesBack);
        CrashOptions options;
        options.kind = kind;
        const auto points = countPoints(scenario, options);
        QVERIFY2(points, qPrintable(points ? QString() : points.error().text()));
        const auto report = explore(scenario, *points, options);
        QVERIFY2(report, qPrintable(report ? QString() : report.error().text()));
        qInfo("%s", qPrintable(report->text()));
        QVERIFY(report->points > 40);
        QCOMPARE(report->missed, 0);
        QVERIFY2(report->failures.isEmpty(), qPrintable(report->failures.join(u'\n')));
    }
};

QTEST_GUILESS_MAIN(CrashTest)
#include "crashtest.moc"
