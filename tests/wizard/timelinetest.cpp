// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/restoretimeline.h"
#include "rollback/timelinescale.h"
#include "rollback/versionbands.h"

#include <QSignalSpy>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

QDateTime at(int minute)
{
    return QDateTime(QDate(2026, 1, 1), QTime(12, 0), QTimeZone::UTC).addSecs(minute * 60);
}

RunRecord run(const QString &from, const QString &to, RunState state, int started, int ended)
{
    RunRecord record;
    record.plan.from = from;
    record.plan.to = to;
    record.state = state;
    record.started = at(started);
    record.ended = at(ended);
    return record;
}

} // namespace

class TimelineTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void scaleIsMonotoneAndComesBack()
    {
        // One moment long ago, three within two minutes.
        const TimelineScale scale({0, 86'400'000, 86'460'000, 86'520'000}, 10, 610);
        QCOMPARE(scale.x(0), 10.0);
        QCOMPARE(scale.x(86'520'000), 610.0);
        QVERIFY(scale.x(86'460'000) - scale.x(86'400'000) > 100);
        double last = -1;
        for (qint64 time = 0; time <= 86'520'000; time += 60'000) {
            const double x = scale.x(time);
            QVERIFY(x > last);
            last = x;
            QVERIFY(std::abs(scale.time(x) - time) <= 1);
        }
        QCOMPARE(scale.x(-5), 10.0);
        QCOMPARE(scale.time(9999), 86'520'000);
    }

    void scaleOfOneMoment()
    {
        const TimelineScale scale({5'000'000'000}, 0, 100);
        QCOMPARE(scale.x(5'000'000'000), 100.0);
        QCOMPARE(scale.from(), 5'000'000'000 - 3'600'000);
    }

    void bandsShowWhatServed()
    {
        const QList<VersionBand> bands = versionBands({run(u"1.2.1"_s, u"1.3.0"_s, RunState::Succeeded, 29, 30),
                                                       run(u"1.2.0"_s, u"1.2.1"_s, RunState::Succeeded, 9, 10),
                                                       run(u"1.3.0"_s, u"1.3.1"_s, RunState::RolledBack, 40, 45),
                                                       run(u"1.3.0"_s, u"1.4.0"_s, RunState::Abandoned, 50, 51)},
                                                      at(0), at(60), u"1.3.0"_s);
        const QList<VersionBand> expected{{u"1.2.0"_s, at(0), at(10), false}, {u"1.2.1"_s, at(10), at(30), false}, {u"1.3.0"_s, at(30), at(40), false}, {u"1.3.1"_s, at(40), at(45), true}, {u"1.3.0"_s, at(45), at(60), false}};
        QCOMPARE(bands, expected);
    }

    void bandsWithoutRuns()
    {
        QCOMPARE(versionBands({}, at(0), at(5), u"1.0.0"_s), (QList<VersionBand>{{u"1.0.0"_s, at(0), at(5), false}}));
        QVERIFY(versionBands({}, at(0), at(5), {}).isEmpty());
    }

    void pointsAreChosenByKeyAndMouse()
    {
        RestoreTimeline timeline;
        QList<RestorePointView> points(3);
        for (int i = 0; i < 3; ++i) {
            points[i].point.id = QString::number(i);
            points[i].point.created = at(i * 10);
            points[i].point.reason = {u"backup.reason.update"_s, {{u"version"_s, QString::number(i)}}};
        }
        timeline.setPoints(points, at(40));
        timeline.resize(700, timeline.sizeHint().height());
        timeline.show();
        QVERIFY(QTest::qWaitForWindowExposed(&timeline));
        QSignalSpy spy(&timeline, &RestoreTimeline::selectionChanged);
        QTest::keyClick(&timeline, Qt::Key_Left);
        QCOMPARE(timeline.selected(), u"2"_s);
        QTest::keyClick(&timeline, Qt::Key_Left);
        QCOMPARE(timeline.selected(), u"1"_s);
        QTest::keyClick(&timeline, Qt::Key_Home);
        QCOMPARE(timeline.selected(), u"0"_s);
        QVERIFY(timeline.accessibleDescription().contains(u"before 0"));
        QTest::mouseClick(&timeline, Qt::LeftButton, {}, timeline.markRect(u"2"_s).center());
        QCOMPARE(timeline.selected(), u"2"_s);
        QCOMPARE(spy.size(), 4);
        // Beside a diamond nothing is chosen.
        QTest::mouseClick(&timeline, Qt::LeftButton, {}, QPoint(4, 4));
        QCOMPARE(spy.size(), 4);
        QVERIFY(!timeline.markRect(u"0"_s).intersects(timeline.markRect(u"1"_s)));
    }
};

QTEST_MAIN(TimelineTest)
#include "timelinetest.moc"
