// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"
#include "run/journal.h"
#include "target/target.h"

#include <QDateTime>

namespace cutover {

/** What a plan installs, by what can't be mistaken for something else. */
struct ReleaseDigest {
    QString version;
    QString digest; ///< The package's SHA-256, or the commit of a git repository.
};

/// Of each release on the plan's way, as its steps fetch them.
[[nodiscard]] QList<ReleaseDigest> releaseDigests(const Plan &plan);

/** A run of the other system, with what came of its steps. */
struct StagedRun {
    RunRecord run;
    QList<StepRecord> steps;
    QStringList done; ///< Ids of the steps that took effect, also of those that were taken back since.
};

/** That the same was installed elsewhere, and what else that system's journal tells. */
struct StagingProof {
    QString target; ///< The other one's name.
    QString run; ///< The older one, where several releases were installed by several runs.
    QDateTime ended;
    QString by;
    QString rehearsal; ///< A run there that went back from the last of the releases, by itself or on purpose; empty: none lately.
    QDateTime rehearsed;
    QList<StagedRun> installs; ///< The newest run of each of the releases, in their order; a run of several is there once.
    QList<StagedRun> backs; ///< Runs within the time that went back from the last of them, the newest first.
};

/// Whether the newest run of each of the releases on the staging target succeeded within its time: an older success counts for
/// nothing once the same package has failed, or is at work, there. What was refused at its start was no run of it. The other target's journal
/// is only read. Codes "staging.*": where the other one isn't there, is this one, or has not seen the release, or too long ago.
/// Blocking, small.
[[nodiscard]] Result<StagingProof> stagingProof(const Target &target, const QList<ReleaseDigest> &releases, const QDateTime &now);

} // namespace cutover
