// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colours.h"
#include "deploy/runtime.h"
#include "deploy/sparemove.h"
#include "plan/step.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QStringList instancesOf(const StepSpec &spec, QLatin1StringView key = "instances"_L1)
{
    QStringList names;
    const QJsonArray instances = spec.params[key].toArray();
    for (const auto &name : instances) {
        names.append(name.toString());
    }
    return names;
}

/// What both have in common: all instances stopped, or each running from the folder of its release.
class ServicesStep : public Step
{
public:
    using Step::Step;

    bool isCancellable() const override { return false; }

protected:
    QString releaseOf(const QString &instance) const
    {
        return spec().params["otherReleases"_L1].toObject()[instance].toString(spec().params["release"_L1].toString());
    }

    Async<> stopAll(StepContext &context)
    {
        // Once all have stopped nobody could tell which colour served.
        CO_TRY(const ServingColours serving, co_await servingColours(context.target()));
        for (const auto &[service, colour] : serving.asKeyValueRange()) {
            CO_TRY(const ColourRecord known, colourRecord(context.target(), service));
            if (known.colour.isEmpty()) {
                CO_CHECK(keepColourRecord(context.target(), service, {.colour = colour}));
            }
        }
        CO_TRY(std::vector<InstanceMove> idle, create(context, "idle"_L1));
        for (InstanceMove &move : idle) {
            if (move.isSpare()) {
                const QString service = context.target().serviceOfInstance(move.name())->name;
                CO_CHECK(co_await endSpare(&context, spec(), service, true, {}));
                continue;
            }
            CO_CHECK(co_await move.keepOut());
            CO_CHECK(co_await move.stop());
        }
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        // Last started, first stopped.
        std::ranges::reverse(moves);
        qint64 done = 0;
        const auto count = qint64(moves.size());
        // Requests under way are answered; then the balancer says that there is maintenance.
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.drain(true, {}));
        }
        for (InstanceMove &move : moves) {
            context.progress({done++, count, u"instances"_s, {u"backup.stopping"_s, {{u"instance"_s, move.name()}}}});
            CO_CHECK(co_await move.stop());
        }
        co_return Result<>();
    }

    Async<> startAll(StepContext &context, std::stop_token stop)
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        qint64 done = 0;
        const auto count = qint64(moves.size());
        // A balancer that was restarted meanwhile would let each in as soon as it answers, whatever it runs.
        for (InstanceMove &move : moves) {
            CO_TRY(const bool runs, co_await move.runs(releaseOf(move.name())));
            if (!runs) {
                CO_CHECK(co_await move.keepOut());
            }
        }
        for (InstanceMove &move : moves) {
            context.progress({done++, count, u"instances"_s, {u"backup.starting"_s, {{u"instance"_s, move.name()}}}});
            CO_CHECK(co_await move.start(releaseOf(move.name())));
        }
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.waitReady(releaseOf(move.name()), stop));
        }
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.balance(stop));
        }
        co_return Result<>();
    }

    Result<std::vector<InstanceMove>> create(StepContext &context, QLatin1StringView key = "instances"_L1) const
    {
        std::vector<InstanceMove> moves;
        const QStringList names = instancesOf(spec(), key);
        for (const QString &name : names) {
            const ServiceSpec *service = context.target().serviceOfInstance(name);
            TRY(InstanceMove move, InstanceMove::create(context, service ? service->name : QString(), name));
            moves.push_back(std::move(move));
        }
        return moves;
    }

    /// Instances that run, and whether all of them serve from their releases.
    Async<std::pair<qsizetype, bool>> running(StepContext &context)
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        qsizetype alive = 0;
        qsizetype aliveIdle = 0;
        bool same = true;
        for (InstanceMove &move : moves) {
            CO_TRY(const InstanceState state, co_await move.state());
            const bool serving = state.state == InstanceState::State::Ready && state.release == releaseOf(state.name);
            alive += state.pid > 0;
            if (same && serving) {
                CO_TRY(same, co_await move.isServing());
            } else {
                same = false;
            }
        }
        CO_TRY(std::vector<InstanceMove> idle, create(context, "idle"_L1));
        for (InstanceMove &move : idle) {
            CO_TRY(const InstanceState state, co_await move.state());
            // Before the stop it may run.
            aliveIdle += state.pid > 0;
        }
        if (alive == 0) {
            alive = aliveIdle;
        }
        co_return std::pair(alive, same);
    }
};

class StopServicesStep : public ServicesStep
{
public:
    using ServicesStep::ServicesStep;

    // Once the first is drained it would be too late.
    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        co_return co_await checkRights(context.target(), instancesOf(spec()) + instancesOf(spec(), "idle"_L1), toolsOf(context), stop);
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override { return stopAll(context); }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const auto found, co_await running(context));
        if (found.first > 0) {
            co_return fail(u"backup.still_running"_s, {{u"count"_s, found.first}});
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(const auto found, co_await running(context));
        // Who accepts this step as taken back relies on users being served.
        co_return found.first == 0 ? Inspection::Done : found.second ? Inspection::NotStarted
                                                                     : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override { return startAll(context, stop); }
};

class StartServicesStep : public ServicesStep
{
public:
    using ServicesStep::ServicesStep;

    bool isCancellable() const override { return true; }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override { return startAll(context, stop); }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(const auto found, co_await running(context));
        // That they run does not mean that they are ready; starting again waits for that.
        co_return found.first == 0 ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override { return stopAll(context); }
};

const StepRegistry::Registration stopServices(u"stop_services"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<StopServicesStep>(std::move(spec)); });
const StepRegistry::Registration startServices(u"start_services"_s, 1,
                                               [](StepSpec spec) { return std::make_unique<StartServicesStep>(std::move(spec)); });

} // namespace

} // namespace cutover
