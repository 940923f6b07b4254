// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"
#include "guiconsole.h"

#include <QFile>
#include <QJsonArray>
#include <QLabel>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>
#include <QTextDocument>

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

/// The command line and the report say it in the same words.
void expectSameSentence(const SystemDemo &demo, const QString &sentence)
{
    const QJsonArray runs = demo.ctl({u"history"_s}).json[u"runs"].toArray();
    QCOMPARE(runs.size(), 1);
    QCOMPARE(runs.first()[u"state"].toString(), u"rolledBack"_s);
    const QString run = runs.first()[u"id"].toString();
    QProcess history;
    history.start(SystemDemo::program(u"cutoverctl"_s), {u"history"_s, run, u"--target"_s, demo.targetFile()});
    QVERIFY(history.waitForFinished(GuiConsole::PatienceMs));
    const QString told = QString::fromUtf8(history.readAllStandardOutput());
    QVERIFY2(told.contains(sentence), qPrintable(told));
    const QString file = demo.folder() + u"/report.html"_s;
    QCOMPARE(demo.ctl({u"report"_s, run, u"--output"_s, file}).exitCode, 0);
    QFile html(file);
    QVERIFY(html.open(QIODevice::ReadOnly));
    QTextDocument report;
    report.setHtml(QString::fromUtf8(html.readAll()));
    QVERIFY2(report.toPlainText().contains(sentence), qPrintable(report.toPlainText()));
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
    // It climbs: from none over some to too many.
    const auto none = std::ranges::find_if(shown, [](double value) { return value < 1; });
    const auto some = std::find_if(none, shown.end(), [](double value) { return value >= 1 && value < 5; });
    QVERIFY2(std::find_if(some, shown.end(), [](double value) { return value > 5; }) != shown.end(), qPrintable(u"the chart showed"_s + values));

    // Which metric, its value, its limit, and what serves.
    const QString sentence = gui.text(u"sentence"_s);
    static const QRegularExpression reason(u"([0-9.]+) % of [0-9,]+ requests failed within 4 s \\(http_errors_total\\), the limit is 5 %"_s);
    const auto match = reason.match(sentence);
    QVERIFY2(match.hasMatch() && match.captured(1).toDouble() > 5, qPrintable(sentence));
    QVERIFY2(sentence.contains(u"Serving users now: 1.2.0."), qPrintable(sentence));
    QVERIFY(demo.servesOnly(u"1.2.0"_s));
    QCOMPARE(demo.strategyOverlap(), QString());
    expectSameSentence(demo, match.captured(0));
    QCOMPARE(demo.lostOrders(), QStringList());
    DO(gui.click(u"done"_s));
    DO(gui.openRoom(u"History"_s));
    DO(gui.clickRow(u"Runs"_s, u"1.2.0 → 1.3.1"_s));
    gui.shoot(u"history"_s);
    DO(gui.openRoom(u"Monitoring"_s));
    gui.shoot(u"monitoring"_s);
}

QTEST_MAIN(GuiWatchTest)
#include "guiwatchtest.moc"
