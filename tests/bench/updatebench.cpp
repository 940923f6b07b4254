// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The demo's update from 1.2.0 to 1.2.1, by cutoverctl and by a script with fixed pauses, each on a
// demo system of its own, with traffic.

#include "bench.h"
#include "demosystem.h"

#include "deploy/supervisorclient.h"
#include "target/target.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>
#include <QTextStream>
#include <QThread>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr int Orders = 20000;
constexpr int Rate = 50;
/// What a runbook usually waits after a restart before it looks.
constexpr int PauseSeconds = 15;
constexpr int WarmUpMs = 2000;

struct Tally {
    qint64 failed = 0;
    qint64 answered = 0;
};

using Update = std::function<Result<>(const DemoSystem &demo)>;

Result<double> measure(const Options &options, const Update &update, Tally &tally)
{
    TRY(const auto demo, DemoSystem::create(options, Orders, Rate));
    QThread::msleep(WarmUpMs);
    const qint64 failed = demo->failures();
    const qint64 acknowledged = demo->acknowledged();
    Result<> done;
    const double seconds = secondsOf([&] { done = update(*demo); });
    CHECK(done);
    QThread::msleep(1000); // Requests under way may still fail.
    tally.failed += demo->failures() - failed;
    tally.answered += demo->acknowledged() - acknowledged;
    return seconds;
}

Result<> byScript(const DemoSystem &demo)
{
    TRY(const Target target, Target::load(demo.target()));
    QStringList arguments{demo.path(u"."_s), u"1.2.1"_s, QString::number(PauseSeconds), {}, QCoreApplication::applicationFilePath()};
    arguments[0] = QDir::cleanPath(arguments[0]);
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.name == u"repository") {
                arguments[3] = u"http://127.0.0.1:%1"_s.arg(instance.port);
            }
            if (service.managed) {
                arguments.append(u"%1=%2"_s.arg(instance.name).arg(instance.port));
            }
        }
    }
    return runProgram(QStringLiteral(CUTOVER_RUNBOOK), arguments, 600000).transform([](const QByteArray &) { });
}

Result<> byCutover(const DemoSystem &demo)
{
    return runProgram(demo.control(), demo.updateArguments(u"1.2.1"_s, u"0s"_s)).transform([](const QByteArray &) { });
}

} // namespace

/// stop or start TARGET INSTANCE: what systemctl would be for the script.
int instancePart(const QStringList &arguments)
{
    const auto work = [&]() -> Result<> {
        TRY(const Target target, Target::load(arguments.value(1)));
        SupervisorClient client(target);
        return arguments.value(0) == u"stop" ? QCoro::waitFor(client.stop(arguments.value(2)))
                                             : QCoro::waitFor(client.start(arguments.value(2), QFileInfo(target.currentLink()).canonicalFilePath()));
    };
    const Result<> done = work();
    if (!done) {
        QTextStream(stderr) << done.error().text() << '\n';
    }
    return done ? 0 : 1;
}

Result<bool> benchUpdate(const Options &options)
{
    Samples ours{u"cutoverctl update 1.2.1, watch 0 s"_s, {}};
    Samples peer{u"script, %1 s after each restart"_s.arg(PauseSeconds), {}};
    Tally oursTally, peerTally;
    const int rounds = options.rounds ? options.rounds : 3;
    CHECK(alternate(
        rounds, ours, [&] { return measure(options, byCutover, oursTally); }, peer, [&] { return measure(options, byScript, peerTally); }));
    print(u"update 1.2.0 → 1.2.1 of the demo under %1 requests a second"_s.arg(Rate), u"s"_s, ours, peer);
    note(u"failed requests: cutoverctl %1, script %2; orders acknowledged meanwhile: %3 and %4 (sums of %5)"_s.arg(oursTally.failed)
             .arg(peerTally.failed)
             .arg(oursTally.answered)
             .arg(peerTally.answered)
             .arg(rounds));
    note(u"ours also checks before and after, proves the backup, drains, and journals each step"_s);
    return true;
}

} // namespace cutover::bench
