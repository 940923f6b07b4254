// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/tellremarks.h"
#include "database/database.h"
#include "plan/loss.h"
#include "plan/step.h"
#include "run/decisions.h"
#include "system/json.h"
#include "system/worker.h"
#include "target/databaseidentity.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/**
 * Puts a backup in the place of a database that is missing or damaged; the plan has stopped its
 * writers. What is there is moved aside, never deleted.
 */
class RebuildDatabaseStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        if (const QString file = info().file; !QFileInfo::exists(file)) {
            co_return fail(u"database.backup_missing"_s, {{u"file"_s, file}}, file);
        }
        co_return checkDatabaseFolder(context.target(), spec);
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        CO_TRY(const auto live, Database::create(spec));
        CO_TRY(const QString damaged, co_await live->identity());
        // So it is taken until it is proven that the swap has not come about.
        context.setResult(stepresult::irreversible, true);
        co_return QJsonObject{{u"damaged"_s, damaged}};
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        CO_TRY(const auto live, Database::create(spec));
        live->setInherit({context.lockDescriptor()});
        CO_TRY(const bool replaced, co_await isReplaced(*live, undo));
        const auto tell = [&context, names = QJsonObject{{u"database"_s, spec.name}}, unit = live->progressUnit()](qint64 done, qint64 total) {
            context.progress({done, total, unit, {u"backup.rebuilding"_s, names}});
        };
        // Interrupted behind the swap: what is there is ours.
        const Result<> built = replaced ? co_await live->restore(info(), tell, stop)
                                        : co_await live->rebuild(info(), aside(), pinning(context.target(), spec.name), tell, stop);
        const auto swapped = co_await isReplaced(*live, undo);
        context.setResult(stepresult::irreversible, !swapped || *swapped);
        CO_CHECK(built);
        Worker worker;
        CO_TRY(const QJsonObject pinned, co_await worker.run([target = context.target()] { return pinIdentity(target); }));
        context.setResult(stepresult::facts, QJsonObject{{u"target.identity"_s, json::digest(pinned)}});
        CO_TRY(const bool kept, co_await live->isAside(aside()));
        if (kept) {
            context.setResult(stepresult::aside, aside());
        }
        tellRemarks(context, *live);
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        CO_TRY(const auto live, Database::create(spec));
        co_return co_await live->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        CO_TRY(const auto live, Database::create(spec));
        CO_TRY(const bool replaced, co_await isReplaced(*live, undo));
        context.setResult(stepresult::irreversible, replaced);
        CO_TRY(const bool moved, co_await live->isAside(aside()));
        const bool untouched = !replaced && !moved;
        // Building it again is safe and exact.
        co_return untouched ? Inspection::NotStarted : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_TRY(const DatabaseSpec spec, database(context));
        CO_TRY(const auto live, Database::create(spec));
        CO_TRY(const bool replaced, co_await isReplaced(*live, undo));
        if (replaced) {
            co_return fail(u"step.not_revertible"_s, {{u"step"_s, this->spec().title.toJson()}});
        }
        const auto back = co_await live->bringBack(aside(), pinning(context.target(), spec.name));
        tellRemarks(context, *live);
        co_return back;
    }

private:
    BackupInfo info() const { return backupInfoFromJson(spec().params["backup"_L1].toObject()); }
    QString aside() const { return spec().params["aside"_L1].toString(); }

    static Database::SwapFunction pinning(const Target &target, const QString &database)
    {
        return [target, database](const QString &file) { return pinDatabaseFile(target, database, file); };
    }

    /// Whether the database that is there is another than the damaged one.
    static Async<bool> isReplaced(Database &live, QJsonObject undo)
    {
        CO_TRY(const QString now, co_await live.identity());
        co_return !now.isEmpty() && now != undo["damaged"_L1].toString();
    }

    Result<DatabaseSpec> database(StepContext &context) const
    {
        const QString name = spec().params["database"_L1].toString();
        const DatabaseSpec *database = context.target().database(name);
        if (!database) {
            return fail(u"backup.no_database"_s, {{u"member"_s, name}}, context.target().path);
        }
        return *database;
    }
};

const StepRegistry::Registration registration(u"rebuild_database"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<RebuildDatabaseStep>(std::move(spec)); });

} // namespace

} // namespace cutover
