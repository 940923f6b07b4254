// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/engineclient.h"

#include "system/jsonvalues.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

void insertGlass(QJsonObject &params, const GlassWish &glass)
{
    if (!glass.reason.isEmpty()) {
        params.insert(u"breakGlass"_s, glass.reason);
        params.insert(u"gates"_s, QJsonArray::fromStringList(glass.gates));
    }
}

} // namespace

Async<TargetView> EngineClient::status()
{
    CO_TRY(const QJsonObject json, co_await call(u"status"_s));
    co_return TargetView::fromJson(json);
}

Async<QList<ReleaseView>> EngineClient::releases()
{
    CO_TRY(const QJsonObject json, co_await call(u"releases"_s));
    co_return json::toList<ReleaseView>(json[u"releases"], ReleaseView::fromJson);
}

Async<QList<RunRecord>> EngineClient::runs()
{
    CO_TRY(const QJsonObject json, co_await call(u"runs"_s));
    co_return json::toList<RunRecord>(json[u"runs"], runFromJson);
}

Async<RunView> EngineClient::run(QString id)
{
    CO_TRY(const QJsonObject json, co_await call(u"run"_s, {{u"id"_s, id}}));
    co_return RunView::fromJson(json);
}

Async<QList<EventRecord>> EngineClient::events(QString runId, qint64 after)
{
    CO_TRY(const QJsonObject json, co_await call(u"events"_s, {{u"run"_s, runId}, {u"after"_s, after}}));
    co_return json::toList<EventRecord>(json[u"events"], eventFromJson);
}

Async<QJsonObject> EngineClient::log(QString runId, qint64 offset)
{
    co_return co_await call(u"log"_s, {{u"run"_s, runId}, {u"offset"_s, offset}});
}

Async<QString> EngineClient::report(QString runId)
{
    CO_TRY(const QJsonObject json, co_await call(u"report"_s, {{u"run"_s, runId}}));
    co_return json[u"html"].toString();
}

Async<QList<RestorePointView>> EngineClient::restorePoints()
{
    CO_TRY(const QJsonObject json, co_await call(u"restorePoints"_s));
    co_return json::toList<RestorePointView>(json[u"points"], RestorePointView::fromJson);
}

Async<RestorePointView> EngineClient::restorePoint(QString id)
{
    CO_TRY(const QJsonObject json, co_await call(u"restorePoint"_s, {{u"id"_s, id}}));
    co_return RestorePointView::fromJson(json);
}

Async<QList<FeatureFlag>> EngineClient::features()
{
    CO_TRY(const QJsonObject json, co_await call(u"features"_s));
    co_return json::toList<FeatureFlag>(json[u"flags"], [](const QJsonObject &flag) {
        return FeatureFlag{.name = flag[u"name"].toString(),
                           .description = flag[u"description"].toString(),
                           .enabled = flag[u"enabled"].toBool(),
                           .rollout = flag[u"rollout"].toDouble(),
                           .changed = QDateTime::fromString(flag[u"changed"].toString(), Qt::ISODateWithMs),
                           .changedBy = flag[u"changedBy"].toString()};
    });
}

Async<Error> EngineClient::applyFeatures(QList<FeatureChange> changes, QString reason)
{
    QJsonArray array;
    for (const FeatureChange &change : std::as_const(changes)) {
        array.append(QJsonObject{{u"name"_s, change.name},
                                 {u"fromEnabled"_s, change.fromEnabled},
                                 {u"toEnabled"_s, change.toEnabled},
                                 {u"fromRollout"_s, change.fromRollout},
                                 {u"toRollout"_s, change.toRollout}});
    }
    CO_TRY(const QJsonObject json, co_await call(u"features.apply"_s, {{u"changes"_s, array}, {u"reason"_s, reason}}));
    co_return json.contains(u"unrecorded"_s) ? Error::fromJson(json[u"unrecorded"].toObject()) : Error();
}

Async<QList<MetricPoint>> EngineClient::metrics(QString series, qint64 from, qint64 to)
{
    CO_TRY(const QJsonObject json, co_await call(u"metrics"_s, {{u"series"_s, series}, {u"from"_s, from}, {u"to"_s, to}}));
    QList<MetricPoint> points;
    const QJsonArray array = json[u"points"].toArray();
    points.reserve(array.size());
    for (const auto &point : array) {
        points.append({point[0].toInteger(), point[1].toDouble()});
    }
    co_return points;
}

Async<QString> EngineClient::apply(QString planDigest, QString confirmedName, GlassWish glass)
{
    QJsonObject params{{u"digest"_s, planDigest}, {u"confirm"_s, confirmedName}};
    insertGlass(params, glass);
    CO_TRY(const QJsonObject json, co_await call(u"apply"_s, params));
    co_return json[u"run"].toString();
}

Async<QString> EngineClient::command(QString runId, QString verb, QString expectedState, QString confirmedName, QString hold, GlassWish glass)
{
    QJsonObject params{{u"run"_s, runId}, {u"verb"_s, verb}, {u"expected"_s, expectedState}};
    if (!confirmedName.isEmpty()) {
        params.insert(u"confirm"_s, confirmedName);
    }
    if (!hold.isEmpty()) {
        params.insert(u"hold"_s, hold);
    }
    insertGlass(params, glass);
    CO_TRY(const QJsonObject json, co_await call(u"command"_s, params));
    co_return json[u"command"].toString();
}

Async<> EngineClient::takeConn(bool force, QString note, QString from)
{
    CO_CHECK(co_await call(u"conn.take"_s, {{u"force"_s, force}, {u"note"_s, note}, {u"from"_s, from}}));
    co_return {};
}

Async<QString> EngineClient::startChecks(QString toVersion)
{
    CO_TRY(const QJsonObject json, co_await call(u"check.start"_s, {{u"to"_s, toVersion}}));
    co_return json[u"job"].toString();
}

Async<QString> EngineClient::startUpdatePlan(QString toVersion)
{
    CO_TRY(const QJsonObject json, co_await call(u"plan.update.start"_s, {{u"to"_s, toVersion}}));
    co_return json[u"job"].toString();
}

Async<QString> EngineClient::startRollbackPlan(QString restorePointId, QString mode)
{
    CO_TRY(const QJsonObject json, co_await call(u"plan.rollback.start"_s, {{u"point"_s, restorePointId}, {u"mode"_s, mode}}));
    co_return json[u"job"].toString();
}

Async<QString> EngineClient::startLogs(QString service, int lines)
{
    CO_TRY(const QJsonObject json, co_await call(u"service.logs"_s, {{u"service"_s, service}, {u"lines"_s, lines}, {u"follow"_s, true}}));
    co_return json[u"job"].toString();
}

Async<QString> EngineClient::startCommitPlan(QString commit, QString mode)
{
    CO_TRY(const QJsonObject json, co_await call(u"plan.rollback.start"_s, {{u"commit"_s, commit}, {u"mode"_s, mode}}));
    co_return json[u"job"].toString();
}

Async<> EngineClient::cancelJob(QString job)
{
    CO_CHECK(co_await call(u"job.cancel"_s, {{u"job"_s, job}}));
    co_return {};
}

Async<GatesView> EngineClient::gates(QString digest, QString runId)
{
    CO_TRY(const QJsonObject json, co_await call(u"gates"_s, {{u"digest"_s, digest}, {u"run"_s, runId}}));
    co_return GatesView::fromJson(json);
}

Async<ApprovalView> EngineClient::requestApproval(QString digest)
{
    CO_TRY(const QJsonObject json, co_await call(u"approval.request"_s, {{u"digest"_s, digest}}));
    co_return ApprovalView::fromJson(json[u"approval"].toObject());
}

Async<ApprovalView> EngineClient::addApproval(QString digest, QByteArray signature, QString runId)
{
    CO_TRY(const QJsonObject json, co_await call(u"approval.add"_s, {{u"digest"_s, digest}, {u"signature"_s, QString::fromUtf8(signature)}, {u"run"_s, runId}}));
    co_return ApprovalView::fromJson(json[u"approval"].toObject());
}

Async<ChecklistView> EngineClient::checklist(QString digest, QString runId)
{
    CO_TRY(const QJsonObject json, co_await call(u"checklist"_s, {{u"digest"_s, digest}, {u"run"_s, runId}}));
    co_return ChecklistView::fromJson(json);
}

Async<ChecklistView> EngineClient::tick(QString digest, QString runId, QString item, QString note, bool done)
{
    CO_TRY(const QJsonObject json, co_await call(u"checklist.tick"_s, {{u"digest"_s, digest}, {u"run"_s, runId}, {u"item"_s, item}, {u"note"_s, note}, {u"done"_s, done}}));
    co_return ChecklistView::fromJson(json);
}

} // namespace cutover
