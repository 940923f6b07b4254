// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/jobtracker.h"

#include <optional>

namespace cutover {

/**
 * What a wizard collects: the target as it is, what was chosen, the plan that the engine made of
 * it. Pages look at it and ask it; they don't know each other.
 */
class PlanDraft : public QObject
{
    Q_OBJECT
public:
    explicit PlanDraft(EngineClient *engine, QObject *parent = nullptr);

    [[nodiscard]] EngineClient *engine() const { return m_engine; }
    [[nodiscard]] const TargetView &target() const { return m_target; }
    [[nodiscard]] bool hasTarget() const { return m_hasTarget; }
    /// "Update" or "rollback" to this version; to a commit: as it was typed.
    [[nodiscard]] const QString &to() const { return m_to; }

    /// Gates ("check:ID") of the pre-checks that failed and that are known to: the update is begun all the same, with a reason.
    [[nodiscard]] const QStringList &knownFailures() const { return m_knownFailures; }
    void setKnownFailures(const QStringList &gates);

    /// Asks for the plan of an update; nothing happens where that plan is there or on its way.
    void requestUpdate(const QString &version);
    void requestRollback(const QString &restorePoint, const QString &mode, const QString &version);
    /// Back to a commit of the release repository: a hash, which may be abbreviated, a release's tag, or a branch.
    void requestCommit(const QString &commit);
    /// What requestCommit() was asked for; empty: something else was.
    [[nodiscard]] const QString &commit() const { return m_commit; }
    /// Makes the same plan anew.
    void requestAgain();
    /// Gives up the plan under way.
    void cancel();
    /// Forgets plan and choice.
    void clear();

    [[nodiscard]] const std::optional<Plan> &plan() const { return m_plan; }
    [[nodiscard]] const QString &digest() const { return m_digest; }
    [[nodiscard]] bool isPlanning() const { return m_job.isRunning(); }
    [[nodiscard]] const Error &error() const { return m_error; } ///< Of planning; empty code: none.
    [[nodiscard]] const Progress &progress() const { return m_progress; }
    [[nodiscard]] QString incompleteReason() const; ///< Why there is no plan to go on with; empty when there is.

    /// What differs between the plan's "before" and the target as it is now, as sentences.
    [[nodiscard]] QStringList changedSince() const;
    /// Takes the conn over from its holder, with a note for them.
    void takeConn(const QString &note, const QString &from);

Q_SIGNALS:
    void targetChanged();
    void planChanged(); ///< Plan, error, progress or choice.
    void connFailed(const cutover::Error &error);

private:
    /// Instead of whatever was chosen before.
    void choose(const QString &to);
    void start();
    void loadTarget();

    EngineClient *m_engine;
    JobTracker m_job;
    TargetView m_target;
    bool m_hasTarget = false;
    QString m_to, m_restorePoint, m_mode, m_commit;
    std::optional<Plan> m_plan;
    QString m_digest;
    QStringList m_knownFailures;
    QDateTime m_planned;
    QMap<QString, QString> m_revisionsThen;
    Error m_error;
    Progress m_progress;
    bool m_cancelled = false;
};

} // namespace cutover
