// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"
#include "feature/featureroom.h"
#include "monitor/monitorroom.h"
#include "screenshots/screens.h"
#include "shell/conndialog.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "shell/opentargetdialog.h"
#include "ui/sampledata.h"
#include "wizard/wizarddata.h"

#include <QFile>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

std::function<void(MainWindow *)> opening(const QString &room)
{
    return [room](MainWindow *window) { window->openRoom(room); };
}

void fill(ScriptedEngine *engine)
{
    sample::fillFull(engine);
}

/// As many of each as a list must bear.
constexpr int Many = 200;

void fillMany(ScriptedEngine *engine)
{
    sample::fillFull(engine, Many);
    for (int i = int(engine->flags.size()); i < Many; ++i) {
        FeatureFlag flag = engine->flags.at(i % 4);
        flag.name = u"%1_%2"_s.arg(flag.name).arg(i);
        flag.rollout = i % 2 ? 100.0 * i / Many : flag.rollout;
        engine->flags.append(flag);
    }
    for (int i = int(engine->points.size()); i < Many; ++i) {
        RestorePointView view = engine->points.at(i % 6);
        view.point.id = u"rp-%1"_s.arg(i);
        view.point.created = view.point.created.addSecs(-86000LL * i);
        engine->points.append(view);
    }
}

void presses(MainWindow *window, const QString &room, const QString &text)
{
    (void)QTest::qWaitFor([&] {
        const auto buttons = window->room(room)->findChildren<QPushButton *>();
        for (QPushButton *button : buttons) {
            if (button->isVisible() && button->isEnabled() && button->text() == text) {
                button->click();
                return true;
            }
        }
        return false;
    });
}

/// A console that has opened some targets before; the settings are the pictures' own (see main.cpp).
void rememberTargets()
{
    QSettings().clear();
    const auto remember = [](const QString &host, const QString &file, const QString &name, const QString &environment) {
        TargetPlace place = TargetPlace::parse(host, {}, file).value();
        place.name = name;
        place.environment = environment;
        RecentTargets::add(place);
    };
    remember({}, u"/home/kim/src/trading/target.yaml"_s, u"trading-dev"_s, u"development"_s);
    remember(u"staging.example.org"_s, u"/srv/trading/target.yaml"_s, u"trading-staging"_s, u"staging"_s);
    remember(u"deploy@control.example.org:2222"_s, u"/srv/trading/target.yaml"_s, u"trading"_s, u"production"_s);
}

OpenTargetDialog *askForTarget(MainWindow *window, const QString &program = u"cutoverctl"_s)
{
    auto *dialog = new OpenTargetDialog(program, window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
    return dialog;
}

const Screens::Registration rooms{{
    {u"open-target"_s, fill,
     [](MainWindow *window) {
         rememberTargets();
         askForTarget(window)->chooseNewest();
     }},
    {u"open-target-first"_s, fill,
     [](MainWindow *window) {
         QSettings().clear();
         askForTarget(window);
     }},
    {u"open-target-connecting"_s, fill,
     [](MainWindow *window) {
         rememberTargets();
         static const QTemporaryDir folder;
         QFile silent(folder.filePath(u"silent"_s));
         if (silent.open(QIODevice::WriteOnly)) {
             silent.write("#!/bin/sh\nexec sleep 60\n");
             silent.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
             silent.close();
         }
         auto *dialog = askForTarget(window, silent.fileName());
         dialog->fill(RecentTargets::all().constLast());
         dialog->findChild<QPushButton *>(u"open"_s)->click();
     }},
    {u"open-target-refused"_s, fill,
     [](MainWindow *window) {
         rememberTargets();
         auto *dialog = askForTarget(window);
         dialog->fill(RecentTargets::all().constFirst());
         const SshHost host = RecentTargets::all().constFirst().host;
         dialog->tell({.code = u"ssh.host_key_unknown"_s, .args = {{u"host"_s, host.text()}, {u"name"_s, host.keyName()}, {u"command"_s, sshByHand(host)}}, .where = {}});
     }},
    {u"overview-full"_s, fill, opening(u"overview"_s)},
    {u"overview-empty"_s, sample::fillEmpty, opening(u"overview"_s)},
    {u"overview-held"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         sample::holdRun(engine);
     },
     opening(u"overview"_s)},
    {u"overview-other-conn"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         sample::startRun(engine);
         sample::giveConnAway(engine);
     },
     opening(u"overview"_s)},
    {u"overview-lost"_s, fill,
     [](MainWindow *window) {
         auto *engine = static_cast<ScriptedEngine *>(window->console()->engine());
         engine->setConnected(false, Error{u"scripted.disconnected"_s, {}, Error::Kind::Transient, {}});
     }},
    {u"features-full"_s, fill, opening(u"features"_s)},
    {u"features-staged"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"features"_s);
         auto *room = static_cast<FeatureRoom *>(window->room(u"features"_s));
         room->model()->stageRollout(u"ai_predictions"_s, 40);
         room->model()->stageEnabled(u"new_order_form"_s, true);
         room->model()->stageRollout(u"new_order_form"_s, 10);
     }},
    {u"features-many"_s, fillMany, opening(u"features"_s)},
    {u"features-refused"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         engine->target.environment = u"demo"_s;
         engine->failures.insert(u"features.apply"_s, Error{u"sample.text"_s, {{u"text"_s, u"“ai_predictions” was changed by lee@ops meanwhile: 25 % → 30 %."_s}, {u"hint"_s, u"Look at it, and stage the change again."_s}}, Error::Kind::Permanent, {}});
     },
     [](MainWindow *window) {
         window->openRoom(u"features"_s);
         auto *room = static_cast<FeatureRoom *>(window->room(u"features"_s));
         (void)QTest::qWaitFor([room] { return room->row(u"ai_predictions"_s) != nullptr; });
         room->model()->stageRollout(u"ai_predictions"_s, 40);
         presses(window, u"features"_s, u"Apply 1 change"_s);
     }},
    {u"features-empty"_s, sample::fillEmpty, opening(u"features"_s)},
    {u"monitoring-full"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"monitoring"_s);
         presses(window, u"monitoring"_s, u"1 h"_s);
         const auto charts = static_cast<MonitorRoom *>(window->room(u"monitoring"_s))->charts();
         for (Chart *chart : charts) {
             chart->setCrosshair(QDateTime::currentMSecsSinceEpoch() - 23LL * 60'000);
         }
     }},
    {u"monitoring-table"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"monitoring"_s);
         static_cast<MonitorRoom *>(window->room(u"monitoring"_s))->charts().first()->setTableVisible(true);
     }},
    {u"monitoring-logs"_s,
     [](ScriptedEngine *engine) {
         fill(engine);
         engine->serviceLog = wizarddata::serviceLog();
     },
     [](MainWindow *window) {
         window->openRoom(u"monitoring"_s);
         presses(window, u"monitoring"_s, u"Service logs…"_s);
     }},
    {u"monitoring-empty"_s, sample::fillEmpty, opening(u"monitoring"_s)},
    {u"history-full"_s, fill, opening(u"history"_s)},
    {u"history-steps"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"history"_s, static_cast<ScriptedEngine *>(window->console()->engine())->runViews.at(1).run.id);
         const auto all = window->room(u"history"_s)->findChildren<QTabWidget *>();
         for (QTabWidget *tabs : all) {
             tabs->setCurrentIndex(1);
         }
     }},
    {u"history-checklist"_s,
     [](ScriptedEngine *engine) {
         fill(engine);
         engine->checklistView = wizarddata::checklist(true);
     },
     [](MainWindow *window) {
         opening(u"history"_s)(window);
         const auto all = window->room(u"history"_s)->findChildren<QTabWidget *>();
         for (QTabWidget *tabs : all) {
             tabs->setCurrentIndex(2);
         }
     }},
    {u"overview-approval-asked"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         wizarddata::shutGates(engine);
         engine->approvalRequests = {QJsonObject{{u"digest"_s, wizarddata::updatePlan().digest()},
                                                 {u"from"_s, u"1.2.1"_s},
                                                 {u"to"_s, u"1.3.0"_s},
                                                 {u"by"_s, u"kim@desk"_s},
                                                 {u"created"_s, QDateTime::currentDateTimeUtc().addSecs(-240).toString(Qt::ISODateWithMs)},
                                                 {u"approval"_s, engine->gatesView.approval.toJson()}}};
     },
     opening(u"overview"_s)},
    {u"history-empty"_s, sample::fillEmpty, opening(u"history"_s)},
    {u"rollback-many"_s, fillMany, opening(u"rollback"_s)},
    {u"close-question"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         sample::startRun(engine);
     },
     [](MainWindow *window) {
         (void)QTest::qWaitFor([window] { return window->console()->activeRun().has_value(); });
         window->close();
     }},
    {u"start-making"_s, [](ScriptedEngine *engine) { engine->setConnected(false); },
     [](MainWindow *window) { window->showStarting(Catalogue::text(u"demo.making_database"_s, {{u"count"_s, 200'000}})); }},
    {u"start-failure"_s, [](ScriptedEngine *engine) { engine->setConnected(false); },
     [](MainWindow *window) {
         window->showStartFailure(Error{u"demo.not_empty"_s, {{u"folder"_s, u"/srv/trading"_s}}, Error::Kind::Permanent, u"/srv/trading"_s});
     }},
    {u"conn-dialog"_s,
     [](ScriptedEngine *engine) {
         sample::fillFull(engine);
         sample::giveConnAway(engine);
     },
     [](MainWindow *window) {
         auto *dialog = new ConnDialog(*window->console()->target(), window);
         dialog->setAttribute(Qt::WA_DeleteOnClose);
         dialog->open();
     }},
}};

} // namespace

} // namespace cutover
