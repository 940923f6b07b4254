// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Our own chain of SQL files, as a tool.

#include "migration/migrationchain.h"
#include "migration/migrationsteps.h"
#include "migration/migrationtool.h"
#include "system/clock.h"
#include "system/json.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Several databases have a folder each, named in the target; the manifest's own is for the only one.
QString folderIn(const QString &release, const DatabaseSpec &database, const Manifest &manifest)
{
    return QDir(release + u'/' + database.migrations).exists() ? database.migrations : manifest.migrationsDirectory;
}

struct Chain {
    QString folder; ///< Relative to the release.
    QList<Migration> pending, owed;
    QMap<QString, Loss> taken; ///< By revision: what a data migration under way took away already.
    QString head;
    QStringList unknown; ///< Applied, and newer than anything that the release has.
    QStringList unfinished; ///< Applied in part.
};

/// What the release's chain means for a database that has applied.
Result<Chain> judge(const QList<Migration> &chain, const QList<AppliedMigration> &applied, const QStringList &due)
{
    Chain judged;
    QMap<QString, Migration> known;
    for (const Migration &migration : chain) {
        known.insert(migration.revision, migration);
    }
    QStringList finished;
    for (const AppliedMigration &done : applied) {
        const auto file = known.constFind(done.revision);
        if (file == known.cend()) {
            // Newer than the release knows: left from a newer release whose schema was kept.
            if (!chain.isEmpty() && done.revision <= chain.last().revision) {
                return fail(u"migration.unknown"_s, {{u"revision"_s, done.revision}, {u"name"_s, done.name}});
            }
            judged.unknown.append(done.revision);
        } else if (file->upSha256 != done.sha256) {
            return fail(u"migration.changed"_s, {{u"revision"_s, done.revision}, {u"expected"_s, done.sha256}, {u"found"_s, file->upSha256}},
                        done.revision + u'_' + file->name + u".up.sql"_s);
        }
        if (done.cursor.isEmpty()) {
            finished.append(done.revision);
            judged.head = done.revision;
            continue;
        }
        judged.unfinished.append(done.revision);
        if (!done.lost.isEmpty()) {
            judged.taken.insert(done.revision, done.lost);
        }
    }
    for (const Migration &migration : chain) {
        if (finished.contains(migration.revision)) {
            continue;
        }
        const bool owed = migration.phase == "contract"_L1 && !due.contains(migration.revision);
        (owed ? judged.owed : judged.pending).append(migration);
    }
    return judged;
}

Async<Chain> chainFor(PlanningContext context, StagedRelease release, DatabaseSpec database)
{
    const Manifest manifest = release.info.manifest;
    const QString folder = folderIn(release.preview, database, manifest);
    const QString root = release.preview;
    // What this very run installs on its way does not count: nothing has proven yet that it stays.
    const QString origin = context.origin.isEmpty() ? context.installed : context.origin;
    const QString installed = origin.isEmpty() ? QString() : context.target.releaseDirectory(origin);
    const QString installedFolder = installed.isEmpty() ? QString() : QString(installed + u'/' + folderIn(installed, database, manifest));
    Worker worker;
    struct Read {
        QList<Migration> chain;
        QStringList due;
    };
    CO_TRY(const Read read, co_await worker.run([root, folder, installedFolder]() -> Result<Read> {
        Read read;
        TRY(read.chain, readMigrations(root + u'/' + folder));
        if (!installedFolder.isEmpty() && QDir(installedFolder).exists()) {
            TRY(const QList<Migration> carried, readMigrations(installedFolder));
            for (const Migration &migration : carried) {
                read.due.append(migration.revision);
            }
        }
        return read;
    }));
    CO_TRY(const QList<AppliedMigration> applied, co_await appliedMigrations(database));
    CO_TRY(Chain judged, judge(read.chain, applied, read.due));
    judged.folder = folder;
    co_return judged;
}

QString factOf(const DatabaseSpec &database)
{
    return u"migration.head:"_s + database.name;
}

/// What an up file announces has come together since the database was made, and goes on doing so.
LossLimit limitOf(const DatabaseSpec &database, const Loss &loss)
{
    constexpr qint64 unknownAgeMs = 24LL * 60 * 60 * 1000;
    const QDateTime made = QFileInfo(database.file).birthTime();
    const qint64 since = made.isValid() ? made.msecsTo(Clock::system().now()) : unknownAgeMs;
    LossLimit limit;
    for (const auto &[name, count] : loss.asKeyValueRange()) {
        limit.add(name, count, since, 2 * approvalMs);
    }
    return limit;
}

StepSpec migrateStepSpec(const PlanningContext &context, const DatabaseSpec &database, const Migration &migration, const QString &folder,
                         const QString &release, const QString &head, const Loss &loss, const Loss &taken)
{
    const QString stem = migration.revision + u'_' + migration.name;
    QJsonObject names{{u"database"_s, database.name}, {u"revision"_s, migration.revision}, {u"name"_s, migration.name}};
    StepSpec step;
    step.id = u"migrate:"_s + database.name + u':' + migration.revision;
    step.kind = u"migrate"_s;
    step.params = {{u"database"_s, database.name},
                   {u"revision"_s, migration.revision},
                   {u"name"_s, migration.name},
                   {u"phase"_s, migration.phase},
                   {u"sha256"_s, migration.upSha256},
                   {u"downSha256"_s, json::sha256(migration.down.toUtf8())},
                   {u"release"_s, release},
                   {u"folder"_s, folder},
                   {u"loses"_s, QJsonArray::fromStringList(migration.loses)}};
    step.title = {u"migration.step"_s, names};
    step.intent = {migration.batchTable.isEmpty() ? u"migration.step.intent"_s : u"migration.step.intent_data"_s, names};
    if (!loss.isEmpty()) {
        const LossLimit limit = limitOf(database, loss);
        limit.write(step.params);
        step.params.insert(u"takesAway"_s, lossToJson(loss));
        names.insert(u"loss"_s, lossStated(loss));
        names.insert(u"limit"_s, lossStated(limit.holdAbove()));
        step.intent = {u"migration.step.intent_loss"_s, names};
    }
    if (!taken.isEmpty()) {
        step.params.insert(takenBefore, lossToJson(taken));
    }
    step.previews.append({u"sql"_s, stem + u".up.sql"_s, migration.up});
    if (!migration.down.isEmpty()) {
        step.previews.append({u"sql"_s, stem + u".down.sql"_s, migration.down});
    }
    if (migration.revision > head) {
        step.changes = {{factOf(database), migration.revision}};
    }
    step.expectedMs = context.measuredMs.value(step.kind, 500);
    step.pointOfNoReturn = migration.isPointOfNoReturn();
    step.automaticRollback = !step.pointOfNoReturn;
    return step;
}

Async<QList<StepSpec>> downgrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs)
{
    CO_TRY(const QList<AppliedMigration> applied, co_await appliedMigrations(database));
    QList<StepSpec> steps;
    for (qsizetype i = applied.size() - 1; i >= 0 && applied[i].revision > revision; --i) {
        const AppliedMigration &done = applied[i];
        const Migration migration = done.migration();
        const QString file = done.revision + u'_' + done.name + u".down.sql"_s;
        if (migration.down.isEmpty()) {
            co_return fail(u"migration.irreversible"_s, {{u"revision"_s, done.revision}}, file);
        }
        CO_TRY(const Loss loss, co_await downgradeLoss(database, {migration}));
        // What it would lose has come together since it was applied.
        const qint64 since = QDateTime::fromString(done.changed, Qt::ISODateWithMs).msecsTo(Clock::system().now());
        LossLimit limit;
        for (const auto &[name, count] : loss.asKeyValueRange()) {
            limit.add(name, count, since, approvalMs + aheadMs);
        }
        const Loss holdAbove = limit.holdAbove();
        const bool loses = !lossMessages(loss).isEmpty();
        const QJsonObject names{{u"database"_s, database.name}, {u"revision"_s, done.revision}, {u"name"_s, done.name}, {u"loss"_s, lossMessages(loss)}, {u"limit"_s, lossMessages(holdAbove)}};
        StepSpec step;
        step.id = u"downgrade:"_s + database.name + u':' + done.revision;
        step.kind = u"downgrade"_s;
        step.params = {{u"database"_s, database.name},
                       {u"revision"_s, done.revision},
                       {u"downSha256"_s, json::sha256(migration.down.toUtf8())}};
        limit.write(step.params);
        step.title = {u"migration.downgrade"_s, names};
        step.intent = {loses ? u"migration.downgrade.intent_loss"_s : u"migration.downgrade.intent"_s, names};
        step.previews = {{u"sql"_s, file, migration.down}};
        if (!loss.isEmpty()) {
            step.previews.append(limit.table(database.name));
        }
        QString before;
        for (qsizetype j = 0; j < i; ++j) {
            before = applied[j].cursor.isEmpty() ? applied[j].revision : before;
        }
        step.changes = {{factOf(database), before}};
        step.expectedMs = context.measuredMs.value(step.kind, 500);
        step.pointOfNoReturn = loses;
        step.irreversible = loses;
        step.automaticRollback = false;
        steps.append(step);
    }
    co_return steps;
}

Async<QString> headOrProblem(Target target, DatabaseSpec spec)
{
    CO_TRY(const QList<Migration> wanted, readMigrations(target.currentLink() + u'/' + spec.migrations));
    CO_TRY(const QList<AppliedMigration> applied, co_await appliedMigrations(spec));
    const QJsonObject args{{u"database"_s, spec.name}};
    const auto with = [&args](const QString &revision) {
        QJsonObject more = args;
        more.insert(u"revision"_s, revision);
        return more;
    };
    for (const AppliedMigration &migration : applied) {
        if (!migration.cursor.isEmpty()) {
            QJsonObject more = with(migration.revision);
            more.insert(u"cursor"_s, migration.cursor);
            co_return fail(u"check.migration_unfinished"_s, more, spec.name);
        }
    }
    for (const Migration &migration : wanted) {
        const auto found = std::ranges::find(applied, migration.revision, &AppliedMigration::revision);
        if (found == applied.end()) {
            // Contracting belongs to a later update; until then it is owed, not missing.
            if (migration.phase != "contract"_L1) {
                co_return fail(u"check.migration_pending"_s, with(migration.revision), spec.name);
            }
        } else if (found->sha256 != migration.upSha256) {
            co_return fail(u"check.migration_changed"_s, with(migration.revision), spec.name);
        }
    }
    co_return applied.isEmpty() ? u"0"_s : applied.last().revision;
}

class SqlChain : public MigrationTool
{
public:
    QStringList drivers() const override { return {u"sqlite"_s}; }

    void read(yaml::Map &map, DatabaseSpec &database) const override
    {
        database.migrations = map.required(u"folder"_s, u"text"_s).relativePath();
    }

    Async<PlannedMigrations> plan(PlanningContext context, StagedRelease release, DatabaseSpec database) const override
    {
        CO_TRY(const Chain chain, co_await chainFor(context, release, database));
        PlannedMigrations planned;
        QString head = chain.head;
        for (const Migration &migration : chain.pending) {
            CO_TRY(const Loss loss, co_await upgradeLoss(database, migration));
            planned.steps.append(migrateStepSpec(context, database, migration, chain.folder, release.info.manifest.version.toString(), head, loss, chain.taken.value(migration.revision)));
            head = qMax(head, migration.revision);
        }
        planned.owed = revisions(chain.owed);
        co_return planned;
    }

    Async<QStringList> owed(PlanningContext context, StagedRelease release, DatabaseSpec database) const override
    {
        CO_TRY(const Chain chain, co_await chainFor(context, release, database));
        co_return revisions(chain.owed);
    }

    Async<QList<StepSpec>> planDowngrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs) const override
    {
        return downgrades(std::move(context), std::move(database), std::move(revision), aheadMs);
    }

    Async<QString> contractSince(PlanningContext, DatabaseSpec database, QString revision) const override
    {
        CO_TRY(const QList<AppliedMigration> applied, co_await appliedMigrations(database));
        for (const AppliedMigration &migration : applied) {
            if (migration.revision > revision && migration.phase == "contract"_L1) {
                co_return migration.revision;
            }
        }
        co_return QString();
    }

    Async<> checkCode(PlanningContext context, StagedRelease release, DatabaseSpec database) const override
    {
        CO_TRY(const Chain chain, co_await chainFor(context, release, database));
        if (!chain.unknown.isEmpty()) {
            co_return fail(notInRelease(database, release, chain.unknown));
        }
        QStringList needed = chain.unfinished;
        for (const Migration &migration : chain.pending) {
            if (migration.phase != "contract"_L1 && !needed.contains(migration.revision)) {
                needed.append(migration.revision);
            }
        }
        co_return needed.isEmpty() ? Result<>() : Result<>(fail(neededByRelease(database, release, needed)));
    }

    Async<QString> check(Target target, DatabaseSpec database, std::stop_token) const override
    {
        return headOrProblem(std::move(target), std::move(database));
    }

    std::unique_ptr<Step> migrateStep(StepSpec spec) const override { return makeMigrateStep(std::move(spec)); }
    std::unique_ptr<Step> downgradeStep(StepSpec spec) const override { return makeDowngradeStep(std::move(spec)); }

private:
    static QStringList revisions(const QList<Migration> &migrations)
    {
        QStringList names;
        for (const Migration &migration : migrations) {
            names.append(migration.revision);
        }
        return names;
    }
};

const MigrationTool::Registration registration(u"sql"_s, std::make_unique<SqlChain>());

} // namespace

} // namespace cutover
