// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"
#include "chart/chartgroup.h"
#include "common/tableview.h"
#include "common/theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QChartView>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

QList<MetricPoint> line(qint64 from, int count, qint64 step = 1000)
{
    QList<MetricPoint> points;
    for (int i = 0; i < count; ++i) {
        points.append({from + i * step, 0.01 * (i % 7)});
    }
    return points;
}

} // namespace

class ChartTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void mappingGoesBothWays()
    {
        const ChartMapping m{QRectF(50, 20, 500, 200), 1'000'000, 1'900'000, 0, 10};
        QVERIFY(m.isValid());
        QCOMPARE(m.x(1'000'000), 50.0);
        QCOMPARE(m.x(1'900'000), 550.0);
        QCOMPARE(m.y(0), 220.0);
        QCOMPARE(m.y(10), 20.0);
        for (qint64 time = m.from; time <= m.to; time += 12'345) {
            QCOMPARE(m.time(m.x(time)), time);
        }
        QCOMPARE(m.value(m.y(3.25)), 3.25);
        QVERIFY(!ChartMapping().isValid());
    }

    void ringKeepsTheNewestInOrder()
    {
        SampleRing ring(100);
        ring.append(line(0, 350));
        QCOMPARE(ring.size(), 100);
        QCOMPARE(ring.range(0, 1'000'000).first().time, 250'000);
        QCOMPARE(ring.last().time, 349'000);
        ring.append({{5, 1.0}});
        QCOMPARE(ring.size(), 100);
        QCOMPARE(ring.nearest(300'400).time, 300'000);
        QCOMPARE(ring.nearest(300'600).time, 301'000);
        QCOMPARE(ring.nearest(0).time, 250'000);
        // One neighbour on each side of what was asked for.
        const auto part = ring.range(300'000, 302'000);
        QCOMPARE(part.first().time, 299'000);
        QCOMPARE(part.last().time, 303'000);
    }

    void decimationKeepsPeaks()
    {
        auto points = line(0, 100'000);
        points[54'321].value = 99;
        points[77'777].value = -99;
        const auto few = decimated(points, 1000);
        QVERIFY(few.size() <= 1000);
        QVERIFY(std::ranges::contains(few, 99.0, &MetricPoint::value));
        QVERIFY(std::ranges::contains(few, -99.0, &MetricPoint::value));
        QVERIFY(std::ranges::is_sorted(few, {}, &MetricPoint::time));
        QCOMPARE(decimated(line(0, 10), 1000).size(), 10);
    }

    void gapsAreNotBridged()
    {
        auto points = line(0, 20);
        points.append(line(60'000, 20));
        const auto parts = segments(points);
        QCOMPARE(parts.size(), 2);
        QCOMPARE(parts[1].first().time, 60'000);
        // One that nobody could see is.
        QCOMPARE(segments(points, 120'000).size(), 1);
        QVERIFY(segments({}).isEmpty());
    }

    /// A dense line: every column of the plot is covered once, from the highest to the lowest place of the line in it.
    void denseLinesAreTakenColumnByColumn()
    {
        ChartMapping mapping{.plot = QRectF(0, 0, 10, 100), .from = 0, .to = 1000, .low = 0, .high = 100};
        // Down and up within the third column, which spans 200 to 300 ms.
        const auto peak = pixelColumns({{0, 10}, {210, 10}, {220, 90}, {230, 10}, {999, 10}}, mapping);
        QCOMPARE(peak.size(), 10);
        for (qsizetype i = 0; i < peak.size(); ++i) {
            QCOMPARE(peak[i].x, int(i));
            QCOMPARE(peak[i].top, i == 2 ? 10.0 : 90.0);
            QCOMPARE(peak[i].bottom, 90.0);
        }
        // A slope is cut at the columns' edges: each begins where the one before ends.
        const auto slope = pixelColumns({{0, 0}, {1000, 100}}, mapping);
        for (qsizetype i = 1; i < slope.size(); ++i) {
            QCOMPARE(slope[i].bottom, slope[i - 1].top);
        }
        // What lies outside counts by the way to it only.
        const auto through = pixelColumns({{-1000, 0}, {2000, 0}}, mapping);
        QCOMPARE(through.first().x, 0);
        QCOMPARE(through.last().x, 10);
        QVERIFY(pixelColumns({}, mapping).isEmpty());
        mapping.to = 0;
        QVERIFY(pixelColumns({{0, 1}, {10, 2}}, mapping).isEmpty());
    }

    void stepsAreRound()
    {
        QCOMPARE(niceStep(10, 5), 2.0);
        QCOMPARE(niceStep(0.06, 5), 0.02);
        QCOMPARE(niceStep(0, 5), 1.0);
        QCOMPARE(niceTimeStep(15 * 60'000, 5), 5 * 60'000);
        QCOMPARE(niceTimeStep(24 * 3600'000LL, 8), 3 * 3600'000LL);
    }

    void drawsNoMoreThanTheLimit()
    {
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        chart.resize(800, 300);
        const qint64 now = 2'000'000'000'000;
        chart.setSpan(100'000'000);
        chart.setPoints(line(now - 90'000'000, 45'000, 2000), now);
        QVERIFY(chart.mapping().isValid());
        QCOMPARE(chart.mapping().to, now);
        QCOMPARE(chart.newest(), now - 90'000'000 + 44'999LL * 2000);
    }

    void dragZoomsAndDoubleClickGoesBack()
    {
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        chart.resize(800, 300);
        const qint64 now = 2'000'000'000'000;
        chart.setSpan(600'000);
        chart.setPoints(line(now - 600'000, 600), now);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        QSignalSpy zoomed(&chart, &Chart::zoomed);
        QWidget *viewport = chart.findChild<QChartView *>()->viewport();
        const ChartMapping m = chart.mapping();
        const QPoint from(int(m.plot.left() + m.plot.width() * 0.25), int(m.plot.center().y()));
        const QPoint to(int(m.plot.left() + m.plot.width() * 0.75), from.y());
        QTest::mousePress(viewport, Qt::LeftButton, {}, from);
        QTest::mouseMove(viewport, to);
        QTest::mouseRelease(viewport, Qt::LeftButton, {}, to);
        QCOMPARE(zoomed.count(), 1);
        QVERIFY(chart.isZoomed());
        QVERIFY(std::abs(chart.mapping().from - m.time(from.x())) <= 2000);
        QVERIFY(std::abs(chart.mapping().to - m.time(to.x())) <= 2000);
        QTest::mouseDClick(viewport, Qt::LeftButton, {}, from);
        QVERIFY(!chart.isZoomed());
        QCOMPARE(chart.mapping().from, m.from);
    }

    /// The picture is made in an event of its own: it follows data, size and whether the chart is seen at all.
    void pictureFollowsWhatIsKnown()
    {
        const auto inkOf = [](Chart &chart, Theme::Role role) {
            const QImage image = chart.findChild<QChartView *>()->viewport()->grab().toImage().convertToFormat(QImage::Format_RGB32);
            const QRgb ink = Theme::color(role).rgb();
            qsizetype count = 0;
            for (int y = 0; y < image.height(); ++y) {
                const auto *row = reinterpret_cast<const QRgb *>(image.constScanLine(y));
                count += std::count_if(row, row + image.width(), [ink](QRgb pixel) { return (pixel | 0xff000000) == ink; });
            }
            return count;
        };
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        chart.resize(800, 300);
        const qint64 now = 2'000'000'000'000;
        chart.setSpan(3'600'000);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        QCOMPARE(inkOf(chart, Theme::Role::Series1), 0);
        chart.setPoints(line(now - 3'600'000, 3600), now);
        QTRY_VERIFY(inkOf(chart, Theme::Role::Series1) > 5000);
        const qsizetype small = inkOf(chart, Theme::Role::Series1);
        chart.resize(1600, 600);
        QTRY_VERIFY(inkOf(chart, Theme::Role::Series1) > 2 * small);
        // A limit and a marker, and another span, while nobody looks.
        chart.hide();
        chart.setThreshold(0.05, u"5 %"_s);
        chart.setMarkers({{.kind = ChartMarker::Kind::Update, .time = now - 1'800'000, .label = u"1.3.0"_s, .description = {}}});
        QTest::qWait(50);
        chart.show();
        QTRY_VERIFY(inkOf(chart, Theme::Role::Danger) > 100);
        QTRY_VERIFY(inkOf(chart, Theme::Role::Info) > 100);
        // As a table and back, in other colours.
        chart.setTableVisible(true);
        Theme::instance().setMode(Theme::Mode::Dark);
        const auto light = qScopeGuard([] { Theme::instance().setMode(Theme::Mode::Light); });
        QTest::qWait(50);
        chart.setTableVisible(false);
        QTRY_VERIFY(inkOf(chart, Theme::Role::Series1) > 2 * small);
    }

    /// Few points are a line of Qt Charts, drawn smoothly.
    void fewPointsAreASmoothLine()
    {
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        chart.resize(800, 300);
        const qint64 now = 2'000'000'000'000;
        chart.setSpan(100'000);
        chart.setPoints({{now - 90'000, 0.01}, {now - 10'000, 0.09}}, now);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        // Along a slope there are more blended pixels than pure ones.
        const auto counts = [&chart] {
            const QImage image = chart.findChild<QChartView *>()->viewport()->grab().toImage();
            const QColor ink = Theme::color(Theme::Role::Series1);
            int pure = 0;
            int blended = 0;
            const ChartMapping m = chart.mapping();
            for (int x = int(m.x(now - 80'000)); x < int(m.x(now - 20'000)); ++x) {
                const int y = int(m.y(0.01 + 0.08 * (double(m.time(x) - (now - 90'000)) / 80'000)));
                for (int dy = -3; dy <= 3; ++dy) {
                    const QColor pixel = image.pixelColor(x, y + dy);
                    const int distance = std::abs(pixel.red() - ink.red()) + std::abs(pixel.green() - ink.green()) + std::abs(pixel.blue() - ink.blue());
                    pure += distance < 6 ? 1 : 0;
                    blended += distance >= 6 && distance < 150 ? 1 : 0;
                }
            }
            return std::pair(pure, blended);
        };
        QTRY_VERIFY(counts().first > 0);
        const auto [pure, blended] = counts();
        QVERIFY2(blended > 200, qPrintable(u"%1 pure, %2 blended"_s.arg(pure).arg(blended)));
    }

    void crosshairByKeysIsShared()
    {
        Chart first(u"Errors"_s, Chart::Format::Percent);
        Chart second(u"Requests"_s, Chart::Format::Number);
        ChartGroup group;
        group.add(&first);
        group.add(&second);
        const qint64 now = 2'000'000'000'000;
        for (Chart *chart : {&first, &second}) {
            chart->resize(600, 200);
            chart->setPoints(line(now - 600'000, 600), now);
        }
        auto *view = first.findChild<QChartView *>();
        QTest::keyClick(view, Qt::Key_Home);
        QCOMPARE(first.crosshair(), first.mapping().from);
        QCOMPARE(second.crosshair(), first.crosshair());
        QTest::keyClick(view, Qt::Key_Right);
        QVERIFY(second.crosshair() > second.mapping().from);
        QVERIFY(view->accessibleDescription().contains(u"Now"_s));
        QTest::keyClick(view, Qt::Key_Plus);
        QVERIFY(second.isZoomed());
        QTest::keyClick(view, Qt::Key_Backspace);
        QVERIFY(!second.isZoomed());
    }

    void sameDataAsTable()
    {
        Chart chart(u"Errors"_s, Chart::Format::Percent);
        const qint64 now = 2'000'000'000'000;
        QAbstractItemModelTester tester(chart.table()->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        chart.setSpan(100'000);
        chart.setPoints(line(now - 99'000, 100), now);
        chart.setTableVisible(true);
        QCOMPARE(chart.table()->model()->rowCount(), 100);
        QCOMPARE(chart.table()->model()->index(0, 1).data().toString(), chart.valueText(0.01 * (99 % 7)));
    }
};

QTEST_MAIN(ChartTest)
#include "charttest.moc"
