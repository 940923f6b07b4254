// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colourstep.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

Async<> ColourStep::restoreWeights(StepContext &context) const
{
    CO_TRY(ColourRecord known, record(context));
    if (known.weights.isEmpty()) {
        co_return {};
    }
    CO_TRY(ColourMove moved, fresh(context));
    CO_TRY(ColourMove other, old(context));
    CO_CHECK(co_await moved.setWeights(known.weights));
    CO_CHECK(co_await other.setWeights(known.weights));
    known.weights.clear();
    known.percent = 0;
    co_return keep(context, known);
}

Async<QJsonObject> ColourStep::beforeOf(StepContext &context) const
{
    CO_TRY(ColourMove other, old(context));
    QJsonObject before;
    for (InstanceMove &move : other.instances()) {
        CO_TRY(const InstanceState now, co_await move.state());
        if (const QString process = processMark(now); !process.isEmpty()) {
            CO_CHECK(move.recordBefore(now));
            before.insert(now.name, QJsonObject{{u"process"_s, process}, {u"release"_s, now.release}, {u"image"_s, now.image}});
        }
    }
    co_return before;
}

Async<> ColourStep::bringBack(StepContext &context, QJsonObject before, std::stop_token stop) const
{
    CO_TRY(ColourMove other, old(context));
    CO_TRY(const int letIn, co_await other.letInCount());
    for (InstanceMove &move : other.instances()) {
        const QJsonObject then = before[move.name()].toObject();
        CO_TRY(const InstanceState now, co_await move.state());
        const bool isSame = !then.isEmpty() && processMark(now) == then[u"process"_s].toString();
        const QString release = then.isEmpty() ? from() : then[u"release"_s].toString();
        if (isSame && release.isEmpty()) {
            CO_CHECK(co_await move.waitAnswering(stop));
            continue;
        }
        if (release.isEmpty()) {
            co_return fail(u"colour.unknown_release"_s, {{u"instance"_s, move.name()}, {u"colour"_s, colourWord(other.colour())}}, move.name());
        }
        const QString image = then[u"image"_s].toString();
        CO_TRY(const bool running, co_await move.runs(release));
        if (!running) {
            CO_CHECK(co_await move.restore(release, image, stop));
            // Another release only where nobody is sent to it.
            if (letIn == 0) {
                CO_CHECK(co_await move.stop());
            }
            CO_CHECK(co_await move.start(release));
        }
        CO_CHECK(co_await move.waitReady(release, stop));
        CO_CHECK(co_await move.checkImage(image));
    }
    co_return {};
}

Async<> ColourStep::stopOut(ColourMove *colour, ColourMove *successor, InstanceMove *move, std::stop_token stop)
{
    CO_TRY(const int letIn, co_await colour->letInCount());
    if (letIn > 0) {
        CO_CHECK(co_await colour->takeOut(successor, true, stop));
    }
    CO_TRY(const bool served, co_await successor->anyUp());
    CO_CHECK(co_await move->stop());
    // Its end takes a while, in which the balancer may have been restarted. Whom somebody has taken out before stays out.
    if (served) {
        CO_TRY(const bool serves, co_await successor->keepServing());
        Q_UNUSED(serves)
    }
    co_return {};
}

Async<bool> ColourStep::oldServes(StepContext &context, QJsonObject before) const
{
    CO_TRY(ColourMove other, old(context));
    CO_TRY(const QList<BalancerServer> servers, co_await other.servers());
    bool all = std::ranges::all_of(servers, &BalancerServer::isUp);
    for (InstanceMove &move : other.instances()) {
        const QJsonObject then = before[move.name()].toObject();
        CO_TRY(const InstanceState now, co_await move.state());
        const QString release = then.isEmpty() ? from() : then[u"release"_s].toString();
        const bool isOld = release.isEmpty() ? processMark(now) == then[u"process"_s].toString() : now.release == release;
        all = all && isOld && now.pid > 0 && now.state == InstanceState::State::Ready;
    }
    co_return all;
}

} // namespace cutover
