// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/decisions.h"

#include "plan/loss.h"

#include <QJsonArray>
#include <QMap>
#include <QTime>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int minutesOfDay = 24 * 60;

bool isFinished(const StepRecord &step)
{
    return step.state == StepState::Done || step.state == StepState::Accepted;
}

bool isFinalizing(const QList<StepRecord> &steps)
{
    return !steps.isEmpty() && steps.constLast().results[stepresult::finalizing].toBool();
}

/// Up to its first start, and where it is proven that it changed nothing, a step has no effect.
bool mayBeInEffect(const StepRecord &step)
{
    const bool before = step.state == StepState::Pending || step.state == StepState::Preparing || step.state == StepState::Prepared;
    return isPrepared(step) && !before && step.state != StepState::Reverted && !step.results[stepresult::untouched].toBool();
}

std::unexpected<Message> refuse(const char *code, QJsonObject args = {})
{
    return std::unexpected(Message{QString::fromLatin1(code), std::move(args)});
}

} // namespace

bool isPrepared(const StepRecord &step)
{
    return step.results[stepresult::prepared].toBool();
}

bool wasRefused(const RunRecord &run)
{
    static const QStringList refusals{u"run.too_late"_s, u"run.refused_to_start"_s, u"run.gate_shut"_s};
    return run.state == RunState::RolledBack && refusals.contains(run.reason.code);
}

bool isGoingBack(const RunRecord &run, const QList<StepRecord> &steps)
{
    return run.state == RunState::Reverting || std::any_of(steps.begin(), steps.end(), [](const StepRecord &step) {
               return step.state == StepState::Reverting || step.state == StepState::Reverted;
           });
}

int currentStep(const RunRecord &run, const QList<StepRecord> &steps)
{
    if (isGoingBack(run, steps)) {
        int index = int(steps.size()) - 1;
        while (index >= 0 && (!isPrepared(steps[index]) || steps[index].state == StepState::Reverted)) {
            --index;
        }
        return index;
    }
    int index = 0;
    while (index < steps.size() && isFinished(steps[index])) {
        ++index;
    }
    return index;
}

bool mayRevertAutomatically(const RunRecord &run, const QList<StepRecord> &steps)
{
    for (qsizetype i = 0; i < steps.size(); ++i) {
        if (run.plan.steps[i].pointOfNoReturn && mayBeInEffect(steps[i])) {
            return false;
        }
    }
    return stepWithoutWayBack(run, steps) < 0;
}

int stepWithoutWayBack(const RunRecord &run, const QList<StepRecord> &steps)
{
    for (qsizetype i = 0; i < steps.size(); ++i) {
        if ((run.plan.steps[i].irreversible || steps[i].results[stepresult::irreversible].toBool()) && mayBeInEffect(steps[i])) {
            return int(i);
        }
    }
    return -1;
}

Facts withToldFacts(Facts expected, const QList<StepRecord> &steps)
{
    for (const StepRecord &step : steps) {
        const Facts told = step.state == StepState::Reverted ? Facts() : step.results[stepresult::facts].toObject();
        for (auto it = told.begin(); it != told.end(); ++it) {
            expected.insert(it.key(), it.value());
        }
    }
    return expected;
}

std::expected<Outcome, Message> decide(const QString &verb, const RunRecord &run, const QList<StepRecord> &steps)
{
    if (isFinal(run.state)) {
        return refuse("run.refused_ended", {{u"state"_s, Message{u"run.state_"_s + stateName(run.state), {}}.toJson()}});
    }
    if (isFinalizing(steps)) {
        return refuse("run.refused_finalizing");
    }
    const bool held = run.state == RunState::Held;
    const int index = currentStep(run, steps);
    const bool failed = index >= 0 && index < steps.size() && steps[index].state == StepState::Failed;
    const bool back = isGoingBack(run, steps);
    if (verb == "hold"_L1) {
        if (run.state == RunState::Running) {
            return Outcome::Hold;
        }
        return refuse(held ? "run.refused_held" : back ? "run.refused_reverting"
                                                       : "run.refused_not_running");
    }
    if (verb == "abort"_L1 || verb == "rollback"_L1) {
        if (run.state == RunState::Reverting) {
            return refuse("run.refused_reverting");
        }
        // Past the point of no return an abort stops and asks; only a rollback decided there goes on.
        if (verb == "abort"_L1 && run.state == RunState::Running && !mayRevertAutomatically(run, steps)) {
            return Outcome::Hold;
        }
        // Better to stay than to take back half, and to stand before what can't be.
        if (const int last = back ? -1 : stepWithoutWayBack(run, steps); last >= 0) {
            const StepSpec &spec = run.plan.steps[last];
            return refuse("run.refused_no_way_back", {{u"step"_s, spec.title.isEmpty() ? QJsonValue(spec.id) : QJsonValue(spec.title.toJson())}});
        }
        return Outcome::Rollback;
    }
    if (verb != "resume"_L1 && verb != "retry"_L1 && verb != "accept"_L1 && verb != "abandon"_L1) {
        return refuse("run.refused_verb", {{u"verb"_s, verb}});
    }
    if (!held) {
        return refuse("run.refused_not_held");
    }
    if (verb == "abandon"_L1) {
        return Outcome::Abandon;
    }
    if (verb == "accept"_L1) {
        // Not where it only asks: that is answered.
        if (back && index >= 0 && steps[index].state == StepState::Reverting && !steps[index].results.contains(stepresult::asked)) {
            return Outcome::Accept;
        }
        if (!failed || back) {
            return refuse("run.refused_accept_none");
        }
        if (!isPrepared(steps[index])) {
            return refuse("run.refused_accept_unprepared");
        }
        return Outcome::Accept;
    }
    if (back || !failed) {
        return Outcome::Resume;
    }
    if (verb == "resume"_L1) {
        return refuse("run.refused_resume_failed");
    }
    return isPrepared(steps[index]) ? Outcome::RetryPrepared : Outcome::RetryUnprepared;
}

bool needsName(const QString &verb, bool isProduction)
{
    return verb == "abandon"_L1 || (isProduction && (verb == "abort"_L1 || verb == "rollback"_L1 || verb == "accept"_L1));
}

bool isHeldByCommand(const RunRecord &run, const QString &commandId)
{
    return run.state == RunState::Held && !commandId.isEmpty() && run.reason.args["command"_L1].toString() == commandId;
}

QStringList offeredCommands(const RunRecord &run, const QList<StepRecord> &steps)
{
    QStringList verbs;
    if (run.state == RunState::Held) {
        const bool resumes = decide(u"resume"_s, run, steps).has_value();
        const int index = currentStep(run, steps);
        const bool asks = index >= 0 && index < steps.size() && steps[index].results.contains(stepresult::asked);
        verbs = {resumes && (asks || !isGoingBack(run, steps)) ? u"resume"_s : u"retry"_s, u"accept"_s, u"rollback"_s, u"abandon"_s};
        if (isGoingBack(run, steps)) {
            // Retry is the roll back here: one verb for one action.
            verbs.removeOne(u"rollback"_s);
        }
    } else {
        verbs = {u"hold"_s, u"abort"_s};
    }
    verbs.removeIf([&](const QString &verb) { return !decide(verb, run, steps); });
    return verbs;
}

QDateTime turnBackBy(const RunRecord &run, const QList<StepRecord> &steps)
{
    const qint64 minute = run.plan.policy["windowEndMinute"_L1].toInteger(-1);
    if (minute < 0 || !run.started.isValid()) {
        return {};
    }
    const QDateTime started = run.started.toLocalTime();
    QDateTime end(started.date(), QTime(0, 0).addSecs(int(minute % minutesOfDay) * 60));
    if (end <= started) {
        end = QDateTime(started.date().addDays(1), end.time());
    }
    const QJsonObject measured = run.plan.policy["revertMs"_L1].toObject();
    qint64 back = 0;
    for (qsizetype i = 0; i < steps.size(); ++i) {
        const StepSpec &spec = run.plan.steps[i];
        if (spec.changesState && isPrepared(steps[i])) {
            back += measured[spec.kind].toInteger(steps[i].durationMs);
        }
    }
    back = std::max(back, run.plan.policy["rollbackMs"_L1].toInteger());
    return end.toUTC().addMSecs(-back - run.plan.policy["turnBackMarginMs"_L1].toInteger());
}

QStringList savedCopies(const QList<StepRecord> &steps)
{
    QStringList files;
    for (const StepRecord &step : steps) {
        const QString file = step.undo[stepundo::saved].toString();
        // A step that is only prepared has changed nothing yet.
        if (!file.isEmpty() && isPrepared(step) && step.state != StepState::Prepared && step.state != StepState::Reverted) {
            files.append(file);
        }
    }
    return files;
}

Message leftClosed(const Plan &plan, const QList<StepRecord> &steps)
{
    struct Closed {
        QString name;
        QString command;
        bool isSure = true; ///< else a step broke off that may have changed it
    };
    QMap<QString, Closed> closed; // By fact.
    const qsizetype count = qMin(plan.steps.size(), steps.size());
    for (qsizetype i = 0; i < count; ++i) {
        const StepRecord &step = steps[i];
        if (!mayBeInEffect(step)) {
            continue;
        }
        const bool isSure = isFinished(step);
        const Facts changes = plan.steps[i].changes;
        closed.removeIf([&](QMap<QString, Closed>::iterator it) { return isSure && changes.contains(it.key()) && changes[it.key()].isNull(); });
        for (auto it = closed.begin(); it != closed.end(); ++it) {
            it->isSure = it->isSure && !changes.contains(it.key());
        }
        const QJsonObject opens = step.results[stepresult::opens].toObject();
        for (auto it = opens.begin(); it != opens.end(); ++it) {
            closed.insert(it.key(), {it.value()["name"_L1].toString(), it.value()["command"_L1].toString(), isSure});
        }
    }
    if (closed.isEmpty()) {
        return {};
    }
    QJsonArray names;
    QJsonArray commands;
    for (const Closed &each : std::as_const(closed)) {
        names.append(each.name);
        commands.append(each.command);
    }
    return {std::ranges::all_of(closed, &Closed::isSure) ? u"run.left_closed"_s : u"run.may_be_closed"_s, {{u"names"_s, names}, {u"commands"_s, commands}}};
}

bool isTooLateToStart(const QJsonObject &policy, const QDateTime &now)
{
    const qint64 latest = policy["latestStartMinute"_L1].toInteger(-1);
    if (latest < 0) {
        return false;
    }
    const QTime local = now.toLocalTime().time();
    const qint64 minute = local.hour() * 60 + local.minute();
    const qint64 end = policy["windowEndMinute"_L1].toInteger(-1);
    // The window may go over midnight, so all is counted from the latest start.
    const qint64 past = (minute - latest + minutesOfDay) % minutesOfDay;
    const qint64 closed = end < 0 ? minutesOfDay - latest : (end - latest + minutesOfDay) % minutesOfDay;
    return past > 0 && past < closed;
}

QString minuteText(qint64 minuteOfDay)
{
    return QTime(0, 0).addSecs(int(minuteOfDay % minutesOfDay) * 60).toString(u"HH:mm"_s);
}

} // namespace cutover
