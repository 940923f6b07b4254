// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Gates among the pre-checks: whether the hour allows an update, and whether the release was in staging. The run looks at them
// again when it begins; here they are told early enough to do something about it.

#include "check/checklist.h"
#include "gate/gates.h"
#include "gate/staging.h"
#include "system/clock.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The glass is broken for the gates that it names, and for no other.
bool isOverridden(const CheckScope &scope, const QString &gate)
{
    return scope.breakGlass.gates.contains(gate);
}

/// Outside a run it is a warning: another hour may come, or somebody may break the glass.
bool isRequired(const CheckScope &scope, const QString &gate)
{
    return scope.inRun && !isOverridden(scope, gate);
}

/// As the gate found it. A shut one that was overridden by name stays one, and says so.
Finding told(const CheckScope &scope, const GateFinding &gate)
{
    if (gate.isOpen()) {
        return {gate.finding, {}};
    }
    if (!isOverridden(scope, gate.gate)) {
        return wrong(gate.error);
    }
    return wrong(u"gate.overridden"_s, {{u"cause"_s, gate.error.toJson()}, {u"reason"_s, scope.breakGlass.reason}});
}

QCoro::Task<Finding> runBlackout(CheckScope scope, std::stop_token)
{
    co_return told(scope, blackoutGate(scope.target.blackout, Clock::system().now()));
}

QCoro::Task<Finding> runStaging(CheckScope scope, std::stop_token)
{
    QList<ReleaseDigest> releases;
    for (const QString &digest : std::as_const(scope.releaseDigests)) {
        releases.append({digest.section(u' ', 1), digest.section(u' ', 0, 0)});
    }
    Worker worker;
    const GateFinding found = co_await worker.run([target = scope.target, releases] { return stagingGate(target, releases, Clock::system().now()); });
    co_return told(scope, found);
}

const CheckKind blackout(4, [](const CheckScope &scope) {
    return scope.afterUpdate || scope.target.blackout.isEmpty() ? QList<CheckItem>()
                                                                : QList<CheckItem>{{u"blackout"_s, gateTitle(u"blackout"_s), isRequired(scope, u"blackout"_s), runBlackout}};
});

const CheckKind staging(5, [](const CheckScope &scope) {
    // Where no release is chosen there is nothing to look for.
    const bool applies = !scope.afterUpdate && !scope.target.staging.target.isEmpty() && (scope.inRun || !scope.releaseDigests.isEmpty());
    return applies ? QList<CheckItem>{{u"staging"_s, gateTitle(u"staging"_s), isRequired(scope, u"staging"_s), runStaging}} : QList<CheckItem>();
});

} // namespace

} // namespace cutover
