// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What the window costs its thread while an update goes on: every event handler, on the real window
// with a real engine behind it. The limit is a frame at 60 Hz.

#include "bench.h"
#include "benchapplication.h"
#include "demosystem.h"

#include "common/theme.h"
#include "serve/serveclient.h"
#include "shell/console.h"
#include "shell/mainwindow.h"

#include <QEventLoop>
#include <QMetaEnum>
#include <QProcess>
#include <QTimer>

#include <algorithm>
#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr double LimitMs = 16;
constexpr int RoomMs = 1500;

/// Runs the event loop until it is so; false when it took too long.
bool waitUntil(int limitMs, const std::function<bool()> &so)
{
    QEventLoop loop;
    QTimer poll, limit;
    QObject::connect(&poll, &QTimer::timeout, &loop, [&] {
        if (so()) {
            loop.exit(0);
        }
    });
    QObject::connect(&limit, &QTimer::timeout, &loop, [&] { loop.exit(1); });
    poll.start(20);
    limit.start(limitMs);
    return loop.exec() == 0;
}

QString eventName(int type)
{
    const char *name = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
    return name ? QString::fromLatin1(name) : QString::number(type);
}

double percentile(const QList<double> &sorted, double part)
{
    return sorted.isEmpty() ? 0 : sorted[std::min(sorted.size() - 1, qsizetype(double(sorted.size()) * part))];
}

void printHandlers(const QString &what, QList<BenchApplication::Handler> handlers)
{
    std::ranges::sort(handlers, {}, &BenchApplication::Handler::cpuMs);
    QList<double> cpu;
    for (const BenchApplication::Handler &handler : handlers) {
        cpu.append(handler.cpuMs);
    }
    const auto stalls = std::ranges::count_if(handlers, [](const auto &handler) { return handler.wallMs > LimitMs; });
    const double longest = handlers.isEmpty() ? 0 : std::ranges::max(handlers, {}, &BenchApplication::Handler::wallMs).wallMs;
    note(u"%1: %2 handlers, CPU time each: median %3 ms, 99.9 %% %4 ms, most %5 ms: ratio %6 to the limit of %7 ms"_s.arg(what)
             .arg(cpu.size())
             .arg(percentile(cpu, 0.5), 0, 'f', 3)
             .arg(percentile(cpu, 0.999), 0, 'f', 2)
             .arg(cpu.isEmpty() ? 0 : cpu.last(), 0, 'f', 2)
             .arg(cpu.isEmpty() ? 0 : cpu.last() / LimitMs, 0, 'f', 2)
             .arg(LimitMs, 0, 'f', 0)
             .replace(u"%%"_s, u"%"_s));
    note(u"   by the clock: %1 took more than %2 ms, the longest %3 ms (whatever else the machine did counts)"_s.arg(stalls)
             .arg(LimitMs, 0, 'f', 0)
             .arg(longest, 0, 'f', 1));
    for (qsizetype i = 0; i < std::min<qsizetype>(3, handlers.size()); ++i) {
        const BenchApplication::Handler &handler = handlers[handlers.size() - 1 - i];
        note(u"   %1 ms CPU, %2 ms by the clock: %3 to %4"_s.arg(handler.cpuMs, 0, 'f', 2)
                 .arg(handler.wallMs, 0, 'f', 2)
                 .arg(eventName(handler.event), QString::fromLatin1(handler.receiver)));
    }
}

} // namespace

Result<bool> benchWindow(const Options &options)
{
    TRY(const auto demo, DemoSystem::create(options, 20000, 50));
    BenchApplication *application = BenchApplication::self();
    Theme::instance().install(application);
    ServeClient engine({demo->control(), u"serve"_s, u"--stdio"_s, u"--target"_s, demo->target()});
    MainWindow window(&engine);
    window.resize(1280, 800);
    note(u"the window while an update runs"_s);

    application->begin();
    window.show();
    engine.start();
    if (!waitUntil(30000, [&] { return window.console()->target().has_value(); })) {
        return fail(u"bench.gone"_s, {{u"what"_s, u"the first answer of the engine"_s}});
    }
    // Each room once: making it is one handler of its own, and the longest that the window has.
    for (const RoomSpec &room : Rooms::all()) {
        window.openRoom(room.id);
        (void)waitUntil(RoomMs, [] { return false; });
    }
    const QList<BenchApplication::Handler> start = application->end();

    application->begin();
    QProcess update;
    update.setStandardOutputFile(QProcess::nullDevice());
    update.setStandardErrorFile(QProcess::nullDevice());
    update.start(demo->control(), demo->updateArguments(u"1.2.1"_s, u"10s"_s));
    QTimer walk;
    int at = 0;
    QObject::connect(&walk, &QTimer::timeout, &window, [&] { window.openRoom(Rooms::all()[at++ % Rooms::all().size()].id); });
    walk.start(RoomMs);
    bool seen = false;
    const bool ended = waitUntil(180000, [&] {
        seen = seen || window.console()->activeRun().has_value();
        return update.state() == QProcess::NotRunning;
    });
    const bool known = waitUntil(15000, [&] { return window.console()->target() && window.console()->target()->version == u"1.2.1"; });
    const QList<BenchApplication::Handler> during = application->end();
    walk.stop();
    if (!ended || update.exitCode() != 0 || !seen || !known) {
        update.kill();
        update.waitForFinished();
        return fail(u"bench.gone"_s, {{u"what"_s, u"the update, seen by the window"_s}});
    }
    printHandlers(u"start, and each room for the first time"_s, start);
    printHandlers(u"during the update, from room to room"_s, during);
    const auto tooLong = [](const QList<BenchApplication::Handler> &handlers) {
        return std::ranges::count_if(handlers, [](const auto &handler) { return handler.cpuMs >= LimitMs; });
    };
    if (const auto count = tooLong(during); count > 0) {
        note(u"BROKEN: %1 handlers cost %2 ms or more"_s.arg(count).arg(LimitMs, 0, 'f', 0));
        return false;
    }
    return true;
}

} // namespace cutover::bench
