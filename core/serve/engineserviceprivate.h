// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

// The engine's own, for its sources alone: engineservice.cpp opens it, hands calls on and takes decisions,
// engineviews.cpp answers whoever looks, engineplanning.cpp builds plans and runs checks as jobs.

#include "serve/engineservice.h"

#include "config/targetmask.h"
#include "metrics/watcher.h"
#include "plan/planners.h"
#include "plan/releasesource.h"
#include "plan/step.h"
#include "run/runchannel.h"
#include "run/runnerkeeper.h"
#include "serve/lastlook.h"
#include "serve/peoplelook.h"
#include "serve/serving.h"

#include <QHash>
#include <QPointer>
#include <QTimer>

#include <optional>

namespace cutover {

constexpr qint64 ReleasesKeptMs = 30000;
constexpr qint64 SlowLookMs = 10000; ///< What a look in the background waits.
constexpr qint64 SlowAgeMs = 2500; ///< A look in the background that is older is told as old.
constexpr qint64 LookMs = 200; ///< What a look at the target waits for one that hangs.

/// What "current" names; empty: nothing is installed.
[[nodiscard]] QString installedVersion(const Target &target);

struct EngineService::Private {
    EngineService *q;
    QString targetFile;
    QString who;
    QString session;
    Target target;
    std::optional<TargetMask> mask;
    QString maskOf; ///< Digest of the target that mask was made for.
    std::unique_ptr<Journal> journal;
    std::unique_ptr<MetricStore> metrics;
    std::unique_ptr<RunChannelClient> channel;
    QTimer poll;
    QTimer metricsTick;
    QTimer watcherTick;
    bool watcherBusy = false;
    bool once = false; ///< A command asks, and nobody again: what is late is waited for.
    [[nodiscard]] qint64 lookMs() const { return once ? SlowLookMs : LookMs; }
    qint64 dataVersion = -1;
    std::unique_ptr<RunnerKeeper> keeper;
    QMap<QString, QString> heads; ///< Database → migration head, as last read.
    bool headsBusy = false;
    QList<RedisView> redis; ///< As last read.
    bool redisBusy = false;
    qint64 redisAsked = -SlowAgeMs; ///< When that began.
    LastLook<QList<InstanceState>> lastStates;
    InstanceLook readLook; ///< What runtimes that take their time told last.
    qint64 statesAsked = 0;
    qint64 statesRead = -LookKeptMs; ///< When they had answered.
    bool statesBusy = false;
    LastLook<QList<BalancerServer>> lastServers;
    QHash<QString, std::stop_source> jobs;
    QHash<QString, Plan> plans; ///< Built in this session, by digest.
    QList<ReleaseInfo> knownReleases;
    qint64 releasesAt = -ReleasesKeptMs;

    Async<QJsonObject> dispatch(QString method, QJsonObject params);
    TargetMask &secrets();
    /// All that a job tells goes out here, its secrets hidden; a plan, which holds none, as it is.
    void tellJob(const QString &job, const QString &state, const QJsonObject &what);

    Result<QJsonObject> hello(const QJsonObject &params);
    Result<QJsonObject> bye();
    Async<QJsonObject> status();
    /// Supervisor and balancer are asked at once, and neither is waited for long (lookMs()).
    QCoro::Task<ServicesLook> lookAtServices(Target target);
    /// age: raised to that of what stands in for runtimes that take their time.
    QCoro::Task<InstanceLook> lookAtStates(Target target, qint64 *age);
    static QCoro::Task<> readStates(QPointer<EngineService> service, QStringList runtimes);
    Result<QJsonObject> auditTrail(int limit);
    static QCoro::Task<> readHeads(QPointer<EngineService> service);
    static QCoro::Task<> readRedis(QPointer<EngineService> service);
    static QCoro::Task<> tendWatcher(QPointer<EngineService> service);
    Async<QList<ReleaseInfo>> releaseInfos(std::stop_token stop = {});
    Async<QJsonObject> releases();
    Result<QJsonObject> runs();
    Async<QJsonObject> run(QString id);
    Result<QJsonObject> events(const QString &id, qint64 after);
    Result<QJsonObject> log(const QString &id, qint64 offset);
    Result<QJsonObject> restorePoints();
    Async<QJsonObject> restorePoint(QString id);
    Async<QJsonObject> features();
    Async<QJsonObject> applyFeatures(QJsonObject params);
    Result<QJsonObject> metricPoints(const QJsonObject &params);
    Async<QJsonObject> apply(QJsonObject params);
    Result<QJsonObject> command(const QJsonObject &params);
    Result<QJsonObject> claims();
    Result<QJsonObject> adopt(const QJsonObject &params);
    Result<> needConn();
    Result<PlanningContext> planningContext();
    void look();

    using Job = std::function<Async<QJsonObject>(QString job, std::stop_token stop)>;
    QJsonObject startJob(Job work);
    static QCoro::Task<> runJob(QPointer<EngineService> service, QString job, Job work, std::stop_token stop);
    void tellProgress(const QString &job, const Progress &progress);
    ReleaseSource::ProgressFunction progressOf(const QString &job);
    Async<QJsonObject> planUpdateJob(QString to, qint64 watchMs, QString job, std::stop_token stop);
    Async<QJsonObject> planRollbackJob(QString point, QString mode, std::stop_token stop);
    Async<QJsonObject> logJob(QString name, int lines, bool follow, QString job, std::stop_token stop);
    Async<QJsonObject> planCommitJob(QString commit, QString mode, QString job, std::stop_token stop);
    Async<QJsonObject> checkJob(QString to, QString job, std::stop_token stop);
    QJsonObject keepPlan(const Plan &plan);
    Result<QJsonObject> adoptPlan(const QJsonObject &params);

    // Of enginepeople.cpp.
    QList<CheckResult> lastChecks; ///< Of a check job of this session, for the checklist of a plan that was not run.
    QString lastChecksOf; ///< Version.
    [[nodiscard]] PeopleQuestion question(const QJsonObject &params) const;
    Async<GateScope> scopeOf(QJsonObject params);
    Async<ApprovalView> approvalOf(QJsonObject params);
    Async<ChecklistView> checklistOf(QJsonObject params);
    Async<GatesView> gatesOf(QJsonObject params);
    Async<QJsonObject> gates(QJsonObject params);
    Async<QJsonObject> approvalPlan(QJsonObject params);
    Async<QJsonObject> requestApproval(QJsonObject params);
    Async<QJsonObject> addApproval(QJsonObject params);
    Async<QJsonObject> approvalList();
    Async<QJsonObject> checklist(QJsonObject params);
    Async<QJsonObject> tick(QJsonObject params);
    Async<QJsonObject> report(QString id);
    /// What a call overrides, by the gates as they were found; empty where nothing is shut. Refused where one is shut that it does
    /// not name.
    Result<BreakGlass> glassFrom(const QJsonObject &params, const QList<GateFinding> &found);
};

} // namespace cutover
