// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/rollbackwizard.h"
#include "common/tableview.h"
#include "common/theme.h"
#include "plan/loss.h"
#include "rollback/restoretimeline.h"
#include "rollback/rollbackcosts.h"
#include "ui/keyboard.h"
#include "update/runpage.h"
#include "wizard/wizarddata.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTest>

using namespace cutover;
#include <algorithm>

using namespace Qt::StringLiterals;
using wizarddata::visible;

/** The rollback wizard from the timeline to the result. */
class RollbackWizardTest : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<ScriptedEngine> engine;
    std::unique_ptr<RollbackWizard> wizard;

    QPushButton *next() const { return wizard->findChild<QPushButton *>(u"next"_s); }
    QString reason() const { return wizard->findChild<QLabel *>(u"reason"_s)->text(); }
    void open()
    {
        wizard.reset(createRollbackPage(engine.get()));
        wizard->resize(1100, 700);
        wizard->show();
        QVERIFY(QTest::qWaitForWindowExposed(wizard.get()));
    }
    void click(QAbstractButton *button)
    {
        QVERIFY(button != nullptr);
        QTRY_VERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton, {}, QPoint(12, button->height() / 2));
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

    void goesThroughToTheResult()
    {
        open();
        QSignalSpy opened(wizard.get(), &RollbackWizard::openRun);
        auto *timeline = wizard->findChild<RestoreTimeline *>();
        QTRY_VERIFY(timeline->isVisible());
        // The newest that isn't what runs now.
        QTRY_COMPARE(timeline->selected(), u"rp-1"_s);
        // Chosen by mouse on the timeline, the table follows.
        QTest::mouseClick(timeline, Qt::LeftButton, {}, timeline->markRect(u"rp-2"_s).center());
        QCOMPARE(timeline->selected(), u"rp-2"_s);
        auto *table = wizard->findChild<TableView *>(u"points"_s);
        QCOMPARE(table->currentIndex().row(), 2);
        // And the other way round.
        QTest::keyClick(table, Qt::Key_Up);
        QCOMPARE(timeline->selected(), u"rp-1"_s);

        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        QTRY_VERIFY(visible<QLabel>(wizard.get(), u"then"_s)->text().contains(u"1 difference in the configuration"));
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        click(next());
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"point"].toString(), u"rp-1"_s);
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"mode"].toString(), u"code"_s);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        click(next());
        QCOMPARE(next()->text(), u"Roll back to 1.2.0"_s);
        QCOMPARE(next()->property("cutoverButton").toString(), u"destructive"_s);
        QVERIFY(!next()->isEnabled());
        QTest::keyClicks(visible<QLineEdit>(wizard.get(), u"confirmName"_s), u"trading"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        // Return in the field is not enough for this.
        QTest::keyClick(visible<QLineEdit>(wizard.get(), u"confirmName"_s), Qt::Key_Return);
        QCOMPARE(engine->count(u"apply"_s), 0);

        const Plan plan = wizarddata::rollbackPlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 2));
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Execute));
        QCOMPARE(opened.size(), 1);
        engine->runViews.first() = wizarddata::runOf(plan, 5, RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QLabel>(wizard.get(), u"sentence"_s) != nullptr);
        QCOMPARE(visible<QLabel>(wizard.get(), u"sentence"_s)->text(), u"trading is back at 1.2.0."_s);
    }

    void costsAreSeenBeforeTheChoice()
    {
        for (RestorePointView &view : engine->points) {
            view.options[1].unavailable = Error{u"sample.text"_s, {{u"text"_s, u"Migration 0007 has no way back by SQL."_s}}, Error::Kind::Permanent, {}};
        }
        open();
        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        QVERIFY(!costs->button(u"downgrade"_s)->isEnabled());
        QCOMPARE(costs->button(u"downgrade"_s)->toolTip(), u"Migration 0007 has no way back by SQL."_s);
        click(costs->button(u"restore"_s));
        QCOMPARE(costs->mode(), u"restore"_s);
        QVERIFY(costs->button(u"restore"_s)->accessibleDescription().contains(u"rows of orders lost"));
        click(next());
        QTRY_COMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"mode"].toString(), u"restore"_s);
    }

    void lossesAreShownWithTheirLimits()
    {
        for (RestorePointView &view : engine->points) {
            view.options[2].loss = {{u"orders"_s, 231}};
            view.options[2].holdAbove = {{u"orders"_s, 7000}};
        }
        Plan plan = wizarddata::rollbackPlan();
        plan.mode = u"restore"_s;
        plan.loss = {{u"orders"_s, 231}};
        plan.policy[u"holdAbove"_s] = QJsonObject{{u"orders"_s, 7000}};
        plan.steps.last().previews = {{u"table"_s, u"trading"_s, u"@table\t@then\t@now\t@lost\t@holds_above\norders\t204100\t204331\t231\t7000"_s}};
        engine->rollbackPlan.result = {{u"plan"_s, plan.toJson()}};
        open();
        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        click(costs->button(u"restore"_s));
        const QString cost = costs->button(u"restore"_s)->accessibleDescription();
        QVERIFY2(cost.contains(u"about 231 rows of orders lost; the run holds above 7,000"_s), qPrintable(cost));
        click(next());
        auto *tabs = wizard->currentPage()->findChild<QTabWidget *>();
        QTRY_VERIFY(tabs->isVisible() && tabs->count() > 1);
        const int last = tabs->count() - 1;
        QCOMPARE(tabs->tabText(last), u"Loss: trading"_s);
        const auto *table = qobject_cast<TableView *>(tabs->widget(last));
        QVERIFY(table != nullptr);
        QCOMPARE(table->model()->index(0, 4).data().toString(), u"7,000"_s);
        click(next());
        const auto labels = wizard->findChildren<QLabel *>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel *label) {
            return label->isVisible() && label->text() == u"about 231 rows of orders lost; the run holds above 7,000"_s;
        }));
    }

    /// The limits of several names would hide the ways: they are told on hover, and on the commit page.
    void manyLossesAreToldInShort()
    {
        for (RestorePointView &view : engine->points) {
            view.options[2].loss = {{u"orders"_s, 231}, {u"order_events"_s, 590}};
            view.options[2].holdAbove = {{u"orders"_s, 7000}, {u"order_events"_s, 9000}};
        }
        open();
        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        const auto labels = costs->findChildren<QLabel *>();
        const auto found = std::ranges::find_if(labels, [](const QLabel *label) { return label->text().startsWith(u"590 rows of order_events, 231 rows of orders lost"); });
        QVERIFY(found != labels.end());
        QVERIFY((*found)->toolTip().contains(u"holds above 9,000 rows of order_events, 7,000 rows of orders"));
    }

    /// A database that can't be read: nobody can tell what a restore loses, so that a click is not enough.
    void anUnknownLossIsSaidAndAgreedToByName()
    {
        engine->target.environment = u"demo"_s;
        const UnknownLoss unknown{{u"trading"_s, Error{u"database.missing"_s, {{u"file"_s, u"/data/trading.db"_s}}}}};
        Plan plan = wizarddata::rollbackPlan();
        plan.environment = u"demo"_s;
        plan.mode = u"restore"_s;
        plan.loss = {};
        setUnknownLoss(plan, unknown);
        for (RestorePointView &view : engine->points) {
            view.options[2].loss = {};
            view.options[2].unknownLoss = unknownLossMessages(unknown);
        }
        engine->rollbackPlan.result = {{u"plan"_s, plan.toJson()}};
        open();
        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        click(costs->button(u"restore"_s));
        const QString cost = costs->button(u"restore"_s)->accessibleDescription();
        QVERIFY2(cost.contains(u"unknown"_s) && cost.contains(u"/data/trading.db"_s) && !cost.contains(u"no row lost"_s), qPrintable(cost));
        const auto says = [this](const QString &text) {
            const auto labels = wizard->findChildren<QLabel *>();
            return std::ranges::any_of(labels, [&text](const QLabel *label) { return label->isVisible() && label->text().contains(text); });
        };
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QTRY_VERIFY(says(u"Rows of trading: unknown"_s));
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        click(next());
        QTRY_VERIFY(says(u"Nobody can count what is lost"_s));
        QVERIFY(!next()->isEnabled());
        QTest::keyClicks(visible<QLineEdit>(wizard.get(), u"confirmName"_s), u"trading"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
    }

    void packagesHaveNoCommits()
    {
        open();
        QTRY_VERIFY(next()->isEnabled());
        QVERIFY(visible<QRadioButton>(wizard.get(), u"byCommit"_s) == nullptr);
        QVERIFY(visible<QLineEdit>(wizard.get(), u"commit"_s) == nullptr);
    }

    /// A commit is named, looked for while the page stays, and gone back to as to a restore point.
    void aCommitIsGoneBackTo()
    {
        wizarddata::offerCommits(engine.get());
        engine->commitPlan.finish = false;
        open();
        QTRY_VERIFY(visible<QRadioButton>(wizard.get(), u"byCommit"_s) != nullptr);
        click(visible<QRadioButton>(wizard.get(), u"byCommit"_s));
        auto *field = visible<QLineEdit>(wizard.get(), u"commit"_s);
        QVERIFY(field != nullptr);
        QVERIFY(visible<TableView>(wizard.get(), u"points"_s) == nullptr);
        QCOMPARE(reason(), u"Name a commit."_s);
        QVERIFY(!next()->isEnabled());
        QTest::mouseClick(field, Qt::LeftButton);
        QTest::keyClicks(field, u" fix/orders "_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        click(next());
        QTRY_COMPARE(engine->count(u"plan.rollback.start"_s), 1);
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"commit"].toString(), u"fix/orders"_s);
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"mode"].toString(), u"code"_s);
        QVERIFY(!engine->lastParams(u"plan.rollback.start"_s).contains(u"point"));
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Point));
        QVERIFY(!next()->isEnabled());
        // How far it is, and a way to stop it.
        const QJsonObject doing{{u"doing"_s, Message{u"sample.text"_s, {{u"text"_s, u"Checking out 1.2.0+g9f31c07be2a4 to look at"_s}}}.toJson()}};
        QTRY_VERIFY(!engine->isAnswering());
        Q_EMIT engine->jobTold(u"job-1"_s, u"progress"_s, doing);
        const auto says = [this](const QString &text) {
            const auto labels = wizard->findChildren<QLabel *>();
            return std::ranges::any_of(labels, [&text](const QLabel *label) { return label->isVisible() && label->text().contains(text); });
        };
        QTRY_VERIFY(says(u"Checking out 1.2.0+g9f31c07be2a4 to look at"_s));
        const auto buttons = wizard->findChildren<QPushButton *>();
        const auto stop = std::ranges::find_if(buttons, [](const QPushButton *button) { return button->isVisible() && button->text() == u"Stop planning"; });
        QVERIFY(stop != buttons.end());
        click(*stop);
        QTRY_COMPARE(engine->lastParams(u"job.cancel"_s)[u"job"].toString(), u"job-1"_s);
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Point));
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        // Once more, and to the end.
        engine->commitPlan.finish = true;
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QVERIFY(says(u"1.2.1 → 1.2.0+g9f31c07be2a4"_s));
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        // Back and on again: the plan is still that of this commit.
        click(wizard->findChild<QPushButton *>(u"back"_s));
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Point));
        click(next());
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QCOMPARE(engine->count(u"plan.rollback.start"_s), 2);
        click(next());
        QCOMPARE(next()->text(), u"Roll back to 9f31c07be2a4"_s);
        QCOMPARE(next()->property("cutoverButton").toString(), u"destructive"_s);
        QVERIFY(!next()->isEnabled());
        QVERIFY(says(u"Type the target's name, “trading”, to roll back production:"_s));
        QTest::keyClicks(visible<QLineEdit>(wizard.get(), u"confirmName"_s), u"trading"_s);
        const Plan plan = wizarddata::commitPlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 2));
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Execute));
        QCOMPARE(engine->lastParams(u"apply"_s)[u"digest"].toString(), plan.digest());
        engine->runViews.first() = wizarddata::runOf(plan, int(plan.steps.size()), RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QLabel>(wizard.get(), u"sentence"_s) != nullptr);
        QCOMPARE(visible<QLabel>(wizard.get(), u"sentence"_s)->text(), u"trading is back at 1.2.0+g9f31c07be2a4."_s);
    }

    /// What the engine has against a commit stands at the field, once, until something else stands in it.
    void whatIsWrongWithACommitIsToldAtTheField()
    {
        wizarddata::offerCommits(engine.get());
        engine->commitPlan.error = Error{u"git.no_commit"_s, {{u"commit"_s, u"v9.9.9"_s}, {u"url"_s, u"ssh://git@git.example.org/trading.git"_s}}, Error::Kind::Permanent, {}};
        open();
        QTRY_VERIFY(visible<QRadioButton>(wizard.get(), u"byCommit"_s) != nullptr);
        click(visible<QRadioButton>(wizard.get(), u"byCommit"_s));
        auto *field = visible<QLineEdit>(wizard.get(), u"commit"_s);
        QTest::mouseClick(field, Qt::LeftButton);
        QTest::keyClicks(field, u"v9.9.9"_s);
        click(next());
        const auto told = [this] {
            int count = 0;
            const auto labels = wizard->findChildren<QLabel *>();
            for (const QLabel *label : labels) {
                count += label->isVisible() && label->text().contains(u"has no commit v9.9.9") ? 1 : 0;
            }
            return count;
        };
        QTRY_COMPARE(told(), 1);
        QCOMPARE(wizard->currentStep(), int(RollbackWizard::Point));
        QTRY_VERIFY(field->hasFocus());
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        // Typed over, as it is selected.
        QTest::keyClicks(QApplication::focusWidget(), u"v1.2.0"_s);
        QCOMPARE(field->text(), u"v1.2.0"_s);
        QCOMPARE(told(), 0);
        engine->commitPlan.error = {};
        click(next());
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"commit"].toString(), u"v1.2.0"_s);
        // A restore point after all: the commit's plan is not gone on with.
        click(wizard->findChild<QPushButton *>(u"back"_s));
        click(visible<QRadioButton>(wizard.get(), u"byPoint"_s));
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        click(next());
        QTRY_COMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"point"].toString(), u"rp-1"_s);
    }

    void aCommitIsNamedByKeyboardAlone()
    {
        wizarddata::offerCommits(engine.get());
        open();
        QVERIFY(QTest::qWaitForWindowActive(wizard.get()));
        QTRY_VERIFY(visible<QRadioButton>(wizard.get(), u"byCommit"_s) != nullptr);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        TAB_TO(u"byPoint"_s);
        keyboard::press(Qt::Key_Right);
        TAB_TO(u"commit"_s);
        keyboard::type(u"9f31c07"_s);
        const QStringList nameless = wizarddata::namelessWidgets(wizard.get());
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u"; "_s)));
        keyboard::press(Qt::Key_Return);
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Preview));
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"commit"].toString(), u"9f31c07"_s);
        TAB_TO(u"next"_s);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Confirm));
        TAB_TO(u"confirmName"_s);
        keyboard::type(u"trading"_s);
        engine->runViews.prepend(wizarddata::runOf(wizarddata::commitPlan(), 2));
        TAB_TO(u"next"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Execute));
    }

    void noWayBackIsSaid()
    {
        for (RestorePointView &view : engine->points) {
            for (RollbackOption &option : view.options) {
                option.unavailable = Error{u"sample.text"_s, {{u"text"_s, u"Its data has been removed."_s}}, Error::Kind::Permanent, {}};
            }
        }
        open();
        QTRY_COMPARE(reason(), u"No way leads back to this restore point."_s);
        QVERIFY(!next()->isEnabled());
    }

    void withoutRestorePointsThereIsNothingToDo()
    {
        engine->points.clear();
        open();
        QTRY_COMPARE(reason(), u"There is nothing to go back to."_s);
        QVERIFY(!next()->isEnabled());
    }

    /// Tab, arrows, Space and letters from the timeline to the result; nothing sets a focus.
    void goesByKeyboardAlone()
    {
        open();
        QVERIFY(QTest::qWaitForWindowActive(wizard.get()));
        QSignalSpy finished(wizard.get(), &RollbackWizard::finished);
        auto *timeline = wizard->findChild<RestoreTimeline *>();
        QTRY_COMPARE(timeline->selected(), u"rp-1"_s);
        TAB_TO(u"Restore points in time"_s);
        keyboard::press(Qt::Key_Left);
        QCOMPARE(timeline->selected(), u"rp-2"_s);
        TAB_TO(u"points"_s);
        keyboard::press(Qt::Key_Up);
        QCOMPARE(timeline->selected(), u"rp-1"_s);
        auto *costs = wizard->findChild<RollbackCosts *>();
        QTRY_COMPARE(costs->mode(), u"code"_s);
        TAB_TO(u"code"_s);
        keyboard::press(Qt::Key_Down);
        QCOMPARE(costs->mode(), u"downgrade"_s);
        for (int step = RollbackWizard::Point; step < RollbackWizard::Confirm; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            TAB_TO(u"next"_s);
            keyboard::press(Qt::Key_Space);
            QTRY_COMPARE(wizard->currentStep(), step + 1);
        }
        QCOMPARE(engine->lastParams(u"plan.rollback.start"_s)[u"mode"].toString(), u"downgrade"_s);
        TAB_TO(u"confirmName"_s);
        keyboard::type(u"trading"_s);
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        const Plan plan = wizarddata::rollbackPlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 2));
        TAB_TO(u"next"_s);
        QCOMPARE(engine->count(u"apply"_s), 0);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(wizard->currentStep(), int(RollbackWizard::Execute));
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"abort"_s) != nullptr);
        engine->runViews.first() = wizarddata::runOf(plan, 5, RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<QPushButton>(wizard.get(), u"done"_s) != nullptr);
        TAB_TO(u"done"_s);
        keyboard::press(Qt::Key_Space);
        QCOMPARE(finished.size(), 1);
    }

    /// However much happens, the timeline asks seldom.
    void newsAreGathered()
    {
        open();
        QTRY_VERIFY(engine->count(u"metrics"_s) > 0);
        QTest::qWait(100);
        const int before = engine->count(u"metrics"_s);
        const int points = engine->count(u"restorePoints"_s);
        QElapsedTimer lasted;
        lasted.start();
        for (int i = 0; i < 50; ++i) {
            engine->tell({u"status"_s, u"runs"_s});
            QTest::qWait(20);
        }
        // Four a second.
        const qint64 most = lasted.elapsed() / 250 + 2;
        QVERIFY2(engine->count(u"metrics"_s) - before <= most, qPrintable(QString::number(engine->count(u"metrics"_s) - before)));
        QVERIFY2(engine->count(u"restorePoints"_s) - points <= most, qPrintable(QString::number(engine->count(u"restorePoints"_s) - points)));
        // What happened while it was hidden is asked for when it is seen again.
        wizard->hide();
        QTest::qWait(300);
        const int hidden = engine->count(u"restorePoints"_s);
        engine->tell({u"restorePoints"_s});
        QTest::qWait(400);
        QCOMPARE(engine->count(u"restorePoints"_s), hidden);
        wizard->show();
        QTRY_COMPARE(engine->count(u"restorePoints"_s), hidden + 1);
    }

    void everythingFocusableHasAName()
    {
        open();
        for (int step = RollbackWizard::Point; step <= RollbackWizard::Confirm; ++step) {
            const QStringList nameless = wizarddata::namelessWidgets(wizard.get());
            QVERIFY2(nameless.isEmpty(), qPrintable(u"step %1: %2"_s.arg(step).arg(nameless.join(u"; "_s))));
            if (step < RollbackWizard::Confirm) {
                QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
                click(next());
            }
        }
    }
};

QTEST_MAIN(RollbackWizardTest)
#include "rollbackwizardtest.moc"
