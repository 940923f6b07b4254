// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/jobtracker.h"

#include "common/ask.h"

using namespace Qt::StringLiterals;

namespace cutover {

JobTracker::JobTracker(EngineClient *engine, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
{
    connect(engine, &EngineClient::jobTold, this, &JobTracker::told);
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected, const Error &error) {
        // A job lives in the session; a session that is lost takes it along.
        if (!connected && m_running) {
            ++m_generation;
            m_running = false;
            m_job.clear();
            Q_EMIT failed(error);
        }
    });
}

JobTracker::~JobTracker()
{
    cancel();
}

void JobTracker::follow(Async<QString> job)
{
    cancel();
    const int generation = ++m_generation;
    m_running = true;
    m_early.clear();
    Q_EMIT started();
    // For the engine's sake, as it works on what nobody waits for any more.
    ask<QString>(m_engine, std::move(job), [this, self = QPointer(this), engine = m_engine, generation](Result<QString> id) {
        if (!self || generation != m_generation) {
            if (id && engine) {
                [[maybe_unused]] auto cancelled = engine->cancelJob(*id);
            }
            return;
        }
        if (!id) {
            m_running = false;
            Q_EMIT failed(id.error());
            return;
        }
        m_job = *id;
        for (const auto &[early, state, what] : std::exchange(m_early, {})) {
            told(early, state, what);
        }
    });
}

void JobTracker::cancel()
{
    ++m_generation;
    if (m_running && !m_job.isEmpty() && m_engine) {
        [[maybe_unused]] auto cancelled = m_engine->cancelJob(m_job);
    }
    m_running = false;
    m_job.clear();
}

void JobTracker::told(const QString &job, const QString &state, const QJsonObject &what)
{
    if (!m_running) {
        return;
    }
    if (m_job.isEmpty()) {
        m_early.append({job, state, what});
        return;
    }
    if (job == m_job) {
        handle(state, what);
    }
}

void JobTracker::handle(const QString &state, const QJsonObject &what)
{
    if (state == "progress"_L1) {
        Progress told;
        told.done = what["done"_L1].toInteger();
        told.total = what["total"_L1].toInteger();
        told.unit = what["unit"_L1].toString();
        told.doing = Message::fromJson(what["doing"_L1].toObject());
        Q_EMIT progress(told);
    } else if (state == "item"_L1) {
        Q_EMIT item(what["item"_L1].toObject());
    } else if (state == "done"_L1) {
        m_running = false;
        m_job.clear();
        Q_EMIT done(what);
    } else if (state == "failed"_L1) {
        m_running = false;
        m_job.clear();
        Q_EMIT failed(Error::fromJson(what));
    }
}

} // namespace cutover
