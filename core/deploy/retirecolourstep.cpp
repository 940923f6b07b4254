// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "retire_colour" 1: the colour that served before is stopped, and proven gone. From then on the way back has
// to start it first. Params: service, colour (that serves), fromRelease (what the other one runs), toRelease.

#include "deploy/colourstep.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class RetireColourStep : public ColourStep
{
public:
    using ColourStep::ColourStep;

    Async<> observe(StepContext &context, std::stop_token) override { return checkServing(&context); }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QJsonObject before, co_await beforeOf(context));
        co_return QJsonObject{{u"before"_s, before}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_CHECK(co_await checkServing(&context));
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        // What is to be closed has had its time before the switch.
        CO_TRY(const int letIn, co_await other.letInCount());
        const ServiceSpec *service = context.target().service(this->service());
        const bool closes = service && service->atDrainLimit == ServiceSpec::AtDrainLimit::Close;
        CO_CHECK(co_await other.takeOut(&moved, true, stop, closes && letIn == 0 ? std::optional<qint64>(0) : std::nullopt));
        for (InstanceMove &move : other.instances()) {
            CO_CHECK(co_await stopOut(&other, &moved, &move, stop));
        }
        co_return {};
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QStringList alive, co_await aliveOnes(&context));
        if (!alive.isEmpty()) {
            co_return fail(u"colour.not_gone"_s, {{u"instance"_s, alive.first()}, {u"colour"_s, colourWord(otherColour(colour()))}});
        }
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(const bool serves, co_await moved.keepServing());
        co_return serves ? Result<>() : fail(notServing());
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(ColourMove other, old(context));
        const auto alive = co_await aliveOnes(&context);
        if (!alive) {
            co_return Inspection::Unknown;
        }
        if (alive->isEmpty()) {
            co_return Inspection::Done;
        }
        for (InstanceMove &move : other.instances()) {
            const auto now = co_await move.state();
            if (!now || now->release != from() || now->state != InstanceState::State::Ready) {
                co_return Inspection::Partial;
            }
        }
        co_return Inspection::NotStarted;
    }

    /// Runs again and is ready, for the switch back; the balancer sends it nothing before that.
    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        const QJsonObject before = undo[u"before"_s].toObject();
        co_return co_await bringBack(context, before, stop);
    }

private:
    Error notServing() const { return {u"colour.not_serving"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}}}; }

    /// By pointer: it outlives the task, and says so.
    Async<> checkServing(StepContext *context) const
    {
        CO_TRY(const ColourRecord known, record(*context));
        CO_TRY(ColourMove moved, fresh(*context));
        CO_TRY(const bool serves, co_await moved.anyUp());
        if (known.colour != colour() || !serves) {
            co_return fail(notServing());
        }
        co_return {};
    }

    Async<QStringList> aliveOnes(StepContext *context) const
    {
        CO_TRY(ColourMove other, old(*context));
        QStringList names;
        for (InstanceMove &move : other.instances()) {
            CO_TRY(const InstanceState now, co_await move.state());
            if (now.pid > 0) {
                names.append(now.name);
            }
        }
        co_return names;
    }
};

const StepRegistry::Registration registration(u"retire_colour"_s, 1, [](StepSpec spec) { return std::make_unique<RetireColourStep>(std::move(spec)); });

} // namespace

} // namespace cutover
