// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "roles.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QLoggingCategory>
#include <QSslSocket>

#include <cstdio>

using namespace Qt::StringLiterals;

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    // Everything here is plain HTTP. QHttpServer would load OpenSSL and every certificate of the system
    // for the first request all the same; this backend does neither, and says so each time.
    QLoggingCategory::setFilterRules(u"qt.network.ssl=false"_s);
    QSslSocket::setActiveBackend(u"cert-only"_s);
    QCommandLineParser parser;
    parser.setApplicationDescription(u"A part of the demo trading system: backend, frontend, strategy, broker, repository or traffic."_s);
    parser.addHelpOption();
    parser.addPositionalArgument(u"role"_s, u"backend, frontend, strategy, broker, repository or traffic"_s);
    parser.addOptions({
        {u"port"_s, u"Port on 127.0.0.1."_s, u"number"_s},
        {u"name"_s, u"Name of this instance."_s, u"name"_s},
        {u"release"_s, u"Folder with release.json."_s, u"folder"_s, QCoreApplication::applicationDirPath()},
        {u"environment"_s, u"Told by /api/version."_s, u"name"_s,
         qEnvironmentVariable("TRADING_ENVIRONMENT", u"demo"_s)},
        {u"database"_s, u"SQLite file with the orders, or postgresql://USER@HOST:PORT/DATABASE."_s, u"database"_s},
        {u"redis"_s, u"HOST:PORT of the cache of quotes."_s, u"server"_s},
        {u"data"_s, u"Folder for files of its own."_s, u"folder"_s},
        {u"folder"_s, u"Folder that a repository serves."_s, u"folder"_s},
        {u"frontend"_s, u"Where traffic goes, http://HOST:PORT."_s, u"url"_s},
        {u"rate"_s, u"Requests of traffic a second."_s, u"number"_s, u"50"_s},
        {u"pages"_s, u"Traffic loads the frontend's page, too."_s},
        {u"paused"_s, u"Traffic starts with POST /api/traffic/resume."_s},
    });
    parser.process(application);
    demo::Options options;
    options.port = parser.value(u"port"_s).toUShort();
    options.name = parser.value(u"name"_s);
    options.release = parser.value(u"release"_s);
    options.environment = parser.value(u"environment"_s);
    options.database = parser.value(u"database"_s);
    options.data = parser.value(u"data"_s);
    options.folder = parser.value(u"folder"_s);
    options.frontend = parser.value(u"frontend"_s);
    options.rate = parser.value(u"rate"_s).toDouble();
    options.redis = parser.value(u"redis"_s);
    options.pages = parser.isSet(u"pages"_s);
    options.paused = parser.isSet(u"paused"_s);
    const QString role = parser.positionalArguments().value(0);
    if (role == u"backend") {
        return demo::runBackend(options);
    }
    if (role == u"frontend") {
        return demo::runFrontend(options);
    }
    if (role == u"strategy") {
        return demo::runStrategy(options);
    }
    if (role == u"broker") {
        return demo::runBroker(options);
    }
    if (role == u"repository") {
        return demo::runRepository(options);
    }
    if (role == u"traffic") {
        return demo::runTraffic(options);
    }
    fprintf(stderr, "unknown role '%s': backend, frontend, strategy, broker, repository or traffic expected\n", qPrintable(role));
    return 2;
}
