// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <functional>

namespace cutover {

struct DemoOptions {
    int orders = 200000; ///< In the database from the beginning.
    double trafficRate = 50; ///< Requests a second.
    bool trafficPaused = false; ///< Until POST /api/traffic/resume at the traffic's port.
    bool balancerRetries = true; ///< HAProxy asks again, or another server, where one has not begun to answer.
    qint64 watchDurationMs = 60000;
    qint64 watchWindowMs = 15000;
    double faultRampSeconds = 20; ///< In which the errors of 1.3.1 climb to 12 %.
    QString program; ///< cutover-demo-service; empty: found beside our own programs.
};

using DemoProgress = std::function<void(const Message &doing)>;

/**
 * The demo: a trading system of real processes, a real database and real signed releases, all in
 * one folder. Layout: target.yaml, haproxy.cfg, .env, bin/, data/ (trading.db, strategy.log,
 * acknowledged.log, failures.log), keys/, repository/, releases/, backups/, state/.
 * Event-loop thread. Codes "demo.*".
 */

/// DIRECTORY/target.yaml. It is written last: where it exists, the demo is whole.
[[nodiscard]] QString demoTargetFile(const QString &directory);
[[nodiscard]] bool demoExists(const QString &directory);
/// Whether createDemo() may have the folder: "demo.exists", "demo.not_empty". Changes nothing.
[[nodiscard]] Result<> checkDemoFolder(const QString &directory);
/// Makes it, with 1.2.0 installed and nothing running. What an interrupted call left is made anew; a
/// folder that holds anything else is refused ("demo.not_empty"), and so is a whole demo ("demo.exists").
[[nodiscard]] Async<> createDemo(QString directory, DemoOptions options = {}, DemoProgress progress = {});
/// Starts the supervisor and every service, each ready before the next; what runs already is left alone.
[[nodiscard]] Async<> startDemo(QString directory, DemoProgress progress = {});
/// The demo's target; where its file can't be read, as after a wrong edit, one that has path and state
/// directory only: enough to find out what runs, and to end it.
[[nodiscard]] Target demoTarget(const QString &directory);
/// Ends every service and the supervisor, also when its target file can't be read.
[[nodiscard]] Async<> stopDemo(QString directory);
/// Stops it, removes it and makes it anew. Fine where there is none.
[[nodiscard]] Async<> resetDemo(QString directory, DemoOptions options = {}, DemoProgress progress = {});

} // namespace cutover
