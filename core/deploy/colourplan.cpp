// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colourplan.h"

#include "deploy/balancerkeeper.h"
#include "deploy/colourmove.h"
#include "deploy/colours.h"
#include "metrics/watchrequest.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 StartMs = 4000; ///< Before there are measured runs.
constexpr qint64 ShiftMs = 500;
constexpr qint64 SwitchMs = 1000;
constexpr qint64 RetireMs = 1000;

StepSpec colourStep(const QString &kind, const QString &id, const ServiceSpec &service, const ColourChange &change)
{
    StepSpec step;
    step.id = id;
    step.kind = kind;
    step.params = {{u"service"_s, service.name}, {u"colour"_s, change.colour}, {u"fromRelease"_s, change.from}, {u"toRelease"_s, change.to}};
    return step;
}

/// What the sentences about it say.
QJsonObject argsOf(const Target &target, const ServiceSpec &service, const ColourChange &change)
{
    return {{u"service"_s, service.name},
            {u"colour"_s, colourWord(change.colour)},
            {u"other"_s, colourWord(otherColour(change.colour))},
            {u"from"_s, change.from},
            {u"to"_s, change.to},
            {u"instances"_s, QJsonArray::fromStringList(service.namesOf(change.colour))},
            {u"others"_s, QJsonArray::fromStringList(service.namesOf(otherColour(change.colour)))},
            {u"left"_s, sessionsLeftIntent(target, service).toJson()},
            {u"smoke"_s, service.smoke.size()}};
}

/// The figures of the new instances alone: those of the old ones would hide a share that fails.
StepSpec canaryWatch(const Target &target, const ServiceSpec &service, const ColourChange &change, int percent)
{
    WatchSpec policy = target.watch;
    policy.durationMs = service.canary.watchMs;
    policy.windowMs = qMin(policy.windowMs, policy.durationMs);
    StepSpec step;
    step.id = u"watch:"_s + service.name + u':' + QString::number(percent);
    step.kind = u"watch"_s;
    step.params = watchPolicyToJson(policy);
    step.params.insert(u"only"_s, QJsonArray::fromStringList(service.namesOf(change.colour)));
    QJsonObject args = argsOf(target, service, change);
    args.insert(u"percent"_s, percent);
    args.insert(u"duration"_s, policy.durationMs);
    args.insert(u"limit"_s, policy.maxErrorProportion);
    step.title = {u"colour.title.watch"_s, args};
    step.intent = {u"colour.intent.watch"_s, args};
    step.expectedMs = policy.durationMs;
    step.changesState = false;
    step.automaticRollback = policy.automaticRollback;
    return step;
}

} // namespace

QString freshColour(const PlanningContext &context, const ServiceSpec &service)
{
    QString serving = context.colours.value(service.name);
    if (serving.isEmpty()) {
        serving = recordedColours(context.target).value(service.name, u"blue"_s);
    }
    return otherColour(serving);
}

QList<StepSpec> colourSteps(const PlanningContext &context, const ServiceSpec &service, const ColourChange &change)
{
    const QJsonObject args = argsOf(context.target, service, change);
    QList<StepSpec> steps;
    StepSpec start = colourStep(u"start_colour"_s, u"start:"_s + service.name, service, change);
    // A new release is always started anew; what still runs for the way back is as it was when it served.
    start.params.insert(u"reuse"_s, !change.forth);
    start.title = {u"colour.title.start"_s, args};
    start.intent = {service.smoke.isEmpty() ? u"colour.intent.start"_s : u"colour.intent.start_smoke"_s, args};
    start.expectedMs = StartMs;
    if (!recordedColours(context.target).contains(service.name) && context.colours.value(service.name).isEmpty()) {
        // Nothing served: from here on it is noted who does.
        start.changes.insert(balancerFact(service.name), balancerFactValue({otherColour(change.colour)}));
    }
    steps.append(start);
    if (change.forth) {
        for (const int percent : service.canary.weights) {
            StepSpec shift = colourStep(u"shift_colour"_s, u"shift:"_s + service.name + u':' + QString::number(percent), service, change);
            QJsonObject shares = args;
            shares.insert(u"percent"_s, percent);
            shift.params.insert(u"percent"_s, percent);
            shift.title = {u"colour.title.shift"_s, shares};
            shift.intent = {u"colour.intent.shift"_s, shares};
            shift.expectedMs = ShiftMs;
            shift.changes.insert(balancerFact(service.name), balancerFactValue({change.colour, otherColour(change.colour)}, percent));
            steps.append(shift);
            steps.append(canaryWatch(context.target, service, change, percent));
        }
    }
    StepSpec turn = colourStep(u"switch_colour"_s, u"switch:"_s + service.name, service, change);
    turn.title = {u"colour.title.switch"_s, args};
    turn.intent = {u"colour.intent.switch"_s, args};
    turn.expectedMs = SwitchMs;
    turn.changes.insert(colourFact(service.name), change.colour);
    turn.changes.insert(balancerFact(service.name), balancerFactValue({change.colour}));
    for (const InstanceSpec &instance : service.instances) {
        turn.changes.insert(instanceFact(instance.name), instance.colour == change.colour ? QJsonValue(change.to) : QJsonValue(QJsonValue::Null));
    }
    steps.append(turn);
    return steps;
}

QList<StepSpec> retireSteps(const PlanningContext &context, const QList<StepSpec> &steps, Retire which)
{
    QList<StepSpec> retired;
    for (const StepSpec &step : steps) {
        const ServiceSpec *service = step.kind == u"switch_colour" ? context.target.service(step.params[u"service"_s].toString()) : nullptr;
        if (!service || (service->keepOld && which == Retire::ButKept)) {
            continue;
        }
        const ColourChange change{.colour = step.params[u"colour"_s].toString(), .from = step.params[u"fromRelease"_s].toString(), .to = step.params[u"toRelease"_s].toString()};
        StepSpec retire = colourStep(u"retire_colour"_s, u"retire:"_s + service->name, *service, change);
        retire.title = {u"colour.title.retire"_s, argsOf(context.target, *service, change)};
        retire.intent = {u"colour.intent.retire"_s, argsOf(context.target, *service, change)};
        retire.expectedMs = context.measuredMs.value(retire.kind, RetireMs);
        retired.append(retire);
    }
    return retired;
}

} // namespace cutover
