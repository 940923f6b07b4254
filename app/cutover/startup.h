// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "demo/demowindow.h"
#include "endsignals.h"
#include "serve/serveclient.h"
#include "shell/mainwindow.h"
#include "shell/opentargetdialog.h"

#include <QObject>
#include <QSize>

namespace cutover {

struct StartupOptions {
    TargetPlace place; ///< Without a file: a demo, or it is asked for.
    bool demo = false;
    bool reset = false; ///< The demo afresh.
    QString demoDirectory;
    QString screenshot; ///< File; empty: none.
    QString page; ///< Room to open first; empty: the first.
    QSize size;
    QString program = {}; ///< That opens a further target; empty: this one.
    bool startupTime = false; ///< Print the time to the first painting and end.
};

/**
 * The life of the console: the window is shown at once, then what it shows is made ready (the
 * demo) and connected. Where no target is named it is asked for first, and connected before there is a window. A
 * further target gets a process of its own, so that neither's end, question or fault is the other's. At the end, by closing the window or by SIGTERM, SIGINT or SIGHUP, the last
 * window on a demo that a window started ends its processes, unless a run goes on: the run lock and
 * the journal say so, not what the window happens to know. GUI thread.
 */
class Startup : public QObject
{
    Q_OBJECT
public:
    explicit Startup(StartupOptions options, QObject *parent = nullptr);
    ~Startup() override;
    void start();
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void chooseTarget();
    void openWindow(std::unique_ptr<ServeClient> engine);
    void openFurther();
    void connectEngine();
    void takeScreenshot();
    void leave();
    void finishLeaving();

    StartupOptions m_options;
    std::unique_ptr<ServeClient> m_engine;
    std::unique_ptr<MainWindow> m_window;
    std::shared_ptr<DemoWindow> m_demo; ///< With --demo.
    std::unique_ptr<OpenTargetDialog> m_chooser; ///< While no target is named.
    EndSignals m_signals;
    bool m_preparing = false; ///< The demo is being made ready.
    bool m_leaving = false;
    bool m_failed = false;
};

/// 'cutoverctl' beside this program, else in the search path.
[[nodiscard]] QString controlProgram();

} // namespace cutover
