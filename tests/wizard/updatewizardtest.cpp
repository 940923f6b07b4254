// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/updatewizard.h"
#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/tableview.h"
#include "common/theme.h"
#include "shell/conndialog.h"
#include "ui/keyboard.h"
#include "update/checkspage.h"
#include "update/reportdialog.h"
#include "update/runpage.h"
#include "wizard/wizarddata.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

using namespace cutover;
#include <algorithm>

using namespace Qt::StringLiterals;
using wizarddata::visible;

/** The update wizard from the first page to the result, by mouse and keyboard. */
class UpdateWizardTest : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<ScriptedEngine> engine;
    std::unique_ptr<UpdateWizard> wizard;

    QPushButton *next() const { return wizard->findChild<QPushButton *>(u"next"_s); }
    QString reason() const { return wizard->findChild<QLabel *>(u"reason"_s)->text(); }
    void open(const QString &version = {})
    {
        wizard.reset(createUpdatePage(engine.get(), version));
        wizard->resize(1100, 700);
        wizard->show();
        QVERIFY(QTest::qWaitForWindowExposed(wizard.get()));
    }
    void click(QAbstractButton *button)
    {
        QVERIFY(button != nullptr);
        QTRY_VERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void goToReview()
    {
        for (int step = UpdateWizard::Version; step < UpdateWizard::Review; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            click(next());
            QCOMPARE(wizard->currentStep(), step + 1);
        }
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void init()
    {
        engine = std::make_unique<ScriptedEngine>();
        wizarddata::fill(engine.get());
    }
    void cleanup()
    {
        wizard.reset();
        engine.reset();
    }

    void makesAPageATurn()
    {
        wizard.reset(createUpdatePage(engine.get()));
        QCOMPARE(wizard->findChildren<WizardPage *>().size(), 1);
        qsizetype known = 1;
        while (known < UpdateWizard::Result) {
            QCoreApplication::processEvents(QEventLoop::AllEvents, 0);
            const qsizetype now = wizard->findChildren<WizardPage *>().size();
            QVERIFY(now >= known && now <= known + 1);
            known = now;
        }
        QCOMPARE(known, int(UpdateWizard::Result));
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Version));
    }

    void goesThroughToTheResult()
    {
        open();
        QSignalSpy opened(wizard.get(), &UpdateWizard::openRun);
        QSignalSpy finished(wizard.get(), &UpdateWizard::finished);
        // The newest version that can be installed is chosen already; take 1.3.0 by keyboard.
        auto *releases = wizard->findChild<TableView *>(u"releases"_s);
        QTRY_VERIFY(releases->model()->rowCount() == 3);
        QTRY_VERIFY(releases->isVisible());
        releases->setFocus();
        QCOMPARE(releases->currentIndex().siblingAtColumn(0).data().toString(), u"1.3.1"_s);
        QTest::keyClick(releases, Qt::Key_Down);
        QCOMPARE(releases->currentIndex().siblingAtColumn(0).data().toString(), u"1.3.0"_s);
        goToReview();
        QCOMPARE(engine->lastParams(u"check.start"_s)[u"to"].toString(), u"1.3.0"_s);
        QCOMPARE(engine->lastParams(u"plan.update.start"_s)[u"to"].toString(), u"1.3.0"_s);
        QCOMPARE(engine->count(u"plan.update.start"_s), 1);
        QCOMPARE(next()->text(), u"Update trading to 1.3.0"_s);

        // Production: the name has to be typed, exactly.
        QVERIFY(!next()->isEnabled());
        auto *name = visible<QLineEdit>(wizard.get(), u"confirmName"_s);
        QVERIFY(name != nullptr);
        QTest::keyClicks(name, u"tradin"_s);
        QVERIFY(!next()->isEnabled());
        QVERIFY(reason().contains(u"“tradin”"));
        QTest::keyClicks(name, u"g"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        QCOMPARE(engine->count(u"apply"_s), 0);

        const Plan plan = wizarddata::updatePlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 8));
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(UpdateWizard::Execute));
        QCOMPARE(engine->lastParams(u"apply"_s)[u"digest"].toString(), plan.digest());
        QCOMPARE(engine->lastParams(u"apply"_s)[u"confirm"].toString(), u"trading"_s);
        QCOMPARE(opened.size(), 1);
        QCOMPARE(opened.first().first().toString(), u"run-1"_s);
        QTRY_VERIFY(visible<QLabel>(wizard.get(), u"ifAborted"_s) != nullptr);

        engine->runViews.first() = wizarddata::runOf(plan, 13, RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"done"_s) != nullptr);
        QCOMPARE(visible<QLabel>(wizard.get(), u"sentence"_s)->text(), u"trading is updated to 1.3.0."_s);
        QCOMPARE(finished.size(), 0);
        click(visible<QPushButton>(wizard.get(), u"done"_s));
        QCOMPARE(finished.size(), 1);
    }

    void failedCheckBlocksUntilPutRight()
    {
        wizarddata::failCheck(engine.get());
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_COMPARE(reason(), u"“Free disk space” failed."_s);
        QVERIFY(!next()->isEnabled());
        auto *page = qobject_cast<ChecksPage *>(wizard->currentPage());
        QVERIFY(page != nullptr);
        const QModelIndex finding = page->model().index(1, CheckModel::FindingColumn);
        QVERIFY(finding.data().toString().contains(u"4 GB are needed"));
        QVERIFY(finding.data().toString().contains(u"enlarge the disk"));
        const auto labels = page->findChildren<QLabel *>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel *label) { return label->isVisible() && label->text() == u"6 passed · 1 warning · 1 failed"; }));
        // Two lines have the room of two, and as much above and below them as one has.
        const auto *table = page->findChild<TableView *>();
        const int line = table->fontMetrics().lineSpacing();
        QTRY_COMPARE_LT(table->rowHeight(0), 2 * line + 12);
        QCOMPARE_GE(table->rowHeight(1), 2 * line + 12);
        // Return doesn't get past it either.
        QTest::keyClick(wizard.get(), Qt::Key_Return);
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Checks));

        wizarddata::fill(engine.get());
        click(visible<QPushButton>(wizard.get(), u"again"_s));
        QTRY_VERIFY(next()->isEnabled());
        QCOMPARE(engine->count(u"check.start"_s), 2);
    }

    void whatIsKnownToFailIsPassedOverWithAReason()
    {
        wizarddata::failCheck(engine.get());
        const QJsonObject disk = engine->checks.items[1];
        CheckResult probe = CheckResult::fromJson(disk);
        probe.id = u"probe:quotes"_s;
        probe.mayBeKnown = true;
        engine->checks.items[1] = probe.toJson();
        // Beside one that the update itself needs there is no going on.
        engine->checks.items.append(disk);
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY2(reason().contains(u"failed"), qPrintable(reason()));
        QVERIFY(visible<QCheckBox>(wizard.get(), u"knownFailures"_s) == nullptr);
        engine->checks.items.removeLast();
        click(visible<QPushButton>(wizard.get(), u"again"_s));
        QTRY_VERIFY(visible<QCheckBox>(wizard.get(), u"knownFailures"_s) != nullptr);
        auto *known = visible<QCheckBox>(wizard.get(), u"knownFailures"_s);
        QVERIFY(!next()->isEnabled());
        known->setFocus();
        QTest::keyClick(known, Qt::Key_Space);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        // A new look at the system is a new decision.
        click(visible<QPushButton>(wizard.get(), u"again"_s));
        QTRY_COMPARE(engine->count(u"check.start"_s), 3);
        QTRY_VERIFY(visible<QCheckBox>(wizard.get(), u"knownFailures"_s) != nullptr);
        QVERIFY(!known->isChecked());
        QVERIFY(!next()->isEnabled());
        QTest::keyClick(known, Qt::Key_Space);
        for (int step = UpdateWizard::Checks; step < UpdateWizard::Review; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            click(next());
        }
        if (auto *name = visible<QLineEdit>(wizard.get(), u"confirmName"_s)) {
            QTest::keyClicks(name, u"trading"_s);
        }
        QTRY_VERIFY(visible<QLineEdit>(wizard.get(), u"breakGlass"_s) != nullptr);
        QVERIFY2(!next()->isEnabled() && reason().contains(u"letters"), qPrintable(reason()));
        const auto *what = visible<QLabel>(wizard.get(), u"glassWhat"_s);
        QVERIFY2(what != nullptr && what->text().contains(u"probe:quotes"), what == nullptr ? "" : qPrintable(what->text()));
        QTest::keyClicks(visible<QLineEdit>(wizard.get(), u"breakGlass"_s), u"1.3.0 mends the quotes"_s);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        engine->runViews.prepend(wizarddata::runOf(wizarddata::updatePlan(), 8));
        click(next());
        QTRY_COMPARE(engine->count(u"apply"_s), 1);
        QCOMPARE(engine->lastParams(u"apply"_s)[u"breakGlass"].toString(), u"1.3.0 mends the quotes"_s);
        QCOMPARE(engine->lastParams(u"apply"_s)[u"gates"].toArray(), QJsonArray{u"check:probe:quotes"_s});
    }

    void sessionInTheWayIsEnded()
    {
        wizarddata::openSessions(engine.get());
        wizarddata::hideSessions(engine.get(), 3);
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"databaseSessions"_s) != nullptr);
        QTRY_COMPARE(reason(), u"“Open transactions of trading” failed."_s);
        click(visible<QPushButton>(wizard.get(), u"databaseSessions"_s));
        QTRY_VERIFY(visible<TableView>(wizard.get(), u"sessions"_s) != nullptr);
        auto *table = visible<TableView>(wizard.get(), u"sessions"_s);
        QTRY_COMPARE(table->model()->rowCount(), 2);
        QVERIFY(table->model()->index(0, 3).data().toString().contains(u"others wait for it"));
        auto *endIt = visible<QPushButton>(wizard.get(), u"endSession"_s);
        // The first is chosen; take the other and come back, by keyboard.
        table->setFocus();
        QTest::keyClick(table, Qt::Key_Down);
        QTest::keyClick(table, Qt::Key_Up);
        click(endIt);
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"decide"_s) != nullptr);
        auto *decide = visible<QPushButton>(wizard.get(), u"decide"_s);
        QCOMPARE(decide->text(), u"End session of psql (pid 4711)"_s);
        // Production: not without its name.
        QVERIFY(!decide->isEnabled());
        QTest::keyClicks(visible<QLineEdit>(wizard.get(), u"confirmName"_s), u"trading"_s);
        wizarddata::fill(engine.get());
        click(decide);
        QTRY_COMPARE(engine->count(u"database.endSession"_s), 1);
        QCOMPARE(engine->lastParams(u"database.endSession"_s)[u"session"].toString(), u"4711-1764117600123"_s);
        QTRY_COMPARE(table->model()->rowCount(), 1);
        // What was done stays told beside what may not be seen.
        QTRY_VERIFY(visible<InlineMessage>(wizard.get(), u"sessionsMessage"_s) != nullptr);
        QCOMPARE(visible<InlineMessage>(wizard.get(), u"sessionsMessage"_s)->text(), u"The session of psql (pid 4711) was ended."_s);
        QVERIFY(visible<InlineMessage>(wizard.get(), u"sessionsUnseen"_s)->text().contains(u"3 sessions of other roles"_s));
        // The checks are looked at again by themselves.
        QTRY_COMPARE(engine->count(u"check.start"_s), 2);
        click(visible<QPushButton>(wizard.get(), u"sessionsClose"_s));
        QTRY_VERIFY(next()->isEnabled());
    }

    /// What can't be told from another session by its pid is not ended by it.
    void sessionWhoseTimeIsHiddenIsNotOffered()
    {
        wizarddata::openSessions(engine.get());
        QJsonObject hidden = engine->sessions[0].toObject();
        hidden.insert(u"session"_s, QString());
        hidden.insert(u"since"_s, QString());
        engine->sessions[0] = hidden;
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"databaseSessions"_s) != nullptr);
        click(visible<QPushButton>(wizard.get(), u"databaseSessions"_s));
        QTRY_VERIFY(visible<TableView>(wizard.get(), u"sessions"_s) != nullptr);
        auto *table = visible<TableView>(wizard.get(), u"sessions"_s);
        QTRY_COMPARE(table->model()->rowCount(), 2);
        QCOMPARE(table->model()->index(0, 4).data().toString(), u"hidden"_s);
        auto *endIt = visible<QPushButton>(wizard.get(), u"endSession"_s);
        QTRY_VERIFY2(endIt->toolTip().contains(u"is hidden"_s), qPrintable(endIt->toolTip()));
        QVERIFY(!endIt->isEnabled());
        table->setFocus();
        QTest::keyClick(table, Qt::Key_Down);
        QTRY_VERIFY(endIt->isEnabled());
    }

    void whoHasNotTheConnOnlyReads()
    {
        wizarddata::openSessions(engine.get());
        engine->target.connOurs = false;
        engine->target.connHolder = u"lee@tower"_s;
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"databaseSessions"_s) != nullptr);
        click(visible<QPushButton>(wizard.get(), u"databaseSessions"_s));
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"endSession"_s) != nullptr);
        // Who has not the conn reads, and is told why that is all.
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"endSession"_s)->toolTip().contains(u"lee@tower"));
        QVERIFY(!visible<QPushButton>(wizard.get(), u"endSession"_s)->isEnabled());
    }

    void checksThatStillRunBlock()
    {
        engine->checks.finish = false;
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY(qobject_cast<ChecksPage *>(wizard->currentPage())->model().rowCount() == 8);
        QVERIFY(!next()->isEnabled());
        QCOMPARE(reason(), u"The checks are still running."_s);
    }

    void planThatFailsSaysWhyAndCanBeMadeAgain()
    {
        engine->updatePlan.error = Error{u"sample.text"_s, {{u"text"_s, u"The package of 1.3.0 has changed."_s}}, Error::Kind::Permanent, {}};
        open(u"1.3.0"_s);
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QTRY_VERIFY(next()->isEnabled());
        click(next());
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Backup));
        QTRY_COMPARE(reason(), u"There is no plan yet: making it failed."_s);
        engine->updatePlan.error = {};
        QPushButton *again = nullptr;
        const auto buttons = wizard->findChildren<QPushButton *>();
        for (QPushButton *button : buttons) {
            if (button->isVisible() && button->text() == u"Plan again") {
                again = button;
            }
        }
        click(again);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
    }

    void blockedVersionCannotBeChosen()
    {
        open(u"2.0.0"_s);
        QTRY_VERIFY(!reason().isEmpty() && reason().contains(u"2.0.0"));
        QVERIFY(!next()->isEnabled());
        QCOMPARE(engine->count(u"plan.update.start"_s), 0);
    }

    void whoeverElseHasTheConnBlocks()
    {
        engine->target.connOurs = false;
        engine->target.connHolder = u"lee@ops"_s;
        engine->target.connSince = QDateTime::currentDateTimeUtc().addSecs(-600);
        engine->target.environment = u"demo"_s;
        open(u"1.3.0"_s);
        goToReview();
        QVERIFY(!next()->isEnabled());
        QCOMPARE(reason(), u"lee@ops has the conn."_s);
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"takeConn"_s) != nullptr);
        click(visible<QPushButton>(wizard.get(), u"takeConn"_s));
        auto *dialog = wizard->findChild<ConnDialog *>();
        QVERIFY(dialog != nullptr);
        const QStringList nameless = wizarddata::namelessWidgets(dialog);
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u"; "_s)));
        QTest::keyClicks(dialog->findChild<QPlainTextEdit *>(), u"Lee went home"_s);
        click(dialog->findChild<PrimaryButton *>());
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        QCOMPARE(engine->lastParams(u"conn.take"_s)[u"note"].toString(), u"Lee went home"_s);
    }

    void worldThatChangedAsksForAnotherPlan()
    {
        engine->target.environment = u"demo"_s;
        open(u"1.3.0"_s);
        goToReview();
        QTRY_VERIFY(next()->isEnabled());
        engine->target.version = u"1.2.2"_s;
        engine->tell({u"status"_s});
        QTRY_VERIFY(!next()->isEnabled());
        QCOMPARE(reason(), u"The system has changed since; plan again."_s);
    }

    void refusedStartStaysOnThePage()
    {
        engine->target.environment = u"demo"_s;
        engine->failures.insert(u"apply"_s, Error{u"sample.text"_s, {{u"text"_s, u"The plan is no longer true."_s}}, Error::Kind::Permanent, {}});
        open(u"1.3.0"_s);
        goToReview();
        click(next());
        QTRY_COMPARE(engine->count(u"apply"_s), 1);
        QTRY_VERIFY(next()->isEnabled());
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Review));
    }

    void backAndReturnKeepThePlan()
    {
        engine->target.environment = u"demo"_s;
        open(u"1.3.0"_s);
        goToReview();
        auto *back = wizard->findChild<QPushButton *>(u"back"_s);
        for (int i = 0; i < UpdateWizard::Review; ++i) {
            click(back);
        }
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Version));
        QVERIFY(!back->isVisible());
        goToReview();
        QCOMPARE(engine->count(u"plan.update.start"_s), 1);
        QCOMPARE(engine->count(u"check.start"_s), 1);
    }

    /// Tab, Space and letters from the first page to the last; nothing sets a focus.
    void goesByKeyboardAlone()
    {
        open(u"1.3.0"_s);
        QVERIFY(QTest::qWaitForWindowActive(wizard.get()));
        QSignalSpy finished(wizard.get(), &UpdateWizard::finished);
        for (int step = UpdateWizard::Version; step < UpdateWizard::Review; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            TAB_TO(u"next"_s);
            keyboard::press(Qt::Key_Space);
            QTRY_COMPARE(wizard->currentStep(), step + 1);
        }
        // Back and on again.
        TAB_TO(u"back"_s);
        keyboard::press(Qt::Key_Space);
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Review) - 1);
        TAB_TO(u"next"_s);
        keyboard::press(Qt::Key_Space);
        QCOMPARE(wizard->currentStep(), int(UpdateWizard::Review));
        TAB_TO(u"confirmName"_s);
        keyboard::type(u"trading"_s);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        const Plan plan = wizarddata::updatePlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 3));
        engine->reports.insert(u"run-1"_s, u"<h1>Report</h1>"_s);
        TAB_TO(u"next"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(wizard->currentStep(), int(UpdateWizard::Execute));

        // The run: held, gone on with, and ended.
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"hold"_s) != nullptr);
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"hold"_s)->isEnabled());
        TAB_TO(u"hold"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(engine->lastParams(u"command"_s)[u"verb"].toString(), u"hold"_s);
        RunView held = wizarddata::runOf(plan, 3);
        held.run.state = RunState::Held;
        held.run.reason = {u"sample.health"_s, {}};
        held.offers = {u"retry"_s, u"rollback"_s};
        engine->runViews.first() = held;
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"retry"_s) != nullptr);
        TAB_TO(u"retry"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(engine->lastParams(u"command"_s)[u"verb"].toString(), u"retry"_s);
        engine->runViews.first() = wizarddata::runOf(plan, 13, RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"done"_s) != nullptr);

        TAB_TO(u"report"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(qobject_cast<ReportDialog *>(QApplication::activeModalWidget()) != nullptr);
        QTRY_VERIFY(QGuiApplication::focusWindow() == QApplication::activeModalWidget()->windowHandle());
        keyboard::press(Qt::Key_Escape);
        QTRY_VERIFY(QApplication::activeModalWidget() == nullptr);
        // What a window manager does; this platform has none.
        wizard->activateWindow();
        QTRY_VERIFY(QGuiApplication::focusWindow() == wizard->windowHandle());
        TAB_TO(u"done"_s);
        keyboard::press(Qt::Key_Space);
        QCOMPARE(finished.size(), 1);
    }

    /// Return goes on where that changes nothing.
    void returnGoesToTheReview()
    {
        open(u"1.3.0"_s);
        QVERIFY(QTest::qWaitForWindowActive(wizard.get()));
        for (int step = UpdateWizard::Version; step < UpdateWizard::Review; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            keyboard::press(Qt::Key_Return);
            QTRY_COMPARE(wizard->currentStep(), step + 1);
        }
    }

    void cancelLeavesNoTrace()
    {
        open(u"1.3.0"_s);
        QSignalSpy finished(wizard.get(), &UpdateWizard::finished);
        QTRY_VERIFY(next()->isEnabled());
        click(wizard->findChild<QPushButton *>(u"cancel"_s));
        QCOMPARE(finished.size(), 1);
        QCOMPARE(engine->count(u"apply"_s), 0);
    }

    void everythingFocusableHasAName()
    {
        open(u"1.3.0"_s);
        for (int step = UpdateWizard::Version; step <= UpdateWizard::Review; ++step) {
            const QStringList nameless = wizarddata::namelessWidgets(wizard.get());
            QVERIFY2(nameless.isEmpty(), qPrintable(u"step %1: %2"_s.arg(step).arg(nameless.join(u"; "_s))));
            if (step < UpdateWizard::Review) {
                QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
                click(next());
            }
        }
    }

    void emptyRepositorySaysSo()
    {
        engine->releaseList.clear();
        open();
        QTRY_COMPARE(reason(), u"There is nothing to install."_s);
        QVERIFY(!next()->isEnabled());
    }
};

QTEST_MAIN(UpdateWizardTest)
#include "updatewizardtest.moc"
