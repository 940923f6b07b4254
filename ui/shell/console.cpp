// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/console.h"

#include "common/ask.h"
#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

Console::Console(EngineClient *engine, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
    , m_connected(engine->isConnected())
{
    // Several changes within a moment are one question.
    m_soon.setSingleShot(true);
    m_soon.setInterval(50);
    connect(&m_soon, &QTimer::timeout, this, &Console::loadStatus);
    m_runSoon.setSingleShot(true);
    m_runSoon.setInterval(50);
    connect(&m_runSoon, &QTimer::timeout, this, [this] {
        if (m_target && !m_target->activeRun.isEmpty()) {
            loadRun(m_target->activeRun);
        }
    });
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected, const Error &error) {
        m_connected = connected;
        m_connectionError = error;
        if (connected) {
            refresh();
        }
        Q_EMIT connectionChanged();
    });
    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        for (const QString &topic : topics) {
            if (topic == "status"_L1 || topic == "runs"_L1 || topic == "conn"_L1) {
                refresh();
                return;
            }
        }
    });
    connect(engine, &EngineClient::runTold, this, [this](const QJsonObject &what) {
        m_silenceAt = Clock::system().monotonic();
        if (m_target) {
            m_target->runnerSilenceMs = 0;
        }
        const QString type = what["type"_L1].toString();
        if (type == "progress"_L1) {
            const Message doing = Message::fromJson(what["doing"_L1].toObject());
            if (const QString step = what["step"_L1].toString(); step != m_doingStep) {
                m_doingStep = step;
                m_doing = {};
            }
            if (!m_doingStep.isEmpty() && m_doingStep != currentStep()) {
                refresh();
            }
            if (!doing.isEmpty() && !(doing == m_doing)) {
                m_doing = doing;
                Q_EMIT doingChanged();
            }
        } else if (type == "event"_L1) {
            // How far the run is need not wait for how everything else is.
            if (m_target && m_target->activeRun == what["run"_L1].toString()) {
                m_runSoon.start();
            }
            refresh();
        }
    });
    if (m_connected) {
        refresh();
    }
}

QString Console::currentStep() const
{
    return m_run && m_run->current >= 0 && m_run->current < m_run->steps.size() ? m_run->steps.at(m_run->current).spec.id : QString();
}

Message Console::doing() const
{
    // What the step before did last is not what is done now.
    return m_doingStep.isEmpty() || m_doingStep == currentStep() ? m_doing : Message();
}

bool Console::runnerGone() const
{
    return m_connected && m_target && m_target->runnerGone && m_run && m_run->run.state == RunState::Held;
}

qint64 Console::runnerSilence() const
{
    if (!m_target || m_target->runnerSilenceMs < 0) {
        return -1;
    }
    return m_target->runnerSilenceMs + Clock::system().monotonic() - m_silenceAt;
}

QString Console::whyNotChange() const
{
    const QString reason = whyNotChangeDuringRun();
    if (reason.isEmpty() && !m_target->activeRun.isEmpty()) {
        return tr("A run is under way.");
    }
    return reason;
}

QString Console::whyNotChangeDuringRun() const
{
    if (!m_connected) {
        return tr("There is no connection to the control host.");
    }
    if (!m_target) {
        return tr("The state of the system is not known yet.");
    }
    if (!m_target->problem.code.isEmpty()) {
        return m_target->problem.what();
    }
    return m_target->connRefusal();
}

void Console::setStartFailure(const Error &error)
{
    m_startFailure = error;
    Q_EMIT connectionChanged();
}

void Console::refresh()
{
    if (!m_soon.isActive()) {
        m_soon.start();
    }
}

void Console::openRoom(const QString &room, const QString &argument)
{
    Q_EMIT roomWanted(room, argument);
}

void Console::openRun(const RunView &run)
{
    openRoom(run.run.plan.kind == "rollback"_L1 ? u"rollback"_s : u"updates"_s, u"run:"_s + run.run.id);
}

void Console::loadStatus()
{
    if (m_loading) {
        m_again = true;
        return;
    }
    m_loading = true;
    ask<TargetView>(this, m_engine->status(), [this](const Result<TargetView> &target) {
        m_loading = false;
        if (std::exchange(m_again, false)) {
            refresh();
        }
        if (!target) {
            Q_EMIT failed(target.error());
            return;
        }
        m_target = *target;
        m_silenceAt = Clock::system().monotonic();
        if (target->activeRun.isEmpty()) {
            if (m_run) {
                m_run.reset();
                m_doing = {};
                Q_EMIT activeRunChanged();
            }
        } else {
            loadRun(target->activeRun);
        }
        Q_EMIT targetChanged();
    });
}

void Console::loadRun(const QString &id)
{
    ask<RunView>(this, m_engine->run(id), [this, id](const Result<RunView> &run) {
        if (!run) {
            Q_EMIT failed(run.error());
        } else if (m_target && m_target->activeRun == id) {
            m_run = *run;
            Q_EMIT activeRunChanged();
        }
    });
}

} // namespace cutover
