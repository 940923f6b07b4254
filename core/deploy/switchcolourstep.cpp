// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "switch_colour" 1: the colour that was started takes all requests, then the old one none, and it is noted
// which of them serves. Somebody takes requests at every moment.
// Params: service, colour, fromRelease, toRelease.

#include "deploy/colourstep.h"
#include "plan/loss.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class SwitchColourStep : public ColourStep
{
public:
    using ColourStep::ColourStep;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        co_return co_await moved.waitReady(to(), stop);
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(const auto ours, co_await moved.servers());
        CO_TRY(const QJsonObject before, co_await beforeOf(context));
        co_return QJsonObject{{u"letIn"_s, letInOf(ours)}, {u"before"_s, before}};
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_TRY(const ColourRecord known, record(context));
        CO_CHECK(co_await moved.waitReady(to(), stop));
        if (const auto in = co_await moved.letIn(stop); !in) {
            if (undo[u"letIn"_s].toArray().isEmpty()) {
                (void)co_await moved.takeOut(&other, true, {});
            }
            co_return fail(in.error());
        }
        // Agreed to already: their sessions are not waited for again.
        const bool isAgreed = context.result(spec().id, stepresult::asked).isObject();
        if (const auto out = co_await other.takeOut(&moved, isAgreed, stop, isAgreed ? std::optional<qint64>(0) : std::nullopt); !out) {
            if (out.error().code == u"balancer.sessions_left") {
                // Nobody is worse off while somebody is asked: new requests go to the new ones, and those sessions go on.
                CO_CHECK(keep(context, {.colour = colour(), .weights = known.weights, .draining = true}));
                context.setResult(stepresult::asks, QJsonObject());
                co_return fail(u"colour.sessions_stay"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(other.colour())}, {u"other"_s, colourWord(colour())}, {u"count"_s, out.error().args[u"count"_s]}, {u"limit"_s, out.error().args[u"limit"_s]}});
            }
            // As before the step: whatever is decided now, the old version serves.
            if (const auto back = co_await other.letIn({}); back) {
                CO_CHECK(keep(context, {.colour = other.colour(), .weights = known.weights, .percent = known.percent}));
                if (undo[u"letIn"_s].toArray().isEmpty()) {
                    (void)co_await moved.takeOut(&other, true, {});
                }
            }
            co_return fail(out.error());
        }
        CO_TRY(const bool serves, co_await moved.keepServing());
        if (!serves) {
            if (const auto back = co_await other.letIn({}); !back) {
                // Nobody serves: that is what has to be mended first.
                co_return fail(back.error());
            }
            CO_CHECK(keep(context, {.colour = other.colour(), .weights = known.weights, .percent = known.percent}));
            co_return fail(u"colour.not_serving"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}});
        }
        CO_CHECK(keep(context, {.colour = colour(), .weights = known.weights}));
        // Of the colour that serves no more no restart goes on.
        other.forgetRestarts();
        co_return co_await restoreWeights(context);
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_TRY(const bool serves, co_await moved.allServe(to()));
        CO_TRY(const int letIn, co_await other.letInCount());
        if (!serves || letIn > 0) {
            co_return fail(serves ? u"colour.old_let_in"_s : u"colour.not_serving"_s,
                           {{u"service"_s, service()}, {u"colour"_s, colourWord(serves ? other.colour() : colour())}, {u"count"_s, letIn}});
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        const QJsonObject before = undo[u"before"_s].toObject();
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_TRY(const ColourRecord known, record(context));
        const auto newServes = co_await moved.allServe(to());
        const auto newLetIn = co_await moved.letInCount();
        const auto oldServe = co_await oldServes(context, before);
        const auto oldLetIn = co_await other.letInCount();
        if (!newServes || !newLetIn || !oldServe || !oldLetIn) {
            co_return Inspection::Unknown;
        }
        // Who accepts this step as done, or as taken back, relies on users being served.
        if (known.colour == colour() && !known.draining && *newServes && *oldLetIn == 0 && known.weights.isEmpty()) {
            co_return Inspection::Done;
        }
        co_return known.colour != colour() && *oldServe && *newLetIn == 0 ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        const QJsonObject before = undo[u"before"_s].toObject();
        CO_CHECK(co_await bringBack(context, before, stop));
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_CHECK(co_await other.letIn(stop));
        // The way back is not refused for a session that stays.
        CO_CHECK(co_await moved.takeOut(&other, true, stop));
        CO_TRY(const ColourRecord known, record(context));
        CO_CHECK(keep(context, {.colour = other.colour(), .weights = known.weights}));
        co_return co_await restoreWeights(context);
    }

private:
    static QJsonArray letInOf(const QList<BalancerServer> &servers)
    {
        QJsonArray names;
        for (const BalancerServer &server : servers) {
            if (!server.out) {
                names.append(server.name);
            }
        }
        return names;
    }
};

const StepRegistry::Registration registration(u"switch_colour"_s, 1, [](StepSpec spec) { return std::make_unique<SwitchColourStep>(std::move(spec)); });

} // namespace

} // namespace cutover
