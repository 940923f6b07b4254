// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "guiconsole.h"

#include <QAbstractItemView>
#include <QTabBar>
#include <QTest>
#include <QTextBrowser>

using namespace Qt::StringLiterals;

/** An operator updates the demo system in the window and rolls it back, under traffic. */
class GuiUpdateTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void updateAndRollback();
};

namespace {

#define DO(action) QVERIFY2(action, qPrintable(gui.problem()))

constexpr int RunMs = 120000;

void expectNothingLost(const SystemDemo &demo, const QString &version, const QString &troubles)
{
    QVERIFY2(demo.servesOnly(version), qPrintable(u"not only "_s + version));
    QCOMPARE(demo.failures(), QStringList());
    QCOMPARE(demo.balancerTroubles(), troubles);
    QCOMPARE(demo.strategyOverlap(), QString());
    const qsizetype acknowledged = demo.acknowledgedOrders().size();
    QVERIFY2(acknowledged > 20, qPrintable(QString::number(acknowledged)));
    QCOMPARE(demo.lostOrders(), QStringList());
}

/// The newest run in the history, as the window shows it: which, and every step.
void expectInHistory(GuiConsole &gui, const QString &what, int runs)
{
    DO(gui.openRoom(u"History"_s));
    DO(gui.waitFor([&] {
        const auto *table = gui.find<QAbstractItemView>(u"Runs"_s);
        return table && table->model()->rowCount() == runs; }, GuiConsole::PatienceMs, u"%1 runs in the history"_s.arg(runs)));
    DO(gui.clickRow(u"Runs"_s, what));
    gui.shoot(u"history"_s);
    auto *tabs = gui.find<QWidget>(u"Details of the run"_s);
    QVERIFY(tabs != nullptr);
    tabs = tabs->findChild<QTabBar *>();
    QVERIFY(tabs != nullptr);
    DO(gui.clickAt(tabs, qobject_cast<QTabBar *>(tabs)->tabRect(1).center()));
    QString unfinished;
    const bool whole = gui.waitFor([&] {
        const auto *steps = gui.find<QAbstractItemView>(u"Steps of the run"_s);
        unfinished = steps && steps->model()->rowCount() > 3 ? QString() : u"no steps"_s;
        for (int row = 0; steps && row < steps->model()->rowCount(); ++row) {
            if (const QString state = steps->model()->index(row, 1).data().toString(); state != u"Passed") {
                unfinished = u"step “%1” is “%2”"_s.arg(steps->model()->index(row, 0).data().toString(), state);
            }
        }
        return unfinished.isEmpty(); }, GuiConsole::PatienceMs, u"every step to have passed"_s);
    QVERIFY2(whole, qPrintable(unfinished));
    gui.shoot(u"history-steps"_s);
}

void expectReport(GuiConsole &gui, const QString &version)
{
    DO(gui.click(u"report"_s));
    QString report;
    const auto isShown = [&] {
        const auto *shown = gui.find<QTextBrowser>(u"Report of the run"_s);
        report = shown ? shown->toPlainText() : QString();
        return report.contains(version) && report.contains(u"1.2.0");
    };
    DO(gui.waitFor(isShown, GuiConsole::PatienceMs, u"the report"_s));
    gui.shoot(u"report"_s);
    gui.key(Qt::Key_Escape);
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"done"_s) != nullptr; }, GuiConsole::PatienceMs, u"the report to close"_s));
}

} // namespace

void GuiUpdateTest::updateAndRollback()
{
    SystemDemo demo;
    QVERIFY2(demo.start(5000, 50, {u"--watch"_s, u"5s"_s, u"--window"_s, u"3s"_s, u"--no-retries"_s}), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, GuiConsole::PatienceMs);
    const QString troubles = demo.balancerTroubles();
    const QString schema = demo.schema();
    const auto before = demo.tables();
    QStringList tables;
    for (const auto &table : before) {
        QVERIFY2(!table.rows.isEmpty(), qPrintable(table.name));
        tables.append(table.name);
    }
    QCOMPARE(tables, (QStringList{u"cutover_migrations"_s, u"feature_flag_audit"_s, u"feature_flags"_s, u"orders"_s}));
    QVERIFY(before.last().rows.size() >= 5000);

    GuiConsole gui(demo);
    DO(gui.open());
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"Update to 1.3.0…"_s) != nullptr; }, GuiConsole::PatienceMs, u"the release in the overview"_s));
    gui.shoot(u"overview"_s);
    DO(gui.openRoom(u"Monitoring"_s));
    gui.shoot(u"monitoring"_s);
    DO(gui.openRoom(u"Updates"_s));
    DO(gui.clickRow(u"releases"_s, u"1.3.0"_s));
    for (const QString &page : {u"version"_s, u"checks"_s, u"backup"_s, u"migrations"_s, u"configuration"_s}) {
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s) && gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the page to be done: "_s + page));
        gui.shoot(page);
        DO(gui.click(u"next"_s));
    }
    QCOMPARE(gui.text(u"next"_s), u"Update demo to 1.3.0"_s);
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the review"_s));
    gui.shoot(u"review"_s);
    QVERIFY(demo.servesOnly(u"1.2.0"_s));
    DO(gui.click(u"next"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"hold"_s) != nullptr; }, GuiConsole::PatienceMs, u"the run's page"_s));
    gui.shoot(u"execute"_s);
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"done"_s) != nullptr; }, RunMs, u"the update to end; it says: "_s + gui.text(u"heldReason"_s)));
    gui.shoot(u"result"_s);
    QCOMPARE(gui.text(u"sentence"_s), u"demo is updated to 1.3.0."_s);
    expectReport(gui, u"1.3.0"_s);
    DO(gui.click(u"done"_s));
    expectNothingLost(demo, u"1.3.0"_s, troubles);
    QVERIFY(demo.schema() != schema);
    QCOMPARE(demo.missingOf(before), QString());
    expectInHistory(gui, u"1.2.0 → 1.3.0"_s, 1);

    DO(gui.openRoom(u"Rollback"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"downgrade"_s) && gui.find<QWidget>(u"downgrade"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"what going back costs"_s));
    DO(gui.click(u"downgrade"_s));
    gui.shoot(u"rollback-point"_s);
    DO(gui.click(u"next"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the rollback's plan"_s));
    gui.shoot(u"rollback-preview"_s);
    DO(gui.click(u"next"_s));
    QCOMPARE(gui.text(u"next"_s), u"Roll back to 1.2.0"_s);
    gui.shoot(u"rollback-confirm"_s);
    DO(gui.click(u"next"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"hold"_s) != nullptr; }, GuiConsole::PatienceMs, u"the rollback's page"_s));
    gui.shoot(u"rollback-execute"_s);
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"done"_s) != nullptr; }, RunMs, u"the rollback to end"_s));
    gui.shoot(u"rollback-result"_s);
    QCOMPARE(gui.text(u"sentence"_s), u"demo is back at 1.2.0."_s);
    DO(gui.click(u"done"_s));
    expectNothingLost(demo, u"1.2.0"_s, troubles);
    QCOMPARE(demo.schema(), schema);
    QCOMPARE(demo.missingOf(before), QString());
    expectInHistory(gui, u"1.3.0 → 1.2.0"_s, 2);
    DO(gui.openRoom(u"Monitoring"_s));
    gui.shoot(u"monitoring-after"_s);
    DO(gui.openRoom(u"Overview"_s));
    gui.shoot(u"overview-after"_s);
}

QTEST_MAIN(GuiUpdateTest)
#include "guiupdatetest.moc"
