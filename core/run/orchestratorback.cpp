// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The way back: step by step in reverse, and when it is taken without being asked for.

#include "run/orchestratorprivate.h"

#include "plan/loss.h"
#include "system/files.h"
#include "system/json.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QCoroTimer>
#include <QDir>

using namespace Qt::StringLiterals;

namespace cutover {

bool Orchestrator::Private::takeQuestion(int index)
{
    QJsonObject &results = m_steps[index].results;
    const QJsonValue asks = results.take(stepresult::asks);
    if (!asks.isObject()) {
        return false;
    }
    results.insert(stepresult::asked, asks);
    return true;
}

/// Why the run went back, and what it left in the database on purpose.
Message Orchestrator::Private::rolledBack() const
{
    const Message plain{u"run.rolled_back"_s, {{u"from"_s, m_run.plan.from}}};
    QJsonArray kept;
    for (const StepRecord &step : m_steps) {
        if (const QJsonValue stays = step.results[stepresult::kept]; stays.isObject()) {
            kept.append(stays);
        }
    }
    if (kept.isEmpty()) {
        return m_run.reason;
    }
    const Message &why = m_run.reason.isEmpty() ? plain : m_run.reason;
    return {u"run.rolled_back_keeping"_s, {{u"reason"_s, why.toJson()}, {u"kept"_s, kept}}};
}

Async<> Orchestrator::Private::keepBack(Facts expected, QStringList ignored)
{
    const QString description = u"target.digest"_s;
    CO_TRY(const Facts now, co_await FactSource::collectFrom(description, m_target));
    // The way back is gone with another description, too; but that may name another balancer.
    const bool isSame = now.value(description) == expected.value(description);
    co_return isSame ? co_await keepFacts(expected, ignored) : Result<>();
}

Async<> Orchestrator::Private::backward()
{
    const int index = current();
    m_stop = {};
    m_abort.reset();
    if (index < 0) {
        QStringList changed;
        for (int i = 0; i < m_steps.size(); ++i) {
            if (isPrepared(m_steps[i])) {
                changed += spec(i).changes.keys();
            }
        }
        if (!changed.isEmpty()) {
            m_planProblem.reset();
            Facts expected = m_run.plan.facts;
            // What a step left changed on purpose, because taking it back would have lost something.
            for (const StepRecord &step : std::as_const(m_steps)) {
                const QJsonObject left = step.results[stepresult::factsLeft].toObject();
                for (auto it = left.begin(); it != left.end(); ++it) {
                    expected.insert(it.key(), it.value());
                }
            }
            if (const auto same = co_await lookAtWorld(expected, {}, changed); !same) {
                QJsonObject args{{u"error"_s, same.error().toJson()}};
                co_return co_await hold(Outcome::FailHold, -1, about("run.not_back", -1, args), same.error());
            }
        }
        tidy();
        CO_CHECK(m_journal->audit(m_run.startedBy, u"run.rolled_back"_s, {{u"run"_s, m_runId}, {u"to"_s, m_run.plan.from}}));
        const Message event{u"run.rolled_back"_s, {{u"from"_s, m_run.plan.from}}};
        m_run.reason = rolledBack();
        co_return co_await move(Outcome::AllDone, -1, event);
    }
    m_at = index;
    m_tries = 0;
    const qint64 limit = policy("loopLimit"_L1, 20);
    if (m_steps[index].state != StepState::Reverting) {
        m_steps[index].results.remove(stepresult::changes);
    }
    const qint64 changes = m_steps[index].results[stepresult::changes].toInteger() + 1;
    m_steps[index].results.insert(stepresult::changes, changes);
    CO_CHECK(co_await move(Outcome::Begin, index, about("run.step_reverting", index)));
    if (changes > limit) {
        QJsonObject args{{u"count"_s, changes - 1}, {u"limit"_s, limit}};
        co_return co_await hold(Outcome::Loop, index, about("run.loop", index, args));
    }

    // Other facts may have changed, and must not keep the run from going back; but never on another system.
    if (const QString expected = withToldFacts(m_run.plan.facts, m_steps)["target.identity"_L1].toString(); !expected.isEmpty()) {
        // Servers are asked, too, and one that is gone lets nobody wait here.
        Worker worker;
        const auto pinned = co_await worker.run([target = m_target] { return pinIdentity(target); });
        const QString found = pinned ? json::digest(*pinned) : QString();
        if (found != expected) {
            const Error error = pinned ? Error{u"run.identity_changed"_s, {{u"expected"_s, expected}, {u"found"_s, found}}} : pinned.error();
            QJsonObject args{{u"error"_s, error.toJson()}};
            co_return co_await hold(Outcome::FailHold, index, about("run.other_target", index, args), error);
        }
    }
    CO_CHECK(fence());
    const Facts expected = withToldFacts(m_run.plan.factsBefore(index + 1), m_steps);
    if (const auto kept = co_await keepBack(expected, spec(index).changes.keys()); !kept) {
        // What the step itself needs of it, it says.
        logLine(u"run"_s, kept.error().text());
    }
    while (true) {
        auto step = StepRegistry::create(spec(index));
        Result<> reverted;
        if (step) {
            m_step = std::move(*step);
            CO_CHECK(fence());
            m_steps[index].results.remove(stepresult::asks);
            reverted = co_await m_step->revert(*this, m_steps[index].undo, {});
            m_step.reset();
        } else {
            reverted = fail(step.error());
        }
        if (reverted) {
            co_return co_await move(Outcome::Ok, index, about("run.step_reverted", index));
        }
        m_steps[index].error = reverted.error();
        QJsonObject args{{u"error"_s, reverted.error().toJson()}};
        if (takeQuestion(index)) {
            co_return co_await hold(Outcome::FailHold, index, about("run.asks_back", index, args), reverted.error());
        }
        const qint64 tries = policy("transientRetries"_L1, 3);
        if (reverted.error().kind != Error::Kind::Transient || m_tries >= tries) {
            co_return co_await hold(Outcome::FailHold, index, about("run.revert_failed", index, args), reverted.error());
        }
        const qint64 wait = waitBeforeRetry();
        ++m_tries;
        args.insert(u"try"_s, m_tries);
        args.insert(u"limit"_s, tries);
        args.insert(u"wait"_s, wait);
        CO_CHECK(co_await move(Outcome::Again, index, about("run.step_again", index, args)));
        CO_CHECK(co_await m_clock->sleep(wait));
    }
}

/// The time to turn back came while a step was at work, or has just been at it.
Async<> Orchestrator::Private::turnBack()
{
    const int index = current();
    // Behind the last step there is nothing left that could go wrong; past the point of no return
    // the next step that changes something asks.
    if (!hasStep(index) || !mayRevertAutomatically(m_run, m_steps)) {
        co_return {};
    }
    const QJsonObject args{{u"now"_s, m_clock->now().toLocalTime().toString(u"HH:mm"_s)},
                           {u"limit"_s, turnBackBy(m_run, m_steps).toLocalTime().toString(u"HH:mm"_s)}};
    co_return co_await goBack(Outcome::Rollback, index, about("run.turn_back_at_work", index, args));
}

bool Orchestrator::Private::isPastTurnBack() const
{
    if (m_run.state != RunState::Running || !m_step || policy("windowEndMinute"_L1, -1) < 0) {
        return false;
    }
    QList<StepRecord> steps = m_steps;
    steps[m_at].durationMs += m_clock->monotonic() - m_stamped;
    const QDateTime limit = turnBackBy(m_run, steps);
    return limit.isValid() && m_clock->now() > limit && mayRevertAutomatically(m_run, m_steps);
}

Async<> Orchestrator::Private::held()
{
    if (m_run.heldUntil.isValid()) {
        // Counted on the monotonic clock from here on, so that a stepped wall clock doesn't decide.
        if (!m_decideBy) {
            m_decideBy = m_clock->monotonic() + m_clock->now().msecsTo(m_run.heldUntil);
        }
        if (m_clock->monotonic() >= *m_decideBy) {
            const int index = current();
            const QJsonObject args{{u"limit"_s, policy("holdMs"_L1, 1'800'000)}, {u"from"_s, m_run.plan.from}, {u"because"_s, because()}};
            CO_CHECK(m_journal->audit(u"policy"_s, u"run.hold_expired"_s, {{u"run"_s, m_runId}}));
            co_return co_await goBack(Outcome::Rollback, index, about("run.hold_expired", index, args), m_run.error);
        }
    }
    const qint64 left = m_decideBy ? *m_decideBy - m_clock->monotonic() : decisionPollMs;
    m_wake = {};
    (void)co_await m_clock->sleep(qMin(decisionPollMs, left), m_wake.get_token());
    // A simulated clock doesn't give the event loop its turn.
    co_await QCoro::sleepFor(std::chrono::milliseconds(0));
    co_return {};
}

void Orchestrator::Private::tidy(const QStringList &except)
{
    const QStringList kept{u"log"_s, u"txt"_s, u"html"_s, u"json"_s};
    const auto entries = QDir(runDirectory()).entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    for (const QFileInfo &entry : entries) {
        if (except.contains(entry.filePath()) || (!entry.isDir() && kept.contains(entry.suffix()))) {
            continue;
        }
        const auto remove = [&] { return entry.isDir() && !entry.isSymLink() ? files::removeTree(entry.filePath()) : files::remove(entry.filePath()); };
        if (!remove()) {
            // Once more; then it stays, and does no harm but take space.
            (void)remove();
        }
    }
}

} // namespace cutover
