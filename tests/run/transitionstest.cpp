// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/decisions.h"

#include "plan/loss.h"

#include <QTest>

#include <deque>
#include <set>
#include <utility>

using namespace Qt::StringLiterals;
using namespace cutover;

class TransitionsTest : public QObject
{
    Q_OBJECT
private:
    static constexpr int runStates = std::to_underlying(RunState::Abandoned) + 1;
    static constexpr int stepStates = std::to_underlying(StepState::Skipped) + 1;
    static constexpr int outcomes = std::to_underlying(Outcome::Abandon) + 1;

    static RunRecord record(RunState state, qsizetype steps = 1)
    {
        RunRecord run;
        run.state = state;
        run.plan.steps.resize(steps);
        return run;
    }
    static StepRecord step(StepState state, bool prepared = false)
    {
        StepRecord record;
        record.state = state;
        if (prepared) {
            record.results.insert(stepresult::prepared, true);
        }
        return record;
    }

private Q_SLOTS:
    void noRowIsShadowed()
    {
        std::set<std::tuple<int, int, int>> seen;
        for (const Transition &row : transitions()) {
            for (int s = 0; s < stepStates; ++s) {
                if (row.steps & (1u << s)) {
                    const auto key = std::tuple(int(row.run), s, int(row.outcome));
                    QVERIFY2(seen.insert(key).second, qPrintable(stateName(row.run) + u' ' + stateName(StepState(s))));
                }
            }
        }
    }

    void finalStatesHaveNoWayOut()
    {
        for (int s = 0; s < stepStates; ++s) {
            for (int o = 0; o < outcomes; ++o) {
                for (const RunState state : {RunState::Succeeded, RunState::RolledBack, RunState::Abandoned}) {
                    QVERIFY(!transition(state, StepState(s), Outcome(o)));
                }
            }
        }
    }

    // From everything that can be reached, new, old or held can be reached: no run is stuck.
    void everyReachableStateHasAWayOut()
    {
        using Pair = std::pair<RunState, StepState>;
        std::set<Pair> reachable;
        std::deque<Pair> open{{RunState::Planned, StepState::Pending}};
        while (!open.empty()) {
            const Pair at = open.front();
            open.pop_front();
            if (!reachable.insert(at).second) {
                continue;
            }
            for (int o = 0; o < outcomes; ++o) {
                if (const auto next = transition(at.first, at.second, Outcome(o))) {
                    open.emplace_back(next->run, next->step);
                }
            }
        }
        QVERIFY(reachable.size() > 25);
        for (const Pair &from : reachable) {
            std::set<Pair> seen;
            std::deque<Pair> ways{from};
            bool ends = false;
            while (!ways.empty() && !ends) {
                const Pair at = ways.front();
                ways.pop_front();
                if (!seen.insert(at).second) {
                    continue;
                }
                ends = isFinal(at.first) || at.first == RunState::Held;
                for (int o = 0; o < outcomes; ++o) {
                    // Not by a decision: nobody may be there.
                    if (Outcome(o) < Outcome::Hold) {
                        if (const auto next = transition(at.first, at.second, Outcome(o))) {
                            ways.emplace_back(next->run, next->step);
                        }
                    }
                }
            }
            QVERIFY2(ends, qPrintable(stateName(from.first) + u' ' + stateName(from.second)));
        }
    }

    void nothingGoesForwardOnceAStepIsTakenBack()
    {
        for (const StepState s : {StepState::Reverting, StepState::Reverted}) {
            for (int o = 0; o < outcomes; ++o) {
                const auto next = transition(RunState::Held, s, Outcome(o));
                QVERIFY(!next || next->run != RunState::Running);
            }
        }
    }

    void namesGoBothWays()
    {
        for (int r = 0; r < runStates; ++r) {
            QCOMPARE(runStateFromName(stateName(RunState(r))), RunState(r));
        }
        for (int s = 0; s < stepStates; ++s) {
            QCOMPARE(stepStateFromName(stateName(StepState(s))), StepState(s));
        }
        QCOMPARE(stateName(RunState::RolledBack), u"rolledBack"_s);
    }

    void currentStepFollowsTheDirection()
    {
        const QList<StepRecord> way{step(StepState::Done, true), step(StepState::Failed), step(StepState::Pending)};
        QCOMPARE(currentStep(record(RunState::Held, 3), way), 1);
        QCOMPARE(currentStep(record(RunState::Reverting, 3), way), 0);
        const QList<StepRecord> back{step(StepState::Done, true), step(StepState::Reverted, true)};
        QVERIFY(isGoingBack(record(RunState::Held, 2), back));
        QCOMPARE(currentStep(record(RunState::Held, 2), back), 0);
        QCOMPARE(currentStep(record(RunState::Running, 1), {step(StepState::Done, true)}), 1);
        QCOMPARE(currentStep(record(RunState::Reverting, 1), {step(StepState::Reverted, true)}), -1);
    }

    void offersFitTheState()
    {
        QCOMPARE(offeredCommands(record(RunState::Running), {step(StepState::Applying, true)}), (QStringList{u"hold"_s, u"abort"_s}));
        QCOMPARE(offeredCommands(record(RunState::Held), {step(StepState::Failed, true)}),
                 (QStringList{u"retry"_s, u"accept"_s, u"rollback"_s, u"abandon"_s}));
        QCOMPARE(offeredCommands(record(RunState::Held), {step(StepState::Failed)}), (QStringList{u"retry"_s, u"rollback"_s, u"abandon"_s}));
        QCOMPARE(offeredCommands(record(RunState::Held), {step(StepState::Pending)}), (QStringList{u"resume"_s, u"rollback"_s, u"abandon"_s}));
        QCOMPARE(offeredCommands(record(RunState::Held), {step(StepState::Reverting, true)}), (QStringList{u"retry"_s, u"accept"_s, u"abandon"_s}));
        QCOMPARE(offeredCommands(record(RunState::Reverting), {step(StepState::Reverting, true)}), QStringList());
        QCOMPARE(offeredCommands(record(RunState::Succeeded), {step(StepState::Done, true)}), QStringList());
        StepRecord last = step(StepState::Done, true);
        last.results.insert(stepresult::finalizing, true);
        QCOMPARE(offeredCommands(record(RunState::Running), {last}), QStringList());
    }

    void pointOfNoReturnEndsAutomaticRollback()
    {
        RunRecord run = record(RunState::Running, 2);
        run.plan.steps[0].pointOfNoReturn = true;
        QVERIFY(mayRevertAutomatically(run, {step(StepState::Prepared, true), step(StepState::Pending)}));
        QVERIFY(!mayRevertAutomatically(run, {step(StepState::Applying, true), step(StepState::Pending)}));
        QVERIFY(!mayRevertAutomatically(run, {step(StepState::Done, true), step(StepState::Failed)}));
    }

    void whatCantBeTakenBackClosesTheWayBack()
    {
        RunRecord run = record(RunState::Held, 2);
        run.plan.steps[0].irreversible = true;
        QCOMPARE(stepWithoutWayBack(run, {step(StepState::Prepared, true), step(StepState::Pending)}), -1);
        QVERIFY(decide(u"rollback"_s, run, {step(StepState::Prepared, true), step(StepState::Pending)}));
        const QList<StepRecord> past{step(StepState::Done, true), step(StepState::Failed, true)};
        QCOMPARE(stepWithoutWayBack(run, past), 0);
        QCOMPARE(decide(u"rollback"_s, run, past).error().code, u"run.refused_no_way_back"_s);
        QVERIFY(!mayRevertAutomatically(run, past));
        // Still running, an abort stops and asks.
        run.state = RunState::Running;
        QCOMPARE(decide(u"abort"_s, run, past), Outcome::Hold);
        // What only turned out so counts as well, and what proved to have changed nothing doesn't.
        run.plan.steps[0].irreversible = false;
        QCOMPARE(stepWithoutWayBack(run, past), -1);
        StepRecord lost = step(StepState::Done, true);
        lost.results.insert(stepresult::irreversible, true);
        QCOMPARE(stepWithoutWayBack(run, {lost, step(StepState::Failed, true)}), 0);
        lost.results.insert(stepresult::untouched, true);
        QCOMPARE(stepWithoutWayBack(run, {lost, step(StepState::Failed, true)}), -1);
    }

    void latestStartCountsOverMidnight()
    {
        const auto at = [](int hour, int minute) { return QDateTime(QDate(2026, 3, 2), QTime(hour, minute)); };
        const QJsonObject night{{u"latestStartMinute"_s, 3 * 60}, {u"windowEndMinute"_s, 5 * 60}};
        QVERIFY(!isTooLateToStart(night, at(2, 59)));
        QVERIFY(isTooLateToStart(night, at(3, 1)));
        QVERIFY(!isTooLateToStart(night, at(5, 0)));
        QVERIFY(!isTooLateToStart(night, at(23, 0)));
        const QJsonObject over{{u"latestStartMinute"_s, 23 * 60}, {u"windowEndMinute"_s, 60}};
        QVERIFY(isTooLateToStart(over, at(23, 30)));
        QVERIFY(isTooLateToStart(over, at(0, 30)));
        QVERIFY(!isTooLateToStart(over, at(1, 0)));
        QVERIFY(!isTooLateToStart({}, at(12, 0)));
    }

    void turnBackLeavesTimeForTheWayBack()
    {
        RunRecord run = record(RunState::Running, 2);
        run.started = QDateTime(QDate(2026, 3, 2), QTime(23, 0)).toUTC();
        QVERIFY(!turnBackBy(run, {step(StepState::Done), step(StepState::Pending)}).isValid());
        run.plan.policy = {{u"windowEndMinute"_s, 60}, {u"turnBackMarginMs"_s, 300000}};
        StepRecord done = step(StepState::Done, true);
        done.durationMs = 600000;
        QCOMPARE(turnBackBy(run, {done, step(StepState::Pending)}).toLocalTime(), QDateTime(QDate(2026, 3, 3), QTime(0, 45)));
        // What was planned for the whole way back counts from the beginning.
        run.plan.policy.insert(u"rollbackMs"_s, 1200000);
        QCOMPARE(turnBackBy(run, {done, step(StepState::Pending)}).toLocalTime(), QDateTime(QDate(2026, 3, 3), QTime(0, 35)));
        // A step that took longer than all of it takes as long to be taken back …
        done.durationMs = 1800000;
        QCOMPARE(turnBackBy(run, {done, step(StepState::Pending)}).toLocalTime(), QDateTime(QDate(2026, 3, 3), QTime(0, 25)));
        // … unless its kind was measured.
        run.plan.steps[0].kind = u"migrate"_s;
        run.plan.policy.insert(u"revertMs"_s, QJsonObject{{u"migrate"_s, 1000}});
        QCOMPARE(turnBackBy(run, {done, step(StepState::Pending)}).toLocalTime(), QDateTime(QDate(2026, 3, 3), QTime(0, 35)));
    }

    void namesWhatTakesAName()
    {
        for (const QString &verb : {u"hold"_s, u"resume"_s, u"retry"_s}) {
            QVERIFY(!needsName(verb, true));
        }
        for (const QString &verb : {u"abort"_s, u"rollback"_s, u"accept"_s}) {
            QVERIFY(needsName(verb, true));
            QVERIFY(!needsName(verb, false));
        }
        QVERIFY(needsName(u"abandon"_s, true));
        QVERIFY(needsName(u"abandon"_s, false));
    }
};

QTEST_GUILESS_MAIN(TransitionsTest)
#include "transitionstest.moc"
