// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The trading system's update from 1.2.0 to 1.2.1 under traffic, by cutoverctl and by what an operator
// types: git clone of the tag, its build program, docker compose build, docker compose up -d. Each on a
// system of its own with the same stack; the balancer asks no server twice. The time of both is until
// all four containers serve the new release, asked at their own ports; ours has checks, a backup and the
// health checks in it. A request that hangs when an update has ended is waited for, and counts as what it becomes.

#include "bench.h"

#include "tests/support/dockerd.h"
#include "tradingsystem.h"

#include <QDeadlineTimer>
#include <QThread>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr int WarmUpMs = 3000;
constexpr int PatienceMs = 120000;

/// What an update is of; the project's file describes others too.
const QStringList Services{u"backend-1"_s, u"backend-2"_s, u"frontend-1"_s, u"frontend-2"_s};

struct Tally {
    qint64 failed = 0;
    qint64 sent = 0;
};

std::unexpected<Error> told(const QString &what)
{
    return fail(u"bench.failed"_s, {{u"reason"_s, what}});
}

Result<> byCutover(TradingSystem &system)
{
    const auto update = system.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    return update.exitCode == 0 ? Result<>() : Result<>(told(QString::fromUtf8(update.errors)));
}

Result<> byCompose(TradingSystem &system)
{
    const QString release = system.path(u"releases/1.2.1"_s);
    CHECK(runProgram(u"git"_s, {u"clone"_s, u"-q"_s, u"-b"_s, u"v1.2.1"_s, system.path(u"source"_s), release}));
    CHECK(runProgram(u"env"_s, {u"-C"_s, release, u"./build"_s}));
    const QStringList compose{u"--host"_s, system.docker().host(), u"compose"_s, u"-p"_s, u"cutover-trading"_s, u"-f"_s, release + u"/compose.yaml"_s, u"--env-file"_s, system.path(u".env"_s)};
    CHECK(runProgram(u"docker"_s, compose + QStringList{u"build"_s, u"-q"_s} + Services));
    CHECK(runProgram(u"docker"_s, compose + QStringList{u"up"_s, u"-d"_s} + Services));
    return {};
}

/// Each container at its own port.
Result<> waitUntilServed(const TradingSystem &system)
{
    for (const QString &service : Services) {
        const QString path = service.startsWith(u"backend") ? u"/api/version"_s : u"/version.json"_s;
        QUrl url = system.url(path);
        url.setPort(system.portOfInstance(service));
        const QDeadlineTimer limit(PatienceMs);
        while (LiveSystem::versionAt(url) != u"1.2.1") {
            if (limit.hasExpired()) {
                return told(service + u" does not serve 1.2.1"_s);
            }
            QThread::msleep(50);
        }
    }
    return {};
}

Result<double> measure(Result<> (*update)(TradingSystem &), Tally &tally)
{
    TradingSystem system;
    TradingSystem::Options options;
    // The watch is no part of what is compared: as short as it has the samples that it needs.
    options.watchWindowMs = 2000;
    options.watchDurationMs = 2000;
    if (!system.start(options)) {
        return told(system.problem());
    }
    QThread::msleep(WarmUpMs);
    const qsizetype failed = system.failures().size();
    const LiveSystem::Traffic before = system.traffic();
    Result<> done;
    const double seconds = secondsOf([&] {
        done = update(system);
        if (done) {
            done = waitUntilServed(system);
        }
    });
    CHECK(done);
    const LiveSystem::Traffic after = system.traffic();
    if (after.run.isEmpty() || after.run != before.run || after.sent <= before.sent) {
        return told(u"there was no traffic meanwhile"_s);
    }
    tally.sent += after.sent - before.sent;
    tally.failed += system.failures().size() - failed;
    return seconds;
}

} // namespace

Result<bool> benchCompose(const Options &options)
{
    if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
        note(u"left out: "_s + why);
        return true;
    }
    Tally ours;
    Tally peers;
    Samples byUs{u"cutoverctl update 1.2.1"_s, {}};
    Samples byPeer{u"git clone, docker compose build, up -d"_s, {}};
    CHECK(alternate(
        options.rounds > 0 ? options.rounds : 3, byUs, [&] { return measure(byCutover, ours); }, byPeer, [&] { return measure(byCompose, peers); }));
    print(u"update of the trading system under Compose"_s, u"s"_s, byUs, byPeer);
    note(u"failed requests: %1 of %2 with us, %3 of %4 with docker compose up -d"_s.arg(ours.failed).arg(ours.sent).arg(peers.failed).arg(peers.sent));
    return ours.failed == 0;
}

} // namespace cutover::bench
