// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"
#include "feature/featureroom.h"
#include "monitor/monitorroom.h"
#include "screenshots/screens.h"
#include "shell/conndialog.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "ui/sampledata.h"

#include <QLineEdit>
#include <QPushButton>
#include <QTabWidget>

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

const Screens::Registration rooms{{
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
    {u"features-empty"_s, sample::fillEmpty, opening(u"features"_s)},
    {u"monitoring-full"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"monitoring"_s);
         for (QPushButton *button : window->room(u"monitoring"_s)->findChildren<QPushButton *>()) {
             if (button->text() == "1 h"_L1) {
                 button->click();
             }
         }
         const auto charts = static_cast<MonitorRoom *>(window->room(u"monitoring"_s))->charts();
         for (Chart *chart : charts) {
             chart->setCrosshair(QDateTime::currentMSecsSinceEpoch() - 23 * 60'000);
         }
     }},
    {u"monitoring-table"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"monitoring"_s);
         static_cast<MonitorRoom *>(window->room(u"monitoring"_s))->charts().first()->setTableVisible(true);
     }},
    {u"monitoring-empty"_s, sample::fillEmpty, opening(u"monitoring"_s)},
    {u"history-full"_s, fill, opening(u"history"_s)},
    {u"history-steps"_s, fill,
     [](MainWindow *window) {
         window->openRoom(u"history"_s, static_cast<ScriptedEngine *>(window->console()->engine())->runViews.at(1).run.id);
         for (QTabWidget *tabs : window->room(u"history"_s)->findChildren<QTabWidget *>()) {
             tabs->setCurrentIndex(1);
         }
     }},
    {u"history-empty"_s, sample::fillEmpty, opening(u"history"_s)},
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
