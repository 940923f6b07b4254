// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

// The orchestrator's own, for its sources alone: orchestrator.cpp is the way forward and what all share,
// orchestratorback.cpp the way back, orchestratorcommands.cpp what people decide meanwhile.

#include "run/orchestrator.h"

#include "config/targetmask.h"
#include "run/decisions.h"
#include "run/runlog.h"
#include "run/transitions.h"
#include "target/hostfence.h"

#include <optional>

namespace cutover {

constexpr qint64 decisionPollMs = 250; ///< How often commands are looked for when nobody wakes the runner.

struct Orchestrator::Private final : StepContext {
    Private(Orchestrator *orchestrator, Target target, Journal *journal, QString runId, int lockDescriptor, Clock *clock, Processes *processes)
        : q(orchestrator)
        , m_target(std::move(target))
        , m_journal(journal)
        , m_runId(std::move(runId))
        , m_lockDescriptor(lockDescriptor)
        , m_clock(clock)
        , m_processes(processes)
        , m_log(runDirectory() + QStringLiteral("/log.txt"))
        , m_mask(m_target)
    {
    }

    // StepContext
    const Target &target() const override { return m_target; }
    const Plan &plan() const override { return m_run.plan; }
    QString runId() const override { return m_runId; }
    QString runDirectory() const override { return m_target.stateDirectory + QStringLiteral("/runs/") + m_runId; }
    Clock &clock() override { return *m_clock; }
    Processes &processes() override { return *m_processes; }
    int lockDescriptor() const override { return m_lockDescriptor; }
    void progress(const Progress &progress) override;
    void log(const Message &message) override { logLine(QStringLiteral("cutover"), message.text()); }
    void logLine(const QString &source, const QString &line) override;
    void setResult(const QString &key, const QJsonValue &value) override { m_steps[m_at].results.insert(key, m_mask.masked(value)); }
    QJsonValue result(const QString &stepId, const QString &key) const override;

    // The run as a whole.
    Async<RunState> drive(bool leaveWhenHeld);
    Async<> start();
    Async<> forward();
    Async<> finish();
    Async<> backward();
    Async<> held();

    // Parts of a step. All leave the run where the journal says that it is.
    Async<> inspectStep(int index);
    Async<> prepareStep(int index);
    Async<> applyStep(int index);
    Async<> verifyStep(int index);
    Async<> failed(int index, Error error);
    /// Whether a step that failed only asks for agreement; then what it asks is kept, for whoever resumes.
    bool takeQuestion(int index);
    Message rolledBack() const;
    /// The target is the plan's by its identity and its description: whatever is asked or set by those is where the plan means it.
    Async<> isSameTarget(Facts expected, QStringList ignored);
    /// Puts right what a server's own restart has changed, and tells of it.
    Async<> keepFacts(Facts expected, QStringList ignored);
    /// The same on the way back, which is gone with another description, too: then nothing is put right.
    Async<> keepBack(Facts expected, QStringList ignored);
    /// Which further hosts have to answer; empty: all of them.
    using NeedsHost = std::function<bool(const QString &host)>;
    /// among: of these facts only, where there are any. A host that is not needed and does not answer is told, and nothing of it is compared.
    Async<> lookAtWorld(Facts expected, QStringList ignored, QStringList among, NeedsHost needsHost = {});
    /// Journals what is not known, once in a run.
    Async<> tellSilent(QMap<QString, Error> hosts);
    Async<bool> mayBegin(int index);
    // Of orchestratorgates.cpp.
    /// What keeps the run from starting; empty code: nothing, and the journal has why.
    Result<Error> gatesAtStart();
    /// Why a decision is refused by a gate; none: it isn't, or its glass is broken, which is told.
    Result<std::optional<Message>> refusedByGate(const CommandRecord &command, Outcome outcome);
    /// Looks at the approval before the first step that changes something; false when the run is held for it.
    Async<bool> isStillApproved(int index);

    /// Whether a step before this one has touched what serves.
    [[nodiscard]] bool hasBegunToChange(int index) const;
    /// Looks at the databases' free space before a step of an update that writes much (backup, verify_backup, migrate), and before
    /// the backup, its proof and the first count of a rollback that has changed nothing; false when the run is held for it.
    Async<bool> hasSpace(int index);

    // The journal.
    Async<> save(int index, Message event = {});
    Async<> move(Outcome outcome, int index, Message event = {});
    Async<> hold(Outcome outcome, int index, Message reason, Error error = {});
    Async<> goBack(Outcome outcome, int index, Message reason, Error error = {});

    // Commands.
    Async<> takeCommands();
    Async<> take(CommandRecord command);
    std::expected<Outcome, Message> judge(const CommandRecord &command) const;
    void peek();
    void askToStop();
    Async<> turnBack();
    bool isPastTurnBack() const;

    std::unique_ptr<HostFence> m_hostFence; ///< Null: without a lock nothing is led.
    std::function<Result<>()> m_fence;
    Result<> fence() const { return m_fence ? m_fence() : Result<>(); }

    /// Removes the run's scratch, except some files: what a step could not remove itself.
    void tidy(const QStringList &except = {});
    void tick();
    void tell(const QJsonObject &what) { Q_EMIT q->told(what); }
    void tellState(int index);
    int current() const { return currentStep(m_run, m_steps); }
    bool hasStep(int index) const { return index >= 0 && index < m_steps.size(); }
    const StepSpec &spec(int index) const { return m_run.plan.steps[index]; }
    QJsonValue name(int index) const;
    Message about(const char *code, int index, QJsonObject args = {}) const;
    /// What had stopped the run before somebody, or nobody, decided: the end of a sentence, with what to do.
    QJsonObject because() const;
    qint64 policy(QLatin1StringView key, qint64 otherwise) const { return m_run.plan.policy[key].toInteger(otherwise); }
    /// Before the next try of a transient error; doubles each time.
    qint64 waitBeforeRetry() const { return qMin<qint64>(500LL << m_tries, 10000); }
    /// Adds the time since the last call to what the run, and the step, have worked.
    void stamp(int index);

    Orchestrator *q;
    Target m_target;
    Journal *m_journal;
    QString m_runId;
    int m_lockDescriptor;
    Clock *m_clock;
    Processes *m_processes;
    RunLog m_log;
    TargetMask m_mask; ///< All that is told, logged or journaled passes it: progress(), logLine(), setResult(), save().

    RunRecord m_run;
    QList<StepRecord> m_steps;
    std::unique_ptr<Step> m_step; ///< The one at work.
    int m_at = 0; ///< Its index.
    std::stop_source m_stop; ///< Of the work under way.
    std::stop_source m_wake; ///< Of waiting for a decision.
    std::optional<Error> m_planProblem;
    std::optional<CommandRecord> m_abort; ///< Taken as soon as the work under way has stopped.
    bool m_turnBack = false; ///< The time to turn back came while a step was at work.
    std::optional<Error> m_unknown; ///< Why the step is inspected; empty: an interruption.
    bool m_inspect = false;
    int m_tries = 0; ///< Transient errors in the phase at work.
    std::optional<qint64> m_decideBy; ///< Monotonic: when the default of a hold is taken.
    qint64 m_stamped = 0;
    qint64 m_dataVersion = -1;
    qint64 m_lastWall = 0, m_lastMonotonic = 0, m_lastTold = 0, m_lastAlive = 0;
    std::optional<qint64> m_clockStep; ///< Seen, not yet journaled.
};

} // namespace cutover
