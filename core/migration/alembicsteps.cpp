// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembicsteps.h"

#include "database/database.h"
#include "migration/alembicfiles.h"
#include "migration/migrationlock.h"
#include "migration/migrationtool.h"
#include "plan/loss.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

/// The release's files as they were approved.
Result<> compareFiles(const QJsonObject &params, const Project &project)
{
    const QString file = project.release + u'/' + params["file"_L1].toString();
    TRY(const RevisionFile read, readRevisionFile(file));
    if (const QString expected = params["sha256"_L1].toString(); read.sha256 != expected) {
        return fail(u"migration.changed"_s, {{u"revision"_s, params["revision"_L1]}, {u"expected"_s, expected}, {u"found"_s, read.sha256}}, file);
    }
    TRY(const QString environment, environmentDigest(project));
    if (const QString expected = params["environmentSha256"_L1].toString(); environment != expected) {
        return fail(u"alembic.environment_changed"_s, {{u"expected"_s, expected}, {u"found"_s, environment}}, project.ini());
    }
    return {};
}

/** What both steps do with a database and a release. */
class AlembicStep : public Step
{
public:
    using Step::Step;

    // Back is only gone under code that does without.
    bool needsHost(const Target &target, const QString &host) const override { return spec().kind == "downgrade"_L1 || Step::needsHost(target, host); }

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_TRY(const Project project, projectOf(context));
        const QJsonObject params = spec().params;
        Worker worker;
        co_return co_await worker.run([params, project] { return compareFiles(params, project); });
    }

    /// For telling afterwards whether an interruption left a part, where it is not all or nothing.
    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        if (spec().params["inOneTransaction"_L1].toBool()) {
            co_return QJsonObject();
        }
        CO_TRY(const QString schema, co_await schemaNow(context));
        CO_TRY(const DatabaseSpec found, migratedDatabase(spec(), context.target()));
        CO_TRY(const QStringList invalid, co_await invalidNow(found));
        co_return QJsonObject{{u"schema"_s, schema}, {u"invalid"_s, QJsonArray::fromStringList(invalid)}};
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec found, migratedDatabase(spec(), context.target()));
        CO_TRY(const QStringList heads, co_await headsNow(found));
        if (joined(heads) != spec().params["to"_L1].toString()) {
            co_return fail(u"migration.not_applied"_s, spec().params);
        }
        CO_TRY(const auto database, Database::create(found));
        co_return co_await database->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(const Project project, projectOf(context));
        // Nothing that was started before is still under way.
        CO_TRY(const auto lock, co_await MigrationLock::acquire(project.database, QString(applicationName), {}));
        CO_TRY(const QStringList told, co_await current(project, {}));
        CO_TRY(const QStringList found, co_await headsNow(project.database));
        if (told != found) {
            co_return Inspection::Unknown;
        }
        if (joined(found) == spec().params["to"_L1].toString()) {
            co_return Inspection::Done;
        }
        if (joined(found) != spec().params["from"_L1].toString()) {
            co_return Inspection::Unknown;
        }
        CO_TRY(const Left left, co_await leftNow(context, undo));
        if (left.part == Left::Part::Some) {
            // Not to be repeated by itself: what is there already would fail, or be done twice.
            co_return fail(partial(left));
        }
        co_return left.part == Left::Part::None ? Inspection::NotStarted : Inspection::Unknown;
    }

protected:
    /** What of a step is in the database although its revision is not recorded there. */
    struct Left {
        enum class Part { None,
                          Some,
                          Unknown } part = Part::Unknown;
        QStringList invalid; ///< Indexes that were begun.
    };

    Result<Project> projectOf(StepContext &context) const
    {
        TRY(const DatabaseSpec found, migratedDatabase(spec(), context.target()));
        Project project;
        project.database = found;
        project.release = context.target().releaseDirectory(spec().params["release"_L1].toString());
        project.inherit = {context.lockDescriptor()};
        project.onLine = [&context](const QString &line) { context.logLine(u"alembic"_s, line); };
        return project;
    }

    static Async<QStringList> headsNow(DatabaseSpec database)
    {
        Worker worker;
        co_return co_await worker.run([database] { return recordedHeads(database); });
    }

    Async<QString> schemaNow(StepContext &context)
    {
        CO_TRY(const DatabaseSpec found, migratedDatabase(spec(), context.target()));
        CO_TRY(const auto database, Database::create(found));
        // A pg_dump that outlives its runner would keep the next one's migration from its tables.
        database->setInherit({context.lockDescriptor()});
        co_return co_await database->schemaDigest();
    }

    static Async<QStringList> invalidNow(DatabaseSpec database)
    {
        Worker worker;
        co_return co_await worker.run([database] { return invalidIndexes(database); });
    }

    /// Of a database that is where the step starts from. Where not all of it is one transaction, the schema tells: an index
    /// that was only begun is in no dump of it, so these are looked for by themselves.
    Async<Left> leftNow(StepContext &context, QJsonObject undo)
    {
        const QJsonObject params = spec().params;
        if (params["inOneTransaction"_L1].toBool()) {
            Left none;
            none.part = Left::Part::None;
            co_return none;
        }
        Left left;
        if (undo["schema"_L1].toString().isEmpty()) {
            co_return left;
        }
        CO_TRY(const QString schema, co_await schemaNow(context));
        CO_TRY(const DatabaseSpec database, migratedDatabase(spec(), context.target()));
        CO_TRY(left.invalid, co_await invalidNow(database));
        left.invalid.removeIf([before = undo["invalid"_L1].toArray()](const QString &index) { return before.contains(index); });
        if (schema != undo["schema"_L1].toString() || !left.invalid.isEmpty()) {
            left.part = Left::Part::Some;
        } else if (params["partsTell"_L1].toBool()) {
            left.part = Left::Part::None;
        }
        co_return left;
    }

    /// Whether the database is as it was before this step; not where nobody can tell.
    Async<bool> isUntouched(StepContext &context, QStringList found, QJsonObject undo)
    {
        if (joined(found) != spec().params["from"_L1].toString()) {
            co_return false;
        }
        CO_TRY(const Left left, co_await leftNow(context, undo));
        co_return left.part == Left::Part::None;
    }

    Error partial(const Left &left) const
    {
        const QJsonObject args{{u"revision"_s, spec().params["revision"_L1]}, {u"invalid"_s, QJsonArray::fromStringList(left.invalid)}};
        return {left.invalid.isEmpty() ? u"alembic.partial_found"_s : u"alembic.partial_index"_s, args, Error::Kind::Unknown, spec().params["file"_L1].toString()};
    }

    /// Runs Alembic with the lock held, and proves that this database moved. On an error it is untouched, or the error is of Kind::Unknown.
    Async<> run(StepContext &context, MigrationLock *lock, Project project, Direction direction, QString to, QString expected, QJsonObject undo, std::stop_token stop)
    {
        std::stop_source done;
        auto watching = lock->watch(done.get_token());
        const Result<ProcessResult> result = co_await move(project, direction, to, stop);
        done.request_stop();
        const Result<QStringList> holders = co_await watching;
        if (result && result->exitCode == 0) {
            CO_TRY(const QStringList found, co_await headsNow(project.database));
            if (joined(found) != expected) {
                // It went well, but elsewhere.
                co_return fail(u"alembic.elsewhere"_s,
                               {{u"database"_s, project.database.name}, {u"expected"_s, expected}, {u"found"_s, joined(found)}}, project.folder(), Error::Kind::Unknown);
            }
            co_return Result<>();
        }
        Error error = result ? failure(project, *result, spec().params["revision"_L1].toString(), holders.value_or(QStringList())) : result.error();
        if (!spec().params["inOneTransaction"_L1].toBool() && error.kind != Error::Kind::Cancelled) {
            const auto found = co_await headsNow(project.database);
            Result<Left> left = Left();
            if (found && joined(*found) == spec().params["from"_L1].toString()) {
                left = co_await leftNow(context, undo);
            }
            if (!left || left->part != Left::Part::None) {
                const bool isSure = left && left->part == Left::Part::Some;
                co_return fail(isSure ? u"alembic.partial_done"_s : u"alembic.partial"_s,
                               {{u"revision"_s, spec().params["revision"_L1]}, {u"cause"_s, error.toJson()}, {u"found"_s, isSure ? partial(*left).toJson() : QJsonObject()}},
                               error.where, Error::Kind::Unknown);
            }
        }
        co_return fail(error);
    }

    /// Fails unless the database is where the step starts from; false: it is there where it ends already. With the lock
    /// held, so that it stays so. back: the way back, which starts from the end.
    Async<bool> isDue(Project project, bool back = false)
    {
        CO_TRY(const QStringList found, co_await headsNow(project.database));
        const QString from = spec().params[back ? "to"_L1 : "from"_L1].toString();
        if (joined(found) == spec().params[back ? "from"_L1 : "to"_L1].toString()) {
            co_return false;
        }
        if (joined(found) != from) {
            co_return fail(u"alembic.not_there"_s,
                           {{u"database"_s, project.database.name}, {u"revision"_s, spec().params["revision"_L1]}, {u"expected"_s, from.isEmpty() ? u"base"_s : from}, {u"found"_s, found.isEmpty() ? u"base"_s : joined(found)}},
                           project.folder(), Error::Kind::Unknown);
        }
        co_return true;
    }

    Async<Loss> countNow(Project project, QList<Lost> losses) const
    {
        const QString file = project.release + u'/' + spec().params["file"_L1].toString();
        Worker worker;
        co_return co_await worker.run([project, file, losses] { return countLosses(project, file, losses); });
    }

    /// What of the listed goes now; asks, when it is more than was agreed to.
    Async<Loss> agreedLoss(StepContext &context, Project project, QLatin1StringView list, QString code)
    {
        CO_TRY(const Loss loss, co_await countNow(project, lostFromJson(spec().params[list])));
        const LossLimit planned = LossLimit::read(spec().params);
        const QJsonValue asked = context.result(spec().id, stepresult::asked);
        const Loss limit = asked.isObject() && !asked.toObject().isEmpty() ? lossFromJson(asked) : planned.holdAbove();
        if (!above(loss, limit).isEmpty()) {
            co_return fail(askForLoss(context, spec(), code, planned, limit, loss));
        }
        co_return loss;
    }
};

class UpgradeStep : public AlembicStep
{
public:
    using AlembicStep::AlembicStep;

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const Project project, projectOf(context));
        const QJsonObject params = spec().params;
        CO_CHECK(co_await observe(context, stop));
        // From here on no other migration of ours is under way, so that what is found and counted is so when Alembic runs.
        CO_TRY(const auto lock, co_await MigrationLock::acquire(project.database, QString(applicationName), stop));
        CO_TRY(const bool due, co_await isDue(project));
        if (!due) {
            co_return Result<>();
        }
        CO_TRY(const Loss taken, co_await agreedLoss(context, project, "takes"_L1, u"migration.takes_more"_s));
        context.progress({0, 0, {}, {u"migration.doing"_s, {{u"revision"_s, params["revision"_L1]}, {u"name"_s, params["name"_L1]}}}});
        CO_CHECK(co_await run(context, lock.get(), project, Direction::Up, params["revision"_L1].toString(), params["to"_L1].toString(), undo, stop));
        if (!taken.isEmpty()) {
            context.setResult(stepresult::lost, lossToJson(taken));
        }
        co_return Result<>();
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const Project project, projectOf(context));
        const QJsonObject params = spec().params;
        const QString revision = params["revision"_L1].toString();
        // What an interrupted apply() left running ends first.
        CO_TRY(const auto lock, co_await MigrationLock::acquire(project.database, QString(applicationName), stop));
        CO_TRY(const QStringList found, co_await headsNow(project.database));
        CO_TRY(const bool untouched, co_await isUntouched(context, found, undo));
        if (untouched) {
            co_return Result<>();
        }
        if (joined(found) == params["from"_L1].toString()) {
            co_return fail(u"alembic.partial_stays"_s, {{u"revision"_s, revision}}, project.folder(), Error::Kind::Unknown);
        }
        KeptMigration kept{{}, params["phase"_L1].toString(), joined(found)};
        if (joined(found) != params["to"_L1].toString()) {
            kept.why = {u"migration.kept_below"_s, {{u"revision"_s, revision}, {u"newest"_s, joined(found)}}};
            co_return keepMigration(context, spec(), kept);
        }
        if (params["wayBack"_L1].toString() == wayback::none) {
            kept.why = {u"migration.kept_for_good"_s, {{u"revision"_s, revision}}};
            co_return keepMigration(context, spec(), kept);
        }
        if (params["wayBack"_L1].toString() == wayback::unknown) {
            kept.why = {u"alembic.kept_unknown"_s, {{u"revision"_s, revision}}};
            co_return keepMigration(context, spec(), kept);
        }
        CO_TRY(const Loss lost, co_await countNow(project, lostFromJson(params["loses"_L1])));
        if (const QJsonArray losses = lossMessages(lost); !losses.isEmpty()) {
            kept.why = {u"migration.kept_loss"_s, {{u"revision"_s, revision}, {u"loss"_s, losses}}};
            co_return keepMigration(context, spec(), kept);
        }
        CO_CHECK(co_await observe(context, stop));
        co_return co_await run(context, lock.get(), project, Direction::Down, params["downTo"_L1].toString(), params["from"_L1].toString(), {}, stop);
    }
};

class DowngradeStep : public AlembicStep
{
public:
    using AlembicStep::AlembicStep;

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const Project project, projectOf(context));
        const QJsonObject params = spec().params;
        CO_CHECK(co_await observe(context, stop));
        // From here on no other migration of ours is under way, so that what is found and counted is so when Alembic runs.
        CO_TRY(const auto lock, co_await MigrationLock::acquire(project.database, QString(applicationName), stop));
        CO_TRY(const bool due, co_await isDue(project));
        if (!due) {
            co_return Result<>();
        }
        CO_TRY(const Loss lost, co_await agreedLoss(context, project, "loses"_L1, u"migration.loses_more"_s));
        CO_CHECK(co_await run(context, lock.get(), project, Direction::Down, params["downTo"_L1].toString(), params["to"_L1].toString(), undo, stop));
        context.setResult(stepresult::lost, lossToJson(lost));
        if (!lossMessages(lost).isEmpty()) {
            context.setResult(stepresult::irreversible, true);
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        const auto found = co_await AlembicStep::inspect(context, undo);
        if (found && *found == Inspection::Done) {
            tellWhatWasAgreedTo(context, spec());
        }
        co_return found;
    }

    /// Where nothing was lost the revision is applied again.
    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const Inspection found, co_await inspect(context, undo));
        if (found == Inspection::NotStarted) {
            co_return Result<>();
        }
        const QJsonObject params = spec().params;
        const bool lost = !lossMessages(lossFromJson(context.result(spec().id, stepresult::lost))).isEmpty();
        if (found != Inspection::Done || lost || !lostFromJson(params["takes"_L1]).isEmpty()) {
            co_return fail(u"step.not_revertible"_s, {{u"step"_s, spec().title.toJson()}});
        }
        CO_TRY(const Project project, projectOf(context));
        CO_CHECK(co_await observe(context, stop));
        CO_TRY(const auto lock, co_await MigrationLock::acquire(project.database, QString(applicationName), stop));
        CO_TRY(const bool due, co_await isDue(project, true));
        if (!due) {
            co_return Result<>();
        }
        co_return co_await run(context, lock.get(), project, Direction::Up, params["revision"_L1].toString(), params["from"_L1].toString(), {}, stop);
    }
};

} // namespace

std::unique_ptr<Step> makeUpgradeStep(StepSpec spec)
{
    return std::make_unique<UpgradeStep>(std::move(spec));
}

std::unique_ptr<Step> makeDowngradeStep(StepSpec spec)
{
    return std::make_unique<DowngradeStep>(std::move(spec));
}

} // namespace cutover::alembic
