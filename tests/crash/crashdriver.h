// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

#include <QDeadlineTimer>
#include <QJsonObject>
#include <QMap>
#include <QProcessEnvironment>
#include <QStringList>

#include <functional>

namespace cutover::testing {

/** What was done to a run, and where. */
struct CrashFault {
    QString kind; ///< As in CrashOptions.
    QString operation; ///< As CUTOVER_FAULT_LOG names it: "file-write", "database-sync", "process-during", …
    QString subject; ///< The file or program.
};

/** A run that can be started over and over, interrupted, resumed and judged. */
class CrashScenario
{
public:
    virtual ~CrashScenario() = default;
    [[nodiscard]] virtual QString name() const = 0;
    /// The process whose writes are counted: "" for the runner, else a role of cutoverctl ("supervise",
    /// "watch") that lives beside it, by whoever starts it.
    [[nodiscard]] virtual QString role() const { return {}; }
    /// Makes the system as it is before the run, with the run in its journal. Called before each try.
    [[nodiscard]] virtual Result<> reset() = 0;
    /// Program and arguments that start the run, or go on with it, and end when the run is final or held.
    [[nodiscard]] virtual QStringList runner() const = 0;
    /// Whether the runner has ended with a run that is final or held; otherwise another one goes on.
    [[nodiscard]] virtual bool hasEnded(int exitCode) const { return exitCode == 0; }
    /// How the run ended, after a runner that was left in peace: "new", "old" or "held". An error
    /// when the system is anything between, integrity is hurt, or something was left behind.
    [[nodiscard]] virtual Result<QString> judge() = 0;
    /// Why the run that judge() found held is so, as whoever has to decide is told.
    struct Reason {
        QString text; ///< For the report; the same wherever the system lies.
        Error error; ///< What the step ended with.
    };
    [[nodiscard]] virtual Result<Reason> reason() = 0;
    /// Decides as an operator would about a run that judge() found held; false when it stays held.
    [[nodiscard]] virtual Result<bool> decide() { return false; }
    /// Of the commits that an undisturbed run announces ("step-3-done"), those where a step ends.
    [[nodiscard]] virtual Result<QStringList> stepBoundaries(const QStringList &) { return QStringList(); }
    /// Keeps the system as it is, for a person to look at.
    virtual void keep(const QString &) { }
    /// Between tries: ends what the scenario itself started.
    virtual void clear() { }
};

struct CrashOptions {
    /// "kill"; "enospc" and "eio": that one write fails; "full": it and all after it, until the next
    /// runner. In another role than the runner's "full" is "enospc": the fault strikes one process of it.
    QString kind = QStringLiteral("kill");
    int shard = 1, shards = 1; ///< Of the points, every shards-th from the shard-th on.
    int sample = -1; ///< Test only so many points, chosen by seed; negative: all.
    quint32 seed = 1;
    bool boundaries = false; ///< Besides the sample, every commit by which a step ends.
    QString keep; ///< Systems that were judged badly are copied to this folder.
    QString resumeFile; ///< Points judged well are kept here, and not tested again.
    qint64 limitMs = 240000; ///< For one runner.
    QDeadlineTimer sampleUntil = QDeadlineTimer(QDeadlineTimer::Forever); ///< What is left of the sample then is left out.
};

struct CrashReport {
    int points = 0; ///< Fault points of an undisturbed run.
    int tested = 0;
    int before = 0; ///< Tested by an earlier call, as the file of points done has it.
    int missed = 0; ///< Of those, points that this run did not come to: it wrote less often.
    int boundaries = 0; ///< Of those tested, ends of steps.
    int leftOut = 0; ///< For want of time.
    qint64 milliseconds = 0; ///< That all tries took.
    QMap<QString, int> endings; ///< "new", "old", "held", "held, then new", … → how often.
    QMap<QString, int> reasons; ///< Of holds.
    QStringList failures; ///< Each with the point that it is for.
    [[nodiscard]] QString text() const;
    [[nodiscard]] QJsonObject toJson() const;
    void add(const QJsonObject &report); ///< What another process has tested of the same scenario and kind.
};

/** What an undisturbed run of a scenario passes and how it ends. */
struct CrashPoints {
    QStringList names; ///< As CUTOVER_FAULT_LOG tells them.
    QString ending;
    QStringList boundaries; ///< As the journal announces them, in their order; only where they were asked for.
};

[[nodiscard]] Result<CrashPoints> countPoints(CrashScenario &scenario, const CrashOptions &options);

/// Disturbs a run at each of the points, lets it go on in peace, and judges it; all of them until one that
/// a run does not come to, where neither a sample nor the boundaries are asked for. Method: SQLite's
/// crash tests, which fail the n-th operation for every n.
[[nodiscard]] Result<CrashReport> explore(CrashScenario &scenario, const CrashPoints &points, const CrashOptions &options,
                                          const std::function<void(const QString &line)> &tell = {});

/// Whether an error, or what it tells as its cause, is what this fault makes: ENOSPC and EIO by codes
/// that say so and of the file that it struck, a lost program by that. Error "crash.between" otherwise.
[[nodiscard]] Result<> fits(const CrashFault &fault, const Error &error);

/// Where systems are made: CUTOVER_CRASH_BASE, or a file system in memory, as syncs cost nothing there and what
/// is tested is their order.
[[nodiscard]] QString systemsTemplate();

/// Files below a folder that should not be there once a run has ended: temporaries and scratch of ours.
[[nodiscard]] QStringList leftovers(const QString &folder);
/// What "PRAGMA integrity_check" says about an SQLite database; "ok" when it is whole.
[[nodiscard]] QString integrity(const QString &databaseFile);

/// Gives a held run the first command that it is offered of retry, resume and rollback.
[[nodiscard]] Result<> decideAbout(Journal &journal, const QString &run);
/// Why a run is held; the text without the folder that the system lies in.
[[nodiscard]] Result<CrashScenario::Reason> reasonOf(Journal &journal, const QString &run, const QString &folder);

/// Error that says what is neither new, nor old, nor held for a good reason.
[[nodiscard]] std::unexpected<Error> between(const QString &what);

} // namespace cutover::testing
