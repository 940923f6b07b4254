// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "shift_colour" 1: a share of the requests goes to the colour that was started, the rest to the old one, by
// the weights of their servers. What these were before is kept until they are restored.
// Params: service, colour, fromRelease, toRelease, percent.

#include "deploy/canaryshares.h"
#include "deploy/colourstep.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QMap<QString, int> weightsOf(const QList<BalancerServer> &servers)
{
    QMap<QString, int> weights;
    for (const BalancerServer &server : servers) {
        weights.insert(server.name, server.weight);
    }
    return weights;
}

class ShiftColourStep : public ColourStep
{
public:
    using ColourStep::ColourStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_CHECK(co_await moved.waitReady(to(), stop));
        CO_TRY(ColourRecord known, record(context));
        if (known.weights.isEmpty()) {
            CO_TRY(const auto ours, co_await moved.servers());
            CO_TRY(const auto others, co_await other.servers());
            known.weights = weightsOf(ours);
            known.weights.insert(weightsOf(others));
            CO_CHECK(keep(context, known));
        }
        const CanaryShares shares = canaryShares(weightsFor(known.weights, moved.names()), weightsFor(known.weights, other.names()), percent());
        if (shares.weights.isEmpty()) {
            co_return fail(u"colour.no_weight"_s, {{u"service"_s, service()}});
        }
        CO_TRY(const auto before, co_await other.servers());
        QMap<QString, int> raised;
        for (const BalancerServer &server : before) {
            if (shares.weights.value(server.name) > server.weight) {
                raised.insert(server.name, shares.weights[server.name]);
            }
        }
        // In this order the new ones never get more than they are meant to, and the old ones no less before these are there.
        CO_CHECK(co_await other.setWeights(raised));
        CO_CHECK(co_await moved.setWeights(shares.weights));
        CO_CHECK(co_await moved.letIn(stop));
        CO_CHECK(co_await other.setWeights(shares.weights));
        // From here on that is what the balancer is kept at.
        known.percent = percent();
        CO_CHECK(keep(context, known));
        context.log({u"colour.log.share"_s, {{u"colour"_s, colourWord(colour())}, {u"share"_s, shares.share}, {u"service"_s, service()}}});
        co_return {};
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const double share, co_await shareNow(context));
        CO_TRY(const double wanted, co_await shareWanted(context));
        if (qAbs(share - wanted) > Near) {
            co_return fail(u"colour.other_share"_s, {{u"colour"_s, colourWord(colour())}, {u"service"_s, service()}, {u"found"_s, share}, {u"expected"_s, wanted}});
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(const ColourRecord known, record(context));
        const auto share = co_await shareNow(context);
        if (!share) {
            co_return Inspection::Unknown;
        }
        CO_TRY(const double wanted, co_await shareWanted(context));
        const bool isThere = !known.weights.isEmpty() && known.percent == percent() && qAbs(*share - wanted) <= Near;
        co_return isThere ? Inspection::Done : known.weights.isEmpty() && *share == 0 ? Inspection::NotStarted
                                                                                      : Inspection::Partial;
    }

    /// At once to none: whatever stage it was, the way back is not gone step by step.
    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const ColourRecord known, record(context));
        if (known.colour == colour()) {
            co_return fail(u"colour.serves"_s, {{u"service"_s, service()}, {u"colour"_s, colourWord(colour())}});
        }
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        // Somebody may have taken the old ones out meanwhile.
        CO_TRY(const bool oldServes, co_await other.anyUp());
        if (!oldServes) {
            CO_CHECK(co_await other.letIn(stop));
        }
        CO_CHECK(co_await moved.takeOut(&other, true, stop));
        co_return co_await restoreWeights(context);
    }

private:
    static constexpr double Near = 0.02;

    int percent() const { return spec().params[u"percent"_s].toInt(); }

    /// What whole weights can make of it.
    Async<double> shareWanted(StepContext &context) const
    {
        CO_TRY(const ColourMove moved, fresh(context));
        CO_TRY(const ColourMove other, old(context));
        CO_TRY(const ColourRecord known, record(context));
        co_return canaryShares(weightsFor(known.weights, moved.names()), weightsFor(known.weights, other.names()), percent()).share;
    }

    /// By the weights of those that take requests.
    Async<double> shareNow(StepContext &context) const
    {
        CO_TRY(ColourMove moved, fresh(context));
        CO_TRY(ColourMove other, old(context));
        CO_TRY(const auto ours, co_await moved.servers());
        CO_TRY(const auto others, co_await other.servers());
        double own = 0;
        double all = 0;
        for (const BalancerServer &server : ours) {
            own += server.isUp() ? server.weight : 0;
        }
        for (const BalancerServer &server : others) {
            all += server.isUp() ? server.weight : 0;
        }
        all += own;
        co_return all > 0 ? own / all : 0;
    }
};

const StepRegistry::Registration registration(u"shift_colour"_s, 1, [](StepSpec spec) { return std::make_unique<ShiftColourStep>(std::move(spec)); });

} // namespace

} // namespace cutover
