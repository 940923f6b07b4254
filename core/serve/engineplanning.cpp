// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Plans and checks: built as jobs, which tell how far they are and can be cancelled.

#include "serve/engineserviceprivate.h"

#include "plan/releasesource.h"
#include "release/commitversion.h"
#include "run/decisions.h"
#include "serve/protocol.h"
#include "system/random.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QMap<QString, qint64> medians(QHash<QString, QList<qint64>> values)
{
    QMap<QString, qint64> result;
    for (auto it = values.begin(); it != values.end(); ++it) {
        std::sort(it->begin(), it->end());
        result.insert(it.key(), it->at(it->size() / 2));
    }
    return result;
}

Result<ReleaseInfo> findRelease(const QList<ReleaseInfo> &infos, const Version &wanted)
{
    QJsonArray versions;
    for (const ReleaseInfo &info : infos) {
        if (info.manifest.version == wanted) {
            return info;
        }
        versions.append(info.manifest.version.toString());
    }
    return fail(u"serve.no_release"_s, {{u"version"_s, wanted.toString()}, {u"known"_s, versions}});
}

/// What known releases between two versions, both exclusive, restart: who passes over them needs that as well.
QStringList restartedBetween(const QList<ReleaseInfo> &infos, const Version &from, const Version &to)
{
    QStringList services;
    for (const ReleaseInfo &info : infos) {
        const Manifest &manifest = info.manifest;
        if (from < manifest.version && manifest.version < to) {
            services += manifest.restart.isEmpty() ? QStringList{u"all"_s} : manifest.restart;
        }
    }
    services.removeDuplicates();
    return services;
}

} // namespace

Result<PlanningContext> EngineService::Private::planningContext()
{
    PlanningContext context;
    // The file is read anew: a plan is of the target as it is now.
    TRY(target, Target::load(targetFile));
    context.target = target;
    context.installed = installedVersion(target);
    if (context.installed.isEmpty()) {
        return fail(u"serve.not_installed"_s, {{u"link"_s, target.currentLink()}});
    }
    TRY(const auto records, journal->runs(50));
    QHash<QString, QList<qint64>> durations;
    QHash<QString, QList<qint64>> reverts;
    for (const RunRecord &record : records) {
        const bool isMeasured = record.state == RunState::Succeeded || record.state == RunState::RolledBack;
        TRY(const auto steps, journal->steps(record.id));
        for (const StepRecord &step : steps) {
            if (step.index >= record.plan.steps.size()) {
                continue;
            }
            const QString kind = record.plan.steps[step.index].kind;
            if (step.state == StepState::Done && !context.doneAt.contains(step.id)) {
                context.doneAt.insert(step.id, step.ended); // Newest first.
            }
            if (!isMeasured) {
                continue;
            }
            if (step.state == StepState::Done) {
                durations[kind].append(step.durationMs);
            } else if (step.state == StepState::Reverted && step.results.contains(stepresult::revertMs)) {
                reverts[kind].append(step.results[stepresult::revertMs].toInteger());
            }
        }
    }
    context.measuredMs = medians(durations);
    context.measuredRevertMs = medians(reverts);
    return context;
}

QJsonObject EngineService::Private::startJob(Job work)
{
    const QString job = Random::system().id();
    std::stop_source stop;
    jobs.insert(job, stop);
    // The answer with the id must be on its way before the first thing that the job tells.
    QTimer::singleShot(0, q, [service = QPointer(q), job, work = std::move(work), stop] {
        runJob(service, job, work, stop.get_token());
    });
    return {{u"job"_s, job}};
}

QCoro::Task<> EngineService::Private::runJob(QPointer<EngineService> service, QString job, Job work, std::stop_token stop)
{
    const Result<QJsonObject> result = co_await work(job, stop);
    if (!service) {
        co_return;
    }
    service->d->jobs.remove(job);
    if (result) {
        service->d->tellJob(job, u"done"_s, *result);
    } else {
        service->d->tellJob(job, u"failed"_s, result.error().toJson());
    }
}

void EngineService::Private::tellProgress(const QString &job, const Progress &progress)
{
    tellJob(job, u"progress"_s,
            {{u"done"_s, progress.done},
             {u"total"_s, progress.total},
             {u"unit"_s, progress.unit},
             {u"doing"_s, progress.doing.toJson()}});
}

void EngineService::Private::tellJob(const QString &job, const QString &state, const QJsonObject &what)
{
    Q_EMIT q->jobTold(job, state, state == u"done" ? what : secrets().masked(QJsonValue(what)).toObject());
}

ReleaseSource::ProgressFunction EngineService::Private::progressOf(const QString &job)
{
    // A worker's thread reports from outside the event loop.
    return [service = QPointer<EngineService>(q), job](const Progress &what) {
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [service, job, what] {
                if (service) {
                    service->d->tellProgress(job, what);
                }
            },
            Qt::QueuedConnection);
    };
}

QJsonObject EngineService::Private::keepPlan(const Plan &plan)
{
    plans.insert(plan.digest(), plan);
    return {{u"plan"_s, plan.toJson()}, {u"digest"_s, plan.digest()}};
}

Result<QJsonObject> EngineService::Private::adoptPlan(const QJsonObject &params)
{
    TRY(const Plan plan, Plan::fromJson(params[u"plan"].toObject()));
    const QString given = params[u"digest"].toString();
    if (plan.digest() != given) {
        return fail(u"serve.plan_edited"_s, {{u"given"_s, given}, {u"found"_s, plan.digest()}});
    }
    if (plan.targetName != target.name) {
        return fail(u"serve.plan_target"_s, {{u"plan"_s, plan.targetName}, {u"target"_s, target.name}});
    }
    return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::planUpdateJob(QString to, qint64 watchMs, QString job, std::stop_token stop)
{
    CO_TRY(PlanningContext context, planningContext());
    if (watchMs >= 0) {
        context.target.watch.durationMs = watchMs;
    }
    CO_TRY(const Version installed, Version::parse(context.installed));
    CO_TRY(const Version wanted, Version::parse(to));
    CO_TRY(const QList<ReleaseInfo> infos, co_await releaseInfos(stop));
    CO_CHECK(findRelease(infos, wanted));
    CO_TRY(const QList<ReleaseInfo> path, updatePath(installed, wanted, infos));
    const auto progress = progressOf(job);
    const auto source = ReleaseSource::of(context.target);
    QList<StagedRelease> staged;
    for (const ReleaseInfo &info : path) {
        CO_TRY(StagedRelease release, co_await source->stage(info, stop, progress));
        release.passedOver = restartedBetween(infos, staged.isEmpty() ? installed : staged.last().info.manifest.version, info.manifest.version);
        if (staged.isEmpty() && isCommitVersion(installed)) {
            // Releases know what changed since releases; a commit may differ from them in any service.
            release.passedOver.append(u"all"_s);
        }
        staged.append(release);
    }
    CO_TRY(const Plan plan, co_await planUpdate(context, staged));
    co_return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::planRollbackJob(QString point, QString mode, std::stop_token stop)
{
    CO_TRY(const RestorePoint restorePoint, journal->restorePoint(point));
    CO_TRY(const PlanningContext context, planningContext());
    CO_TRY(const Plan plan, co_await planRollback(context, restorePoint, mode));
    // Counting can't be broken off; its result is not wanted any more.
    if (stop.stop_requested()) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    co_return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::planCommitJob(QString commit, QString mode, QString job, std::stop_token stop)
{
    if (mode != "code"_L1) {
        co_return fail(u"rollback.commit_mode"_s, {{u"commit"_s, commit}, {u"mode"_s, mode}});
    }
    CO_TRY(const PlanningContext context, planningContext());
    const auto source = ReleaseSource::of(context.target);
    CO_TRY(const StagedRelease release, co_await source->stageCommit(commit, stop, progressOf(job)));
    CO_TRY(const Plan plan, co_await planRollbackToCommit(context, release));
    co_return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::checkJob(QString to, QString job, std::stop_token stop)
{
    std::optional<ReleaseInfo> release;
    if (!to.isEmpty()) {
        CO_TRY(const Version wanted, Version::parse(to));
        CO_TRY(const QList<ReleaseInfo> infos, co_await releaseInfos(stop));
        CO_TRY(release, findRelease(infos, wanted));
    }
    const QPointer<EngineService> service(q);
    const auto sink = [service, job](const CheckResult &result) {
        if (service) {
            service->d->tellJob(job, u"item"_s, {{u"item"_s, result.toJson()}});
        }
    };
    CO_TRY(const auto results, co_await runChecks(target, release, installedVersion(target), sink, stop));
    const bool passed = std::none_of(results.cbegin(), results.cend(), [](const CheckResult &result) {
        return result.status == CheckResult::Status::Failed;
    });
    lastChecks = results;
    lastChecksOf = to;
    co_return QJsonObject{{u"passed"_s, passed}};
}

} // namespace cutover
