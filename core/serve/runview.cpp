// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/runview.h"

#include "run/decisions.h"

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

bool changesDatabase(const StepSpec &spec)
{
    return spec.kind == u"migrate" || spec.kind == u"downgrade" || spec.kind == u"restore_database"
        || spec.kind == u"rebuild_database";
}

QList<StepRecord> recordsOf(const RunView &view)
{
    QList<StepRecord> records;
    for (const StepView &step : view.steps) {
        records.append(step.record);
    }
    return records;
}

/// By the very rules that the runner decides by.
void offer(RunView &view, const QList<StepRecord> &steps)
{
    view.offers = offeredCommands(view.run, steps);
    for (const QString &verb : {u"hold"_s, u"abort"_s, u"resume"_s, u"retry"_s, u"accept"_s, u"rollback"_s, u"abandon"_s}) {
        if (const auto decision = decide(verb, view.run, steps); !decision) {
            view.refusals.insert(verb, decision.error());
        }
    }
}

} // namespace

QDateTime turnBackTime(const Plan &plan, qint64 wayBackMs, const QDateTime &from)
{
    const qint64 minute = plan.policy[u"windowEndMinute"].toInteger(-1);
    if (minute < 0) {
        return {};
    }
    const QDateTime local = from.toLocalTime();
    const QTime time(int(minute / 60 % 24), int(minute % 60));
    // The first end after it: a window may go over midnight, and a day is not always 24 hours.
    QDateTime end(local.date(), time);
    if (end <= local) {
        end = QDateTime(local.date().addDays(1), time);
    }
    const qint64 back = std::max(wayBackMs, plan.policy[u"rollbackMs"].toInteger());
    return end.addMSecs(-back - plan.policy[u"turnBackMarginMs"].toInteger()).toUTC();
}

Loss lostBy(const RunView &view)
{
    return lostBy(view.run.plan, recordsOf(view));
}

Message leftClosed(const RunView &view)
{
    const Message closed = leftClosed(view.run.plan, recordsOf(view));
    if (closed.isEmpty() || !view.offers.contains("rollback"_L1)) {
        return closed;
    }
    return {u"serve.abandon.closed"_s, {{u"closed"_s, closed.toJson()}}};
}

RunView makeRunView(const RunRecord &run, const QList<StepRecord> &steps, const Serving &serving, const QDateTime &now)
{
    RunView view;
    view.run = run;
    qint64 left = 0;
    qint64 wayBack = 0;
    bool changed = false;
    bool migrated = false;
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
            migrated = migrated || changesDatabase(step.spec);
            wayBack += past ? std::max(step.record.durationMs, qint64(0)) : step.spec.expectedMs;
        }
        view.steps.append(step);
    }
    view.leftMs = isFinal(run.state) ? 0 : left;
    view.serving = serving.versions;
    view.silent = serving.silent;
    // Once it runs, the very moment at which the runner turns back.
    view.turnBackBy = run.started.isValid() ? cutover::turnBackBy(run, steps) : turnBackTime(run.plan, wayBack, now);
    if (!isFinal(run.state)) {
        if (run.state == RunState::Reverting) {
            view.ifAborted = {u"serve.abort.reverting"_s, {{u"version"_s, run.plan.from}}};
        } else if (!mayRevertAutomatically(run, steps)) {
            view.ifAborted = run.state == RunState::Held ? Message{u"serve.rollback.past"_s, {{u"version"_s, run.plan.from}}} : Message{u"serve.abort.past"_s, {}};
        } else if (changed) {
            const QString code = (run.state == RunState::Held ? u"serve.rollback.back"_s : u"serve.abort.back"_s) + (migrated ? u"_migrated"_s : QString());
            view.ifAborted = {code, {{u"version"_s, run.plan.from}, {u"time"_s, wayBack}}};
        } else {
            view.ifAborted = {run.state == RunState::Held ? u"serve.rollback.before"_s : u"serve.abort.before"_s, {{u"version"_s, run.plan.from}}};
        }
    }
    offer(view, steps);
    return view;
}

} // namespace cutover
