// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runnerkeeper.h"

#include "config/targetmask.h"
#include "run/decisions.h"
#include "run/runlock.h"
#include "run/transitions.h"
#include "system/clock.h"
#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "system/processes.h"
#include "system/programs.h"

#include <QFile>
#include <QPointer>

#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int tryLimit = 3;
constexpr qint64 tailSize = 4096;

const QString restartedCode = u"run.runner_restarted"_s;

QString folderOf(const QString &stateDirectory, const QString &runId)
{
    return QString(stateDirectory + u"/runs/"_s + runId);
}

QString logOf(const QString &stateDirectory, const QString &runId)
{
    return QString(folderOf(stateDirectory, runId) + u"/runner.log"_s);
}

/// The last line that a runner left; empty when it said nothing.
QString lastWords(const QString &log)
{
    QFile file(log);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    file.seek(qMax<qint64>(0, file.size() - tailSize));
    const QStringList lines = QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts);
    return lines.isEmpty() ? QString() : lines.last().trimmed();
}

/// Why a runner is gone, as far as it said so. A log is no journal: what is secret in it stays in it, and
/// where nobody can tell what is, all of it.
Error goneError(const QString &log, const QString &targetFile)
{
    QString said = lastWords(log);
    if (!said.isEmpty()) {
        const auto target = Target::load(targetFile);
        said = target ? TargetMask(*target).masked(said) : QString();
    }
    return {.code = said.isEmpty() ? u"run.runner_gone"_s : u"run.runner_gone_saying"_s, .args = {{u"output"_s, said}, {u"log"_s, log}}, .where = {}};
}

/// Changes when the run gets further, or a person decides something.
QString markOf(const QList<StepRecord> &steps, qsizetype commands)
{
    QStringList words{QString::number(commands)};
    for (const StepRecord &step : steps) {
        words.append(stateName(step.state));
    }
    return json::sha256(words.join(u' ').toLatin1()).first(12);
}

Result<> refuse(Journal &journal, const QString &runId, const Error &error)
{
    TRY(RunRecord run, journal.run(runId));
    const auto next = transition(run.state, StepState::Pending, Outcome::Refused);
    if (run.state != RunState::Planned || !next) {
        return {};
    }
    run.state = next->run;
    run.reason = {u"run.refused_to_start"_s, {{u"error"_s, error.toJson()}}};
    run.error = error;
    run.ended = Clock::system().now();
    CHECK(journal.updateRun(run, run.reason));
    return journal.audit(run.startedBy, u"run.not_started"_s, {{u"run"_s, runId}, {u"error"_s, error.toJson()}});
}

/// The run waits for a person from now on; nothing else about it is changed.
Result<> hold(Journal &journal, const QString &runId, const Error &error)
{
    TRY(RunRecord run, journal.run(runId));
    TRY(QList<StepRecord> steps, journal.steps(runId));
    TRY(const auto pending, journal.pendingCommands(runId));
    const bool told = run.state == RunState::Held && run.reason.code == "run.runner_lost"_L1 && pending.isEmpty();
    if (isFinal(run.state) || run.state == RunState::Planned || told) {
        return {};
    }
    const int index = currentStep(run, steps);
    const bool hasStep = index >= 0 && index < steps.size();
    const Message title = hasStep ? run.plan.steps[index].title : Message{u"run.the_end"_s, {}};
    const QJsonValue name = title.isEmpty() ? QJsonValue(steps[index].id) : QJsonValue(title.toJson());
    Message reason{u"run.runner_lost"_s, {{u"step"_s, name}, {u"count"_s, tryLimit + 1}, {u"error"_s, error.toJson()}}};
    if (run.state != RunState::Held) {
        const StepState at = hasStep ? steps[index].state : index < 0 ? StepState::Reverted
                                                                      : StepState::Done;
        std::optional<Next> next;
        for (const Outcome outcome : {Outcome::Loop, Outcome::FactChanged, Outcome::FailHold}) {
            next = next ? next : transition(run.state, at, outcome);
        }
        if (!next) {
            return fail(u"run.no_transition"_s, {{u"run"_s, stateName(run.state)}, {u"step"_s, stateName(at)}, {u"outcome"_s, std::to_underlying(Outcome::Loop)}});
        }
        run.state = next->run;
        if (hasStep) {
            steps[index].state = next->step;
            steps[index].error = error;
        }
    }
    run.reason = reason;
    run.error = error;
    // The default of a hold would need a runner, too.
    run.heldUntil = {};
    CHECK(hasStep ? journal.updateRunAndStep(run, steps[index], reason) : journal.updateRun(run, reason));
    // What was decided meanwhile was decided about something else.
    for (const CommandRecord &command : pending) {
        CHECK(journal.finishCommand(command.id, {u"run.refused_runner_lost"_s, {}}));
    }
    return journal.audit(u"policy"_s, u"run.runner_lost"_s, {{u"run"_s, runId}, {u"step"_s, name}, {u"count"_s, tryLimit + 1}, {u"error"_s, error.toJson()}});
}

} // namespace

struct RunnerKeeper::Private {
    struct Active {
        QString id;
        RunState state = RunState::Planned;
        QDateTime heldUntil;
        bool decided = false; ///< A command waits to be taken.
    };
    struct Begun {
        QString run;
        qint64 pid = 0;
        quint64 startTime = 0;
    };
    struct Try {
        int number = 0;
        QDateTime at;
        QString mark;
    };

    RunnerKeeper *q;
    QString targetFile;
    QString stateDirectory;
    Journal *journal;
    Limits limits;
    qint64 version = -1;
    std::optional<Active> active; ///< As of version.
    qint64 missingSince = -1; ///< Monotonic.
    bool busy = false;
    Begun begun; ///< The runner that apply has started here.
    QString triedRun;
    Try last; ///< Of triedRun.
    qint64 eventsRead = 0;

    Result<qint64> start(const QString &runId) const;
    static bool isNeeded(const Active &run);
    bool isDue(const Active &run);
    Result<> readTries(const QString &runId);
    Result<bool> startAgain(const QString &runId);
    static QCoro::Task<> tend(QPointer<RunnerKeeper> keeper, Active run);
};

RunnerKeeper::RunnerKeeper(const QString &targetFile, const QString &stateDirectory, Journal *journal)
    : RunnerKeeper(targetFile, stateDirectory, journal, Limits())
{
}

RunnerKeeper::RunnerKeeper(const QString &targetFile, const QString &stateDirectory, Journal *journal, Limits limits)
    : d(std::make_unique<Private>(this, targetFile, stateDirectory, journal, limits))
{
}

RunnerKeeper::~RunnerKeeper() = default;

Result<qint64> RunnerKeeper::Private::start(const QString &runId) const
{
    TRY(const QString program, programPath(u"cutoverctl"_s));
    CHECK(files::makePath(folderOf(stateDirectory, runId)));
    return startDetached(program, {u"runner"_s, u"--target"_s, targetFile, u"--run"_s, runId}, logOf(stateDirectory, runId));
}

Result<> RunnerKeeper::begin(const QString &runId)
{
    const Result<qint64> pid = d->start(runId);
    if (!pid) {
        CHECK(refuse(*d->journal, runId, pid.error()));
        Q_EMIT changed();
        return fail(pid.error());
    }
    d->begun = {runId, *pid, processStartTime(*pid)};
    return {};
}

bool RunnerKeeper::Private::isNeeded(const Active &run)
{
    if (run.state != RunState::Held) {
        return true;
    }
    return run.decided || (run.heldUntil.isValid() && run.heldUntil <= Clock::system().now());
}

bool RunnerKeeper::Private::isDue(const Active &run)
{
    // Children of a dead runner keep the lock held, but nobody leads them any more.
    const auto owner = RunLock::owner(stateDirectory);
    if (!owner) {
        missingSince = -1;
        return false;
    }
    if (const std::optional<LockOwner> &leader = *owner; leader && leader->lives()) {
        missingSince = -1;
        return false;
    }
    const qint64 now = Clock::system().monotonic();
    missingSince = missingSince < 0 ? now : missingSince;
    if (run.state != RunState::Planned) {
        return now - missingSince >= limits.graceMs;
    }
    const bool died = begun.run == run.id && (begun.startTime == 0 || processStartTime(begun.pid) != begun.startTime);
    return died || now - missingSince >= limits.beginMs;
}

void RunnerKeeper::look()
{
    if (const qint64 version = d->journal->dataVersion(); version != d->version) {
        const auto found = d->journal->activeRun();
        if (!found) {
            return;
        }
        d->active.reset();
        if (const std::optional<RunRecord> &run = *found) {
            const auto pending = d->journal->pendingCommands(run->id);
            d->active = Private::Active{run->id, run->state, run->heldUntil, pending && !pending->isEmpty()};
        }
        d->version = version;
    }
    const std::optional<Private::Active> &active = d->active;
    if (!active || !Private::isNeeded(*active)) {
        d->missingSince = -1;
        return;
    }
    if (!d->busy && d->isDue(*active)) {
        d->busy = true;
        Private::tend(this, *active);
    }
}

Result<> RunnerKeeper::Private::readTries(const QString &runId)
{
    if (triedRun != runId) {
        triedRun = runId;
        last = {};
        eventsRead = 0;
    }
    while (true) {
        TRY(const auto events, journal->events(runId, eventsRead));
        if (events.isEmpty()) {
            return {};
        }
        for (const EventRecord &event : events) {
            eventsRead = event.sequence;
            if (event.message.code == restartedCode) {
                last = {event.message.args["try"_L1].toInt(), event.time, event.message.args["mark"_L1].toString()};
            }
        }
    }
}

/// False: as often as may be already.
Result<bool> RunnerKeeper::Private::startAgain(const QString &runId)
{
    // One keeper at a time: two that see the same death count it once. On the folder itself, as a full
    // disk has no room for another file.
    CHECK(files::makePath(folderOf(stateDirectory, runId)));
    TRY(const FolderTurn turn, FolderTurn::take(folderOf(stateDirectory, runId)));
    TRY(const auto owner, RunLock::owner(stateDirectory));
    if (owner && owner->lives()) {
        return true;
    }
    CHECK(readTries(runId));
    TRY(const auto steps, journal->steps(runId));
    TRY(const auto commands, journal->commands(runId));
    const QString mark = markOf(steps, commands.size());
    const int tries = last.mark == mark ? last.number : 0;
    const qint64 since = last.at.isValid() ? last.at.msecsTo(Clock::system().now()) : -1;
    const qint64 wait = tries == 1 ? limits.backOffMs : tries == 2 ? 4 * limits.backOffMs
                                                                   : 0;
    // Not where the clock was moved back.
    if (since >= 0 && since < wait) {
        return true;
    }
    if (tries >= tryLimit) {
        return false;
    }
    CHECK(journal->addEvent(runId, {}, {restartedCode, {{u"try"_s, tries + 1}, {u"limit"_s, tryLimit}, {u"mark"_s, mark}}}));
    if (const auto started = start(runId); !started) {
        CHECK(journal->addEvent(runId, {}, {u"run.runner_not_started"_s, {{u"error"_s, started.error().toJson()}}}));
    }
    Q_EMIT q->changed();
    return true;
}

QCoro::Task<> RunnerKeeper::Private::tend(QPointer<RunnerKeeper> keeper, Active run)
{
    const QString state = keeper->d->stateDirectory;
    const QString log = logOf(state, run.id);
    Result<> done;
    bool end = run.state == RunState::Planned;
    if (!end) {
        const Result<bool> again = keeper->d->startAgain(run.id);
        done = again ? Result<>() : Result<>(fail(again.error()));
        end = again && !*again;
    }
    if (end) {
        // Under the lock, so that no runner that was only slow comes to work beside it.
        const auto lock = co_await RunLock::acquire(state, run.id, {.waitMs = 0, .endLeftovers = false});
        if (!keeper) {
            co_return;
        }
        if (lock) {
            Journal &journal = *keeper->d->journal;
            const Error gone = goneError(log, keeper->d->targetFile);
            done = run.state == RunState::Planned ? refuse(journal, run.id, gone) : hold(journal, run.id, gone);
            Q_EMIT keeper->changed();
        } else if (lock.error().code == "lock.left_running"_L1) {
            // Nobody takes it before somebody has ended that, and a run never starts later.
            Journal &journal = *keeper->d->journal;
            done = run.state == RunState::Planned ? refuse(journal, run.id, lock.error()) : hold(journal, run.id, lock.error());
            Q_EMIT keeper->changed();
        } else if (lock.error().kind != Error::Kind::Transient) {
            done = fail(lock.error());
        }
    }
    if (!keeper) {
        co_return;
    }
    if (!done) {
        qWarning("cutoverctl: %s", qPrintable(done.error().text()));
    }
    keeper->d->busy = false;
    // Not before the next grace: the runner that was started takes a moment.
    keeper->d->missingSince = -1;
}

} // namespace cutover
