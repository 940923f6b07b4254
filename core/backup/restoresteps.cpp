// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/restorepoints.h"
#include "backup/tellremarks.h"
#include "database/database.h"
#include "plan/keyeddigest.h"
#include "plan/loss.h"
#include "plan/sealing.h"
#include "system/files.h"
#include "system/json.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Puts one database's backup into the live database; the plan has stopped its writers.
class RestoreDatabaseStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_CHECK(database(context));
        if (const QString file = info().file; !QFileInfo::exists(file)) {
            co_return fail(u"database.backup_missing"_s, {{u"file"_s, file}}, file);
        }
        co_return Result<>();
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        // Counted once writers were stopped, by a step of its own for all databases.
        const QString database = spec().params["database"_L1].toString();
        const Loss all = lossFromJson(context.result(spec().params["counted"_L1].toString(), stepresult::lost));
        Loss lost;
        const QString own = lossName(context.target(), database, {});
        for (const auto &[name, count] : all.asKeyValueRange()) {
            if (name.startsWith(own)) {
                lost.insert(name, count);
            }
        }
        QJsonObject undo{{u"lost"_s, lossToJson(lost)}};
        // The way to tell afterwards whether anything was replaced.
        const QString id = context.result(spec().params["before"_L1].toString(), u"restorePoint"_s).toString();
        if (!id.isEmpty()) {
            CO_TRY(const RestorePoint point, co_await readRestorePoint(context.target().stateDirectory, id));
            undo.insert(u"before"_s, point.members[databaseMember(database)]);
        }
        co_return undo;
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_TRY(const auto live, database(context));
        live->setInherit({context.lockDescriptor()});
        context.setResult(stepresult::lost, undo["lost"_L1]);
        if (spec().params["closed"_L1].toBool()) {
            CO_TRY(const bool isInPlace, co_await isSwapped(*live, undo, stop));
            if (isInPlace) {
                // What comes behind the swap may be missing.
                const auto reopened = co_await live->reopen();
                tellRemarks(context, *live);
                co_return reopened;
            }
        }
        const QJsonObject names{{u"database"_s, spec().params["database"_L1]}};
        const auto restored = co_await live->restore(
            info(),
            [&context, names, unit = live->progressUnit()](qint64 done, qint64 total) {
                context.progress({done, total, unit, {u"backup.restoring"_s, names}});
            },
            stop);
        tellRemarks(context, *live);
        co_return restored;
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const auto live, database(context));
        co_return co_await live->check();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        const QJsonObject before = undo["before"_L1].toObject();
        if (!before.isEmpty()) {
            CO_TRY(const auto live, database(context));
            const Result<bool> same = co_await live->holdsTheSame(backupInfoFromJson(before), {});
            if (same && *same) {
                co_return Inspection::NotStarted;
            }
        }
        // Restoring again is safe and exact.
        co_return Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await inspect(context, undo));
        if (found == Inspection::NotStarted) {
            co_return Result<>();
        }
        co_return fail(u"step.not_revertible"_s, {{u"step"_s, spec().title.toJson()}});
    }

private:
    BackupInfo info() const { return backupInfoFromJson(spec().params["backup"_L1].toObject()); }

    /// Closed until the swap, open since: whether that has come about. Then others may have written, and that is not to be
    /// replaced once more. One that is open and still the former one has rows that nobody counted.
    Async<bool> isSwapped(Database &live, QJsonObject undo, std::stop_token stop) const
    {
        CO_TRY(const bool isClosed, co_await live.isClosed());
        CO_TRY(const QString now, co_await live.identity());
        if (isClosed || now.isEmpty()) {
            co_return false;
        }
        CO_TRY(const bool same, co_await live.holdsTheSame(backupInfoFromJson(undo["before"_L1].toObject()), stop));
        if (same) {
            co_return fail(u"backup.opened"_s, {{u"database"_s, spec().params["database"_L1]}});
        }
        co_return true;
    }

    Result<std::unique_ptr<Database>> database(StepContext &context) const
    {
        const QString name = spec().params["database"_L1].toString();
        const DatabaseSpec *database = context.target().database(name);
        if (!database) {
            return fail(u"backup.no_database"_s, {{u"member"_s, name}}, context.target().path);
        }
        return Database::create(*database);
    }
};

class RestoreConfigurationStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        const QString state = context.target().stateDirectory;
        const QString file = this->file();
        if (!QFileInfo::exists(file)) {
            co_return QJsonObject{{u"existed"_s, false}};
        }
        const QString saved = u"%1/%2.sealed"_s.arg(context.runDirectory(), json::sha256(file.toUtf8()).first(16));
        CO_CHECK(files::makePath(context.runDirectory()));
        CO_TRY(const QByteArray content, files::read(file));
        CO_TRY(const QByteArray sealed, seal(state, content));
        CO_TRY(const QString digest, keyedDigest(state, content));
        CO_CHECK(files::replace(saved, sealed, files::privateFile));
        co_return QJsonObject{{u"existed"_s, true}, {u"saved"_s, saved}, {u"content"_s, digest}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        const QJsonObject member = spec().params["backup"_L1].toObject();
        co_return put(context, member["file"_L1].toString());
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const QString now, present(context));
        if (now != wanted()) {
            co_return fail(u"backup.configuration_differs"_s, {{u"file"_s, file()}}, file());
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(const QString now, present(context));
        co_return now == wanted()                  ? Inspection::Done
            : now == undo["content"_L1].toString() ? Inspection::NotStarted
                                                   : Inspection::Unknown;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        if (!undo.contains("existed"_L1)) {
            co_return Result<>(); // Not even prepared.
        }
        CO_TRY(const Inspection found, co_await inspect(context, undo));
        if (found == Inspection::NotStarted) {
            co_return Result<>();
        }
        if (found == Inspection::Unknown) {
            // Somebody's edit since then is not thrown away.
            co_return fail(u"config.edited"_s, {{u"file"_s, file()}}, file());
        }
        if (!undo["existed"_L1].toBool()) {
            co_return files::remove(file());
        }
        co_return put(context, undo["saved"_L1].toString());
    }

    Async<> finalize(StepContext &, QJsonObject undo) override
    {
        const QString saved = undo["saved"_L1].toString();
        co_return saved.isEmpty() ? Result<>() : files::remove(saved);
    }

private:
    QString file() const { return spec().params["file"_L1].toString(); }
    QString wanted() const { return spec().params["backup"_L1].toObject()["content"_L1].toString(); }

    Result<> put(StepContext &context, const QString &sealedFile) const
    {
        TRY(const QByteArray sealed, files::read(sealedFile));
        TRY(const QByteArray content, unseal(context.target().stateDirectory, sealed, sealedFile));
        return files::replace(file(), content, files::privateFile);
    }

    /// Keyed digest of the file as it is; empty when there is none.
    Result<QString> present(StepContext &context) const
    {
        if (!QFileInfo::exists(file())) {
            return QString();
        }
        TRY(const QByteArray content, files::read(file()));
        return keyedDigest(context.target().stateDirectory, content);
    }
};

const StepRegistry::Registration database(u"restore_database"_s, 1,
                                          [](StepSpec spec) { return std::make_unique<RestoreDatabaseStep>(std::move(spec)); });
const StepRegistry::Registration configuration(u"restore_configuration"_s, 1,
                                               [](StepSpec spec) { return std::make_unique<RestoreConfigurationStep>(std::move(spec)); });

} // namespace

} // namespace cutover
