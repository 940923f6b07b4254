// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "deploy_instance" 1: one instance of a service goes from one release to another
// while the others serve. Params: service, instance, fromRelease, toRelease (versions).

#include "deploy/instancemove.h"
#include "deploy/sparemove.h"
#include "deploy/spares.h"
#include "system/clock.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class DeployInstanceStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_CHECK(co_await move.check(to(), stop));
        CO_TRY(const bool isAlone, goesBackAlone(context));
        co_return isAlone ? Result<>() : co_await move.checkCapacity();
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_TRY(const InstanceState now, co_await move.state());
        // An earlier attempt may have replaced it already.
        const bool known = !now.release.isEmpty() && now.release != to();
        CO_CHECK(move.recordBefore(now));
        co_return QJsonObject{{u"from"_s, known ? now.release : spec().params[u"fromRelease"_s].toString()}, {u"image"_s, known ? now.image : QString()}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override { return bring(context, to(), {}, false, stop); }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_CHECK(co_await move.waitReady(to(), stop));
        CO_TRY(const bool serving, co_await move.isServing());
        CO_TRY(const InstanceState now, co_await move.state());
        if (!serving || now.release != to()) {
            co_return fail(u"deploy.not_running"_s, {{u"instance"_s, move.name()}, {u"expected"_s, to()}, {u"found"_s, now.release}, {u"state"_s, Message{serving ? u"deploy.state.running"_s : u"deploy.state.unbalanced"_s, {}}.toJson()}});
        }
        CO_CHECK(move.record(now));
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(InstanceMove move, create(context));
        const auto isNew = co_await move.runs(to());
        const auto isOld = co_await move.runs(undo[u"from"_s].toString(spec().params[u"fromRelease"_s].toString()));
        const auto serving = co_await move.isServing();
        if (!isNew || !isOld || !serving) {
            co_return Inspection::Unknown;
        }
        CO_TRY(const InstanceState now, co_await move.state());
        // Old and new beside one another is neither, though the one that counts serves.
        CO_TRY(const bool both, co_await move.hasOthers(now.release));
        if (both) {
            co_return Inspection::Partial;
        }
        // Who accepts this step as taken back relies on users being served.
        const bool serves = *serving && now.state == InstanceState::State::Ready;
        co_return *isNew &&serves ? Inspection::Done : *isOld &&serves ? Inspection::NotStarted
                                                                       : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        const QString image = undo[u"image"_s].toString();
        const QString version = undo[u"from"_s].toString(spec().params[u"fromRelease"_s].toString());
        CO_CHECK(co_await bring(context, version, image, true, stop));
        CO_TRY(InstanceMove move, create(context));
        CO_CHECK(co_await move.checkImage(image));
        // Now one serves again that is known to be good. What is not, users get no longer than it takes, and the next one on the
        // way back has somebody good beside it.
        if (othersFollowBack(context)) {
            CO_TRY(const bool hasOther, co_await servesOtherSpare(context, version));
            if (hasOther) {
                const SpareServing how{.service = spec().params[u"service"_s].toString(), .version = version, .back = true};
                co_await takeSpareBack(&context, spec(), how);
            }
        }
        co_return {};
    }

private:
    QString to() const { return spec().params[u"toRelease"_s].toString(); }
    Result<InstanceMove> create(StepContext &context) const
    {
        return InstanceMove::create(context, spec().params[u"service"_s].toString(), spec().params[u"instance"_s].toString());
    }

    /// Another instance of the service was replaced before this one, and is still to go back.
    bool othersFollowBack(StepContext &context) const
    {
        const QList<StepSpec> steps = context.plan().steps;
        const auto own = std::ranges::find(steps, spec().id, &StepSpec::id);
        return std::any_of(steps.begin(), own, [this](const StepSpec &step) { return step.kind == spec().kind && step.params[u"service"_s] == spec().params[u"service"_s]; });
    }

    /// A way back of the only instance, whose spare could not serve: users do without, as they would for good.
    Result<bool> goesBackAlone(StepContext &context) const
    {
        const ServiceSpec *service = context.target().service(spec().params[u"service"_s].toString());
        const QList<StepSpec> steps = context.plan().steps;
        const bool isBack = std::ranges::any_of(steps, [this](const StepSpec &step) { return step.kind == u"start_spare" && step.params[u"service"_s] == spec().params[u"service"_s] && step.params[u"back"_s].toBool(); });
        if (!isBack || !service || service->instances.size() > 1) {
            return false;
        }
        TRY(const bool serves, servesSpare(context.target(), *service));
        return !serves;
    }

    /// The service's spare serves from another version, or was on its way to this one when a runner ended.
    Async<bool> servesOtherSpare(StepContext &context, QString version) const
    {
        const ServiceSpec *service = context.target().service(spec().params[u"service"_s].toString());
        if (!service || !service->spare) {
            co_return false;
        }
        CO_TRY(const bool serves, servesSpare(context.target(), *service));
        CO_TRY(InstanceMove spare, InstanceMove::create(context, service->name, service->spare->name));
        CO_TRY(const InstanceState now, co_await spare.state());
        co_return now.pid > 0 && (now.release != version || !serves);
    }

    /// The service's spare, where this run has it serve.
    const ServiceSpec *withSpare(StepContext &context) const
    {
        const ServiceSpec *service = context.target().service(spec().params[u"service"_s].toString());
        return service && service->spare && startsSpare(context.plan().steps, service->name) ? service : nullptr;
    }

    /// Until it is stopped: a balancer may be restarted at any moment, and while one is out the spare may be all that serves.
    static QCoro::Task<> keepOn(StepContext *context, ServiceSpec service, std::stop_token stop)
    {
        constexpr qint64 everyMs = 1000;
        while (co_await Clock::system().sleep(everyMs, stop)) {
            co_await keepSpare(context->target(), service, balancerToolsOf(*context), [context](const Message &done) { context->log(done); }, stop);
        }
    }

    /// Where the balancer's restart has let the instance in again that is being drained: whether users have somebody else. The spare,
    /// which it has forgotten, first. All outlive the task.
    Async<bool> othersServe(StepContext *context, InstanceMove *move, bool isForced) const
    {
        if (const ServiceSpec *service = withSpare(*context)) {
            co_await keepSpare(context->target(), *service, balancerToolsOf(*context), [context](const Message &done) { context->log(done); });
        }
        const auto others = isForced ? Result<>() : co_await move->checkCapacity();
        co_return others || others.error().code == u"deploy.capacity" ? Result<bool>(others.has_value()) : fail(others.error());
    }

    // back: the way back must not be refused for want of another server or for a session that stays.
    // image: that it ran from then.
    Async<> bring(StepContext &context, QString version, QString image, bool back, std::stop_token stop)
    {
        const ServiceSpec *service = withSpare(context);
        if (!service) {
            co_return co_await bringAlone(context, version, image, back, stop);
        }
        const ServiceSpec kept = *service;
        std::stop_source end;
        auto keeping = keepOn(&context, kept, end.get_token());
        Result<> brought = co_await bringAlone(context, version, image, back, stop);
        end.request_stop();
        co_await keeping;
        co_return brought;
    }

    Async<> bringAlone(StepContext &context, QString version, QString image, bool back, std::stop_token stop)
    {
        CO_TRY(InstanceMove move, create(context));
        CO_TRY(const bool running, co_await move.runs(version));
        if (!running) {
            // What it is to be started from is there before anything stops; on the way back it may have been cleared away since.
            CO_CHECK(back ? co_await move.restore(version, image, stop) : co_await move.fetch(version, stop));
            if (const ServiceSpec *service = withSpare(context)) {
                co_await keepSpare(context.target(), *service, balancerToolsOf(context), [&context](const Message &done) { context.log(done); });
            }
            CO_TRY(const bool serving, co_await move.isServing());
            CO_TRY(const bool isAlone, goesBackAlone(context));
            if (serving && !back && !isAlone) {
                CO_CHECK(co_await move.checkCapacity());
            }
            if (!move.startsBeside()) {
                CO_CHECK(co_await move.drainOrAsk(spec(), back, stop, [this, &context, &move, isForced = back || isAlone] { return othersServe(&context, &move, isForced); }));
                CO_CHECK(co_await move.stop());
            }
        }
        // One that runs already is only noted as meant to.
        CO_CHECK(co_await move.start(version));
        CO_CHECK(co_await move.waitReady(version, stop));
        if (move.startsBeside()) {
            CO_CHECK(co_await move.retireOthers(version));
        }
        co_return co_await move.balance(stop);
    }
};

const StepRegistry::Registration registration(u"deploy_instance"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<DeployInstanceStep>(std::move(spec)); });

} // namespace

} // namespace cutover
