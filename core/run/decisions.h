// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"
#include "run/transitions.h"

namespace cutover {

/// What the orchestrator itself keeps among a step's results; a step's own keys don't begin with "_".
namespace stepresult {
constexpr QLatin1StringView prepared("_prepared"); ///< The undo record is journaled.
constexpr QLatin1StringView changes("_changes"); ///< Starts of work on the step since the last progress or decision.
constexpr QLatin1StringView finalizing("_finalizing"); ///< Of the last step: there is no way back any more.
constexpr QLatin1StringView retried("_retried"); ///< A person chose to retry it, and nothing was done since.
constexpr QLatin1StringView untouched("_untouched"); ///< It is proven that it changed nothing; taken back when it is applied.
constexpr QLatin1StringView silentHosts("_silentHosts"); ///< Host → why it did not answer before the step, which went on all the same.
constexpr QLatin1StringView revertMs("_revertMs"); ///< How long taking it back has taken.
constexpr QLatin1StringView facts("facts"); ///< Facts that only the step could tell, once they were so; the plan says that it changes them.
constexpr QLatin1StringView factsLeft("factsLeft"); ///< Of a step taken back: facts that it left changed, since undoing them would have lost something.
constexpr QLatin1StringView opens("opens"); ///< What the step closes to others: fact that tells so → {name, command}, by which a person opens it.
} // namespace stepresult

/// What a step's undo record may tell everybody.
namespace stepundo {
constexpr QLatin1StringView saved("saved"); ///< A file in the run's folder: sealed, what the step replaces.
} // namespace stepundo

[[nodiscard]] bool isPrepared(const StepRecord &step);
/// It ended before anything of it was begun: the hour, a gate or the world was not as its plan wanted it.
[[nodiscard]] bool wasRefused(const RunRecord &run);
/// Some step was taken back, or is being: the run can only go on to the old version.
[[nodiscard]] bool isGoingBack(const RunRecord &run, const QList<StepRecord> &steps);
/// Index of the step that the run is at: the first unfinished one forward, the last one to be
/// taken back otherwise. Forward steps.size(), back -1 when none is left.
[[nodiscard]] int currentStep(const RunRecord &run, const QList<StepRecord> &steps);
/// Whether everything done so far may be taken back without asking: no point of no return passed.
[[nodiscard]] bool mayRevertAutomatically(const RunRecord &run, const QList<StepRecord> &steps);

/// Index of a step in effect that the run has no way back over, so that a rollback would end before it; -1: none.
[[nodiscard]] int stepWithoutWayBack(const RunRecord &run, const QList<StepRecord> &steps);

/// What the plan expects, with what its steps told of the world that no plan could know.
[[nodiscard]] Facts withToldFacts(Facts expected, const QList<StepRecord> &steps);

/// What a command would bring about now, or the message why it can't be given.
[[nodiscard]] std::expected<Outcome, Message> decide(const QString &verb, const RunRecord &run, const QList<StepRecord> &steps);
/// Whether a command counts only with the target's name: giving a run up always does, and in
/// production whatever takes back or skips work.
[[nodiscard]] bool needsName(const QString &verb, bool isProduction);
/// The run is held because that command asked for it, and for nothing else.
[[nodiscard]] bool isHeldByCommand(const RunRecord &run, const QString &commandId);
/// The verbs that make sense now, in the order to show them.
[[nodiscard]] QStringList offeredCommands(const RunRecord &run, const QList<StepRecord> &steps);

/// When the run must turn back to be at the old version before its window ends; null: no limit.
/// The way back takes what the plan measured or expects of it, and longer where the way here did.
[[nodiscard]] QDateTime turnBackBy(const RunRecord &run, const QList<StepRecord> &steps);
/// The sealed copies that a person needs who restores by hand what the steps done so far have replaced.
[[nodiscard]] QStringList savedCopies(const QList<StepRecord> &steps);
/// What the steps done so far have closed to all others and nothing has opened since, with how a person opens it; empty: nothing.
[[nodiscard]] Message leftClosed(const Plan &plan, const QList<StepRecord> &steps);
/// Whether local time is past the policy's latest start (and before the end of the window, when it has one).
[[nodiscard]] bool isTooLateToStart(const QJsonObject &policy, const QDateTime &now);
/// "hh:mm" of a minute of the day.
[[nodiscard]] QString minuteText(qint64 minuteOfDay);

} // namespace cutover
