// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/formerdatabases.h"

#include "backup/restorepoints.h"
#include "check/copyroom.h"
#include "system/worker.h"

#include <QCoroFuture>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

BackupInfo backupIn(const RestorePoint &point, const DatabaseSpec &spec)
{
    return backupInfoFromJson(point.members[databaseMember(spec.name)].toObject());
}

QString pointOf(const FormerDatabase &former, const DatabaseSpec &spec, const QList<RestorePoint> &points)
{
    // The last one before it was replaced, available or not: an earlier one, of a restore that went back, lacks what came since.
    const auto last = std::ranges::find_if(points, [&](const RestorePoint &point) { return point.created <= former.replaced && !backupIn(point, spec).file.isEmpty(); });
    const bool holds = former.wasClosed && former.replaced.isValid() && last != points.end() && last->available && isLastBackupOf(former, spec, backupIn(*last, spec));
    return holds ? last->id : QString();
}

} // namespace

Async<QList<HeldFormer>> formerDatabases(Target target, QList<RestorePoint> points)
{
    QList<HeldFormer> all;
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        if (spec.driver != "postgresql"_L1) {
            continue;
        }
        CO_TRY(const QList<FormerDatabase> found, co_await formerPostgres(spec));
        for (const FormerDatabase &former : found) {
            Worker worker;
            all.append({spec, former, co_await worker.run([former, spec, points] { return pointOf(former, spec, points); })});
        }
    }
    co_return all;
}

Async<> mayDrop(Target target, HeldFormer held, QList<RestorePoint> points, QList<int> inherit, std::stop_token stop)
{
    const auto point = std::ranges::find(points, held.point, &RestorePoint::id);
    if (held.point.isEmpty() || point == points.end() || !point->available) {
        co_return fail(u"backup.former_unheld"_s, {{u"database"_s, held.spec.name}, {u"name"_s, held.former.name}});
    }
    if (point->proven.isValid()) {
        co_return Result<>();
    }
    // A rollback that stops services backs up once more behind that, and does not let anybody wait for the proof.
    const BackupInfo info = backupIn(*point, held.spec);
    CO_CHECK(co_await lookForCopies(target, {{held.spec.name, info.content}}));
    CO_TRY(const auto database, Database::create(held.spec));
    database->setInherit(inherit);
    co_return co_await database->verifyBackup(info, stop);
}

} // namespace cutover
