// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupowner.h"
#include "backup/backupplan.h"
#include "backup/formerdatabases.h"
#include "backup/restorepoints.h"
#include "deploy/composeimages.h"
#include "deploy/composevolumes.h"
#include "deploy/hostrelease.h"
#include "deploy/instancemove.h"
#include "deploy/runtime.h"
#include "plan/instancefacts.h"
#include "plan/loss.h"
#include "plan/step.h"
#include "release/semver.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QStringList unusedReleases(const QString &directory, const QStringList &used)
{
    QStringList unused;
    const QStringList names = QDir(directory).entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::NoSymLinks);
    for (const QString &name : names) {
        if (Version::parse(name) && !used.contains(name)) {
            unused.append(directory + u'/' + name);
        }
    }
    return unused;
}

/// What was removed.
Result<QStringList> removeUnused(const Target &target, const QList<RestorePoint> &points, const QStringList &used, const QDateTime &now)
{
    TRY(const QStringList stray, strayBackups(target, points, now));
    QStringList folders = stray + unusedReleases(target.releasesDirectory, used);
    for (const QString &folder : std::as_const(folders)) {
        CHECK(files::removeTree(folder));
    }
    return folders;
}

QStringList inBoth(QStringList some, const QStringList &others)
{
    some.removeIf([&others](const QString &name) { return !others.contains(name); });
    return some;
}

class CleanUpStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        QStringList versions = plannedOnes(u"versions"_s);
        // What serves now, whatever the plan says.
        CO_TRY(const Facts facts, co_await FactSource::collect(target));
        QStringList serving;
        for (auto fact = facts.begin(); fact != facts.end(); ++fact) {
            if (fact.key() == "release.current"_L1 || fact.key().startsWith("instance:"_L1)) {
                serving.append(fact->toString());
            }
        }
        // An idle colour that is kept for the way back is no fact, and runs from its folder.
        if (std::ranges::any_of(target.services, &ServiceSpec::isBlueGreen)) {
            const InstanceLook look = co_await lookAtInstances(target, 15000);
            if (!look.problem.code.isEmpty()) {
                co_return fail(look.problem);
            }
            for (const InstanceState &state : look.states) {
                if (state.pid > 0) {
                    versions.append(state.release);
                }
            }
        }
        CO_TRY(QList<RestorePoint> points, co_await readRestorePoints(target.stateDirectory));
        const CleanUpChoice choice = chooseForCleanUp(points, spec().params["keep"_L1].toInt(), context.runId(), serving);
        CO_TRY(const QList<HeldFormer> former, co_await formerDatabases(target, points));
        for (RestorePoint point : choice.remove) {
            // A former database and its last backup do not go at once: the backup stays until the next clean up.
            if (std::ranges::contains(former, point.id, &HeldFormer::point)) {
                continue;
            }
            // First out of the catalogue, so that none that is half gone can be chosen.
            point.available = false;
            CO_CHECK(co_await saveRestorePoint(target.stateDirectory, point));
        }
        CO_TRY(points, co_await readRestorePoints(target.stateDirectory));
        versions += versionsOf(points);
        CO_TRY(const QJsonArray remarks, co_await dropFormer(context, former, points, stop));
        if (!remarks.isEmpty()) {
            context.setResult(stepresult::remarks, remarks);
        }
        const QStringList images = co_await removePlannedImages(context, versions + serving);
        context.setResult(u"images"_s, QJsonArray::fromStringList(images));
        const QStringList volumes = co_await removePlannedVolumes(context, versions + serving);
        context.setResult(u"volumes"_s, QJsonArray::fromStringList(volumes));
        Worker worker;
        CO_TRY(const QStringList folders, co_await worker.run([target, points, used = versions + serving, now = context.clock().now()] {
            return removeUnused(target, points, used, now);
        }));
        context.setResult(u"removed"_s, QJsonArray::fromStringList(folders));
        // What a host kept when it could not be asked is looked for again, too.
        if (const auto removed = co_await removeReleases(target, versions + serving, toolsOf(context)); !removed) {
            context.log({u"backup.clean_up.releases_stay"_s, {{u"cause"_s, removed.error().toJson()}}});
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override
    {
        co_return Inspection::Partial;
    }

private:
    /// Drops former databases that a proven backup holds; remarks on those that stay.
    static Async<QJsonArray> dropFormer(StepContext &context, QList<HeldFormer> former, QList<RestorePoint> points, std::stop_token stop)
    {
        const Target target = context.target();
        QJsonArray remarks;
        for (const DatabaseSpec &database : target.databases) {
            if (database.driver != "postgresql"_L1) {
                continue;
            }
            QStringList held, open;
            for (const HeldFormer &each : std::as_const(former)) {
                if (each.spec.name != database.name) {
                    continue;
                }
                if (!each.former.wasClosed) {
                    open.append(each.former.name);
                    continue;
                }
                context.progress({0, 0, u"files"_s, {u"backup.verifying"_s, {{u"member"_s, database.name}}}});
                const auto may = co_await mayDrop(target, each, points, {context.lockDescriptor()}, stop);
                if (may) {
                    held.append(each.former.name);
                    continue;
                }
                if (may.error().kind == Error::Kind::Cancelled) {
                    co_return fail(may.error());
                }
                const Message remark{u"backup.clean_up.unproven_former"_s,
                                     {{u"database"_s, database.name}, {u"name"_s, each.former.name}, {u"cause"_s, may.error().toJson()}}};
                context.log(remark);
                remarks.append(remark.toJson());
            }
            CO_TRY(const QStringList dropped, co_await dropFormerPostgres(database, held));
            if (!dropped.isEmpty()) {
                context.log({u"backup.clean_up.dropped_former"_s, {{u"database"_s, database.name}, {u"names"_s, QJsonArray::fromStringList(dropped)}}});
            }
            if (!open.isEmpty()) {
                const Message remark{u"backup.clean_up.kept_former"_s, {{u"database"_s, database.name}, {u"names"_s, QJsonArray::fromStringList(open)}}};
                context.log(remark);
                remarks.append(remark.toJson());
            }
        }
        co_return remarks;
    }

    /// Those of the plan that are still needed by nobody. Where Docker can't tell, they stay.
    QCoro::Task<QStringList> removePlannedImages(StepContext &context, QStringList versions)
    {
        const QStringList planned = plannedOnes(u"images"_s);
        if (planned.isEmpty()) {
            co_return QStringList();
        }
        versions.removeDuplicates();
        const Target target = context.target();
        const auto left = co_await leftoverImages(target, versions, spec().params["keep"_L1].toInt());
        const auto removed = left ? co_await removeComposeImages(target, inBoth(planned, *left), toolsOf(context)) : left;
        if (!removed) {
            context.log({u"backup.clean_up.images_stay"_s, {{u"cause"_s, removed.error().toJson()}}});
        }
        co_return removed.value_or(QStringList());
    }
    QCoro::Task<QStringList> removePlannedVolumes(StepContext &context, QStringList versions)
    {
        const QStringList planned = plannedOnes(u"volumes"_s);
        if (planned.isEmpty()) {
            co_return QStringList();
        }
        versions.removeDuplicates();
        const Target target = context.target();
        const auto left = co_await unusedVolumes(target, versions);
        const auto removed = left ? co_await removeVolumes(target, inBoth(planned, left->leftover), toolsOf(context)) : Result<QStringList>(fail(left.error()));
        if (!removed) {
            context.log({u"backup.clean_up.volumes_stay"_s, {{u"cause"_s, removed.error().toJson()}}});
        }
        co_return removed.value_or(QStringList());
    }
    [[nodiscard]] QStringList plannedOnes(const QString &key) const
    {
        QStringList names;
        const QJsonArray planned = spec().params[key].toArray();
        for (const auto &name : planned) {
            names.append(name.toString());
        }
        return names;
    }
};

const StepRegistry::Registration registration(u"clean_up"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<CleanUpStep>(std::move(spec)); });

} // namespace

} // namespace cutover
