// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/tellremarks.h"
#include "database/database.h"
#include "database/postgresplaces.h"
#include "plan/step.h"
#include "run/decisions.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/**
 * Keeps writers out that no plan stops (unmanaged services, cron jobs, other hosts), from before the last
 * backup until the restore has swapped each database, or the way back has opened it again. {databases}
 */
class CloseDatabasesStep : public Step
{
public:
    using Step::Step;

    bool isCancellable() const override { return false; }

    /// How a person opens each, whom nobody else tells once the run was abandoned.
    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        QJsonObject opens;
        const QStringList names = this->names();
        for (const QString &name : names) {
            const DatabaseSpec *database = context.target().database(name);
            if (database && database->driver == "postgresql"_L1) {
                Worker worker; // The name of a service file's database is looked up.
                const auto command = co_await worker.run([spec = *database]() -> Result<QString> { return postgres::reopeningStatement(spec); });
                opens.insert(closedFact(name), QJsonObject{{u"name"_s, name}, {u"command"_s, command.value_or(QString())}});
            }
        }
        context.setResult(stepresult::opens, opens);
        co_return QJsonObject();
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        const QStringList names = this->names();
        for (const QString &name : names) {
            CO_TRY(const auto database, this->database(context, name));
            const auto closed = co_await database->close();
            tellRemarks(context, *database);
            CO_CHECK(closed);
        }
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await inspect(context, {}));
        if (found != Inspection::Done) {
            co_return fail(u"backup.not_closed"_s);
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        const QStringList names = this->names();
        qsizetype closed = 0;
        for (const QString &name : names) {
            CO_TRY(const auto database, this->database(context, name));
            CO_TRY(const bool isClosed, co_await database->isClosed());
            closed += isClosed;
        }
        co_return closed == names.size() ? Inspection::Done : closed == 0 ? Inspection::NotStarted
                                                                          : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        // All of them, also where one can't be opened: the others are needed.
        Result<> opened;
        const QStringList names = this->names();
        for (const QString &name : names) {
            CO_TRY(const auto database, this->database(context, name));
            if (const Result<> done = co_await database->reopen(); !done) {
                opened = done;
            }
            tellRemarks(context, *database);
        }
        co_return opened;
    }

private:
    QStringList names() const
    {
        QStringList names;
        const QJsonArray databases = spec().params["databases"_L1].toArray();
        for (const auto &name : databases) {
            names.append(name.toString());
        }
        return names;
    }

    static Result<std::unique_ptr<Database>> database(StepContext &context, const QString &name)
    {
        const DatabaseSpec *database = context.target().database(name);
        if (!database) {
            return fail(u"backup.no_database"_s, {{u"member"_s, name}}, context.target().path);
        }
        return Database::create(*database);
    }
};

const StepRegistry::Registration registration(u"close_databases"_s, 1, [](StepSpec spec) { return std::make_unique<CloseDatabasesStep>(std::move(spec)); });

} // namespace

} // namespace cutover
