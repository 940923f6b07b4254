// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/plandraft.h"

#include "common/ask.h"

namespace cutover {

using namespace Qt::StringLiterals;

PlanDraft::PlanDraft(EngineClient *engine, QObject *parent)
    : QObject(parent)
    , m_engine(engine)
    , m_job(engine)
{
    connect(&m_job, &JobTracker::progress, this, [this](const Progress &progress) {
        m_progress = progress;
        Q_EMIT planChanged();
    });
    connect(&m_job, &JobTracker::done, this, [this](const QJsonObject &result) {
        m_progress = {};
        if (Result<Plan> plan = Plan::fromJson(result[u"plan"].toObject())) {
            m_plan = std::move(*plan);
            m_digest = m_plan->digest();
            m_revisionsThen = m_target.revisions;
        } else {
            m_error = plan.error();
        }
        Q_EMIT planChanged();
        loadTarget();
    });
    connect(&m_job, &JobTracker::failed, this, [this](const Error &error) {
        m_progress = {};
        m_error = error;
        Q_EMIT planChanged();
    });
    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"status") || topics.contains(u"conn") || topics.contains(u"runs")) {
            loadTarget();
        }
    });
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected) {
        if (connected) {
            loadTarget();
        }
    });
    loadTarget();
}

void PlanDraft::requestUpdate(const QString &version)
{
    if (m_to == version && m_restorePoint.isEmpty() && m_commit.isEmpty() && (m_plan || m_job.isRunning())) {
        return;
    }
    choose(version);
    start();
}

void PlanDraft::requestRollback(const QString &restorePoint, const QString &mode, const QString &version)
{
    if (m_restorePoint == restorePoint && m_mode == mode && (m_plan || m_job.isRunning())) {
        return;
    }
    choose(version);
    m_restorePoint = restorePoint;
    m_mode = mode;
    start();
}

void PlanDraft::setKnownFailures(const QStringList &gates)
{
    if (m_knownFailures != gates) {
        m_knownFailures = gates;
        Q_EMIT planChanged();
    }
}

void PlanDraft::requestCommit(const QString &commit)
{
    if (m_commit == commit && (m_plan || m_job.isRunning())) {
        return;
    }
    choose(commit);
    m_commit = commit;
    start();
}

void PlanDraft::choose(const QString &to)
{
    m_to = to;
    m_restorePoint.clear();
    m_mode.clear();
    m_commit.clear();
}

void PlanDraft::requestAgain()
{
    start();
}

void PlanDraft::start()
{
    m_plan.reset();
    m_digest.clear();
    m_error = {};
    m_progress = {};
    m_cancelled = false;
    if (!m_commit.isEmpty()) {
        m_job.follow(m_engine->startCommitPlan(m_commit, u"code"_s));
    } else {
        m_job.follow(m_restorePoint.isEmpty() ? m_engine->startUpdatePlan(m_to) : m_engine->startRollbackPlan(m_restorePoint, m_mode));
    }
    Q_EMIT planChanged();
}

void PlanDraft::cancel()
{
    if (m_job.isRunning()) {
        m_job.cancel();
        m_cancelled = true;
        m_progress = {};
        Q_EMIT planChanged();
    }
}

void PlanDraft::clear()
{
    m_job.cancel();
    m_plan.reset();
    m_digest.clear();
    m_error = {};
    m_progress = {};
    choose({});
    m_knownFailures.clear();
    m_cancelled = false;
    Q_EMIT planChanged();
}

QString PlanDraft::incompleteReason() const
{
    if (m_plan) {
        return {};
    }
    if (m_job.isRunning()) {
        return tr("The plan is still being made.");
    }
    if (!m_error.code.isEmpty()) {
        return tr("There is no plan yet: making it failed.");
    }
    return m_cancelled ? tr("There is no plan yet: making it was stopped.") : tr("There is no plan yet.");
}

QStringList PlanDraft::changedSince() const
{
    if (!m_plan || !m_hasTarget) {
        return {};
    }
    QStringList changes;
    if (m_target.version != m_plan->from) {
        changes << tr("The installed version is %1; the plan starts from %2.").arg(m_target.version, m_plan->from);
    }
    for (auto [database, revision] : m_target.revisions.asKeyValueRange()) {
        if (const QString then = m_revisionsThen.value(database, revision); then != revision) {
            changes << tr("Database “%1” is at revision %2; it was at %3.").arg(database, revision, then);
        }
    }
    if (!m_target.activeRun.isEmpty()) {
        changes << tr("Another run has been started since.");
    }
    return changes;
}

void PlanDraft::takeConn(const QString &note, const QString &from)
{
    ask<void>(this, m_engine->takeConn(true, note, from), [this](Result<> result) {
        if (!result) {
            Q_EMIT connFailed(result.error());
        }
        loadTarget();
    });
}

void PlanDraft::loadTarget()
{
    ask<TargetView>(this, m_engine->status(), [this](Result<TargetView> result) {
        if (result) {
            m_target = std::move(*result);
            m_hasTarget = true;
            Q_EMIT targetChanged();
        }
    });
}

} // namespace cutover
