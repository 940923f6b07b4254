// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "start_colour" 1: the new release runs in all instances of the idle colour, ready, of the right version by
// its own word and smoke-tested, while the balancer sends it nothing. The colour that serves is not touched.
// Params: service, colour, fromRelease, toRelease; reuse: one that runs that release already is taken as it is.

#include "deploy/colourstep.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class StartColourStep : public ColourStep
{
public:
    using ColourStep::ColourStep;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        CO_CHECK(checkIdle(context));
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(const auto servers, co_await moved.servers());
        Q_UNUSED(servers)
        for (InstanceMove &move : moved.instances()) {
            CO_CHECK(co_await move.check(to(), stop));
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        QJsonObject before;
        for (InstanceMove &move : moved.instances()) {
            CO_TRY(const InstanceState now, co_await move.state());
            if (const QString mark = processMark(now); !mark.isEmpty()) {
                before.insert(now.name, mark);
            }
        }
        co_return QJsonObject{{u"before"_s, before}};
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_CHECK(checkIdle(context));
        CO_TRY(ColourRecord known, record(context));
        // From here on both may run, and what runs tells no more who serves.
        known.colour = otherColour(colour());
        CO_CHECK(keep(context, known));
        CO_CHECK(co_await takeOut(context, false, stop));
        CO_CHECK(co_await restoreWeights(context));

        CO_TRY(ColourMove moved, fresh(context));
        std::vector<InstanceMove *> anew;
        for (InstanceMove &move : moved.instances()) {
            CO_TRY(const InstanceState now, co_await move.state());
            CO_TRY(const bool running, co_await move.runs(to()));
            // What ran here before the run has read its configuration long ago.
            const bool isOurs = processMark(now) != undo[u"before"_s][move.name()].toString();
            // What was kept for the way back is no use where it hangs by now.
            const bool isKept = spec().params[u"reuse"_s].toBool() && now.state == InstanceState::State::Ready;
            if (!running || !(isOurs || isKept)) {
                anew.push_back(&move);
            }
        }
        for (InstanceMove *move : anew) {
            CO_CHECK(co_await move->fetch(to(), stop));
        }
        CO_TRY(ColourMove other, old(context));
        for (InstanceMove *move : anew) {
            CO_CHECK(co_await stopOut(&moved, &other, move, stop));
        }
        // One that runs already is only noted as meant to.
        for (InstanceMove &move : moved.instances()) {
            CO_CHECK(co_await move.start(to()));
        }
        CO_CHECK(co_await moved.waitReady(to(), stop));
        co_return co_await moved.smoke(to(), stop);
    }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_CHECK(co_await moved.waitReady(to(), stop));
        for (InstanceMove &move : moved.instances()) {
            CO_TRY(const InstanceState now, co_await move.state());
            CO_CHECK(move.record(now));
        }
        CO_TRY(const int letIn, co_await moved.letInCount());
        if (letIn > 0) {
            co_return fail(u"colour.let_in_early"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}, {u"count"_s, letIn}});
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        const auto letIn = co_await moved.letInCount();
        if (!letIn) {
            co_return Inspection::Unknown;
        }
        bool untouched = true;
        bool allReady = *letIn == 0;
        for (InstanceMove &move : moved.instances()) {
            const auto now = co_await move.state();
            if (!now) {
                co_return Inspection::Unknown;
            }
            const bool isOurs = processMark(*now) != undo[u"before"_s][move.name()].toString();
            untouched = untouched && !isOurs;
            allReady = allReady && now->release == to() && now->state == InstanceState::State::Ready
                && (isOurs || spec().params[u"reuse"_s].toBool());
        }
        // It is done only when it has passed the smoke tests, too, which may be asked again.
        if (allReady && co_await moved.smoke(to(), {})) {
            co_return Inspection::Done;
        }
        co_return untouched ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_CHECK(checkIdle(context));
        CO_CHECK(co_await takeOut(context, true, {}));
        CO_CHECK(co_await restoreWeights(context));
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        for (InstanceMove &move : moved.instances()) {
            CO_TRY(const InstanceState now, co_await move.state());
            const QString before = undo[u"before"_s][move.name()].toString();
            // One that was kept for the way back, and that we have not touched, stays.
            if (before.isEmpty() || processMark(now) != before) {
                CO_CHECK(co_await stopOut(&moved, &other, &move, {}));
            }
        }
        co_return {};
    }

private:
    /// Nothing here may stop what serves, whatever the plan says.
    Result<> checkIdle(StepContext &context) const
    {
        TRY(const ColourRecord known, record(context));
        if (known.colour == colour()) {
            return fail(u"colour.serves"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}});
        }
        return {};
    }

    /// Without a request lost: the balancer may have forgotten, at its own restart, that this colour is out.
    Async<> takeOut(StepContext &context, bool force, std::stop_token stop) const
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_TRY(const bool takesRequests, co_await moved.anyUp());
        if (takesRequests) {
            CO_TRY(const bool othersServe, co_await other.keepServing());
            if (!othersServe) {
                co_return fail(u"colour.nobody_else"_s,
                               {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}, {u"other"_s, colourWord(other.colour())}});
            }
        }
        co_return co_await moved.takeOut(&other, force, stop);
    }
};

const StepRegistry::Registration registration(u"start_colour"_s, 1, [](StepSpec spec) { return std::make_unique<StartColourStep>(std::move(spec)); });

} // namespace

} // namespace cutover
