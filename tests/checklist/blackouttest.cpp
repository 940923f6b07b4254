// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/blackout.h"

#include <QJsonArray>
#include <QTest>

#include <ctime>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Blackout hours on a local clock, over midnight and where it is set forward and back. */
class BlackoutTest : public QObject
{
    Q_OBJECT

    static BlackoutSpec spec(int from, int to, const QList<int> &days = {}, const QString &reason = u"Market hours"_s) { return {reason, days, from, to}; }
    static QDateTime local(int year, int month, int day, int hour, int minute, int second = 0) { return QDateTime(QDate(year, month, day), QTime(hour, minute, second)).toUTC(); }
    static QString iso(const QDateTime &time) { return time.toUTC().toString(Qt::ISODate); }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("TZ", "Europe/Berlin");
        ::tzset();
        // Else nothing below would be about clocks that are set.
        QCOMPARE(QDateTime(QDate(2026, 7, 1), QTime(12, 0)).offsetFromUtc(), 7200);
        QCOMPARE(QDateTime(QDate(2026, 1, 1), QTime(12, 0)).offsetFromUtc(), 3600);
    }

    void hoursOfADay()
    {
        // 2 March 2026 is a Monday.
        const QList<BlackoutSpec> hours{spec(9 * 60, 15 * 60 + 30, {1, 2, 3, 4, 5})};
        QVERIFY(!blackoutAt(hours, local(2026, 3, 2, 8, 59, 59)));
        const auto first = blackoutAt(hours, local(2026, 3, 2, 9, 0));
        QVERIFY(first);
        QCOMPARE(first->reason, u"Market hours"_s);
        QCOMPARE(iso(first->end), u"2026-03-02T14:30:00Z"_s);
        QVERIFY(blackoutAt(hours, local(2026, 3, 2, 15, 29, 59)));
        // The end is over.
        QVERIFY(!blackoutAt(hours, local(2026, 3, 2, 15, 30)));
        QVERIFY(!blackoutAt(hours, local(2026, 3, 7, 12, 0)));
        QCOMPARE(iso(nextBlackout(hours, local(2026, 3, 6, 16, 0))->begin), u"2026-03-09T08:00:00Z"_s);
        QVERIFY(!nextBlackout({}, local(2026, 3, 6, 16, 0)));
    }

    void overMidnight()
    {
        // Begins on Friday evening, and is over on Saturday morning.
        const QList<BlackoutSpec> hours{spec(22 * 60, 2 * 60, {5})};
        QVERIFY(!blackoutAt(hours, local(2026, 3, 6, 1, 0)));
        QVERIFY(blackoutAt(hours, local(2026, 3, 6, 23, 0)));
        const auto after = blackoutAt(hours, local(2026, 3, 7, 1, 59));
        QVERIFY(after);
        QCOMPARE(iso(after->end), u"2026-03-07T01:00:00Z"_s);
        QVERIFY(!blackoutAt(hours, local(2026, 3, 7, 2, 0)));
        QVERIFY(!blackoutAt(hours, local(2026, 3, 7, 23, 0)));
    }

    void hoursThatFollowOneAnother()
    {
        const QList<BlackoutSpec> hours{spec(9 * 60, 12 * 60), spec(12 * 60, 18 * 60, {}, u"Afternoon"_s), spec(18 * 60, 9 * 60, {}, u"Night"_s)};
        const auto found = blackoutAt(hours, local(2026, 3, 2, 10, 0));
        QVERIFY(found);
        QVERIFY(found->end > local(2026, 3, 4, 0, 0)); // And the look ends, too.
        const auto two = blackoutAt({hours[0], hours[1]}, local(2026, 3, 2, 10, 0));
        QCOMPARE(iso(two->end), u"2026-03-02T17:00:00Z"_s);
    }

    /// On 29 March 2026 02:00 to 03:00 does not exist.
    void theClockIsSetForward()
    {
        const QList<BlackoutSpec> night{spec(1 * 60, 4 * 60)};
        const auto found = blackoutAt(night, local(2026, 3, 29, 1, 30));
        QVERIFY(found);
        // Three hours by name are two.
        QCOMPARE(found->begin.secsTo(found->end), 2 * 3600);
        QCOMPARE(iso(found->end), u"2026-03-29T02:00:00Z"_s);
        // One that begins in the hour that isn't there begins all the same, and has an end.
        const QList<BlackoutSpec> gap{spec(2 * 60 + 30, 3 * 60 + 30)};
        const auto inGap = blackoutAt(gap, local(2026, 3, 29, 3, 15));
        QVERIFY(inGap);
        QVERIFY(inGap->begin <= local(2026, 3, 29, 3, 0));
        QCOMPARE(iso(inGap->end), u"2026-03-29T01:30:00Z"_s);
        QVERIFY(!blackoutAt(gap, local(2026, 3, 29, 3, 45)));
    }

    /// On 25 October 2026 02:00 to 03:00 is there twice.
    void theClockIsSetBack()
    {
        const QList<BlackoutSpec> hours{spec(2 * 60 + 15, 2 * 60 + 45)};
        const QDateTime begin(QDate(2026, 10, 25), QTime(0, 15), QTimeZone::UTC); // 02:15 for the first time.
        QVERIFY(!blackoutAt(hours, begin.addSecs(-1)));
        const auto found = blackoutAt(hours, begin);
        QVERIFY(found);
        // From the first of the one name to the last of the other.
        QCOMPARE(iso(found->end), u"2026-10-25T01:45:00Z"_s);
        QVERIFY(blackoutAt(hours, begin.addSecs(3600)));
        QVERIFY(!blackoutAt(hours, begin.addSecs(5400)));
        const QList<BlackoutSpec> day{spec(9 * 60, 17 * 60)};
        QCOMPARE(iso(blackoutAt(day, local(2026, 10, 25, 12, 0))->end), u"2026-10-25T16:00:00Z"_s);
    }

    void standsInThePlan()
    {
        const QJsonArray told = blackoutToJson({spec(9 * 60, 15 * 60 + 30, {1, 2, 3, 5}), spec(22 * 60, 2 * 60)});
        QCOMPARE(told.size(), 2);
        QCOMPARE(told[0][u"days"].toArray(), (QJsonArray{1, 2, 3, 5}));
        QCOMPARE(told[0][u"from"].toInt(), 9 * 60);
        QCOMPARE(told[0][u"to"].toInt(), 15 * 60 + 30);
        QCOMPARE(told[0][u"reason"].toString(), u"Market hours"_s);
        QCOMPARE(told[1][u"days"].toArray(), QJsonArray());
    }
};

QTEST_GUILESS_MAIN(BlackoutTest)
#include "blackouttest.moc"
