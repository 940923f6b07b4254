// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "screenshots/screens.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "update/wizardframe.h"
#include "wizard/wizarddata.h"

#include <QPushButton>
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
        while (wizard->currentStep() < step && QTest::qWaitFor([next] { return next->isEnabled(); }, 3000)) {
            next->click();
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

const Screens::Registration wizards{{
    {u"update-1-version"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 0)},
    {u"update-2-checks"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 1)},
    {u"update-2-checks-failed"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         wizarddata::failCheck(engine);
     },
     atStep(u"updates"_s, u"1.3.0"_s, 1)},
    {u"update-3-backup"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 2)},
    {u"update-4-migrations"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 3)},
    {u"update-5-configuration"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 4)},
    {u"update-6-review"_s, wizarddata::fill, atStep(u"updates"_s, u"1.3.0"_s, 5)},
    {u"update-7-execute"_s, startRun, openingRun(u"updates"_s)},
    {u"update-7-held"_s,
     [](ScriptedEngine *engine) {
         startRun(engine);
         RunView &view = engine->runViews.first();
         view.run.state = RunState::Held;
         view.run.reason = {u"sample.health"_s, {}};
         view.run.error = Error{u"sample.health"_s, {}, Error::Kind::Permanent, u"backend-2"_s};
         view.run.heldUntil = QDateTime::currentDateTimeUtc().addSecs(1500);
         view.steps[8].record.state = StepState::Failed;
         view.offers = {u"retry"_s, u"rollback"_s, u"abandon"_s};
         view.refusals = {{u"accept"_s, Message{u"sample.text"_s, {{u"text"_s, u"backend-2 does not run 1.3.0, so the step can't be accepted."_s}}}}};
     },
     openingRun(u"updates"_s)},
    {u"update-8-result"_s,
     [](ScriptedEngine *engine) {
         startRun(engine);
         engine->runViews.first() = wizarddata::runOf(wizarddata::updatePlan(), 13, RunState::Succeeded);
         engine->target.activeRun.clear();
     },
     openingRun(u"updates"_s)},
    {u"rollback-1-point"_s, wizarddata::fill, atStep(u"rollback"_s, {}, 0)},
    {u"rollback-2-preview"_s, wizarddata::fill, atStep(u"rollback"_s, {}, 1)},
    {u"rollback-3-confirm"_s, wizarddata::fill, atStep(u"rollback"_s, {}, 2)},
    {u"rollback-1-empty"_s,
     [](ScriptedEngine *engine) {
         wizarddata::fill(engine);
         engine->points.clear();
     },
     atStep(u"rollback"_s, {}, 0)},
}};

} // namespace

} // namespace cutover
