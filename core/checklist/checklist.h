// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "gate/gates.h"
#include "gate/staging.h"
#include "run/report.h"

#include <optional>

namespace cutover {

/** One line of the checklist of an update, and what it rests on. Value type. */
struct ChecklistItem {
    enum class Phase { Before,
                       During,
                       After,
                       Rollback };
    enum class State { Open, ///< Not yet, or nothing proves it.
                       Ticked,
                       Failed, ///< The evidence says no.
                       NotOurs, ///< It says no, and did before the update.
                       NotNeeded };
    QString id;
    Phase phase = Phase::Before;
    Message text;
    bool manual = false; ///< Ticked by a person alone; any other only by evidence.
    bool required = false; ///< Of manual ones: without it no run begins (before), and the next waits (others).
    State state = State::Open;
    Message evidence; ///< What ticks it, or why it isn't ticked.
    QString by; ///< manual: who signed.
    QDateTime time; ///< Of the evidence or the signature; UTC, may be null.
    QString note;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static ChecklistItem fromJson(const QJsonObject &json);
};

[[nodiscard]] QString phaseName(ChecklistItem::Phase phase); ///< As target.yaml writes it.
[[nodiscard]] QString phaseText(ChecklistItem::Phase phase); ///< For people.
[[nodiscard]] QString stateText(ChecklistItem::State state);

/** What a checklist is filled in from. */
struct ChecklistInput {
    Target target;
    Plan plan;
    std::optional<RunRecord> run; ///< none: the plan has not been run.
    QList<StepRecord> steps;
    QList<EventRecord> events;
    QList<Tick> ticks;
    QList<GateFinding> gates; ///< As they are now; counted before the run only, afterwards its own events say how they were.
    QList<CheckResult> checks; ///< Told before there is a run.
    std::optional<StagingProof> staging;
};

/// The standard list and the target's own items, filled in. Pure.
[[nodiscard]] QList<ChecklistItem> checklistOf(const ChecklistInput &input);
/// Reads what the journal has of a run, or of a plan that has none yet, and fills it in. Blocking, small.
[[nodiscard]] Result<QList<ChecklistItem>> checklistFor(Journal &journal, const GateScope &scope, const QList<CheckResult> &checks = {});
/// Whether a person may sign the item; hasBegun: there is a run, without which only what comes before one can be signed. Errors
/// "checklist.no_item", "checklist.not_manual", "checklist.no_note", "checklist.too_early".
[[nodiscard]] Result<> mayTick(const QList<ChecklistItem> &items, const QString &item, const QString &note, bool hasBegun);
/// Where the list could not be filled in: that, in its place.
[[nodiscard]] ReportSection checklistSection(const Error &why);
/// For the report of a run.
[[nodiscard]] ReportSection checklistSection(const QList<ChecklistItem> &items);

} // namespace cutover
