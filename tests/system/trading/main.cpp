// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The trading system for a person to try: "./dev demo trading". It runs as long as the console is
// open, or with --no-window until it is interrupted, and leaves nothing behind.

#include "app/cutover/endsignals.h"
#include "tradingsystem.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QTextStream>

using namespace Qt::StringLiterals;

namespace {

void say(const QString &line)
{
    QTextStream(stdout) << line << Qt::endl;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Starts the trading system and opens the console on it; further arguments go to the console."_s);
    parser.addHelpOption();
    parser.addOptions({{u"no-window"_s, u"Print where its target.yaml is, and wait."_s},
                       {u"orders"_s, u"Orders from the beginning."_s, u"number"_s, u"100000"_s},
                       {u"rate"_s, u"Requests a second."_s, u"number"_s, u"50"_s}});
    parser.addPositionalArgument(u"arguments"_s, u"For the console, behind --."_s);
    parser.process(application);

    if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
        QTextStream(stderr) << "The trading system can't run here: " << why << Qt::endl;
        return 2;
    }
    TradingSystem::Options options;
    options.orders = parser.value(u"orders"_s).toInt();
    options.rate = parser.value(u"rate"_s).toInt();
    options.libraries = true;
    options.watchWindowMs = 15000;
    options.watchDurationMs = 60000;
    say(u"Starting PostgreSQL, Redis, a broker, a Docker daemon, four containers, HAProxy and traffic …"_s);
    cutover::EndSignals ends;
    bool isAsked = false;
    QObject::connect(&ends, &cutover::EndSignals::asked, &application, [&isAsked] { isAsked = true; });
    TradingSystem system;
    if (!system.start(options)) {
        QTextStream(stderr) << system.problem() << Qt::endl;
        return 1;
    }
    QCoreApplication::processEvents();
    if (isAsked) {
        return 1;
    }
    say(u"The trading system runs: %1 and %2"_s.arg(system.targetFile(), system.url(u"/"_s).toString()));
    QProcess console;
    if (parser.isSet(u"no-window"_s)) {
        say(u"Try: cutoverctl status --target %1. Ctrl+C ends it all."_s.arg(system.targetFile()));
    } else {
        QObject::connect(&console, &QProcess::finished, &application, &QCoreApplication::quit);
        console.setProcessChannelMode(QProcess::ForwardedChannels);
        console.start(LiveSystem::program(u"cutover"_s), QStringList{u"--target"_s, system.targetFile()} + parser.positionalArguments());
        if (!console.waitForStarted()) {
            QTextStream(stderr) << console.errorString() << Qt::endl;
            return 1;
        }
    }
    QObject::connect(&ends, &cutover::EndSignals::asked, &application, [&console] {
        if (console.state() == QProcess::NotRunning) {
            QCoreApplication::quit();
        } else {
            console.terminate();
        }
    });
    QCoreApplication::exec();
    say(u"Ending it …"_s);
    return console.exitStatus() == QProcess::NormalExit ? console.exitCode() : 1;
}
