// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/views.h"

#include "system/jsonvalues.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QJsonObject countsToJson(const QMap<QString, qint64> &counts)
{
    QJsonObject json;
    for (auto it = counts.cbegin(); it != counts.cend(); ++it) {
        json.insert(it.key(), it.value());
    }
    return json;
}

QMap<QString, qint64> countsFromJson(const QJsonObject &json)
{
    QMap<QString, qint64> counts;
    for (auto it = json.begin(); it != json.end(); ++it) {
        counts.insert(it.key(), it.value().toInteger());
    }
    return counts;
}

QJsonObject instanceToJson(const InstanceView &instance)
{
    return {{u"name"_s, instance.name}, {u"service"_s, instance.service}, {u"version"_s, instance.version}, {u"state"_s, instance.state}, {u"port"_s, instance.port}, {u"sessions"_s, instance.sessions}, {u"pid"_s, instance.pid}, {u"colour"_s, instance.colour}, {u"idle"_s, instance.idle}, {u"spare"_s, instance.spare}};
}

InstanceView instanceFromJson(const QJsonObject &json)
{
    return {.name = json[u"name"].toString(),
            .service = json[u"service"].toString(),
            .version = json[u"version"].toString(),
            .state = json[u"state"].toString(),
            .port = json[u"port"].toInt(),
            .sessions = json[u"sessions"].toInt(-1),
            .pid = json[u"pid"].toInteger(),
            .colour = json[u"colour"].toString(),
            .idle = json[u"idle"].toBool(),
            .spare = json[u"spare"].toBool()};
}

QJsonObject optionToJson(const RollbackOption &option)
{
    return {{u"mode"_s, option.mode},
            {u"expectedMs"_s, option.expectedMs},
            {u"expectedDowntimeMs"_s, option.expectedDowntimeMs},
            {u"loss"_s, countsToJson(option.loss)},
            {u"unavailable"_s, option.unavailable.toJson()},
            {u"holdAbove"_s, countsToJson(option.holdAbove)},
            {u"unknownLoss"_s, option.unknownLoss}};
}

RollbackOption optionFromJson(const QJsonObject &json)
{
    return {.mode = json[u"mode"].toString(),
            .expectedMs = json[u"expectedMs"].toInteger(),
            .expectedDowntimeMs = json[u"expectedDowntimeMs"].toInteger(),
            .loss = countsFromJson(json[u"loss"].toObject()),
            .unavailable = Error::fromJson(json[u"unavailable"].toObject()),
            .holdAbove = countsFromJson(json[u"holdAbove"].toObject()),
            .unknownLoss = json[u"unknownLoss"].toArray()};
}

} // namespace

QString TargetView::connRefusal() const
{
    const QString foreign = foreignConn();
    return foreign.isEmpty() ? QString() : Message{u"serve.conn_elsewhere"_s, {{u"holder"_s, foreign}}}.text();
}

QJsonObject RedisView::toJson() const
{
    return {{u"name"_s, name}, {u"version"_s, version}, {u"usedMemory"_s, usedMemory}, {u"maxMemory"_s, maxMemory}, {u"high"_s, high}, {u"problem"_s, problem.toJson()}};
}

RedisView RedisView::fromJson(const QJsonObject &json)
{
    return {.name = json[u"name"].toString(),
            .version = json[u"version"].toString(),
            .usedMemory = json[u"usedMemory"].toInteger(),
            .maxMemory = json[u"maxMemory"].toInteger(),
            .high = json[u"high"].toBool(),
            .problem = Error::fromJson(json[u"problem"].toObject())};
}

QJsonObject TargetView::toJson() const
{
    QJsonArray servers;
    for (const RedisView &server : redis) {
        servers.append(server.toJson());
    }
    QJsonObject heads;
    for (auto it = revisions.cbegin(); it != revisions.cend(); ++it) {
        heads.insert(it.key(), it.value());
    }
    return {{u"name"_s, name},
            {u"product"_s, product},
            {u"environment"_s, environment},
            {u"version"_s, version},
            {u"health"_s, health},
            {u"database"_s, database},
            {u"host"_s, host},
            {u"connHolder"_s, connHolder},
            {u"connSession"_s, connSession},
            {u"connSince"_s, json::fromTime(connSince)},
            {u"connNote"_s, connNote},
            {u"connOurs"_s, connOurs},
            {u"activeRun"_s, activeRun},
            {u"runnerSilenceMs"_s, runnerSilenceMs},
            {u"runnerGone"_s, runnerGone},
            {u"watcherSilenceMs"_s, watcherSilenceMs},
            {u"instances"_s, json::fromList(instances, instanceToJson)},
            {u"lookAgeMs"_s, lookAgeMs},
            {u"balancer"_s, balancer},
            {u"freeBytes"_s, freeBytes},
            {u"lastBackup"_s, json::fromTime(lastBackup)},
            {u"lastProvenBackup"_s, json::fromTime(lastProvenBackup)},
            {u"revisions"_s, heads},
            {u"redis"_s, servers},
            {u"errorLimit"_s, errorLimit},
            {u"commits"_s, commits},
            {u"problem"_s, problem.toJson()},
            {u"cutRestart"_s, cutRestart.toJson()}};
}

TargetView TargetView::fromJson(const QJsonObject &json)
{
    TargetView view{.name = json[u"name"].toString(),
                    .product = json[u"product"].toString(),
                    .environment = json[u"environment"].toString(),
                    .version = json[u"version"].toString(),
                    .health = json[u"health"].toString(),
                    .database = json[u"database"].toString(),
                    .host = json[u"host"].toString(),
                    .connHolder = json[u"connHolder"].toString(),
                    .connSession = json[u"connSession"].toString(),
                    .connSince = json::toTime(json[u"connSince"]),
                    .connNote = json[u"connNote"].toString(),
                    .connOurs = json[u"connOurs"].toBool(),
                    .activeRun = json[u"activeRun"].toString(),
                    .runnerSilenceMs = json[u"runnerSilenceMs"].toInteger(-1),
                    .runnerGone = json[u"runnerGone"].toBool(),
                    .watcherSilenceMs = json[u"watcherSilenceMs"].toInteger(-1),
                    .instances = json::toList<InstanceView>(json[u"instances"], instanceFromJson),
                    .lookAgeMs = json[u"lookAgeMs"].toInteger(),
                    .balancer = json[u"balancer"].toString(),
                    .freeBytes = json[u"freeBytes"].toInteger(-1),
                    .lastBackup = json::toTime(json[u"lastBackup"]),
                    .lastProvenBackup = json::toTime(json[u"lastProvenBackup"]),
                    .revisions = {},
                    .redis = {},
                    .errorLimit = json[u"errorLimit"].toDouble(0.05),
                    .commits = json[u"commits"].toBool(),
                    .problem = Error::fromJson(json[u"problem"].toObject()),
                    .cutRestart = Error::fromJson(json[u"cutRestart"].toObject())};
    const QJsonObject heads = json[u"revisions"].toObject();
    for (auto it = heads.begin(); it != heads.end(); ++it) {
        view.revisions.insert(it.key(), it.value().toString());
    }
    const QJsonArray servers = json[u"redis"].toArray();
    for (const auto &server : servers) {
        view.redis.append(RedisView::fromJson(server.toObject()));
    }
    return view;
}

QJsonObject ReleaseView::toJson() const
{
    return {{u"manifest"_s, manifest.toJson()},
            {u"updateType"_s, updateType},
            {u"path"_s, QJsonArray::fromStringList(path)},
            {u"blocked"_s, blocked.toJson()},
            {u"size"_s, size},
            {u"expectedDowntimeMs"_s, expectedDowntimeMs},
            {u"risk"_s, risk}};
}

ReleaseView ReleaseView::fromJson(const QJsonObject &json)
{
    return {.manifest = Manifest::fromJson(json[u"manifest"].toObject()),
            .updateType = json[u"updateType"].toString(),
            .path = json::toStrings(json[u"path"]),
            .blocked = Error::fromJson(json[u"blocked"].toObject()),
            .size = json[u"size"].toInteger(),
            .expectedDowntimeMs = json[u"expectedDowntimeMs"].toInteger(),
            .risk = json[u"risk"].toString()};
}

QJsonObject RunView::toJson() const
{
    QJsonArray stepArray;
    for (const StepView &step : steps) {
        stepArray.append(QJsonObject{{u"spec"_s, step.spec.toJson()}, {u"record"_s, cutover::toJson(step.record)}});
    }
    QJsonObject refused;
    for (auto it = refusals.cbegin(); it != refusals.cend(); ++it) {
        refused.insert(it.key(), it.value().toJson());
    }
    return {{u"run"_s, cutover::toJson(run)},
            {u"steps"_s, stepArray},
            {u"current"_s, current},
            {u"leftMs"_s, leftMs},
            {u"turnBackBy"_s, json::fromTime(turnBackBy)},
            {u"ifAborted"_s, ifAborted.toJson()},
            {u"serving"_s, serving},
            {u"silent"_s, QJsonArray::fromStringList(silent)},
            {u"offers"_s, QJsonArray::fromStringList(offers)},
            {u"refusals"_s, refused}};
}

RunView RunView::fromJson(const QJsonObject &json)
{
    RunView view{.run = runFromJson(json[u"run"].toObject()),
                 .steps = json::toList<StepView>(json[u"steps"],
                                                 [](const QJsonObject &step) {
                                                     return StepView{StepSpec::fromJson(step[u"spec"].toObject()),
                                                                     stepFromJson(step[u"record"].toObject())};
                                                 }),
                 .current = json[u"current"].toInt(-1),
                 .leftMs = json[u"leftMs"].toInteger(-1),
                 .turnBackBy = json::toTime(json[u"turnBackBy"]),
                 .ifAborted = Message::fromJson(json[u"ifAborted"].toObject()),
                 .serving = json[u"serving"].toString(),
                 .silent = json::toStrings(json[u"silent"]),
                 .offers = json::toStrings(json[u"offers"]),
                 .refusals = {}};
    const QJsonObject refused = json[u"refusals"].toObject();
    for (auto it = refused.begin(); it != refused.end(); ++it) {
        view.refusals.insert(it.key(), Message::fromJson(it.value().toObject()));
    }
    return view;
}

QJsonObject RestorePointView::toJson() const
{
    return {{u"point"_s, cutover::toJson(point)},
            {u"current"_s, current},
            {u"rowsThen"_s, countsToJson(rowsThen)},
            {u"rowsNow"_s, countsToJson(rowsNow)},
            {u"revisionThen"_s, revisionThen},
            {u"revisionNow"_s, revisionNow},
            {u"versionNow"_s, versionNow},
            {u"configurationDifferences"_s, configurationDifferences},
            {u"options"_s, json::fromList(options, optionToJson)}};
}

RestorePointView RestorePointView::fromJson(const QJsonObject &json)
{
    return {.point = restorePointFromJson(json[u"point"].toObject()),
            .current = json[u"current"].toBool(),
            .rowsThen = countsFromJson(json[u"rowsThen"].toObject()),
            .rowsNow = countsFromJson(json[u"rowsNow"].toObject()),
            .revisionThen = json[u"revisionThen"].toString(),
            .revisionNow = json[u"revisionNow"].toString(),
            .versionNow = json[u"versionNow"].toString(),
            .configurationDifferences = json[u"configurationDifferences"].toInt(),
            .options = json::toList<RollbackOption>(json[u"options"], optionFromJson)};
}

QJsonObject toJson(const RunRecord &run)
{
    return {{u"id"_s, run.id},
            {u"plan"_s, run.plan.toJson()},
            {u"planDigest"_s, run.planDigest},
            {u"state"_s, stateName(run.state)},
            {u"reason"_s, run.reason.toJson()},
            {u"error"_s, run.error.toJson()},
            {u"approvedBy"_s, run.approvedBy},
            {u"startedBy"_s, run.startedBy},
            {u"created"_s, json::fromTime(run.created)},
            {u"started"_s, json::fromTime(run.started)},
            {u"ended"_s, json::fromTime(run.ended)},
            {u"activeMs"_s, run.activeMs},
            {u"heldUntil"_s, json::fromTime(run.heldUntil)},
            {u"breakGlass"_s, run.breakGlass.isEmpty() ? QJsonValue() : QJsonValue(run.breakGlass.toJson())}};
}

RunRecord runFromJson(const QJsonObject &json)
{
    return {.id = json[u"id"].toString(),
            .plan = Plan::fromJson(json[u"plan"].toObject()).value_or(Plan{}),
            .planDigest = json[u"planDigest"].toString(),
            .state = runStateFromName(json[u"state"].toString()),
            .reason = Message::fromJson(json[u"reason"].toObject()),
            .error = Error::fromJson(json[u"error"].toObject()),
            .approvedBy = json[u"approvedBy"].toString(),
            .startedBy = json[u"startedBy"].toString(),
            .created = json::toTime(json[u"created"]),
            .started = json::toTime(json[u"started"]),
            .ended = json::toTime(json[u"ended"]),
            .activeMs = json[u"activeMs"].toInteger(),
            .heldUntil = json::toTime(json[u"heldUntil"]),
            .breakGlass = BreakGlass::fromJson(json[u"breakGlass"].toObject())};
}

QJsonObject toJson(const StepRecord &step)
{
    // The undo record stays on the control host: it is for the engine alone.
    return {{u"run"_s, step.runId},
            {u"index"_s, step.index},
            {u"id"_s, step.id},
            {u"state"_s, stateName(step.state)},
            {u"attempt"_s, step.attempt},
            {u"results"_s, step.results},
            {u"error"_s, step.error.toJson()},
            {u"started"_s, json::fromTime(step.started)},
            {u"ended"_s, json::fromTime(step.ended)},
            {u"durationMs"_s, step.durationMs}};
}

StepRecord stepFromJson(const QJsonObject &json)
{
    return {.runId = json[u"run"].toString(),
            .index = json[u"index"].toInt(),
            .id = json[u"id"].toString(),
            .state = stepStateFromName(json[u"state"].toString()),
            .attempt = json[u"attempt"].toInt(),
            .undo = {},
            .results = json[u"results"].toObject(),
            .error = Error::fromJson(json[u"error"].toObject()),
            .started = json::toTime(json[u"started"]),
            .ended = json::toTime(json[u"ended"]),
            .durationMs = json[u"durationMs"].toInteger()};
}

QJsonObject toJson(const RestorePoint &point)
{
    return {{u"id"_s, point.id},
            {u"run"_s, point.runId},
            {u"created"_s, json::fromTime(point.created)},
            {u"version"_s, point.version},
            {u"reason"_s, point.reason.toJson()},
            {u"facts"_s, point.facts},
            {u"directory"_s, point.directory},
            {u"size"_s, point.size},
            {u"members"_s, point.members},
            {u"proven"_s, json::fromTime(point.proven)},
            {u"available"_s, point.available}};
}

RestorePoint restorePointFromJson(const QJsonObject &json)
{
    return {.id = json[u"id"].toString(),
            .runId = json[u"run"].toString(),
            .created = json::toTime(json[u"created"]),
            .version = json[u"version"].toString(),
            .reason = Message::fromJson(json[u"reason"].toObject()),
            .facts = json[u"facts"].toObject(),
            .directory = json[u"directory"].toString(),
            .size = json[u"size"].toInteger(),
            .members = json[u"members"].toObject(),
            .proven = json::toTime(json[u"proven"]),
            .available = json[u"available"].toBool(true)};
}

QJsonObject toJson(const EventRecord &event)
{
    return {{u"sequence"_s, event.sequence},
            {u"run"_s, event.runId},
            {u"step"_s, event.stepId},
            {u"time"_s, json::fromTime(event.time)},
            {u"message"_s, event.message.toJson()}};
}

EventRecord eventFromJson(const QJsonObject &json)
{
    return {.sequence = json[u"sequence"].toInteger(),
            .runId = json[u"run"].toString(),
            .stepId = json[u"step"].toString(),
            .time = json::toTime(json[u"time"]),
            .message = Message::fromJson(json[u"message"].toObject())};
}

} // namespace cutover
