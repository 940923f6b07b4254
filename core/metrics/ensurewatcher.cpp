// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/targetmask.h"
#include "metrics/heartbeat.h"
#include "metrics/watcher.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"
#include "system/programs.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>

#include <algorithm>
#include <csignal>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 startLimitMs = 15000;
constexpr int mostStarts = 3;
constexpr qint64 mostLogBytes = 8192;
constexpr qsizetype mostLines = 4;

/// Three scrapes, and never so short that a busy machine looks dead.
qint64 silenceLimit(const Target &target)
{
    return qMax(qint64(3000), 3 * target.watch.scrapeIntervalMs);
}

/// With what it said in its log from an offset on, as that is the reason.
std::unexpected<Error> notStarted(const Target &target, const QString &log, qint64 from)
{
    QJsonObject args{{u"limit"_s, startLimitMs}, {u"log"_s, log}};
    QFile file(log);
    QStringList lines;
    if (file.open(QIODevice::ReadOnly) && file.seek(qMax(from, file.size() - mostLogBytes))) {
        lines = QString::fromUtf8(file.read(mostLogBytes)).split(u'\n', Qt::SkipEmptyParts);
    }
    if (lines.isEmpty()) {
        return fail(u"watch.not_started"_s, args, target.name);
    }
    // One that runs and can't give a sign says so again and again, as does each that finds it running.
    lines.removeDuplicates();
    TargetMask mask(target);
    QJsonArray said;
    for (const QString &line : std::as_const(lines).sliced(qMax(qsizetype(0), lines.size() - mostLines))) {
        said.append(mask.masked(line));
    }
    args.insert(u"lastLines"_s, said);
    return fail(u"watch.not_started_saying"_s, args, target.name);
}

} // namespace

qint64 watcherSilence(const Target &target)
{
    return Heartbeat::read(target.stateDirectory).silence();
}

bool watcherIsAlive(const Target &target)
{
    const qint64 silence = watcherSilence(target);
    return silence >= 0 && silence <= silenceLimit(target);
}

bool hasMetrics(const Target &target)
{
    return std::ranges::any_of(target.services, [](const ServiceSpec &service) { return !service.metricsUrl.isEmpty(); });
}

Async<> ensureWatcher(Target target, std::stop_token stop)
{
    if (watcherIsAlive(target)) {
        co_return {};
    }
    CO_TRY(const QString program, programPath(u"cutoverctl"_s));
    const QString logs = target.stateDirectory + u"/logs"_s;
    CO_CHECK(files::makePath(logs));
    // One that hangs still has the lock, so this one ends at once and the silence goes on.
    const QStringList arguments{u"watch"_s, u"--target"_s, target.path};
    const QString log = logs + u"/watcher.log"_s;
    const qint64 saidBefore = QFileInfo(log).size();
    CO_TRY(qint64 pid, startDetached(program, arguments, log));
    int starts = 1;
    const qint64 until = Clock::system().monotonic() + startLimitMs;
    while (!watcherIsAlive(target)) {
        if (Clock::system().monotonic() > until) {
            co_return notStarted(target, log, saidBefore);
        }
        CO_CHECK(co_await Clock::system().sleep(50, stop));
        if (starts < mostStarts && processStartTime(pid) == 0 && !watcherIsAlive(target)) {
            // It died before it gave a sign of life.
            ++starts;
            CO_TRY(pid, startDetached(program, arguments, log));
        }
    }
    co_return {};
}

Async<> stopWatcher(Target target)
{
    const Heartbeat beat = Heartbeat::read(target.stateDirectory);
    // The start time tells our process from another one that was given its number.
    auto alive = [&beat] { return beat.pid > 0 && processStartTime(beat.pid) == beat.startTime; };
    if (!alive()) {
        co_return {};
    }
    ::kill(pid_t(beat.pid), SIGTERM);
    const qint64 until = Clock::system().monotonic() + startLimitMs;
    while (alive()) {
        if (Clock::system().monotonic() > until) {
            ::kill(pid_t(beat.pid), SIGKILL);
        }
        CO_CHECK(co_await Clock::system().sleep(50));
    }
    co_return {};
}

} // namespace cutover
