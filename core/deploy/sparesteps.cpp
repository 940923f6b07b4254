// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kinds "start_spare" 1 and "retire_spare" 1: one instance more of a service serves from the new release, from before the first
// of its instances is replaced until after the last one is. Params: service, instance (the spare's name), fromRelease, toRelease (versions);
// of start_spare also back: a way back, which does without a spare where there can be none, as in a release of before there was one;
// of retire_spare also left: it is what a run that was given up has left, and no part of this one, so that no way back starts it again.

#include "deploy/colourmove.h"
#include "deploy/portholder.h"
#include "deploy/sparemove.h"
#include "deploy/spares.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class SpareStep : public Step
{
public:
    using Step::Step;

protected:
    QString to() const { return spec().params[u"toRelease"_s].toString(); }
    QString from() const { return spec().params[u"fromRelease"_s].toString(); }
    QString service() const { return spec().params[u"service"_s].toString(); }
    Result<InstanceMove> create(StepContext &context) const
    {
        const QString planned = spec().params[u"instance"_s].toString();
        const ServiceSpec *now = context.target().service(service());
        if (!now || !now->spare) {
            return fail(u"spare.none"_s, {{u"service"_s, service()}}, context.target().path);
        }
        // What was started by its former name would be left behind.
        if (!now->isSpare(planned)) {
            return fail(u"spare.renamed"_s, {{u"service"_s, service()}, {u"spare"_s, now->spare->name}, {u"expected"_s, planned}}, context.target().path);
        }
        return InstanceMove::create(context, service(), planned);
    }
    const ServiceSpec &serviceOf(StepContext &context) const { return *context.target().service(service()); }

    /// Runs that version, ready and let in.
    static Async<bool> serves(InstanceMove *move, QString version)
    {
        CO_TRY(const InstanceState now, co_await move->state());
        CO_TRY(const bool serving, co_await move->isServing());
        co_return serving &&now.pid > 0 && now.release == version &&now.state == InstanceState::State::Ready;
    }
};

class StartSpareStep : public SpareStep
{
public:
    using SpareStep::SpareStep;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        if (isBack()) {
            co_return {};
        }
        CO_TRY(InstanceMove move, create(context));
        CO_CHECK(co_await move.check(to(), stop));
        CO_TRY(const InstanceState now, co_await move.state());
        CO_CHECK(checkPort(context, move.instance(), now));
        CO_TRY(const auto balancer, BalancerRegistry::create(context.target(), balancerToolsOf(context)));
        const ServiceSpec spared = serviceOf(context);
        co_return co_await checkSpare(balancer, spared);
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(InstanceMove move, create(context));
        const auto now = co_await move.state();
        if (!now && !isBack()) {
            co_return fail(now.error());
        }
        co_return QJsonObject{{u"before"_s, now ? processMark(*now) : QString()}};
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_CHECK(create(context));
        const SpareServing how{.service = service(), .version = to(), .back = isBack(), .before = undo[u"before"_s].toString()};
        if (how.back) {
            co_await takeSpareBack(&context, spec(), how);
            co_return {};
        }
        co_return co_await serveSpare(&context, spec(), how, stop);
    }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_TRY(const bool isNoted, servesSpare(context.target(), serviceOf(context)));
        if (isBack() && !isNoted) {
            co_return {};
        }
        const auto proven = co_await prove(&context, &move, stop);
        if (proven || !isBack() || proven.error().kind == Error::Kind::Cancelled) {
            co_return proven;
        }
        // It has ended since then. Once more, or else without.
        const SpareServing how{.service = service(), .version = to(), .back = true};
        co_await takeSpareBack(&context, spec(), how);
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(InstanceMove move, create(context));
        const auto now = co_await move.state();
        const auto serving = co_await serves(&move, to());
        const auto isKnown = co_await move.isKnown();
        if (!now || !serving || !isKnown) {
            // No way back is held for want of a spare.
            co_return isBack() ? Inspection::Partial : Inspection::Unknown;
        }
        const QString before = undo[u"before"_s].toString();
        const bool isUntouched = processMark(*now) == before;
        if (*serving && !isUntouched) {
            co_return Inspection::Done;
        }
        // What stands in the balancer's own configuration is there without us.
        co_return isUntouched && (!before.isEmpty() || now->container.isEmpty()) ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_CHECK(create(context));
        co_return co_await endSpare(&context, spec(), service(), true, stop);
    }

private:
    bool isBack() const { return spec().params[u"back"_s].toBool(); }

    /// Both outlive the task.
    Async<> prove(StepContext *context, InstanceMove *move, std::stop_token stop)
    {
        CO_CHECK(co_await move->waitReady(to(), stop));
        co_await keepSpare(context->target(), serviceOf(*context), balancerToolsOf(*context), [context](const Message &done) { context->log(done); }, stop);
        CO_TRY(const bool serving, co_await move->isServing());
        CO_TRY(const InstanceState now, co_await move->state());
        if (!serving || now.release != to()) {
            co_return fail(u"deploy.not_running"_s, {{u"instance"_s, move->name()}, {u"expected"_s, to()}, {u"found"_s, now.release}, {u"state"_s, Message{serving ? u"deploy.state.running"_s : u"deploy.state.unbalanced"_s, {}}.toJson()}});
        }
        if (!isBack()) {
            CO_CHECK(co_await move->checkImage(move->fetchedImage(to())));
        }
        co_return move->record(now);
    }

    /// A stranger there is found before anything is started.
    static Result<> checkPort(StepContext &context, const InstanceSpec &spare, const InstanceState &now)
    {
        const QString docker = context.target().compose.host;
        const bool isHere = docker.isEmpty() || docker.startsWith("unix:"_L1);
        const auto holder = isHere && now.pid <= 0 ? portHolder(spare.port) : std::nullopt;
        if (holder) {
            const QJsonValue program = holder->pid ? QJsonValue(holder->program) : QJsonValue();
            return fail(u"check.port_taken"_s, {{u"port"_s, spare.port}, {u"instance"_s, spare.name}, {u"program"_s, program}, {u"pid"_s, holder->pid}}, spare.name);
        }
        return {};
    }
};

class RetireSpareStep : public SpareStep
{
    static constexpr QLatin1StringView ended{"spareEnded"}; ///< Among the step's results.

public:
    using SpareStep::SpareStep;

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_TRY(InstanceMove move, create(context));
        co_return co_await move.checkCapacity();
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_TRY(const bool serving, co_await move.isServing());
        if (serving) {
            CO_CHECK(co_await move.checkCapacity());
        }
        CO_CHECK(co_await endSpare(&context, spec(), service(), false, stop));
        context.setResult(ended, true);
        co_return {};
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(InstanceMove move, create(context));
        CO_TRY(const InstanceState now, co_await move.state());
        CO_TRY(const bool serving, co_await move.isServing());
        if (serving || !now.container.isEmpty()) {
            co_return fail(u"spare.left"_s, {{u"spare"_s, move.name()}, {u"container"_s, now.container.left(12)}});
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(InstanceMove move, create(context));
        const auto now = co_await move.state();
        const auto serving = co_await move.isServing();
        const auto isKnown = co_await move.isKnown();
        const auto isLetIn = co_await move.isLetIn();
        const auto isNoted = servesSpare(context.target(), serviceOf(context));
        if (!now || !serving || !isKnown || !isLetIn || !isNoted) {
            co_return Inspection::Unknown;
        }
        // One that stands in the balancer's configuration stays there, out; another one is still to be removed.
        const bool isAway = !*isKnown || (!*isLetIn && context.result(spec().id, ended).toBool());
        if (now->container.isEmpty() && isAway && !*isNoted) {
            co_return Inspection::Done;
        }
        const bool isAsBefore = *serving && now->release == to() && now->state == InstanceState::State::Ready;
        co_return isAsBefore ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        if (spec().params[u"left"_s].toBool()) {
            co_return {};
        }
        CO_CHECK(create(context));
        const SpareServing how{.service = service(), .version = from(), .back = true};
        co_await takeSpareBack(&context, spec(), how);
        co_return {};
    }
};

const StepRegistry::Registration starting(u"start_spare"_s, 1, [](StepSpec spec) { return std::make_unique<StartSpareStep>(std::move(spec)); });
const StepRegistry::Registration retiring(u"retire_spare"_s, 1, [](StepSpec spec) { return std::make_unique<RetireSpareStep>(std::move(spec)); });

} // namespace

} // namespace cutover
