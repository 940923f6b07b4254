// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationtool.h"

#include "plan/loss.h"

#include <QJsonArray>

#include <map>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr auto ownChain = "sql"_L1;

std::map<QString, std::unique_ptr<MigrationTool>> &tools()
{
    static std::map<QString, std::unique_ptr<MigrationTool>> all;
    return all;
}

/// Says that it can't be rebuilt, where the tool that planned it is not there.
class ForeignStep : public Step
{
public:
    ForeignStep(StepSpec spec, Error why)
        : Step(std::move(spec))
        , m_why(std::move(why))
    {
    }
    Async<> apply(StepContext &, QJsonObject, std::stop_token) override { co_return fail(m_why); }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return fail(m_why); }

private:
    const Error m_why;
};

std::unique_ptr<Step> make(StepSpec spec, std::unique_ptr<Step> (MigrationTool::*function)(StepSpec) const)
{
    const auto tool = MigrationTool::named(spec.params["tool"_L1].toString(ownChain));
    if (!tool) {
        return std::make_unique<ForeignStep>(std::move(spec), tool.error());
    }
    return ((*tool)->*function)(std::move(spec));
}

const StepRegistry::Registration migrate(u"migrate"_s, 1, [](StepSpec spec) { return make(std::move(spec), &MigrationTool::migrateStep); });
const StepRegistry::Registration downgrade(u"downgrade"_s, 1, [](StepSpec spec) { return make(std::move(spec), &MigrationTool::downgradeStep); });

} // namespace

Result<const MigrationTool *> MigrationTool::named(const QString &name)
{
    const auto found = tools().find(name);
    if (found == tools().end()) {
        return fail(u"migration.unknown_tool"_s, {{u"tool"_s, name}, {u"known"_s, QJsonArray::fromStringList(names())}});
    }
    return found->second.get();
}

QStringList MigrationTool::names()
{
    QStringList all;
    for (const auto &[name, tool] : tools()) {
        all.append(name);
    }
    return all;
}

MigrationTool::Registration::Registration(const QString &name, std::unique_ptr<MigrationTool> tool)
{
    tools()[name] = std::move(tool);
}

void readMigrationSpec(yaml::Map &map, DatabaseSpec &database)
{
    // Where it is a map, only to have the key known.
    const yaml::Value place = map.optional(u"migrations"_s);
    if (!place.exists()) {
        return;
    }
    if (!map.hasMap(u"migrations"_s)) {
        database.migrations = place.relativePath();
    } else {
        yaml::Map own = map.optionalMap(u"migrations"_s);
        const QString name = own.required(u"tool"_s, u"choice"_s).choice(MigrationTool::names());
        const auto tool = MigrationTool::named(name);
        if (!tool) {
            return;
        }
        database.migrationTool.tool = name;
        (*tool)->read(own, database);
        own.close();
    }
    const auto tool = MigrationTool::named(database.migrationTool.tool);
    if (tool && !database.driver.isEmpty() && !(*tool)->drivers().contains(database.driver)) {
        place.problem(u"migration_driver"_s,
                      {{u"tool"_s, database.migrationTool.tool}, {u"driver"_s, database.driver}, {u"drivers"_s, QJsonArray::fromStringList((*tool)->drivers())}});
    }
}

Error notInRelease(const DatabaseSpec &database, const StagedRelease &release, const QStringList &revisions)
{
    return {u"migration.unknown_to_code"_s,
            {{u"database"_s, database.name}, {u"version"_s, release.info.manifest.version.toString()}, {u"revisions"_s, QJsonArray::fromStringList(revisions)}},
            Error::Kind::Permanent,
            database.name};
}

Error neededByRelease(const DatabaseSpec &database, const StagedRelease &release, const QStringList &revisions)
{
    return {u"migration.code_needs"_s,
            {{u"database"_s, database.name}, {u"version"_s, release.info.manifest.version.toString()}, {u"revisions"_s, QJsonArray::fromStringList(revisions)}},
            Error::Kind::Permanent,
            database.name};
}

Result<DatabaseSpec> migratedDatabase(const StepSpec &spec, const Target &target)
{
    const QString name = spec.params["database"_L1].toString();
    const DatabaseSpec *database = target.database(name);
    if (!database) {
        return fail(u"migration.no_database"_s, {{u"database"_s, name}}, target.path);
    }
    return *database;
}

Result<> keepMigration(StepContext &context, const StepSpec &spec, const KeptMigration &kept)
{
    const QJsonValue revision = spec.params["revision"_L1];
    // An expanded schema is made for both releases; of anything else a person has to say that it may stay.
    // What was agreed to on the way there, with counts, is another question.
    const QJsonValue agreed = context.result(spec.id, stepresult::asked);
    if (kept.phase != "expand"_L1 && !(agreed.isObject() && agreed.toObject().isEmpty())) {
        context.setResult(stepresult::asks, QJsonObject());
        return fail(u"migration.stays"_s, {{u"revision"_s, revision}, {u"kept"_s, kept.why.toJson()}, {u"phase"_s, kept.phase}});
    }
    context.log({u"migration.kept"_s, {{u"revision"_s, revision}, {u"why"_s, kept.why.toJson()}}});
    context.setResult(stepresult::kept, kept.why.toJson());
    context.setResult(u"factsLeft"_s, QJsonObject{{u"migration.head:"_s + spec.params["database"_L1].toString(), kept.head}});
    return {};
}

void tellWhatWasAgreedTo(StepContext &context, const StepSpec &spec)
{
    if (context.result(spec.id, stepresult::lost).isObject()) {
        return;
    }
    const QJsonValue asked = context.result(spec.id, stepresult::asked);
    const Loss most = asked.isObject() ? lossFromJson(asked) : LossLimit::read(spec.params).holdAbove();
    context.setResult(stepresult::lost, lossToJson(most));
    if (!lossMessages(most).isEmpty()) {
        context.setResult(stepresult::irreversible, true);
    }
}

Error askForLoss(StepContext &context, const StepSpec &spec, const QString &code, const LossLimit &planned, const Loss &limit, const Loss &taken)
{
    // Writers go on while somebody is asked.
    Loss next = taken;
    for (const auto &[name, more] : planned.allowance.asKeyValueRange()) {
        next[name] += more;
    }
    context.setResult(stepresult::asks, lossToJson(next));
    return {code, {{u"revision"_s, spec.params["revision"_L1]}, {u"loss"_s, lossStated(taken)}, {u"counted"_s, lossStated(planned.counted)}, {u"limit"_s, lossStated(limit)}, {u"next"_s, lossStated(next)}}, Error::Kind::Permanent, {}};
}

} // namespace cutover
