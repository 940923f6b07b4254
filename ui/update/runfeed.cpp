// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/runfeed.h"

#include "common/ask.h"

namespace cutover {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

// Bursts of news become one look at the engine.
constexpr auto LookDelay = 60ms;
constexpr auto LogDelay = 200ms;
constexpr auto HeldLookEvery = 2s;

bool isWorking(RunState state)
{
    return state == RunState::Running || state == RunState::Reverting;
}

} // namespace

RunFeed::RunFeed(EngineClient *engine, const QString &runId, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
    , m_runId(runId)
{
    m_loadSoon.setSingleShot(true);
    m_loadSoon.setInterval(LookDelay);
    connect(&m_loadSoon, &QTimer::timeout, this, &RunFeed::load);
    m_logSoon.setSingleShot(true);
    m_logSoon.setInterval(LogDelay);
    connect(&m_logSoon, &QTimer::timeout, this, &RunFeed::loadLog);
    m_heldLook.setInterval(HeldLookEvery);
    connect(&m_heldLook, &QTimer::timeout, this, &RunFeed::lookSoon);

    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"runs")) {
            lookSoon();
        }
        if (topics.contains(u"status") || topics.contains(u"conn")) {
            loadTarget();
        }
    });
    connect(engine, &EngineClient::runTold, this, [this](const QJsonObject &what) {
        if (what[u"run"].toString() != m_runId) {
            return;
        }
        const QString type = what[u"type"].toString();
        if (type == u"progress") {
            m_progress = what;
            if (const StepView *step = m_view.currentStep(); !step || step->spec.id != what[u"step"].toString()) {
                lookSoon();
            }
            Q_EMIT progressChanged();
        } else if (type == u"log") {
            m_lastStep = what[u"step"].toString();
            m_lastLine = what[u"line"].toString();
            m_lastSource = what[u"source"].toString();
            Q_EMIT progressChanged();
        } else if (type == u"event") {
            lookSoon();
        }
        // The line itself is lossy; the log is read from where it was read to.
        if (type != u"progress" && !m_logSoon.isActive()) {
            m_logSoon.start();
        }
    });
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected) {
        if (connected) {
            m_loading = m_logLoading = false;
            load();
            loadTarget();
            loadLog();
        }
    });
    load();
    loadTarget();
    loadLog();
}

qint64 RunFeed::elapsedMs() const
{
    qint64 elapsed = m_view.run.activeMs;
    if (m_loaded && isWorking(m_view.run.state)) {
        elapsed += m_sinceView.elapsed();
    }
    return elapsed;
}

qint64 RunFeed::leftMs() const
{
    if (m_view.leftMs < 0 || !isWorking(m_view.run.state)) {
        return -1;
    }
    return std::max<qint64>(0, m_view.leftMs - m_sinceView.elapsed());
}

void RunFeed::command(const QString &verb, const QString &name, const GlassWish &glass)
{
    send(verb, stateName(m_view.run.state), name, {}, glass);
}

void RunFeed::commandInAnyState(const QString &verb, const QString &name)
{
    send(verb, {}, name, {});
}

void RunFeed::resumeHold(const QString &holdId)
{
    send(u"resume"_s, {}, {}, holdId);
}

void RunFeed::send(const QString &verb, const QString &expectedState, const QString &name, const QString &hold, const GlassWish &glass)
{
    ask<QString>(this, m_engine->command(m_runId, verb, expectedState, name, hold, glass), [this, verb](Result<QString> result) {
        if (result) {
            Q_EMIT commandTaken(verb, *result);
            lookSoon();
        } else {
            Q_EMIT commandFailed(verb, result.error());
        }
    });
}

void RunFeed::lookSoon()
{
    // Not put off by the next news: steps may follow each other faster than the delay.
    if (!m_loadSoon.isActive()) {
        m_loadSoon.start();
    }
}

void RunFeed::load()
{
    if (m_loading) {
        m_loadAgain = true;
        return;
    }
    m_loading = true;
    ask<RunView>(this, m_engine->run(m_runId), [this](Result<RunView> result) {
        m_loading = false;
        if (result) {
            take(*result);
        } else {
            Q_EMIT loadFailed(result.error());
        }
        if (std::exchange(m_loadAgain, false)) {
            lookSoon();
        }
    });
}

void RunFeed::take(const RunView &view)
{
    const bool otherStep = view.current != m_view.current;
    m_view = view;
    m_loaded = true;
    m_sinceView.start();
    if (view.run.state != RunState::Held) {
        m_heldLook.stop();
    } else if (!m_heldLook.isActive()) {
        m_heldLook.start();
    }
    if (otherStep) {
        const QString step = view.currentStep() ? view.currentStep()->spec.id : QString();
        if (m_progress[u"step"].toString() != step) {
            m_progress = {};
        }
        // What the step before said last is not what this one says.
        if (!step.isEmpty() && m_lastStep != step) {
            m_lastLine.clear();
            m_lastSource.clear();
        }
    }
    if (isFinal(view.run.state) && !m_logSoon.isActive()) {
        m_logSoon.start();
    }
    Q_EMIT viewChanged();
}

void RunFeed::loadTarget()
{
    ask<TargetView>(this, m_engine->status(), [this](Result<TargetView> result) {
        if (result) {
            m_target = std::move(*result);
            Q_EMIT targetChanged();
        }
    });
}

void RunFeed::loadLog()
{
    if (m_logLoading) {
        m_logAgain = true;
        return;
    }
    m_logLoading = true;
    ask<QJsonObject>(this, m_engine->log(m_runId, m_logOffset), [this](Result<QJsonObject> result) {
        m_logLoading = false;
        const bool again = std::exchange(m_logAgain, false);
        if (!result) {
            // The run can be watched without its log; the next line told asks again.
            return;
        }
        const QString text = (*result)[u"text"].toString();
        const qint64 next = (*result)[u"next"].toInteger(m_logOffset);
        if (!text.isEmpty() && next > m_logOffset) {
            m_logOffset = next;
            Q_EMIT logAppended(text);
            m_logSoon.start();
        } else if (again) {
            m_logSoon.start();
        }
    });
}

} // namespace cutover
