// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupowner.h"
#include "backup/backupplan.h"
#include "backup/restorepoints.h"
#include "database/postgresdatabase.h"
#include "plan/instancefacts.h"
#include "plan/step.h"
#include "release/semver.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>

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
    const QStringList folders = stray + unusedReleases(target.releasesDirectory, used);
    for (const QString &folder : folders) {
        CHECK(files::removeTree(folder));
    }
    return folders;
}

class CleanUpStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        const Target target = context.target();
        QStringList versions;
        for (const QJsonValue &version : spec().params["versions"_L1].toArray()) {
            versions.append(version.toString());
        }
        // What serves now, whatever the plan says.
        CO_TRY(const Facts facts, co_await FactSource::collect(target));
        QStringList serving;
        for (auto fact = facts.begin(); fact != facts.end(); ++fact) {
            if (fact.key() == "release.current"_L1 || fact.key().startsWith("instance:"_L1)) {
                serving.append(fact->toString());
            }
        }
        CO_TRY(QList<RestorePoint> points, co_await readRestorePoints(target.stateDirectory));
        const CleanUpChoice choice = chooseForCleanUp(points, spec().params["keep"_L1].toInt(), context.runId(), serving);
        for (RestorePoint point : choice.remove) {
            // First out of the catalogue, so that none that is half gone can be chosen.
            point.available = false;
            CO_CHECK(co_await saveRestorePoint(target.stateDirectory, point));
        }
        CO_TRY(points, co_await readRestorePoints(target.stateDirectory));
        for (const RestorePoint &point : std::as_const(points)) {
            if (point.available) {
                // Services that a release did not restart ran an older one at the point.
                versions += runningReleases(point.facts).values() + QStringList{point.version};
            }
        }
        for (const DatabaseSpec &database : target.databases) {
            if (database.driver == "postgresql"_L1) {
                CO_CHECK(co_await dropReplacedPostgres(database));
            }
        }
        Worker worker;
        CO_TRY(const QStringList folders, co_await worker.run([target, points, used = versions + serving, now = context.clock().now()] {
            return removeUnused(target, points, used, now);
        }));
        context.setResult(u"removed"_s, QJsonArray::fromStringList(folders));
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override
    {
        co_return Inspection::Partial;
    }
};

const StepRegistry::Registration registration(u"clean_up"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<CleanUpStep>(std::move(spec)); });

} // namespace

} // namespace cutover
