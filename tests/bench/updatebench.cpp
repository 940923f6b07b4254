// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The demo's update from 1.2.0 to 1.2.1, by cutoverctl and by the operator's guide's two scripts, each
// on a demo system of its own, with traffic. The scripts wait as long as the guide has them wait:
// 3.3 (apply-update) 10 s once the new backend has been started, 9.1 (rolling-update) 15 s for each
// instance of the backend. The watch afterwards (300 s there) is left out on both sides.

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
/// Seconds that the guide's scripts sleep.
struct Script {
    const char *name;
    int eachInstance;
    int atEnd;
};
constexpr Script ApplyUpdate{"guide 3.3: sleep 10 after the restart", 0, 10};
constexpr Script RollingUpdate{"guide 9.1: sleep 15 for each instance", 15, 0};
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
    TRY(const qint64 failed, demo->failures());
    const qint64 acknowledged = demo->acknowledged();
    Result<> done;
    const double seconds = secondsOf([&] { done = update(*demo); });
    CHECK(done);
    QThread::msleep(1000); // Requests under way may still fail.
    TRY(const qint64 failedThen, demo->failures());
    tally.failed += failedThen - failed;
    tally.answered += demo->acknowledged() - acknowledged;
    return seconds;
}

Result<> byScript(const Script &script, const DemoSystem &demo)
{
    TRY(const Target target, Target::load(demo.target()));
    QStringList arguments{QDir::cleanPath(demo.path(u"."_s)), u"1.2.1"_s, {}, QCoreApplication::applicationFilePath(), QString::number(script.atEnd)};
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.name == u"repository") {
                arguments[2] = u"http://127.0.0.1:%1"_s.arg(instance.port);
            }
            if (service.managed) {
                // The guide restarts what is not behind the balancer without waiting for it.
                const int pause = service.balancerBackend.isEmpty() ? 0 : script.eachInstance;
                arguments.append(u"%1=%2=%3"_s.arg(instance.name).arg(instance.port).arg(pause));
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
    struct Way {
        Samples samples;
        Update update;
        Tally tally;
    };
    Way ours{{u"cutoverctl update 1.2.1, watch 0 s"_s, {}}, byCutover, {}};
    Way apply{{QString::fromLatin1(ApplyUpdate.name), {}}, [](const DemoSystem &demo) { return byScript(ApplyUpdate, demo); }, {}};
    Way rolling{{QString::fromLatin1(RollingUpdate.name), {}}, [](const DemoSystem &demo) { return byScript(RollingUpdate, demo); }, {}};
    const int rounds = options.rounds ? options.rounds : 3;
    for (int i = 0; i < rounds; ++i) {
        for (Way *way : {&ours, &apply, &rolling}) {
            TRY(const double seconds, measure(options, way->update, way->tally));
            way->samples.values.append(seconds);
        }
    }
    const QString what = u"update 1.2.0 → 1.2.1 of the demo under %1 requests a second, without the watch"_s.arg(Rate);
    print(what, u"s"_s, ours.samples, apply.samples);
    print(what, u"s"_s, ours.samples, rolling.samples);
    for (const Way *way : {&ours, &apply, &rolling}) {
        note(u"%1: %2 requests failed, %3 orders acknowledged meanwhile (sums of %4)"_s.arg(way->samples.name).arg(way->tally.failed).arg(way->tally.answered).arg(rounds));
    }
    note(u"fixed sleeps of the scripts: %1 s and %2 s for 2 instances; ours waits for readiness, and also checks before and after, proves the backup, drains, and journals each step"_s
             .arg(ApplyUpdate.atEnd)
             .arg(2 * RollingUpdate.eachInstance));
    return true;
}

} // namespace cutover::bench
