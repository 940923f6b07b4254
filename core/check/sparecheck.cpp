// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether a run that was given up has left a spare behind, which may send users to a release that is not the installed one.

#include "check/checklist.h"
#include "deploy/runtime.h"
#include "deploy/spares.h"
#include "run/journal.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;

bool isRunUnderWay(const QString &stateDirectory)
{
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto active = journal ? (*journal)->activeRun() : Result<std::optional<RunRecord>>(std::nullopt);
    return active && active->has_value();
}

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    // What a run has begun it ends itself; one that only checks has begun nothing yet.
    if (!scope.inRun && isRunUnderWay(scope.target.stateDirectory)) {
        co_return passed(u"check.spares_at_work"_s);
    }
    const auto balancer = BalancerRegistry::create(scope.target);
    if (!balancer) {
        co_return wrong(balancer.error());
    }
    for (const ServiceSpec &service : std::as_const(scope.target.services)) {
        if (!service.managed || !service.spare) {
            continue;
        }
        const auto runtime = RuntimeRegistry::create(service.runtime, scope.target);
        if (!runtime) {
            co_return wrong(runtime.error());
        }
        const QString spare = service.spare->name;
        const QString backend = service.balancerBackend;
        const QStringList names{spare};
        const auto states = co_await (*runtime)->statesOf(names, AnswerMs);
        if (!states) {
            co_return wrong(states.error());
        }
        const auto state = std::ranges::find(*states, spare, &InstanceState::name);
        const bool isThere = state != states->end() && !state->container.isEmpty();
        const auto server = co_await (*balancer)->server(backend, spare);
        if (!server && !isUnknownServer(server.error())) {
            co_return wrong(server.error());
        }
        const QJsonObject args{{u"spare"_s, spare}, {u"service"_s, service.name}, {u"version"_s, isThere ? state->release : QString()}, {u"container"_s, isThere ? state->container.left(12) : QString()}};
        if (isThere && server && server->isUp()) {
            co_return wrong(u"check.spare_serves"_s, args, (*balancer)->place());
        }
        if (isThere) {
            co_return wrong(u"check.spare_left"_s, args, spare);
        }
    }
    co_return passed(u"check.spares_ok"_s);
}

const CheckKind kind(27, [](const CheckScope &scope) {
    const bool hasSpare = std::ranges::any_of(scope.target.services, [](const ServiceSpec &service) { return service.managed && service.spare; });
    return hasSpare && !scope.afterUpdate ? QList<CheckItem>{{u"spares"_s, {u"check.spares"_s, {}}, false, run}} : QList<CheckItem>();
});

} // namespace

} // namespace cutover
