// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "approval/approval.h"
#include "common/inlinemessage.h"
#include "common/tableview.h"
#include "people/approvaldialog.h"
#include "people/checklistpanel.h"
#include "people/pendingapprovals.h"
#include "release/minisign.h"
#include "ui/scriptedengine.h"
#include "update/runpage.h"
#include "update/updatewizard.h"
#include "wizard/wizarddata.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using wizarddata::visible;

/** Approval, broken glass and checklist in the window, by mouse and keyboard. */
class PeopleTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<ScriptedEngine> engine;
    std::unique_ptr<UpdateWizard> wizard;

    QPushButton *next() const { return wizard->findChild<QPushButton *>(u"next"_s); }
    QString reason() const { return wizard->findChild<QLabel *>(u"reason"_s)->text(); }
    void click(QAbstractButton *button)
    {
        QVERIFY(button != nullptr);
        QTRY_VERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void openReview()
    {
        wizard.reset(createUpdatePage(engine.get(), u"1.3.0"_s));
        wizard->resize(1100, 700);
        wizard->show();
        QVERIFY(QTest::qWaitForWindowExposed(wizard.get()));
        for (int step = UpdateWizard::Version; step < UpdateWizard::Review; ++step) {
            QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
            click(next());
        }
        auto *name = visible<QLineEdit>(wizard.get(), u"confirmName"_s);
        QVERIFY(name != nullptr);
        QTest::keyClicks(name, u"trading"_s);
    }
    QPushButton *shown(const QString &name) const { return visible<QPushButton>(wizard.get(), name); }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void init()
    {
        engine = std::make_unique<ScriptedEngine>();
        wizarddata::fill(engine.get());
        wizarddata::shutGates(engine.get());
    }
    void cleanup()
    {
        wizard.reset();
        engine.reset();
    }

    void aShutGateSaysWhyAndOpens()
    {
        openReview();
        QTRY_VERIFY(shown(u"getApproval"_s) != nullptr);
        QVERIFY(!next()->isEnabled());
        QVERIFY2(reason().contains(u"Nobody has approved plan"), qPrintable(reason()));
        QCOMPARE(next()->accessibleDescription(), reason());
        QCOMPARE(engine->lastParams(u"gates"_s)[u"digest"].toString(), wizarddata::updatePlan().digest());
        // Return doesn't get past it either.
        QTest::keyClick(wizard.get(), Qt::Key_Return);
        QCOMPARE(engine->count(u"apply"_s), 0);

        wizarddata::openGates(engine.get());
        engine->tell({u"runs"_s});
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        QVERIFY(shown(u"getApproval"_s) == nullptr);
        const auto labels = wizard->currentPage()->findChildren<QLabel *>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel *label) { return label->isVisible() && label->text().startsWith(u"Lee Park, until"); }));
        QVERIFY(std::ranges::any_of(labels, [](const QLabel *label) { return label->isVisible() && label->toolTip().contains(u"Market hours"); }));

        // It expires while somebody looks at the page.
        wizarddata::shutGates(engine.get());
        engine->tell({u"runs"_s});
        QTRY_VERIFY(!next()->isEnabled());
    }

    void whatChangedSinceTheApproval()
    {
        const Error other{u"approval.other_plan"_s, {{u"approver"_s, u"Lee Park"_s}, {u"earlier"_s, u"aaaaaaaaaaaa"_s}, {u"plan"_s, u"bbbbbbbbbbbb"_s}}};
        engine->gatesView.gates[1].error = other;
        engine->gatesView.approval.error = other;
        engine->gatesView.approval.changes = {{u"approval.facts_differ"_s, {{u"facts"_s, QJsonArray{u"configuration:/srv/.env"_s}}}}};
        openReview();
        QTRY_VERIFY2(reason().contains(u"void"), qPrintable(reason()));
        const auto messages = wizard->currentPage()->findChildren<InlineMessage *>();
        QVERIFY(std::ranges::any_of(messages, [](const InlineMessage *message) { return message->isVisible() && message->text().contains(u"configuration:/srv/.env"); }));
    }

    void theGlassNeedsAReason()
    {
        openReview();
        QTRY_VERIFY(shown(u"wantGlass"_s) != nullptr);
        QVERIFY(visible<QLineEdit>(wizard.get(), u"breakGlass"_s) == nullptr);
        click(shown(u"wantGlass"_s));
        auto *why = visible<QLineEdit>(wizard.get(), u"breakGlass"_s);
        QVERIFY(why != nullptr);
        QVERIFY(why->hasFocus());
        QVERIFY2(reason().contains(u"letters"), qPrintable(reason()));
        QTest::keyClicks(why, u"now"_s);
        QVERIFY(!next()->isEnabled());
        QTest::keyClicks(why, u" or prices stay wrong"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        QCOMPARE(next()->property("cutoverButton").toString(), u"destructive"_s);
        // Given up again, nothing is left of it.
        click(shown(u"leaveGlass"_s));
        QVERIFY(!next()->isEnabled());
        click(shown(u"wantGlass"_s));
        QCOMPARE(why->text(), QString());
        QTest::keyClicks(why, u"Prices are wrong"_s);
        engine->runViews.prepend(wizarddata::runOf(wizarddata::updatePlan(), 8));
        click(next());
        QTRY_COMPARE(engine->count(u"apply"_s), 1);
        QCOMPARE(engine->lastParams(u"apply"_s)[u"breakGlass"].toString(), u"Prices are wrong"_s);
        QJsonArray shut;
        for (const GateFinding &gate : engine->gatesView.gates) {
            if (!gate.isOpen()) {
                shut.append(gate.gate);
            }
        }
        QVERIFY(!shut.isEmpty());
        QCOMPARE(engine->lastParams(u"apply"_s)[u"gates"].toArray(), shut);
    }

    /// What shuts while somebody types was not meant by what they typed.
    void theGlassIsForTheGatesThatItNames()
    {
        openReview();
        QTRY_VERIFY(shown(u"wantGlass"_s) != nullptr);
        click(shown(u"wantGlass"_s));
        auto *why = visible<QLineEdit>(wizard.get(), u"breakGlass"_s);
        QTest::keyClicks(why, u"Prices are wrong"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
        auto *what = visible<QLabel>(wizard.get(), u"glassWhat"_s);
        QVERIFY2(what != nullptr && what->text().contains(u"Approval by a second person"), what == nullptr ? "" : qPrintable(what->text()));
        const GateFinding blackout{u"blackout"_s, {u"gate.blackout"_s, {}}, {}, {u"gate.blackout_now"_s, {{u"reason"_s, u"Market hours"_s}, {u"until"_s, u"2026-03-02T15:30:00Z"_s}, {u"wait"_s, 60000}}}};
        engine->gatesView.gates.removeIf([](const GateFinding &gate) { return gate.gate == u"blackout"; });
        engine->gatesView.gates.prepend(blackout);
        engine->tell({u"runs"_s});
        QTRY_VERIFY2(!next()->isEnabled(), qPrintable(reason()));
        QVERIFY2(reason().contains(u"not for this") && reason().contains(u"Market hours"), qPrintable(reason()));
        // Given anew, with both before one's eyes.
        click(shown(u"wantGlass"_s));
        QCOMPARE(why->text(), QString());
        QVERIFY2(what->text().contains(u"Blackout hours"), qPrintable(what->text()));
        QTest::keyClicks(why, u"Prices are wrong"_s);
        QVERIFY2(next()->isEnabled(), qPrintable(reason()));
    }

    void noGlassIsBrokenWhereNothingIsShut()
    {
        wizarddata::openGates(engine.get());
        openReview();
        QTRY_VERIFY2(next()->isEnabled(), qPrintable(reason()));
        engine->runViews.prepend(wizarddata::runOf(wizarddata::updatePlan(), 8));
        click(next());
        QTRY_COMPARE(engine->count(u"apply"_s), 1);
        QVERIFY(!engine->lastParams(u"apply"_s).contains(u"breakGlass"_s));
    }

    void signsInTheDialog()
    {
        QTemporaryDir folder;
        const QString key = folder.filePath(u"lee.key"_s);
        const QString open = folder.filePath(u"lee.pub"_s);
        QVERIFY(minisign::generateKeys(key, open, "correct horse"));
        openReview();
        QTRY_VERIFY(shown(u"getApproval"_s) != nullptr);
        click(shown(u"getApproval"_s));
        auto *dialog = wizard->findChild<ApprovalDialog *>();
        QVERIFY(dialog != nullptr);
        QTRY_VERIFY(dialog->isVisible());
        QCOMPARE(wizarddata::namelessWidgets(dialog), QStringList());
        auto *sign = dialog->findChild<QPushButton *>(u"approve"_s);
        QVERIFY(!sign->isEnabled());
        QVERIFY(!sign->toolTip().isEmpty());
        QVERIFY2(dialog->findChild<QLabel *>(u"approvalState"_s)->text().contains(u"Lee Park, Ann Bo"), "who may");

        click(dialog->findChild<QPushButton *>(u"askApproval"_s));
        QTRY_COMPARE(engine->count(u"approval.request"_s), 1);
        QTRY_VERIFY(!dialog->findChild<QPushButton *>(u"askApproval"_s)->isEnabled());

        auto *password = dialog->findChild<QLineEdit *>(u"approvalPassword"_s);
        QCOMPARE(password->echoMode(), QLineEdit::Password);
        QTest::keyClicks(dialog->findChild<QLineEdit *>(u"approvalKey"_s), key);
        QTest::keyClicks(password, u"wrong horse"_s);
        click(sign);
        const auto told = [dialog](QStringView words) {
            const auto messages = dialog->findChildren<InlineMessage *>();
            return std::ranges::any_of(messages, [words](const InlineMessage *message) { return message->isVisible() && message->text().contains(words); });
        };
        QTRY_VERIFY_WITH_TIMEOUT(told(u"password"), 20000);
        QCOMPARE(engine->count(u"approval.add"_s), 0);
        QCOMPARE(password->text(), QString());
        QTest::keyClicks(password, u"correct horse"_s);
        click(sign);
        QTRY_COMPARE_WITH_TIMEOUT(engine->count(u"approval.add"_s), 1, 20000);
        // Only the signature went to the engine, and it is one over this plan.
        const QJsonObject params = engine->lastParams(u"approval.add"_s);
        const Plan plan = wizarddata::updatePlan();
        const QByteArray request = approvalRequest(plan, plan.digest());
        minisign::Hash hash;
        hash.add(request.constData(), size_t(request.size()));
        const auto checked = minisign::verify(hash.result(), params[u"signature"].toString().toUtf8(), QStringList{open}, open);
        QVERIFY2(checked, checked ? "" : qPrintable(checked.error().text()));
        QVERIFY(!QString::fromUtf8(QJsonDocument(params).toJson()).contains(u"horse"));
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(wizard->findChild<ApprovalDialog *>() == nullptr);
    }

    /// In another person's window, which knows nothing of the plan.
    void whoIsAskedSeesThePlan()
    {
        const Plan plan = wizarddata::updatePlan();
        engine->approvalPlan = {{u"plan"_s, plan.toJson()}, {u"digest"_s, plan.digest()}};
        PendingApprovals pending(engine.get());
        QTRY_VERIFY(!engine->isAnswering());
        QVERIFY(pending.isHidden());
        engine->approvalRequests = {QJsonObject{{u"digest"_s, plan.digest()},
                                                {u"from"_s, u"1.2.1"_s},
                                                {u"to"_s, u"1.3.0"_s},
                                                {u"by"_s, u"kim@desk"_s},
                                                {u"created"_s, QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs)},
                                                {u"approval"_s, engine->gatesView.approval.toJson()}}};
        engine->tell({u"runs"_s});
        QTRY_VERIFY(pending.isVisible());
        const auto *message = pending.findChild<InlineMessage *>();
        QVERIFY2(message->text().contains(u"kim@desk asks for approval of 1.2.1 → 1.3.0"), qPrintable(message->text()));
        click(pending.findChild<QPushButton *>(u"lookAtPlan"_s));
        QTRY_VERIFY(pending.findChild<ApprovalDialog *>() != nullptr);
        auto *dialog = pending.findChild<ApprovalDialog *>();
        const auto *table = dialog->findChild<TableView *>(u"approvalPlan"_s);
        QTRY_VERIFY(table != nullptr && table->isVisible());
        QCOMPARE_GE(table->model()->rowCount(), int(plan.steps.size()));
        dialog->reject();
        // Once it is given nobody is asked any more.
        wizarddata::openGates(engine.get());
        QJsonObject done = engine->approvalRequests[0].toObject();
        done.insert(u"approval"_s, engine->gatesView.approval.toJson());
        engine->approvalRequests[0] = done;
        engine->tell({u"runs"_s});
        QTRY_VERIFY(pending.isHidden());
    }

    void itemsAreSignedByHand()
    {
        openReview();
        QTRY_VERIFY(shown(u"openChecklist"_s) != nullptr);
        click(shown(u"openChecklist"_s));
        auto *panel = wizard->currentPage()->findChild<ChecklistPanel *>();
        QTRY_VERIFY(panel->isVisible() && panel->model()->rowCount() == 10);
        QAbstractItemModelTester tester(panel->model());
        auto *table = panel->findChild<TableView *>(u"checklist"_s);
        auto *sign = panel->findChild<QPushButton *>(u"checklistSign"_s);
        auto *note = panel->findChild<QLineEdit *>(u"checklistNote"_s);
        // Who is waited for is chosen already.
        QTRY_COMPARE(table->currentIndex().row(), 3);
        QVERIFY(!sign->isEnabled());
        QVERIFY(sign->toolTip().contains(u"write a note"));
        // What evidence ticks nobody signs.
        table->setFocus();
        QTest::keyClick(table, Qt::Key_Up);
        QVERIFY(!note->isEnabled());
        QVERIFY(!sign->isEnabled());
        QVERIFY(sign->toolTip().contains(u"evidence alone"));
        QTest::keyClick(table, Qt::Key_Down);
        QTest::keyClicks(note, u"by phone"_s);
        QTest::keyClick(note, Qt::Key_Return);
        QTRY_COMPARE(engine->count(u"checklist.tick"_s), 1);
        const QJsonObject params = engine->lastParams(u"checklist.tick"_s);
        QCOMPARE(params[u"item"].toString(), u"desk-told"_s);
        QCOMPARE(params[u"note"].toString(), u"by phone"_s);
        QCOMPARE(params[u"done"].toBool(), true);
        QTRY_COMPARE(panel->model()->rowAt(3).state, ChecklistItem::State::Ticked);
        QCOMPARE(note->text(), QString());
        // And taken back.
        auto *back = panel->findChild<QPushButton *>(u"checklistTakeBack"_s);
        QVERIFY(back->isVisible());
        QTest::keyClicks(note, u"wrong desk"_s);
        click(back);
        QTRY_COMPARE(engine->lastParams(u"checklist.tick"_s)[u"done"].toBool(true), false);
        QTRY_COMPARE(panel->model()->rowAt(3).state, ChecklistItem::State::Open);
        QCOMPARE(wizarddata::namelessWidgets(wizard.get()), QStringList());
    }

    void aRefusedSignatureIsTold()
    {
        engine->failures.insert(u"checklist.tick"_s, Error{u"checklist.no_note"_s, {{u"item"_s, u"desk-told"_s}}});
        ChecklistPanel panel(engine.get());
        panel.setSubject(u"abc"_s, {});
        panel.resize(900, 500);
        panel.show();
        QTRY_COMPARE(panel.model()->rowCount(), 10);
        QTest::keyClicks(panel.findChild<QLineEdit *>(u"checklistNote"_s), u"by phone"_s);
        click(panel.findChild<QPushButton *>(u"checklistSign"_s));
        const auto messages = panel.findChildren<InlineMessage *>();
        QTRY_VERIFY(std::ranges::any_of(messages, [](const InlineMessage *message) { return message->isVisible() && message->text().contains(u"needs a note"); }));
        QCOMPARE(panel.findChild<QLineEdit *>(u"checklistNote"_s)->text(), u"by phone"_s);
    }

    void theResultSaysWhatIsNotClosed()
    {
        const Plan plan = wizarddata::updatePlan();
        engine->runViews.prepend(wizarddata::runOf(plan, 13, RunState::Succeeded));
        engine->checklistView = wizarddata::checklist(true);
        RunPage page(engine.get(), u"run-1"_s);
        page.resize(1000, 700);
        page.show();
        QTRY_VERIFY(page.showsResult());
        const auto told = [&page] {
            const auto messages = page.findChildren<InlineMessage *>();
            return std::ranges::any_of(messages, [](const InlineMessage *message) { return message->isVisible() && message->text().contains(u"not closed: “Somebody is on call”"); });
        };
        QTRY_VERIFY(told());
        auto *tabs = visible<QTabWidget>(&page, u"resultTabs"_s);
        QVERIFY(tabs != nullptr);
        tabs->setCurrentIndex(1);
        auto *panel = page.findChild<ChecklistPanel *>();
        QVERIFY(panel != nullptr);
        QTRY_COMPARE(panel->model()->rowCount(), 10);
        QCOMPARE(engine->lastParams(u"checklist"_s)[u"run"].toString(), u"run-1"_s);
        QTest::keyClicks(panel->findChild<QLineEdit *>(u"checklistNote"_s), u"Bo is"_s);
        click(panel->findChild<QPushButton *>(u"checklistSign"_s));
        QTRY_COMPARE(engine->lastParams(u"checklist.tick"_s)[u"item"].toString(), u"rota"_s);
        QTRY_VERIFY(!told());
    }
};

QTEST_MAIN(PeopleTest)
#include "peopletest.moc"
