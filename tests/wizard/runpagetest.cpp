// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/runpage.h"
#include "common/logview.h"
#include "common/statuschip.h"
#include "common/textlabel.h"
#include "common/theme.h"
#include "update/decisiondialog.h"
#include "update/executepage.h"
#include "update/heldpanel.h"
#include "update/instancestrip.h"
#include "update/reportdialog.h"
#include "update/runfeed.h"
#include "update/runmetrics.h"
#include "wizard/wizarddata.h"

#include <QApplication>
#include <QClipboard>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTextBrowser>

using namespace cutover;
#include <algorithm>

using namespace Qt::StringLiterals;
using wizarddata::visible;

/** A run that is looked at: it works, holds, is aborted, ends, and is seen by a second console. */
class RunPageTest : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<ScriptedEngine> engine;
    std::unique_ptr<RunPage> page;
    Plan plan;

    void open()
    {
        page = std::make_unique<RunPage>(engine.get(), u"run-1"_s);
        page->resize(1100, 700);
        page->show();
        QVERIFY(QTest::qWaitForWindowExposed(page.get()));
        QTRY_VERIFY(page->findChild<RunFeed *>()->isLoaded());
    }
    QStringList commands() const
    {
        QStringList verbs;
        for (const ScriptedEngine::Call &call : engine->calls) {
            if (call.method == u"command") {
                verbs << call.params[u"verb"].toString() + u'/' + call.params[u"expected"].toString();
            }
        }
        return verbs;
    }
    void click(QAbstractButton *button)
    {
        QVERIFY(button != nullptr);
        QVERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void init()
    {
        engine = std::make_unique<ScriptedEngine>();
        wizarddata::fill(engine.get());
        plan = wizarddata::updatePlan();
        plan.environment = u"staging"_s;
        engine->runViews.prepend(wizarddata::runOf(plan, 8));
        engine->logs.insert(u"run-1"_s, u"01:31:07 backend-2 drain requested\n"_s);
    }
    void cleanup()
    {
        page.reset();
        engine.reset();
    }

    void showsWhatTheRunnerTells()
    {
        open();
        QCOMPARE(visible<QLabel>(page.get(), u"doing"_s)->text(), plan.steps[8].intent.text());
        Q_EMIT engine->runTold({{u"run"_s, u"run-1"_s},
                                {u"type"_s, u"progress"_s},
                                {u"step"_s, plan.steps[8].id},
                                {u"done"_s, 3},
                                {u"total"_s, 4},
                                {u"doing"_s, Message{u"sample.text"_s, {{u"text"_s, u"Draining backend-2: 3 sessions left"_s}}}.toJson()}});
        QCOMPARE(visible<QLabel>(page.get(), u"doing"_s)->text(), u"Draining backend-2: 3 sessions left"_s);
        // Another run's news are not ours.
        Q_EMIT engine->runTold({{u"run"_s, u"other"_s}, {u"type"_s, u"progress"_s}, {u"doing"_s, Message{u"sample.text"_s, {{u"text"_s, u"No"_s}}}.toJson()}});
        QCOMPARE(visible<QLabel>(page.get(), u"doing"_s)->text(), u"Draining backend-2: 3 sessions left"_s);
        auto *log = page->findChild<LogView *>();
        QTRY_VERIFY(log->editor()->toPlainText().contains(u"drain requested"));
        engine->logs[u"run-1"_s] += u"01:31:09 backend-2 drained\n"_s;
        Q_EMIT engine->runTold({{u"run"_s, u"run-1"_s}, {u"type"_s, u"log"_s}, {u"source"_s, u"haproxy"_s}, {u"line"_s, u"set server be/backend-2 state drain"_s}});
        QTRY_VERIFY(log->editor()->toPlainText().contains(u"backend-2 drained"));
        QCOMPARE(log->editor()->toPlainText().count(u"drain requested"), 1);
        QCOMPARE(visible<QLabel>(page.get(), u"ifAborted"_s)->text(), u"If you abort now: back to 1.2.1 in about 40 s, no row lost."_s);
    }

    /// What the step before said last does not stand under what the next one does.
    void theNextStepBeginsWithoutTheLastLine()
    {
        open();
        const auto shown = [this](const QString &text) {
            const auto labels = page->findChildren<ElidedLabel *>();
            return std::ranges::any_of(labels, [&](const ElidedLabel *label) { return label->isVisible() && label->text().contains(text); });
        };
        const auto tell = [this](const QString &step, const QString &line) {
            Q_EMIT engine->runTold({{u"run"_s, u"run-1"_s}, {u"type"_s, u"log"_s}, {u"step"_s, step}, {u"source"_s, u"haproxy"_s}, {u"line"_s, line}});
        };
        tell(plan.steps[8].id, u"backend-2 drained"_s);
        QVERIFY(shown(u"backend-2 drained"_s) && shown(u"haproxy"_s));
        engine->runViews.first() = wizarddata::runOf(plan, 9);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(!shown(u"backend-2 drained"_s) && !shown(u"haproxy"_s));
        // A line of the next step that comes before the news of it stays.
        tell(plan.steps[10].id, u"asking backend-1"_s);
        engine->runViews.first() = wizarddata::runOf(plan, 10);
        engine->tell({u"runs"_s});
        QTRY_COMPARE(visible<QLabel>(page.get(), u"doing"_s)->text(), plan.steps[10].intent.text());
        QVERIFY(shown(u"asking backend-1"_s));
    }

    void aHeldRunWithoutARunnerSaysSo()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.offers = {u"resume"_s};
        open();
        QTRY_VERIFY(visible<QPushButton>(page.get(), u"resume"_s) != nullptr);
        QVERIFY(visible<QLabel>(page.get(), u"runnerGone"_s) == nullptr);
        engine->target.runnerGone = true;
        engine->tell({u"status"_s});
        QTRY_VERIFY(visible<QLabel>(page.get(), u"runnerGone"_s) != nullptr);
        QVERIFY(visible<QLabel>(page.get(), u"runnerGone"_s)->text().contains(u"starts with your decision"));
    }

    void holdIsACommand()
    {
        open();
        click(visible<QPushButton>(page.get(), u"hold"_s));
        QTRY_COMPARE(commands(), QStringList{u"hold/running"_s});
    }

    void refusedCommandIsTold()
    {
        engine->failures.insert(u"command"_s, Error{u"sample.text"_s, {{u"text"_s, u"The run has ended."_s}}, Error::Kind::Permanent, {}});
        open();
        click(visible<QPushButton>(page.get(), u"hold"_s));
        QTRY_VERIFY(std::ranges::any_of(page->findChildren<QLabel *>(), [](QLabel *label) { return label->isVisible() && label->text() == u"The run has ended."; }));
    }

    void abortPausesAndAsks()
    {
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        QTRY_COMPARE(commands(), QStringList{u"hold/running"_s});
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr && question->isVisible());
        QCOMPARE(question->keepButton()->text(), u"Keep running"_s);
        QVERIFY(question->keepButton()->isDefault() && !question->decideButton()->isDefault());
        QVERIFY(question->details().contains(u"back to 1.2.1 in about 40 s"));
        QVERIFY(visible<QLineEdit>(question, u"confirmName"_s) == nullptr);
        click(question->findChild<QPushButton *>(u"stopAnyway"_s));
        QTRY_COMPARE(commands(), (QStringList{u"hold/running"_s, u"abort/"_s}));
    }

    void escapeKeepsItRunning()
    {
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr);
        QTest::keyClick(question, Qt::Key_Escape);
        QTRY_COMPARE(commands(), (QStringList{u"hold/running"_s, u"resume/"_s}));
        // Only the hold that the page has given itself.
        QCOMPARE(engine->lastParams(u"command"_s)[u"hold"].toString(), u"command-1"_s);
    }

    void keepRunningLeavesAnotherHoldAndSaysSo()
    {
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        QTRY_COMPARE(commands(), QStringList{u"hold/running"_s});
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.run.reason = {u"sample.health"_s, {}};
        engine->failures.insert(u"command"_s, Error{u"sample.text"_s, {{u"text"_s, u"It stays held for another reason."_s}}, Error::Kind::Permanent, {}});
        QTest::keyClick(page->findChild<DecisionDialog *>(), Qt::Key_Escape);
        QTRY_VERIFY(std::ranges::any_of(page->findChildren<QLabel *>(), [](QLabel *label) { return label->isVisible() && label->text() == u"It stays held for another reason."; }));
    }

    /// The pause was refused: then there is nothing of this page's to resume.
    void refusedPauseIsNotResumed()
    {
        engine->failures.insert(u"command"_s, Error{u"sample.text"_s, {{u"text"_s, u"The run is held."_s}}, Error::Kind::Permanent, {}});
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        QTRY_COMPARE(engine->count(u"command"_s), 1);
        QTest::qWait(50);
        QTest::keyClick(page->findChild<DecisionDialog *>(), Qt::Key_Escape);
        QTest::qWait(100);
        QCOMPARE(engine->count(u"command"_s), 1);
    }

    void productionAsksForTheName()
    {
        plan.environment = u"production"_s;
        engine->runViews.first() = wizarddata::runOf(plan, 8);
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr);
        QPushButton *stop = question->decideButton();
        auto *name = visible<QLineEdit>(question, u"confirmName"_s);
        QVERIFY(name != nullptr);
        QVERIFY(!stop->isEnabled() && !stop->toolTip().isEmpty());
        QTest::keyClicks(name, u"nonsense"_s);
        QVERIFY(!stop->isEnabled());
        QVERIFY(stop->toolTip().contains(u"nonsense"));
        QCOMPARE(wizarddata::namelessWidgets(question), QStringList());
        name->clear();
        QTest::keyClicks(name, plan.targetName);
        click(stop);
        QTRY_COMPARE(commands(), (QStringList{u"hold/running"_s, u"abort/"_s}));
        QCOMPARE(engine->lastParams(u"command"_s)[u"confirm"].toString(), plan.targetName);
    }

    void abandonAsksForTheNameEverywhere()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
        // What the run has closed to all others stays so.
        const QString statement = u"ALTER DATABASE \"trading_cutover_closed\" RENAME TO \"trading\""_s;
        view.steps[3].record.state = StepState::Done;
        view.steps[3].record.results = {{u"_prepared"_s, true}, {u"opens"_s, QJsonObject{{u"closed"_s, QJsonObject{{u"name"_s, u"trading"_s}, {u"command"_s, statement}}}}}};
        open();
        auto *held = visible<HeldPanel>(page.get(), u"held"_s);
        click(held->button(u"abandon"_s));
        QVERIFY(std::ranges::any_of(page->findChild<DecisionDialog *>()->findChildren<QLabel *>(), [&statement](const QLabel *label) { return label->isVisible() && label->text().contains(statement); }));
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr && !question->decideButton()->isEnabled());
        QTest::keyClick(question, Qt::Key_Return);
        QCOMPARE(engine->count(u"command"_s), 0);
        click(held->button(u"abandon"_s));
        question = nullptr;
        for (DecisionDialog *dialog : page->findChildren<DecisionDialog *>()) {
            question = dialog->isVisible() ? dialog : question;
        }
        QVERIFY(question != nullptr);
        QTest::keyClicks(visible<QLineEdit>(question, u"confirmName"_s), plan.targetName);
        click(question->decideButton());
        QTRY_COMPARE(commands(), QStringList{u"abandon/held"_s});
        QCOMPARE(engine->lastParams(u"command"_s)[u"confirm"].toString(), plan.targetName);
    }

    /// A held run that would go on in blackout hours is asked why; what was said goes with the decision.
    void theGlassIsBrokenToGoOn()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
        engine->failures.insert(u"command"_s, {u"gate.blackout_now"_s, {{u"reason"_s, u"Market hours"_s}, {u"until"_s, u"2026-03-02T15:30:00Z"_s}, {u"wait"_s, 60000}}});
        open();
        click(visible<HeldPanel>(page.get(), u"held"_s)->button(u"retry"_s));
        QTRY_VERIFY(visible<QPushButton>(page.get(), u"wantGlass"_s) != nullptr);
        engine->failures.clear();
        click(visible<QPushButton>(page.get(), u"wantGlass"_s));
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr);
        QVERIFY(!question->decideButton()->isEnabled());
        auto *why = visible<QLineEdit>(question, u"decisionReason"_s);
        QVERIFY(why != nullptr);
        QTest::keyClicks(why, u"now"_s);
        QVERIFY(!question->decideButton()->isEnabled());
        QTest::keyClicks(why, u" or prices stay wrong"_s);
        click(question->decideButton());
        QTRY_COMPARE(engine->lastParams(u"command"_s)[u"breakGlass"].toString(), u"now or prices stay wrong"_s);
        QCOMPARE(engine->lastParams(u"command"_s)[u"gates"].toArray(), QJsonArray{u"blackout"_s});
        QCOMPARE(engine->lastParams(u"command"_s)[u"verb"].toString(), u"retry"_s);
        QTRY_VERIFY(visible<QPushButton>(page.get(), u"wantGlass"_s) == nullptr);
    }

    /// On the way back the same button means another thing, and says so.
    void acceptOnTheWayBackSaysSo()
    {
        RunView &view = engine->runViews.first();
        view.run.plan.environment = u"production"_s;
        view.run.state = RunState::Held;
        view.steps[8].record.state = StepState::Reverting;
        view.current = 8;
        view.offers = {u"retry"_s, u"accept"_s, u"abandon"_s};
        open();
        auto *held = visible<HeldPanel>(page.get(), u"held"_s);
        QVERIFY(held != nullptr);
        QPushButton *accept = held->button(u"accept"_s);
        QCOMPARE(accept->text(), u"Accept as taken back"_s);
        click(accept);
        auto *question = page->findChild<DecisionDialog *>();
        QVERIFY(question != nullptr);
        QCOMPARE(question->decideButton()->text(), u"Accept as taken back"_s);
        QTest::keyClicks(visible<QLineEdit>(question, u"confirmName"_s), plan.targetName);
        click(question->decideButton());
        QTRY_COMPARE(commands(), QStringList{u"accept/held"_s});
    }

    void heldRunOfAnotherIsOnlyLookedAt()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.run.reason = {u"sample.health"_s, {}};
        view.steps[8].record.state = StepState::Failed;
        view.offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
        engine->target.connHolder = u"lee@ops"_s;
        engine->target.connOurs = false;
        open();
        auto *held = visible<HeldPanel>(page.get(), u"held"_s);
        QVERIFY(held != nullptr);
        for (const QString &verb : std::as_const(view.offers)) {
            QTRY_VERIFY(!held->button(verb)->isEnabled());
            QCOMPARE(held->button(verb)->toolTip(), u"lee@ops has the conn."_s);
        }
        engine->target.connOurs = true;
        engine->tell({u"conn"_s});
        for (const QString &verb : std::as_const(view.offers)) {
            QTRY_VERIFY(held->button(verb)->isEnabled());
        }
    }

    void choicesHaveRoomInALowWindow()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.run.reason = {u"sample.health"_s, {}};
        view.steps[8].record.state = StepState::Failed;
        view.offers = {u"retry"_s, u"rollback"_s, u"accept"_s, u"abandon"_s};
        open();
        auto *held = visible<HeldPanel>(page.get(), u"held"_s);
        QVERIFY(held != nullptr);
        // As in a window, which gives it what is left.
        page->setMinimumSize(1, 1);
        page->resize(1100, 1000);
        QTRY_VERIFY(page->findChild<RunMetrics *>()->isVisible());
        page->resize(1100, 540);
        QTRY_VERIFY(!page->findChild<RunMetrics *>()->isVisible());
        const auto apart = [&] {
            for (const QString &one : std::as_const(view.offers)) {
                for (const QString &other : std::as_const(view.offers)) {
                    if (one != other && held->button(one)->geometry().intersects(held->button(other)->geometry())) {
                        return false;
                    }
                }
            }
            return true;
        };
        QTRY_VERIFY(apart());
    }

    void questionGoesWithItsHold()
    {
        RunView &view = engine->runViews.first();
        view.run.plan.environment = u"production"_s;
        view.run.state = RunState::Held;
        view.run.reason = {u"sample.health"_s, {}};
        view.steps[8].record.state = StepState::Failed;
        view.offers = {u"rollback"_s};
        open();
        click(visible<HeldPanel>(page.get(), u"held"_s)->button(u"rollback"_s));
        QVERIFY(page->findChild<DecisionDialog *>() != nullptr);
        QCOMPARE(page->findChild<DecisionDialog *>()->decideButton()->text(), u"Roll back to 1.2.1"_s);
        view.run.reason = {u"sample.text"_s, {{u"text"_s, u"Another step failed."_s}}};
        engine->tell({u"runs"_s});
        QTRY_VERIFY(page->findChild<DecisionDialog *>() == nullptr);
        QVERIFY(commands().isEmpty());
    }

    void heldRunAsksForADecision()
    {
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.run.reason = {u"sample.health"_s, {}};
        view.run.heldUntil = QDateTime::currentDateTimeUtc().addSecs(600);
        view.steps[8].record.state = StepState::Failed;
        view.offers = {u"retry"_s, u"rollback"_s};
        view.serving = u"1.3.0"_s;
        view.silent = {u"backend-2"_s};
        view.refusals = {{u"accept"_s, Message{u"sample.text"_s, {{u"text"_s, u"backend-2 does not run 1.3.0."_s}}}}};
        open();
        auto *held = visible<HeldPanel>(page.get(), u"held"_s);
        QVERIFY(held != nullptr);
        QVERIFY(visible<QPushButton>(page.get(), u"hold"_s) == nullptr);
        QVERIFY(held->findChild<QLabel *>(u"heldReason"_s)->text().contains(u"backend-2 answered 503"));
        QVERIFY(held->button(u"retry"_s)->isEnabled());
        QVERIFY(!held->button(u"accept"_s)->isEnabled());
        QCOMPARE(held->button(u"accept"_s)->text(), u"Accept as done"_s);
        QCOMPARE(held->button(u"rollback"_s)->text(), u"Roll back to 1.2.1"_s);
        QCOMPARE(held->button(u"accept"_s)->toolTip(), u"backend-2 does not run 1.3.0."_s);
        QVERIFY(!held->button(u"abandon"_s)->isVisible());
        for (QPushButton *button : held->findChildren<QPushButton *>()) {
            if (button->text() == u"Copy incident summary") {
                click(button);
            }
        }
        const QString summary = QGuiApplication::clipboard()->text();
        QVERIFY(summary.contains(u"backend-2 answered 503"));
        QVERIFY(summary.contains(u"Serving users now: 1.3.0\nNot serving: backend-2\n"));
        QCOMPARE(held->findChild<QLabel *>(u"heldServing"_s)->text(), u"Serving users now: 1.3.0."_s);
        QCOMPARE(visible<QLabel>(held, u"heldSilent"_s)->text(), u"Not serving: backend-2."_s);
        // Who serves is looked at again while it waits, without any news of the run.
        view.serving = servedByNobody;
        view.silent = {u"backend-1"_s, u"backend-2"_s};
        QTRY_COMPARE(held->findChild<QLabel *>(u"heldServing"_s)->text(), u"Nobody is served now: no instance answers."_s);
        QVERIFY(visible<QLabel>(held, u"heldSilent"_s) == nullptr);
        QVERIFY(summary.contains(plan.digest()));
        QVERIFY(summary.contains(u"1.2.1 → 1.3.0"));
        click(held->button(u"rollback"_s));
        QTRY_COMPARE(commands(), QStringList{u"rollback/held"_s});
    }

    void endShowsTheResultWithItsReport()
    {
        open();
        RunView &view = engine->runViews.first();
        view = wizarddata::runOf(plan, 8, RunState::RolledBack);
        view.run.reason = {u"sample.health"_s, {}};
        engine->reports.insert(u"run-1"_s, u"<h1>Report</h1><p>It went back.</p>"_s);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(page->showsResult());
        const QString sentence = visible<QLabel>(page.get(), u"sentence"_s)->text();
        QVERIFY(sentence.contains(u"backend-2 answered 503") && sentence.contains(u"Serving users now: 1.2.1."));
        click(visible<QPushButton>(page.get(), u"report"_s));
        QTRY_VERIFY(page->findChild<ReportDialog *>() != nullptr);
        QTRY_VERIFY(page->findChild<ReportDialog *>()->findChild<QTextBrowser *>()->toPlainText().contains(u"It went back."));
    }

    void runThatHasEndedOpensAtItsResult()
    {
        engine->runViews.first() = wizarddata::runOf(plan, 13, RunState::Succeeded);
        open();
        QTRY_VERIFY(page->showsResult());
    }

    void looksAgainAfterTheLinkWasLost()
    {
        open();
        engine->failures.insert(u"run"_s, Error{u"sample.text"_s, {{u"text"_s, u"Not now."_s}}, Error::Kind::Transient, {}});
        engine->tell({u"runs"_s});
        const auto told = [this] { return std::ranges::any_of(page->findChildren<QLabel *>(), [](QLabel *label) { return label->isVisible() && label->text() == u"Not now."; }); };
        QTRY_VERIFY(told());
        engine->failures.clear();
        engine->tell({u"runs"_s});
        QTRY_VERIFY(!told());
        engine->setConnected(false, Error{u"scripted.disconnected"_s, {}, Error::Kind::Transient, {}});
        engine->runViews.first() = wizarddata::runOf(plan, 10);
        engine->setConnected(true);
        QTRY_COMPARE(page->findChild<RunFeed *>()->view().current, 10);
    }

    void leavingIsNotStopping()
    {
        open();
        QSignalSpy left(page.get(), &RunPage::left);
        click(visible<QPushButton>(page.get(), u"leave"_s));
        QCOMPARE(left.size(), 1);
        QVERIFY(commands().isEmpty());
    }

    void everythingFocusableHasAName()
    {
        open();
        QStringList nameless = wizarddata::namelessWidgets(page.get());
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u"; "_s)));
        engine->runViews.first().run.state = RunState::Held;
        engine->runViews.first().offers = {u"retry"_s, u"rollback"_s, u"accept"_s, u"abandon"_s, u"resume"_s};
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<HeldPanel>(page.get(), u"held"_s) != nullptr);
        nameless = wizarddata::namelessWidgets(page.get());
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u"; "_s)));
    }

    void everythingFocusableInADialogHasAName()
    {
        const auto sweep = [this](QDialog *dialog, const char *which) {
            QVERIFY2(dialog != nullptr && dialog->isVisible(), which);
            const QStringList nameless = wizarddata::namelessWidgets(dialog);
            QVERIFY2(nameless.isEmpty(), qPrintable(QString::fromLatin1(which) + u": "_s + nameless.join(u"; "_s)));
            QVERIFY2(!dialog->findChildren<QPushButton *>().isEmpty(), which);
            dialog->reject();
            QTRY_VERIFY(page->findChild<QDialog *>() == nullptr);
        };
        open();
        click(visible<QPushButton>(page.get(), u"abort"_s));
        sweep(page->findChild<DecisionDialog *>(), "abort");
        RunView &view = engine->runViews.first();
        view.run.state = RunState::Held;
        view.offers = {u"abandon"_s};
        engine->tell({u"runs"_s});
        QTRY_VERIFY(visible<HeldPanel>(page.get(), u"held"_s) != nullptr);
        click(visible<HeldPanel>(page.get(), u"held"_s)->button(u"abandon"_s));
        sweep(page->findChild<DecisionDialog *>(), "abandon");
        engine->reports.insert(u"run-1"_s, u"<h1>Report</h1><p><a href='x'>A link</a></p>"_s);
        view = wizarddata::runOf(plan, 13, RunState::Succeeded);
        engine->tell({u"runs"_s});
        QTRY_VERIFY(page->showsResult());
        click(visible<QPushButton>(page.get(), u"report"_s));
        QTRY_VERIFY(page->findChild<ReportDialog *>() != nullptr);
        sweep(page->findChild<ReportDialog *>(), "report");
    }

    void noInstancesStateIsCutOff()
    {
        QList<InstanceView> instances;
        for (int i = 1; i <= 4; ++i) {
            instances.append({.name = u"backend-%1"_s.arg(i), .service = u"backend"_s, .version = u"1.3.0"_s, .state = u"ready"_s});
        }
        InstanceStrip strip;
        strip.setInstances(instances);
        strip.show();
        QVERIFY(QTest::qWaitForWindowExposed(&strip));
        for (const int width : {900, 720, 520, 320}) {
            strip.resize(width, 200);
            for (const bool busy : {false, true}) {
                instances[1].state = busy ? u"draining"_s : u"ready"_s;
                instances[1].sessions = busy ? 13 : 0;
                strip.setInstances(instances);
                QTest::qWait(20);
                const auto chips = strip.findChildren<StatusChip *>();
                QCOMPARE(chips.size(), instances.size());
                for (const StatusChip *chip : chips) {
                    QVERIFY2(chip->width() >= chip->sizeHint().width() && chip->geometry().right() < strip.width(),
                             qPrintable(u"%1 at %2: %3"_s.arg(chip->word()).arg(width).arg(chip->width())));
                }
            }
        }
    }

    void aHeldRunShowsItsLog()
    {
        // At the least size that is looked at, with frame, rail and run bar around it.
        engine->runViews.first().run.state = RunState::Held;
        engine->runViews.first().offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
        open();
        page->resize(1100, 708);
        const auto *log = page->findChild<LogView *>()->editor();
        QTRY_VERIFY(page->findChild<HeldPanel *>()->isVisible());
        QTest::qWait(50);
        const int lines = log->viewport()->height() / QFontMetrics(log->font()).lineSpacing();
        QVERIFY2(lines >= 4, qPrintable(QString::number(lines)));
    }

    void belowAWizardsHeaderItHasNoMarginOfItsOwn()
    {
        open();
        const int alone = page->findChild<TextLabel *>()->mapTo(page.get(), QPoint()).y();
        page->setBelowHeader();
        QTRY_COMPARE_LT(page->findChild<TextLabel *>()->mapTo(page.get(), QPoint()).y(), alone - 8);
    }
};

QTEST_MAIN(RunPageTest)
#include "runpagetest.moc"
