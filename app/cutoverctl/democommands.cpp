// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"

#include "demo/demosystem.h"
#include "target/target.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>
#include <QStandardPaths>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString folder(const Arguments &arguments)
{
    const QString fallback = QStandardPaths::writableLocation(QStandardPaths::GenericStateLocation) + u"/cutover/demo"_s;
    return QDir::current().absoluteFilePath(arguments.value(u"directory"_s, fallback));
}

void tell(const Message &doing)
{
    say(doing.text());
}

Result<int> done(const QString &directory)
{
    say(demoTargetFile(directory));
    sayJson({{u"target"_s, demoTargetFile(directory)}});
    return ExitOk;
}

/// With --dry-run, instead of doing it.
Result<int> would(const QString &sentence, const QString &directory)
{
    say(sentence);
    sayJson({{u"target"_s, demoTargetFile(directory)}, {u"done"_s, false}});
    return ExitOk;
}

Result<int> create(const Arguments &arguments)
{
    DemoOptions options;
    TRY(options.orders, arguments.number(u"orders"_s, options.orders, 0, 10000000));
    TRY(const int rate, arguments.number(u"rate"_s, int(options.trafficRate), 1, 1000));
    options.trafficRate = rate;
    options.balancerRetries = !arguments.has(u"no-retries"_s);
    if (const QString watch = arguments.value(u"watch"_s); !watch.isEmpty()) {
        TRY(options.watchDurationMs, durationArgument(watch));
    }
    if (const QString window = arguments.value(u"window"_s); !window.isEmpty()) {
        TRY(options.watchWindowMs, durationArgument(window));
    }
    if (const QString ramp = arguments.value(u"fault-ramp"_s); !ramp.isEmpty()) {
        TRY(const qint64 milliseconds, durationArgument(ramp));
        options.faultRampSeconds = double(milliseconds) / 1000;
    }
    if (arguments.has(u"dry-run"_s)) {
        CHECK(checkDemoFolder(folder(arguments)));
        return would(Cli::tr("A demo system with %1 orders would be made in %2.").arg(options.orders).arg(folder(arguments)), folder(arguments));
    }
    CHECK(QCoro::waitFor(createDemo(folder(arguments), options, tell)));
    return done(folder(arguments));
}

Result<int> start(const Arguments &arguments)
{
    if (arguments.has(u"dry-run"_s)) {
        CHECK(Target::load(demoTargetFile(folder(arguments))));
        return would(Cli::tr("The services of the demo system in %1 would be started.").arg(folder(arguments)), folder(arguments));
    }
    CHECK(QCoro::waitFor(startDemo(folder(arguments), tell)));
    return done(folder(arguments));
}

Result<int> stop(const Arguments &arguments)
{
    if (!demoExists(folder(arguments))) {
        CHECK(Target::load(demoTargetFile(folder(arguments))));
    }
    if (arguments.has(u"dry-run"_s)) {
        return would(Cli::tr("The services of the demo system in %1 would be ended.").arg(folder(arguments)), folder(arguments));
    }
    CHECK(QCoro::waitFor(stopDemo(folder(arguments))));
    return done(folder(arguments));
}

} // namespace

QList<Command> demoCommands()
{
    return {
        {{u"demo create"_s, {}, 0, 0, {u"directory"_s, u"orders"_s, u"rate"_s, u"watch"_s, u"window"_s, u"fault-ramp"_s}, {u"no-retries"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "make a demo system")}, run<create>},
        {{u"demo start"_s, {}, 0, 0, {u"directory"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "start the services of a demo system")}, run<start>},
        {{u"demo stop"_s, {}, 0, 0, {u"directory"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "end the services of a demo system")}, run<stop>},
    };
}

} // namespace cutover
