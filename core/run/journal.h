// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"
#include "run/peoplerecords.h"
#include "run/states.h"

#include <QDateTime>
#include <QJsonObject>
#include <QList>

#include <memory>
#include <optional>

namespace cutover {

struct RunRecord {
    QString id;
    Plan plan;
    QString planDigest;
    RunState state = RunState::Planned;
    Message reason; ///< Why it is held, reverting or rolled back: step, fact or metric, value, limit, what to do.
    Error error; ///< Of the failed step, when there is one.
    QString approvedBy;
    QString startedBy;
    QDateTime created, started, ended; ///< UTC; null when not yet.
    qint64 activeMs = 0; ///< Monotonic time worked on, over all processes that ran it.
    QDateTime heldUntil; ///< When the policy's default is taken; null: no limit.
    BreakGlass breakGlass = {}; ///< Empty: nothing stood in its way. Only addRun() writes it.
};

struct StepRecord {
    QString runId;
    int index = 0;
    QString id;
    StepState state = StepState::Pending;
    int attempt = 0;
    QJsonObject undo;
    QJsonObject results;
    Error error;
    QDateTime started, ended;
    qint64 durationMs = 0; ///< Monotonic.
};

struct EventRecord {
    qint64 sequence = 0;
    QString runId;
    QString stepId;
    QDateTime time;
    Message message;
};

/** A decision of a person, durable before anything acts on it; taken exactly once. */
struct CommandRecord {
    QString id;
    QString runId;
    QString verb; ///< "hold", "resume", "retry", "accept", "rollback", "abort", "abandon"
    QJsonObject args;
    QString expectedState; ///< Of the run when it was given; refused when it no longer holds. Empty: any.
    QString by;
    QDateTime created;
    QDateTime taken;
    Message outcome;
    /// Whose reason it was given with, for which gates; empty: none.
    [[nodiscard]] BreakGlass glass() const { return BreakGlass::fromJson(args[u"glass"].toObject()); }
};

struct RestorePoint {
    QString id;
    QString runId; ///< The run that made it; empty: made by hand.
    QDateTime created;
    QString version; ///< Installed then.
    Message reason; ///< "before 1.3.0"
    Facts facts;
    QString directory;
    qint64 size = 0; ///< Bytes on disk.
    QJsonObject members; ///< database:NAME → {file, sha256, size, schemaDigest, revision, rows{table: n}}; configuration:FILE → …
    QDateTime proven; ///< When a restore of it was last proven; null: never.
    bool available = true; ///< false after clean up.
};

struct ConnRecord {
    QString holder; ///< "kim@desk"
    QString session; ///< Of the console.
    QDateTime since;
    QString note; ///< Handover.
};

struct AuditRecord {
    qint64 sequence = 0;
    QDateTime time;
    QString who;
    QString what; ///< Code, "run.started".
    QJsonObject args;
    QString hash; ///< SHA-256 over the previous hash and this row, canonical.
};

/**
 * The control host's memory: decisions only. STATE/journal.db, WAL, synchronous=FULL. Each
 * function is one transaction, durable when it returns. Blocking, one thread per object; never on
 * a GUI thread. Codes "journal.*".
 */
class Journal
{
public:
    enum class Mode { ReadWrite,
                      ReadOnly,
                      Looking }; ///< ReadOnly; where there is no journal yet, an empty one that nobody else sees.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const QString &stateDirectory, Mode mode = Mode::ReadWrite);
    ~Journal();
    Q_DISABLE_COPY_MOVE(Journal)

    /// Grows with every write by anybody; cheap. For noticing changes.
    [[nodiscard]] qint64 dataVersion();

    [[nodiscard]] Result<> addRun(const RunRecord &run); ///< With a pending step row for each step of the plan. Refused ("journal.run_active") while another run isn't final.
    [[nodiscard]] Result<> updateRun(const RunRecord &run, const Message &event = {}); ///< All but id and plan; the event in the same transaction.
    [[nodiscard]] Result<RunRecord> run(const QString &id);
    [[nodiscard]] Result<QList<RunRecord>> runs(int limit = 200); ///< Newest first.
    [[nodiscard]] Result<std::optional<RunRecord>> activeRun();
    [[nodiscard]] Result<> updateStep(const StepRecord &step, const Message &event = {});
    [[nodiscard]] Result<QList<StepRecord>> steps(const QString &runId);
    /// Both, in one transaction.
    [[nodiscard]] Result<> updateRunAndStep(const RunRecord &run, const StepRecord &step, const Message &event = {});

    [[nodiscard]] Result<> addEvent(const QString &runId, const QString &stepId, const Message &message);
    [[nodiscard]] Result<QList<EventRecord>> events(const QString &runId, qint64 afterSequence = 0, int limit = 1000);

    [[nodiscard]] Result<> addCommand(const CommandRecord &command);
    [[nodiscard]] Result<QList<CommandRecord>> pendingCommands(const QString &runId);
    [[nodiscard]] Result<> finishCommand(const QString &id, const Message &outcome); ///< Marks it taken.
    [[nodiscard]] Result<QList<CommandRecord>> commands(const QString &runId);

    [[nodiscard]] Result<> addRestorePoint(const RestorePoint &point); ///< Or replaces the one with its id.
    [[nodiscard]] Result<QList<RestorePoint>> restorePoints(); ///< Newest first.
    [[nodiscard]] Result<RestorePoint> restorePoint(const QString &id);

    [[nodiscard]] Result<std::optional<ConnRecord>> conn();
    /// Refused ("journal.conn_held") while another session holds it, unless force. from: only from this holder;
    /// somebody else may have taken it since it was decided to; empty: from whomever.
    [[nodiscard]] Result<> takeConn(const ConnRecord &conn, bool force, const QString &from = {});
    [[nodiscard]] Result<> releaseConn(const QString &session);

    // What people sign; each with its row of the audit trail.
    [[nodiscard]] Result<> addApprovalRequest(const ApprovalRequest &request); ///< Once for each plan; asked again nothing happens.
    [[nodiscard]] Result<QList<ApprovalRequest>> approvalRequests(int limit = 20); ///< Newest first.
    [[nodiscard]] Result<> addApproval(const ApprovalRecord &approval); ///< The same signature again: nothing happens.
    [[nodiscard]] Result<QList<ApprovalRecord>> approvals(const QString &digest = {}); ///< Of one plan, or all; newest first.
    [[nodiscard]] Result<> addTick(const Tick &tick);
    /// Of a plan before there is a run of it (run empty), or of a run; the last word on each item.
    [[nodiscard]] Result<QList<Tick>> ticks(const QString &digest, const QString &run);

    [[nodiscard]] Result<> audit(const QString &who, const QString &what, const QJsonObject &args = {});
    [[nodiscard]] Result<QList<AuditRecord>> auditTrail(int limit = 1000); ///< Newest first.
    /// Error "audit.chain_broken" {sequence}.
    [[nodiscard]] Result<> verifyAudit();

private:
    struct Private;
    explicit Journal(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace cutover
