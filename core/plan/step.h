// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"
#include "system/clock.h"
#include "system/processes.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace cutover {

/** How far a step is. Lossy: shown, never decided on. */
struct Progress {
    qint64 done = 0;
    qint64 total = 0; ///< 0: unknown.
    QString unit; ///< "bytes", "rows", "checks", "ms", …
    Message doing; ///< "Backing up orders, 41 %"
};

/** What a step may use while it works. Lives as long as the run. Event-loop thread. */
class StepContext
{
public:
    virtual ~StepContext() = default;
    [[nodiscard]] virtual const Target &target() const = 0;
    [[nodiscard]] virtual const Plan &plan() const = 0;
    [[nodiscard]] virtual QString runId() const = 0;
    /// Folder of the run, for scratch and logs; removed by clean up except logs.
    [[nodiscard]] virtual QString runDirectory() const = 0;
    [[nodiscard]] virtual Clock &clock() = 0;
    [[nodiscard]] virtual Processes &processes() = 0;
    /// Descriptor of the run lock, for children that change the system (ProcessSpec::inherit).
    [[nodiscard]] virtual int lockDescriptor() const = 0;
    virtual void progress(const Progress &progress) = 0;
    virtual void log(const Message &message) = 0;
    /// An output line of a program; secrets are masked before this.
    virtual void logLine(const QString &source, const QString &line) = 0;
    /// Results that later steps and the report read, journaled with the step ("baseline", "restorePoint").
    virtual void setResult(const QString &key, const QJsonValue &value) = 0;
    [[nodiscard]] virtual QJsonValue result(const QString &stepId, const QString &key) const = 0;
};

/** What a step finds after a crash. */
enum class Inspection { NotStarted,
                        Partial,
                        Done,
                        Unknown };

/**
 * One step of a plan. observe → prepare → apply → verify; after a crash inspect; revert undoes.
 * Rebuilt in another process from its StepSpec. All of it runs on the event-loop thread and
 * must not block it over 100 ms (use a Worker).
 */
class Step
{
public:
    explicit Step(StepSpec spec)
        : m_spec(std::move(spec))
    {
    }
    virtual ~Step() = default;
    Q_DISABLE_COPY_MOVE(Step)

    [[nodiscard]] const StepSpec &spec() const { return m_spec; }
    /// Whether a stop request is honoured now; changes with the phase.
    [[nodiscard]] virtual bool isCancellable() const { return true; }
    /// Looks at the world, changes nothing; fails when the step can't be done.
    [[nodiscard]] virtual Async<> observe(StepContext &context, std::stop_token stop);
    /// Returns what revert() needs; journaled before apply().
    [[nodiscard]] virtual Async<QJsonObject> prepare(StepContext &context, std::stop_token stop);
    /// Does it. Safe to repeat after any interruption of itself.
    [[nodiscard]] virtual Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) = 0;
    /// Proves that it is done.
    [[nodiscard]] virtual Async<> verify(StepContext &context, std::stop_token stop);
    [[nodiscard]] virtual Async<Inspection> inspect(StepContext &context, QJsonObject undo) = 0;
    /// Whether a person's word counts where inspect() finds Inspection::Unknown: a retry applies again, and accept is
    /// believed. Only where what is unknown is the step's own work, never somebody else's.
    [[nodiscard]] virtual bool takesAWord() const { return false; }
    /// Whether it must not be begun while that further host does not tell what runs on it: it works there, or it builds on
    /// what all instances run. Here: its parameters name the host, or a service or an instance on it; it is a point of no
    /// return; or it takes something away.
    [[nodiscard]] virtual bool needsHost(const Target &target, const QString &host) const;
    /// Whether a person's retry asks anew and prepares again, where an answer of before would only be found again.
    [[nodiscard]] virtual bool asksAnew() const { return false; }
    /// Undoes apply, whole or partial. Safe to repeat. Error "step.not_revertible" where there is no way without loss.
    [[nodiscard]] virtual Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop);
    /// After the run has succeeded: gives up what only revert needed.
    [[nodiscard]] virtual Async<> finalize(StepContext &context, QJsonObject undo);

private:
    StepSpec m_spec;
};

/** Step kinds by name; each room registers its own at file scope. */
class StepRegistry
{
public:
    using Factory = std::function<std::unique_ptr<Step>(StepSpec)>;
    struct Registration {
        Registration(const QString &kind, int version, Factory factory);
    };
    /// Error "step.unknown_kind" {kind, version}.
    [[nodiscard]] static Result<std::unique_ptr<Step>> create(const StepSpec &spec);
};

} // namespace cutover
