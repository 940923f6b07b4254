// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/runview.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isPast(StepState state)
{
    return state == StepState::Done || state == StepState::Accepted || state == StepState::Skipped || state == StepState::Reverted;
}

bool hasChanged(StepState state)
{
    return state != StepState::Pending && state != StepState::Preparing && state != StepState::Skipped && state != StepState::Reverted;
}

/// The version that serves: what the steps done so far have put in place.
QString servingVersion(const RunView &view)
{
    QString version = view.run.plan.from;
    const qsizetype done = std::count_if(view.steps.cbegin(), view.steps.cend(), [](const StepView &step) {
        return isPast(step.record.state) && step.record.state != StepState::Reverted;
    });
    const Facts facts = view.run.plan.factsBefore(std::min<qsizetype>(done, view.run.plan.steps.size()));
    const QString current = facts[u"release.current"].toString();
    return current.isEmpty() ? version : current;
}

void offer(RunView &view)
{
    const RunState state = view.run.state;
    const bool failedStep = !view.run.error.code.isEmpty();
    const auto decide = [&view](const QString &verb, bool offered, const QString &refusal) {
        if (offered) {
            view.offers.append(verb);
        } else {
            view.refusals.insert(verb, {refusal, {}});
        }
    };
    const bool held = state == RunState::Held;
    const bool running = state == RunState::Running;
    const QString notHeld = isFinal(state) ? u"serve.refuse.final"_s : u"serve.refuse.not_held"_s;
    const QString notRunning = isFinal(state) ? u"serve.refuse.final"_s : u"serve.refuse.not_running"_s;
    decide(u"hold"_s, running, notRunning);
    decide(u"abort"_s, running, notRunning);
    decide(u"resume"_s, held && !failedStep, held ? u"serve.refuse.not_running"_s : notHeld);
    decide(u"retry"_s, held && failedStep, held ? u"serve.refuse.no_failed_step"_s : notHeld);
    decide(u"accept"_s, held && failedStep, held ? u"serve.refuse.no_failed_step"_s : notHeld);
    decide(u"rollback"_s, held, notHeld);
    decide(u"abandon"_s, held, notHeld);
}

} // namespace

QDateTime turnBackTime(const Plan &plan, qint64 wayBackMs, const QDateTime &now)
{
    const qint64 minute = plan.policy[u"windowEndMinute"].toInteger(-1);
    if (minute < 0) {
        return {};
    }
    const QDateTime local = now.toLocalTime();
    QDateTime end(local.date(), QTime(int(minute / 60 % 24), int(minute % 60)));
    // A window may end after midnight.
    if (end < local.addSecs(-12 * 3600)) {
        end = end.addDays(1);
    }
    return end.addMSecs(-wayBackMs - plan.policy[u"turnBackMarginMs"].toInteger()).toUTC();
}

RunView makeRunView(const RunRecord &run, const QList<StepRecord> &steps, const QDateTime &now)
{
    RunView view;
    view.run = run;
    qint64 left = 0;
    qint64 wayBack = 0;
    bool changed = false;
    bool pastNoReturn = false;
    for (qsizetype i = 0; i < run.plan.steps.size(); ++i) {
        StepView step{run.plan.steps[i], i < steps.size() ? steps[i] : StepRecord{}};
        const bool past = isPast(step.record.state);
        if (view.current < 0 && !past && !isFinal(run.state) && run.state != RunState::Planned) {
            view.current = int(i);
        }
        if (!past) {
            qint64 expected = step.spec.expectedMs;
            if (step.record.started.isValid() && !step.record.ended.isValid()) {
                expected = std::max<qint64>(0, expected - step.record.started.msecsTo(now));
            }
            left += expected;
        }
        if (step.spec.changesState && hasChanged(step.record.state)) {
            changed = true;
            wayBack += past ? std::max(step.record.durationMs, qint64(0)) : step.spec.expectedMs;
            pastNoReturn = pastNoReturn || step.spec.pointOfNoReturn;
        }
        view.steps.append(step);
    }
    view.leftMs = isFinal(run.state) ? 0 : left;
    view.serving = run.state == RunState::Succeeded ? run.plan.to : servingVersion(view);
    view.turnBackBy = turnBackTime(run.plan, wayBack, now);
    if (!isFinal(run.state)) {
        if (run.state == RunState::Reverting) {
            view.ifAborted = {u"serve.abort.reverting"_s, {{u"version"_s, run.plan.from}}};
        } else if (pastNoReturn) {
            view.ifAborted = {u"serve.abort.past"_s, {}};
        } else if (changed) {
            view.ifAborted = {u"serve.abort.back"_s, {{u"version"_s, run.plan.from}, {u"time"_s, wayBack}}};
        } else {
            view.ifAborted = {u"serve.abort.before"_s, {{u"version"_s, run.plan.from}}};
        }
    }
    offer(view);
    return view;
}

} // namespace cutover
