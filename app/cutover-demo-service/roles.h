// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace demo {

/** What every role is started with; see main.cpp for the options. */
struct Options {
    quint16 port = 0;
    QString name;
    QString release; ///< Folder with release.json.
    QString environment;
    QString database;
    QString data; ///< Folder of the role's own files.
    QString folder; ///< repository: what is served.
    QString frontend; ///< traffic: where requests go.
    double rate = 50; ///< traffic: requests a second.
    QString redis; ///< backend: HOST:PORT of the cache of quotes; its password is REDIS_PASSWORD.
    bool pages = false; ///< traffic: loads the frontend's page, too.
    bool paused = false; ///< traffic: sends nothing until POST /api/traffic/resume.
};

// Each sets itself up and runs the event loop until it is told to end. Returns the exit code:
// 2 for bad options, 3 for a port or lock that is taken, 4 for a database that does not fit.
[[nodiscard]] int runBackend(const Options &options);
[[nodiscard]] int runFrontend(const Options &options);
[[nodiscard]] int runStrategy(const Options &options);
[[nodiscard]] int runBroker(const Options &options);
[[nodiscard]] int runRepository(const Options &options);
[[nodiscard]] int runTraffic(const Options &options);

} // namespace demo
