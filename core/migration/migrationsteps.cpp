// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationsteps.h"
#include "database/progressrelay.h"
#include "migration/migrationtool.h"
#include "migration/migrationwork.h"
#include "plan/loss.h"
#include "system/json.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using sqlite::Connection;

/// What the plan was approved for, read again from the release's folder.
Result<Migration> approved(const QJsonObject &params, const QString &folder)
{
    TRY(const QList<Migration> chain, readMigrations(folder));
    const QString revision = params["revision"_L1].toString();
    for (const Migration &migration : chain) {
        if (migration.revision != revision) {
            continue;
        }
        const QString file = folder + u'/' + revision + u'_' + migration.name;
        if (const QString expected = params["sha256"_L1].toString(); migration.upSha256 != expected) {
            return fail(u"migration.changed"_s, {{u"revision"_s, revision}, {u"expected"_s, expected}, {u"found"_s, migration.upSha256}},
                        file + u".up.sql"_s);
        }
        const QString down = json::sha256(migration.down.toUtf8());
        if (const QString expected = params["downSha256"_L1].toString(); down != expected) {
            return fail(u"migration.changed"_s, {{u"revision"_s, revision}, {u"expected"_s, expected}, {u"found"_s, down}},
                        file + u".down.sql"_s);
        }
        return migration;
    }
    return fail(u"migration.not_in_release"_s, {{u"revision"_s, revision}}, folder);
}

Result<std::optional<AppliedMigration>> rowIn(const DatabaseSpec &database, const QString &revision)
{
    TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing));
    return migration::find(connection, revision);
}

/// Takes back what loses nothing.
Result<KeptMigration> goBackIfNothingIsLost(const DatabaseSpec &database, const QString &revision, const std::stop_token &stop)
{
    TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
    TRY(const auto row, migration::find(connection, revision));
    if (!row) {
        return KeptMigration();
    }
    Loss lost;
    const Result<> gone = migration::downgrade(connection, row->migration(), [&lost, &revision](const Loss &loss) -> Result<> {
        lost = above(loss, {});
        if (!lost.isEmpty()) {
            return fail(u"migration.would_lose"_s, {{u"revision"_s, revision}, {u"count"_s, lost.first()}, {u"what"_s, lost.firstKey()}});
        }
        return {};
    });
    if (gone) {
        return KeptMigration();
    }
    const QString code = gone.error().code;
    if (code == "migration.would_lose"_L1) {
        return KeptMigration{{u"migration.kept_loss"_s, {{u"revision"_s, revision}, {u"loss"_s, lossMessages(lost)}}}, row->phase};
    }
    if (code == "migration.irreversible"_L1) {
        return KeptMigration{{u"migration.kept_for_good"_s, {{u"revision"_s, revision}}}, row->phase};
    }
    if (code == "migration.not_newest"_L1) {
        // It is as if it would lose something: what is above it stays for that.
        TRY(lost, migration::countLoss(connection, row->migration().loses));
        const QJsonArray losses = lossMessages(lost);
        return losses.isEmpty() ? KeptMigration{{u"migration.kept_below"_s, {{u"revision"_s, revision}, {u"newest"_s, gone.error().args["newest"_L1]}}}, row->phase}
                                : KeptMigration{{u"migration.kept_loss"_s, {{u"revision"_s, revision}, {u"loss"_s, losses}}}, row->phase};
    }
    return fail(gone.error());
}

Loss minus(Loss loss, const Loss &less)
{
    for (const auto &[name, count] : less.asKeyValueRange()) {
        if (const auto found = loss.find(name); found != loss.end()) {
            *found = qMax<qint64>(0, *found - count);
        }
    }
    return loss;
}

class MigrateStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_CHECK(co_await read(context));
        CO_CHECK(migratedDatabase(spec(), context.target()));
        co_return Result<>();
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        CO_TRY(Migration migration, co_await read(context));
        const LossLimit planned = LossLimit::read(spec().params);
        const Loss agreed = lossFromJson(context.result(spec().id, stepresult::asked));
        const Loss limit = agreed.isEmpty() ? planned.holdAbove() : agreed;
        // The database keeps the sum over all runs; the plan's figures are of what was left to it.
        const Loss before = lossFromJson(spec().params[takenBefore]);
        migration.upLimit = limit;
        add(*migration.upLimit, before);
        const QJsonObject names{{u"revision"_s, migration.revision}, {u"name"_s, migration.name}};
        const auto lost = co_await upgrade(database, migration, [&context, names](qint64 done, qint64 total) { context.progress({done, total, u"rows"_s, {u"migration.doing"_s, names}}); }, stop);
        if (!lost && lost.error().code == "migration.takes_more"_L1) {
            const QString code = migration.batchTable.isEmpty() ? u"migration.takes_more"_s : u"migration.takes_more_batch"_s;
            co_return fail(askForLoss(context, spec(), code, planned, limit, minus(lossFromJson(lost.error().args["lost"_L1]), before)));
        }
        CO_CHECK(lost);
        tellLost(context, *lost);
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const auto found, co_await row(context));
        if (judge(found) != Inspection::Done) {
            co_return fail(u"migration.not_applied"_s, spec().params);
        }
        CO_TRY(const DatabaseSpec spec, migratedDatabase(this->spec(), context.target()));
        CO_TRY(const auto database, Database::create(spec));
        co_return co_await database->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        CO_TRY(const auto found, co_await row(context));
        if (found && judge(found) == Inspection::Done) {
            // What it took away may not have been journaled any more.
            tellLost(context, found->lost);
        }
        co_return judge(found);
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        CO_TRY(KeptMigration kept,
               co_await worker.run([database, revision, stop] { return goBackIfNothingIsLost(database, revision, stop); }));
        if (!kept.why.isEmpty()) {
            CO_TRY(const auto applied, co_await appliedMigrations(database));
            kept.head = applied.isEmpty() ? QString() : applied.last().revision;
            CO_CHECK(keepMigration(context, spec(), kept));
        }
        co_return Result<>();
    }

private:
    Async<Migration> read(StepContext &context)
    {
        const QJsonObject params = spec().params;
        const QString folder =
            context.target().releaseDirectory(params["release"_L1].toString()) + u'/' + params["folder"_L1].toString();
        Worker worker;
        co_return co_await worker.run([params, folder] { return approved(params, folder); });
    }

    /// sum: of all runs.
    void tellLost(StepContext &context, const Loss &sum) const
    {
        if (!sum.isEmpty()) {
            context.setResult(stepresult::lost, lossToJson(minus(sum, lossFromJson(spec().params[takenBefore]))));
        }
    }

    Async<std::optional<AppliedMigration>> row(StepContext &context)
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        co_return co_await worker.run([database, revision] { return rowIn(database, revision); });
    }

    Inspection judge(const std::optional<AppliedMigration> &row) const
    {
        if (!row) {
            return Inspection::NotStarted;
        }
        if (row->sha256 != spec().params["sha256"_L1].toString()) {
            return Inspection::Unknown;
        }
        return row->cursor.isEmpty() ? Inspection::Done : Inspection::Partial;
    }
};

/// Digest and folder of an applied migration's up file; empty: no installed release has it any more.
QJsonObject sourceOf(const AppliedMigration &row, QJsonObject params, const QString &releases, const QString &name)
{
    params.insert(u"sha256"_s, row.sha256);
    const QStringList versions = QDir(releases).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name | QDir::Reversed);
    for (const QString &version : versions) {
        const QString folder = releases + u'/' + version + u'/' + name;
        if (QFileInfo(folder).isDir() && approved(params, folder)) {
            return {{u"sha256"_s, row.sha256}, {u"folder"_s, folder}};
        }
    }
    return {};
}

/** What a downgrade gave up, or would have: then more names what a person has to agree to. */
struct WentBack {
    Loss lost, more;
};

/// In one transaction: counts what goes, and goes back unless that is more than was agreed to.
Result<WentBack> goBack(const DatabaseSpec &database, const QJsonObject &params, const Loss &limit, const std::stop_token &stop)
{
    TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
    const QString revision = params["revision"_L1].toString();
    TRY(const auto row, migration::find(connection, revision));
    WentBack result;
    if (!row) {
        return result;
    }
    const QString digest = json::sha256(row->migration().down.toUtf8());
    if (const QString expected = params["downSha256"_L1].toString(); digest != expected) {
        return fail(u"migration.changed"_s, {{u"revision"_s, revision}, {u"expected"_s, expected}, {u"found"_s, digest}}, database.file);
    }
    const QStringList announced = row->migration().loses;
    const Result<> gone = migration::downgrade(connection, row->migration(), [&](const Loss &loss) -> Result<> {
        for (const auto &[name, count] : loss.asKeyValueRange()) {
            // Nothing may be lost that the plan could not count.
            if (count > 0 && !announced.contains(name)) {
                return fail(u"migration.would_lose"_s, {{u"revision"_s, revision}, {u"count"_s, count}, {u"what"_s, name}});
            }
        }
        result.lost = loss;
        result.more = above(loss, limit);
        return result.more.isEmpty() ? Result<>() : fail(u"migration.loses_more"_s);
    });
    if (!gone && result.more.isEmpty()) {
        return fail(gone.error());
    }
    return result;
}

class DowngradeStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    /// What the way back runs again: the very migration that was applied, in whichever release still has it.
    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        const QJsonObject params = spec().params;
        const QString releases = context.target().releasesDirectory;
        Worker worker;
        CO_TRY(const QJsonObject undo, co_await worker.run([database, params, releases]() -> Result<QJsonObject> {
            TRY(const auto row, rowIn(database, params["revision"_L1].toString()));
            return row ? sourceOf(*row, params, releases, database.migrations) : QJsonObject();
        }));
        if (undo.isEmpty()) {
            context.setResult(stepresult::irreversible, true);
        }
        co_return undo;
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        const QJsonObject params = spec().params;
        const LossLimit planned = LossLimit::read(params);
        const QJsonValue asked = context.result(spec().id, stepresult::asked);
        const Loss limit = asked.isObject() ? lossFromJson(asked) : planned.holdAbove();
        Worker worker;
        CO_TRY(const WentBack back, co_await worker.run([database, params, limit, stop] { return goBack(database, params, limit, stop); }));
        if (!back.more.isEmpty()) {
            co_return fail(askForLoss(context, spec(), u"migration.loses_more"_s, planned, limit, back.lost));
        }
        context.setResult(stepresult::lost, lossToJson(back.lost));
        if (!lossMessages(back.lost).isEmpty()) {
            context.setResult(stepresult::irreversible, true);
        }
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, migratedDatabase(this->spec(), context.target()));
        CO_TRY(const auto database, Database::create(spec));
        co_return co_await database->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        const auto found = co_await look(context);
        if (found && *found == Inspection::Done) {
            tellWhatWasAgreedTo(context, spec());
        }
        co_return found;
    }

    /// Where nothing was lost the migration is applied again; on condition that it takes nothing away then, either.
    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const Inspection found, co_await look(context));
        if (found == Inspection::NotStarted) {
            co_return Result<>();
        }
        QJsonObject params = spec().params;
        const QString sha256 = undo["sha256"_L1].toString();
        tellWhatWasAgreedTo(context, spec());
        if (sha256.isEmpty() || !lossMessages(lossFromJson(context.result(spec().id, stepresult::lost))).isEmpty()) {
            co_return fail(u"step.not_revertible"_s, {{u"step"_s, spec().title.toJson()}});
        }
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        params.insert(u"sha256"_s, sha256);
        const QString folder = undo["folder"_L1].toString();
        Worker worker;
        CO_TRY(Migration migration, co_await worker.run([params, folder] { return approved(params, folder); }));
        migration.upLimit = Loss();
        const QJsonObject names{{u"revision"_s, migration.revision}, {u"name"_s, migration.name}};
        CO_CHECK(co_await upgrade(database, migration, [&context, names](qint64 done, qint64 total) { context.progress({done, total, u"rows"_s, {u"migration.doing"_s, names}}); }, stop));
        co_return Result<>();
    }

private:
    Async<Inspection> look(StepContext &context)
    {
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        CO_TRY(const auto row, co_await worker.run([database, revision] { return rowIn(database, revision); }));
        co_return row ? Inspection::NotStarted : Inspection::Done;
    }
};

} // namespace

std::unique_ptr<Step> makeMigrateStep(StepSpec spec)
{
    return std::make_unique<MigrateStep>(std::move(spec));
}

std::unique_ptr<Step> makeDowngradeStep(StepSpec spec)
{
    return std::make_unique<DowngradeStep>(std::move(spec));
}

} // namespace cutover
