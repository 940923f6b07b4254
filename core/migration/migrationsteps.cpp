// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/progressrelay.h"
#include "migration/migrationwork.h"
#include "plan/step.h"
#include "system/json.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using sqlite::Connection;

Result<DatabaseSpec> databaseOf(const StepSpec &spec, const Target &target)
{
    const QString name = spec.params["database"_L1].toString();
    const DatabaseSpec *database = target.database(name);
    if (!database) {
        return fail(u"migration.no_database"_s, {{u"database"_s, name}}, target.path);
    }
    return *database;
}

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

/// Why an applied migration stays; empty: it is gone.
Result<Message> goBackIfNothingIsLost(const DatabaseSpec &database, const QString &revision, const std::stop_token &stop)
{
    TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
    TRY(const auto row, migration::find(connection, revision));
    if (!row) {
        return Message();
    }
    const Result<> gone = migration::downgrade(connection, row->migration(), [revision](const migration::Loss &loss) -> Result<> {
        for (const auto &[name, count] : loss.asKeyValueRange()) {
            if (count > 0) {
                return fail(u"migration.would_lose"_s, {{u"revision"_s, revision}, {u"count"_s, count}, {u"what"_s, name}});
            }
        }
        return {};
    });
    if (gone) {
        return Message();
    }
    // The old code works with the expanded schema, so leaving it is safe where going back is not.
    for (const auto code : {"migration.would_lose"_L1, "migration.not_newest"_L1, "migration.irreversible"_L1}) {
        if (gone.error().code == code) {
            return Message{gone.error().code, gone.error().args};
        }
    }
    return fail(gone.error());
}

class MigrateStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_CHECK(co_await read(context));
        CO_CHECK(databaseOf(spec(), context.target()));
        co_return Result<>();
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, databaseOf(spec(), context.target()));
        CO_TRY(const Migration migration, co_await read(context));
        const QJsonObject names{{u"revision"_s, migration.revision}, {u"name"_s, migration.name}};
        co_return co_await upgrade(
            database, migration,
            [&context, names](qint64 done, qint64 total) { context.progress({done, total, u"rows"_s, {u"migration.doing"_s, names}}); },
            stop);
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await look(context));
        if (found != Inspection::Done) {
            co_return fail(u"migration.not_applied"_s, spec().params);
        }
        CO_TRY(const DatabaseSpec spec, databaseOf(this->spec(), context.target()));
        CO_TRY(const auto database, Database::create(spec));
        co_return co_await database->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override { return look(context); }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, databaseOf(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        CO_TRY(const Message kept,
               co_await worker.run([database, revision, stop] { return goBackIfNothingIsLost(database, revision, stop); }));
        if (!kept.isEmpty()) {
            context.log({u"migration.kept"_s, {{u"revision"_s, revision}, {u"why"_s, kept.toJson()}}});
            context.setResult(u"kept"_s, kept.toJson());
            CO_TRY(const auto applied, co_await appliedMigrations(database));
            const QString head = applied.isEmpty() ? QString() : applied.last().revision;
            context.setResult(u"factsLeft"_s, QJsonObject{{u"migration.head:"_s + database.name, head}});
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

    Async<Inspection> look(StepContext &context)
    {
        CO_TRY(const DatabaseSpec database, databaseOf(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        CO_TRY(const auto row, co_await worker.run([database, revision] { return rowIn(database, revision); }));
        if (!row) {
            co_return Inspection::NotStarted;
        }
        if (row->sha256 != spec().params["sha256"_L1].toString()) {
            co_return Inspection::Unknown;
        }
        co_return row->cursor.isEmpty() ? Inspection::Done : Inspection::Partial;
    }
};

/// In one transaction: counts what goes, refuses when that is more than was approved, goes back.
Result<migration::Loss> goBack(const DatabaseSpec &database, const QJsonObject &params, const std::stop_token &stop)
{
    TRY(Connection connection, Connection::open(database.file, Connection::Mode::Existing, stop));
    const QString revision = params["revision"_L1].toString();
    TRY(const auto row, migration::find(connection, revision));
    migration::Loss lost;
    if (!row) {
        return lost;
    }
    const QString digest = json::sha256(row->migration().down.toUtf8());
    if (const QString expected = params["downSha256"_L1].toString(); digest != expected) {
        return fail(u"migration.changed"_s, {{u"revision"_s, revision}, {u"expected"_s, expected}, {u"found"_s, digest}}, database.file);
    }
    const QJsonObject accepted = params["accepted"_L1].toObject();
    CHECK(migration::downgrade(connection, row->migration(), [&](const migration::Loss &loss) -> Result<> {
        for (const auto &[name, count] : loss.asKeyValueRange()) {
            // What was to be lost grows while the new code still writes it; nothing else may be lost.
            if (count > 0 && accepted[name].toInteger() == 0) {
                return fail(u"migration.would_lose"_s, {{u"revision"_s, revision}, {u"count"_s, count}, {u"what"_s, name}});
            }
        }
        lost = loss;
        return {};
    }));
    return lost;
}

class DowngradeStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec database, databaseOf(spec(), context.target()));
        const QJsonObject params = spec().params;
        Worker worker;
        CO_TRY(const migration::Loss lost, co_await worker.run([database, params, stop] { return goBack(database, params, stop); }));
        QJsonObject counted;
        for (const auto &[name, count] : lost.asKeyValueRange()) {
            counted.insert(name, count);
        }
        context.setResult(u"lost"_s, counted);
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, databaseOf(this->spec(), context.target()));
        CO_TRY(const auto database, Database::create(spec));
        co_return co_await database->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override { return look(context); }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await look(context));
        if (found == Inspection::NotStarted) {
            co_return Result<>();
        }
        co_return fail(u"step.not_revertible"_s, {{u"step"_s, spec().title.toJson()}});
    }

private:
    Async<Inspection> look(StepContext &context)
    {
        CO_TRY(const DatabaseSpec database, databaseOf(spec(), context.target()));
        const QString revision = spec().params["revision"_L1].toString();
        Worker worker;
        CO_TRY(const auto row, co_await worker.run([database, revision] { return rowIn(database, revision); }));
        co_return row ? Inspection::NotStarted : Inspection::Done;
    }
};

const StepRegistry::Registration migrate(u"migrate"_s, 1, [](StepSpec spec) { return std::make_unique<MigrateStep>(std::move(spec)); });
const StepRegistry::Registration down(u"downgrade"_s, 1, [](StepSpec spec) { return std::make_unique<DowngradeStep>(std::move(spec)); });

} // namespace

} // namespace cutover
