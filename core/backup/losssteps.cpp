// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/tellremarks.h"
#include "database/database.h"
#include "plan/loss.h"
#include "plan/step.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/**
 * Counts, row by row, what a restore is about to give up, and asks when that is more than was
 * approved: once while services still serve, so that the question costs nobody anything, and once
 * when they are stopped, when the number is final.
 */
class CountLossStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        CO_CHECK(co_await stillUnknown(context, stop));
        CO_TRY(const Loss lost, co_await count(context, stop));
        const LossLimit planned = LossLimit::read(spec().params);
        const Loss limit = agreed(context, planned);
        context.setResult(stepresult::lost, lossToJson(lost));
        context.setResult(u"holdAbove"_s, lossToJson(limit));
        if (above(lost, limit).isEmpty()) {
            co_return Result<>();
        }
        Loss next = limit;
        for (const auto &[name, rows] : lost.asKeyValueRange()) {
            // Writers that still write go on while somebody is asked.
            next[name] = qMax(next[name], isFenced() ? rows : rows + planned.allowance.value(name));
        }
        context.setResult(stepresult::asks, lossToJson(next));
        if (!isFenced()) {
            // A step that has not begun is not taken back, so what was built to compare with goes now. Services
            // still serve: to build it again after the question costs nobody anything.
            CO_CHECK(co_await revert(context, {}, {}));
        }
        const QJsonObject args{{u"loss"_s, lossStated(lost)},
                               {u"counted"_s, lossStated(planned.counted)},
                               {u"limit"_s, lossStated(limit)},
                               {u"next"_s, lossStated(next)}};
        co_return fail(isFenced() ? u"backup.loses_more_fenced"_s : u"backup.loses_more"_s, args);
    }

    Async<> apply(StepContext &, QJsonObject, std::stop_token) override { co_return Result<>(); }

    Async<Inspection> inspect(StepContext &, QJsonObject) override
    {
        // Only looks; doing it again is the surest answer.
        co_return Inspection::NotStarted;
    }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        // The restore does not come. What stays nevertheless only takes space, until the next clean up.
        const QJsonObject backups = spec().params["backups"_L1].toObject();
        for (const DatabaseSpec &database : context.target().databases) {
            if (backups.contains(database.name)) {
                CO_TRY(const auto live, Database::create(database));
                if (const Result<> forgotten = co_await live->forget(); !forgotten) {
                    context.log({u"backup.not_forgotten"_s, {{u"database"_s, database.name}, {u"error"_s, forgotten.error().toJson()}}});
                }
            }
        }
        co_return Result<>();
    }

private:
    bool isFenced() const { return spec().params["fenced"_L1].toBool(); }

    /// What may be lost without asking: what somebody agreed to here or before, or else what the plan says.
    Loss agreed(StepContext &context, const LossLimit &planned) const
    {
        if (const QJsonValue asked = context.result(spec().id, stepresult::asked); asked.isObject()) {
            return lossFromJson(asked);
        }
        const QJsonValue before = context.result(spec().params["before"_L1].toString(), u"holdAbove"_s);
        return before.isObject() ? lossFromJson(before) : planned.holdAbove();
    }

    /// What was approved as unknown must not be what could be counted by now.
    Async<> stillUnknown(StepContext &context, std::stop_token stop)
    {
        const Target &target = context.target();
        const QStringList names = spec().params["unknown"_L1].toObject().keys();
        for (const QString &name : names) {
            const DatabaseSpec *database = target.database(name);
            if (!database) {
                co_return fail(u"backup.no_database"_s, {{u"member"_s, name}}, target.path);
            }
            CO_TRY(const auto live, Database::create(*database));
            CO_TRY(const std::optional<Error> why, co_await live->whyUnreadable(stop));
            if (!why) {
                co_return fail(u"backup.readable_again"_s, {{u"database"_s, name}});
            }
        }
        co_return Result<>();
    }

    Async<Loss> count(StepContext &context, std::stop_token stop)
    {
        const Target target = context.target();
        const QJsonObject backups = spec().params["backups"_L1].toObject();
        const QStringList names = backups.keys();
        Loss all;
        qint64 done = 0;
        for (const QString &name : names) {
            if (spec().params["unknown"_L1].toObject().contains(name)) {
                continue;
            }
            const DatabaseSpec *database = target.database(name);
            if (!database) {
                co_return fail(u"backup.no_database"_s, {{u"member"_s, name}}, target.path);
            }
            context.progress({done++, names.size(), u"databases"_s, {u"backup.comparing"_s, {{u"database"_s, name}}}});
            CO_TRY(const auto live, Database::create(*database));
            live->setInherit({context.lockDescriptor()});
            const Message doing{u"backup.comparing"_s, {{u"database"_s, name}}};
            CO_TRY(const auto lost, co_await live->lossAgainst(backupInfoFromJson(backups[name].toObject()), [&context, doing, unit = live->progressUnit()](qint64 rows, qint64 total) { context.progress({rows, total, unit, doing}); }, stop));
            tellRemarks(context, *live);
            for (const auto &[table, rows] : lost.asKeyValueRange()) {
                all.insert(lossName(target, name, table), rows);
            }
        }
        co_return all;
    }
};

const StepRegistry::Registration registration(u"count_loss"_s, 1, [](StepSpec spec) { return std::make_unique<CountLossStep>(std::move(spec)); });

} // namespace

} // namespace cutover
