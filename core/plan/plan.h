// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/facts.h"
#include "system/message.h"

#include <QJsonArray>
#include <QList>

namespace cutover {

/** Something to look at before a step runs; part of the digest. */
struct Preview {
    QString type; ///< "sql", "diff", "text", "command", "table" (tab separated, first line headers)
    QString title; ///< A name, not a sentence: a file, a revision.
    QString text; ///< Of a table: lines of cells with tabs between, headers first; a cell "@lost" is a word for people (run/words).
    bool operator==(const Preview &) const = default;
};

/** One step as data: enough to rebuild it in another process. Holds no translated text and no secret. */
struct StepSpec {
    QString id; ///< Unique in the plan: "deploy:backend-1".
    QString kind; ///< Registered with StepRegistry.
    int version = 1; ///< Of the kind's parameters.
    QJsonObject params;
    Message title; ///< "Database backup"
    Message intent; ///< "Back up trading, about 120 MB, to …"
    QList<Preview> previews;
    Facts changes; ///< Facts after this step, where it changes them; null removes one.
    qint64 expectedMs = 0; ///< From measured runs where there are any.
    qint64 expectedDowntimeMs = 0;
    bool pointOfNoReturn = false; ///< After it, going back loses data or is not automatic.
    bool irreversible = false; ///< Once in effect the run can't take it back at all; always a point of no return, too.
    bool changesState = true; ///< false for checks and watches.
    bool automaticRollback = true; ///< On failure of this step: revert; else hold.

    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static StepSpec fromJson(const QJsonObject &json);
};

/**
 * What will be done: built without changing anything, shown whole, approved by its digest.
 * Update, rollback and rehearsal are all plans.
 */
struct Plan {
    static constexpr int Schema = 1;

    QString kind; ///< "update", "rollback"
    QString targetName;
    QString environment;
    QString from; ///< Version.
    QString to;
    QStringList path; ///< Versions on the way, to included.
    QString updateType;
    QString risk;
    QString restorePoint; ///< rollback: its id.
    QString mode; ///< rollback: "code", "downgrade", "restore".
    Facts facts; ///< Before the first step.
    QList<StepSpec> steps;
    QJsonObject policy; ///< Failure, hold, watch and time policy, so that approval covers it.
    qint64 expectedMs = 0;
    qint64 expectedDowntimeMs = 0;
    QJsonObject loss; ///< Name as in plan/loss.h → what is given up, counted: by a rollback, and by an update whose migrations say that they take away.
    QStringList owed; ///< Contract migrations that a later release still owes.
    QString engineVersion;

    /// Of everything above, canonical.
    [[nodiscard]] QString digest() const;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static Result<Plan> fromJson(const QJsonObject &json);
    /// Facts expected before step index: the first facts overlaid with the changes of the steps before it.
    [[nodiscard]] Facts factsBefore(qsizetype index) const;
};

} // namespace cutover
