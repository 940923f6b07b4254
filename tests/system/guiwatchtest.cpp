// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"
#include "guiconsole.h"

#include <QLabel>
#include <QRegularExpression>
#include <QTest>

using namespace Qt::StringLiterals;

/** A faulty release in the window: its errors climb on the chart, and the watch takes it back by itself. */
class GuiWatchTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void errorsClimbAndItGoesBack();
};

namespace {

#define DO(action) QVERIFY2(action, qPrintable(gui.problem()))

/// "Now 7.25 %. Limit 5 %.", as a screen reader is told; -1: nothing is measured.
double nowOf(const QWidget *chart)
{
    static const QRegularExpression form(u"^Now ([0-9.]+) ?%"_s);
    const auto match = form.match(chart->accessibleDescription());
    return match.hasMatch() ? match.captured(1).toDouble() : -1;
}

} // namespace

void GuiWatchTest::errorsClimbAndItGoesBack()
{
    SystemDemo demo;
    QVERIFY2(demo.start(2000, 80, {u"--watch"_s, u"60s"_s, u"--window"_s, u"4s"_s, u"--fault-ramp"_s, u"20s"_s}), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, GuiConsole::PatienceMs);

    GuiConsole gui(demo);
    DO(gui.open());
    DO(gui.openRoom(u"Updates"_s));
    DO(gui.clickRow(u"releases"_s, u"1.3.1"_s));
    for (int page = 0; page < 5; ++page) {
        DO(gui.click(u"next"_s));
    }
    QCOMPARE(gui.text(u"next"_s), u"Update demo to 1.3.1"_s);
    DO(gui.click(u"next"_s));

    // Whatever the chart shows while the run's page is there.
    QList<double> shown;
    bool over = false;
    const auto ended = [&] {
        const auto *chart = gui.find<cutover::Chart>(u"Failed requests"_s);
        if (chart && nowOf(chart) >= 0 && (shown.isEmpty() || shown.last() != nowOf(chart))) {
            shown.append(nowOf(chart));
        }
        if (!over && !shown.isEmpty() && shown.last() > 5) {
            over = true;
            gui.shoot(u"errors"_s);
        }
        return gui.find<QWidget>(u"done"_s) != nullptr;
    };
    DO(gui.waitFor(ended, 120000, u"the watch to take the release back"_s));
    gui.shoot(u"taken-back"_s);
    QString values;
    for (const double value : shown) {
        values += u" %1"_s.arg(value);
    }
    QVERIFY2(over, qPrintable(u"the chart showed"_s + values));
    QVERIFY2(std::ranges::min(shown) < 1, qPrintable(u"the chart showed"_s + values));
    QVERIFY2(std::ranges::count_if(shown, [](double value) { return value > 0 && value < 5; }) > 0, qPrintable(u"the chart showed"_s + values));

    // Which metric, its value, its limit, and what serves.
    const QString sentence = gui.text(u"sentence"_s);
    static const QRegularExpression reason(u"([0-9.]+) % of [0-9,]+ requests failed within 4 s \\(http_errors_total\\), the limit is 5 %"_s);
    const auto match = reason.match(sentence);
    QVERIFY2(match.hasMatch() && match.captured(1).toDouble() > 5, qPrintable(sentence));
    QVERIFY2(sentence.contains(u"Serving users now: 1.2.0."), qPrintable(sentence));
    QCOMPARE(demo.servedVersion(), u"1.2.0"_s);
    QCOMPARE(demo.strategyOverlap(), QString());
    // What is acknowledged is asked first: orders go on coming.
    const QSet<qint64> acknowledged = demo.acknowledgedOrders();
    const QSet<qint64> lost = acknowledged - demo.storedOrders();
    QVERIFY2(lost.isEmpty(), qPrintable(u"%1 acknowledged orders are gone"_s.arg(lost.size())));
    DO(gui.click(u"done"_s));
    DO(gui.openRoom(u"History"_s));
    DO(gui.clickRow(u"Runs"_s, u"1.2.0 → 1.3.1"_s));
    gui.shoot(u"history"_s);
    DO(gui.openRoom(u"Monitoring"_s));
    gui.shoot(u"monitoring"_s);
}

QTEST_MAIN(GuiWatchTest)
#include "guiwatchtest.moc"
