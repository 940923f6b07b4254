// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "screenshots/screens.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "ui/sampledata.h"
#include "update/wizardframe.h"
#include "wizard/wizarddata.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QTabWidget>
#include <QTest>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Opens a wizard's room and presses Next until the step is reached.
std::function<void(MainWindow *)> atStep(const QString &room, const QString &argument, int step)
{
    return [room, argument, step](MainWindow *window) {
        window->openRoom(room, argument);
        auto *wizard = window->room(room)->findChild<WizardFrame *>();
        auto *next = wizard->findChild<QPushButton *>(u"next"_s);
        while (wizard->currentStep() < step && QTest::qWaitFor([next] { return next->isEnabled(); }, 10'000)) {
            next->click();
        }
        // Another page in its place would be looked at for it.
        if (wizard->currentStep() != step) {
            qFatal("%s: page %d never came", qPrintable(room), step);
        }
    };
}

std::function<void(MainWindow *)> openingRun(const QString &room)
{
    return [room](MainWindow *window) { window->openRoom(room, u"run:run-1"_s); };
}

void startRun(ScriptedEngine *engine)
{
    wizarddata::fill(engine);
    engine->runViews.prepend(wizarddata::runOf(wizarddata::updatePlan(), 8));
    engine->logs.insert(u"run-1"_s, u"01:31:07 backend-2 drain requested\n01:31:08 backend-2: 5 sessions left\n01:31:09 backend-2: 3 sessions left\n"_s);
    engine->target.activeRun = u"run-1"_s;
    engine->target.runnerSilenceMs = 800;
    engine->target.instances[0].version = u"1.3.0"_s;
    engine->target.instances[1].state = u"draining"_s;
}

/// Presses a button of what the room shows, once it can be pressed.
void press(MainWindow *window, const QString &room, const QString &name)
{
    QPushButton *button = nullptr;
    const auto ready = [&] {
        button = wizarddata::visible<QPushButton>(window->room(room), name);
        return button != nullptr && button->isEnabled();
    };
    if (QTest::qWaitFor(ready, 3000)) {
        button->click();
    }
}

/// Names a commit in the rollback's first page, and presses Next.
void nameCommit(MainWindow *window, const QString &commit)
{
    window->openRoom(u"rollback"_s);
    Room *room = window->room(u"rollback"_s);
    QRadioButton *way = nullptr;
    if (QTest::qWaitFor([&] { return (way = wizarddata::visible<QRadioButton>(room, u"byCommit"_s)) != nullptr; }, 3000)) {
        way->click();
        wizarddata::visible<QLineEdit>(room, u"commit"_s)->setText(commit);
        press(window, u"rollback"_s, u"next"_s);
    }
}

void holdRun(ScriptedEngine *engine)
{
    startRun(engine);
    RunView &view = engine->runViews.first();
    view.run.state = RunState::Held;
    view.run.reason = {u"sample.health"_s, {}};
    view.run.error = Error{u"sample.health"_s, {}, Error::Kind::Permanent, u"backend-2"_s};
    view.run.heldUntil = QDateTime::currentDateTimeUtc().addSecs(1500);
    view.steps[8].record.state = StepState::Failed;
    view.silent = {u"backend-2"_s};
    view.ifAborted = {u"serve.rollback.back_migrated"_s, {{u"version"_s, u"1.2.1"_s}, {u"time"_s, 40000}}};
    view.offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
    view.refusals = {{u"accept"_s, Message{u"sample.text"_s, {{u"text"_s, u"backend-2 does not run 1.3.0, so the step can't be accepted."_s}}}}};
}

void end(ScriptedEngine *engine, const RunView &view)
{
    startRun(engine);
    engine->runViews.first() = view;
    engine->target.activeRun.clear();
    engine->target.instances[0].version = engine->target.instances[1].version = view.serving;
    engine->target.instances[1].state = u"ready"_s;
}

const Screens::Registration wizards{{
    {u"update-1-empty"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         engine->releaseList.clear();
     },
     atStep(u"updates"_s, {}, 0)},
    {u"update-2-checks-failed"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::failCheck(engine);
     },
     atStep(u"updates"_s, u"1.3.0"_s, 1)},
    {u"update-2-known-failure"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::failKnown(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 1)(window);
         QCheckBox *known = nullptr;
         if (QTest::qWaitFor([&] { return (known = wizarddata::visible<QCheckBox>(window->room(u"updates"_s), u"knownFailures"_s)) != nullptr; })) {
             known->setChecked(true);
         }
     }},
    {u"update-2-sessions"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::openSessions(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 1)(window);
         press(window, u"updates"_s, u"databaseSessions"_s);
     }},
    {u"update-2-sessions-hidden"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::openSessions(engine);
         engine->sessions = {};
         wizarddata::hideSessions(engine, 3);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 1)(window);
         press(window, u"updates"_s, u"databaseSessions"_s);
     }},
    {u"update-3-plan-failed"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         engine->updatePlan.error = Error{u"sample.text"_s, {{u"text"_s, u"The package of 1.3.0 has changed: its digest is 8c1f0d2e4b…, the index says 3f9a1c77d0…."_s}, {u"hint"_s, u"Download it again; if it stays so, ask whoever publishes it."_s}}, Error::Kind::Permanent, {}};
     },
     atStep(u"updates"_s, u"1.3.0"_s, 2)},
    {u"update-4-migrations-online"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::planOnlineMigration(engine);
     },
     atStep(u"updates"_s, u"1.3.0"_s, 3)},
    {u"update-6-review-production"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 5)},
    {u"update-6-gates-shut"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::shutGates(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 5)(window);
         press(window, u"updates"_s, u"wantGlass"_s);
     }},
    {u"update-6-approved"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::shutGates(engine);
         wizarddata::openGates(engine);
     },
     atStep(u"updates"_s, u"1.3.0"_s, 5)},
    {u"update-6-approval"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::shutGates(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 5)(window);
         press(window, u"updates"_s, u"getApproval"_s);
     }},
    {u"update-6-checklist"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::shutGates(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 5)(window);
         press(window, u"updates"_s, u"openChecklist"_s);
     }},
    {u"update-8-checklist"_s,
     [](ScriptedEngine *engine) {
         end(engine, wizarddata::runOf(wizarddata::updatePlan(), 13, RunState::Succeeded));
         engine->checklistView = wizarddata::checklist(true);
     },
     [](MainWindow *window) {
         openingRun(u"updates"_s)(window);
         QTabWidget *tabs = nullptr;
         if (QTest::qWaitFor([&] { return (tabs = wizarddata::visible<QTabWidget>(window->room(u"updates"_s), u"resultTabs"_s)) != nullptr; }, 3000)) {
             tabs->setCurrentIndex(1);
         }
     }},
    {u"update-6-take-over"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         sample::giveConnAway(engine);
     },
     [](MainWindow *window) {
         atStep(u"updates"_s, u"1.3.0"_s, 5)(window);
         press(window, u"updates"_s, u"takeConn"_s);
     }},
    {u"update-7-abort-question"_s, startRun,
     [](MainWindow *window) {
         openingRun(u"updates"_s)(window);
         press(window, u"updates"_s, u"abort"_s);
     }},
    {u"update-7-looking-on"_s,
     [](ScriptedEngine *engine) {
         startRun(engine);
         sample::giveConnAway(engine);
     },
     openingRun(u"updates"_s)},
    {u"update-7-held"_s, holdRun, openingRun(u"updates"_s)},
    {u"update-7-held-looking-on"_s,
     [](ScriptedEngine *engine) {
         holdRun(engine);
         sample::giveConnAway(engine);
     },
     openingRun(u"updates"_s)},
    {u"update-7-abandon-question"_s, holdRun,
     [](MainWindow *window) {
         openingRun(u"updates"_s)(window);
         press(window, u"updates"_s, u"abandon"_s);
     }},
    {u"update-7-abandon-closed"_s,
     [](ScriptedEngine *engine) {
         holdRun(engine);
         const QJsonObject opens{{u"name"_s, u"trading"_s}, {u"command"_s, u"ALTER DATABASE \"trading_cutover_closed\" RENAME TO \"trading\""_s}};
         engine->runViews.first().steps[0].record.results = {{u"_prepared"_s, true}, {u"opens"_s, QJsonObject{{u"closed"_s, opens}}}};
     },
     [](MainWindow *window) {
         openingRun(u"updates"_s)(window);
         press(window, u"updates"_s, u"abandon"_s);
     }},
    {u"update-8-abandoned"_s,
     [](ScriptedEngine *engine) {
         RunView view = wizarddata::runOf(wizarddata::updatePlan(), 8, RunState::Abandoned);
         view.run.reason = {u"run.abandoned_by"_s, {{u"by"_s, u"kim@desk"_s}, {u"step"_s, u"Deploy backend-2"_s}, {u"because"_s, Message{u"run.because_asked"_s, {}}.toJson()}}};
         view.steps[8].record.state = StepState::Failed;
         end(engine, view);
     },
     openingRun(u"updates"_s)},
    {u"update-8-owed"_s,
     [](ScriptedEngine *engine) { end(engine, wizarddata::runOf(wizarddata::updatePlan(), 13, RunState::Succeeded)); },
     openingRun(u"updates"_s)},
    {u"rollback-3-confirm-production"_s, wizarddata::fill, atStep(u"rollback"_s, {}, 2)},
    {u"rollback-4-held"_s,
     [](ScriptedEngine *engine) {
         startRun(engine);
         RunView &view = engine->runViews.first();
         view = wizarddata::runOf(wizarddata::rollbackPlan(), 2, RunState::Held);
         view.run.reason = {u"sample.health"_s, {}};
         view.steps[2].record.state = StepState::Failed;
         view.offers = {u"retry"_s, u"abandon"_s};
         view.refusals = {{u"accept"_s, Message{u"run.refused_accept_unprepared"_s, {}}},
                          {u"rollback"_s, Message{u"run.refused_no_way_back"_s, {{u"step"_s, u"Restore trading"_s}}}}};
     },
     openingRun(u"rollback"_s)},
    {u"rollback-1-commit"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::offerCommits(engine);
         engine->commitPlan.finish = false;
     },
     [](MainWindow *window) { nameCommit(window, u"fix/orders-rounding"_s); }},
    {u"rollback-1-commit-unknown"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::offerCommits(engine);
         engine->commitPlan.error = Error{u"git.no_commit"_s, {{u"commit"_s, u"v1.2.9"_s}, {u"url"_s, u"ssh://git@git.example.org/trading.git"_s}}, Error::Kind::Permanent, {}};
     },
     [](MainWindow *window) { nameCommit(window, u"v1.2.9"_s); }},
    {u"rollback-1-or-commit"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::offerCommits(engine);
     },
     atStep(u"rollback"_s, {}, 0)},
    {u"rollback-3-confirm-commit"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::offerCommits(engine);
     },
     [](MainWindow *window) {
         nameCommit(window, u"9f31c07"_s);
         press(window, u"rollback"_s, u"next"_s);
     }},
    {u"rollback-1-empty"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         engine->points.clear();
     },
     atStep(u"rollback"_s, {}, 0)},
    {u"rollback-1-no-way"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         for (RestorePointView &view : engine->points) {
             for (RollbackOption &option : view.options) {
                 option.unavailable = Error{u"sample.text"_s, {{u"text"_s, u"Its data has been removed by clean up."_s}}, Error::Kind::Permanent, {}};
             }
         }
     },
     atStep(u"rollback"_s, {}, 0)},
}};

} // namespace

} // namespace cutover
