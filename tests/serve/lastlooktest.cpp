// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/lastlook.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class LastLookTest : public QObject
{
    Q_OBJECT

private:
    static Result<int> late() { return fail(u"deploy.socket_timeout"_s); }
    static Result<int> refused() { return fail(u"supervisor.not_running"_s); }

private Q_SLOTS:
    void anAnswerIsTaken()
    {
        LastLook<int> look;
        qint64 age = 0;
        const auto taken = look.take(7, false, 1000, &age);
        QVERIFY(taken);
        QCOMPARE(*taken, 7);
        QCOMPARE(age, 0);
    }

    void aLateOneIsStoodInForWhileThatIsYoung()
    {
        LastLook<int> look;
        qint64 age = 0;
        QVERIFY(look.take(7, false, 1000, &age));
        const auto taken = look.take(late(), true, 3000, &age);
        QVERIFY(taken);
        QCOMPARE(*taken, 7);
        QCOMPARE(age, 2000);
        // One more that is younger makes the whole no younger.
        LastLook<int> other;
        QVERIFY(other.take(8, false, 2500, &age));
        QVERIFY(other.take(late(), true, 3000, &age));
        QCOMPARE(age, 2000);
        age = 0;
        QVERIFY(look.take(late(), true, 1000 + LookKeptMs, &age));
        const auto told = look.take(late(), true, 1001 + LookKeptMs, &age);
        QVERIFY(!told);
        QCOMPARE(told.error().code, u"deploy.socket_timeout"_s);
    }

    void nothingStandsInForARefusalOrForNothing()
    {
        LastLook<int> look;
        qint64 age = 0;
        QVERIFY(!look.take(late(), true, 1000, &age));
        QVERIFY(look.take(7, false, 1000, &age));
        const auto told = look.take(refused(), false, 1100, &age);
        QVERIFY(!told);
        QCOMPARE(told.error().code, u"supervisor.not_running"_s);
        QCOMPARE(age, 0);
    }
};

QTEST_GUILESS_MAIN(LastLookTest)
#include "lastlooktest.moc"
