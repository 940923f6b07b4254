// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "feature/featurestore.h"
#include "metrics/metricstore.h"
#include "serve/views.h"

#include <QObject>

namespace cutover {

/**
 * What a console may ask of the engine. The window knows only this class; behind it is a
 * 'cutoverctl serve' on the control host (ServeClient), the engine in this process (cutoverctl), or
 * a script (tests). GUI thread; nothing blocks.
 *
 * Long work is a job: start…() returns its id at once, and jobTold() tells items, progress and the
 * end. Results of a job whose id is no longer the awaited one are dropped by the caller.
 */
class EngineClient : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// One request of the protocol; see serve/protocol.h for methods.
    [[nodiscard]] virtual Async<QJsonObject> call(QString method, QJsonObject params = {}) = 0;
    [[nodiscard]] virtual bool isConnected() const = 0;

    [[nodiscard]] Async<TargetView> status();
    [[nodiscard]] Async<QList<ReleaseView>> releases();
    [[nodiscard]] Async<QList<RunRecord>> runs();
    [[nodiscard]] Async<RunView> run(QString id);
    [[nodiscard]] Async<QList<EventRecord>> events(QString runId, qint64 after);
    /// Lines of the run's log from byte offset on: {"text", "next"}.
    [[nodiscard]] Async<QJsonObject> log(QString runId, qint64 offset);
    [[nodiscard]] Async<QString> report(QString runId); ///< HTML.
    [[nodiscard]] Async<QList<RestorePointView>> restorePoints();
    [[nodiscard]] Async<RestorePointView> restorePoint(QString id); ///< With options, counted now.
    [[nodiscard]] Async<QList<FeatureFlag>> features();
    /// A value means that the change is made; the error in it says why the audit trail has only its intent (empty: it has all).
    [[nodiscard]] Async<Error> applyFeatures(QList<FeatureChange> changes, QString reason);
    [[nodiscard]] Async<QList<MetricPoint>> metrics(QString series, qint64 from, qint64 to);
    /// Approves and starts a plan built by a job of this session: refused when digest differs from it.
    [[nodiscard]] Async<QString> apply(QString planDigest, QString confirmedName); ///< Run id.
    /// The command's id. confirmedName: see needsName(). hold, with "resume": only if the run is held
    /// by the command of that id, even if that has not been taken yet.
    [[nodiscard]] Async<QString> command(QString runId, QString verb, QString expectedState, QString confirmedName = {}, QString hold = {});
    [[nodiscard]] Async<> takeConn(bool force, QString note);

    /// Items: CheckResult; result: {"passed": bool}.
    [[nodiscard]] Async<QString> startChecks(QString toVersion);
    /// Downloads, verifies and plans an update; result: {"plan": Plan}.
    [[nodiscard]] Async<QString> startUpdatePlan(QString toVersion);
    /// Result: {"plan": Plan}.
    [[nodiscard]] Async<QString> startRollbackPlan(QString restorePointId, QString mode);
    [[nodiscard]] Async<> cancelJob(QString job);

Q_SIGNALS:
    /// state: "progress" (what: done, total, unit, doing), "item" (what: item), "done" (what is the result), "failed" (what is the error).
    void jobTold(const QString &job, const QString &state, const QJsonObject &what);
    /// Something changed: "status", "runs", "restorePoints", "features", "releases", "conn", "metrics".
    void changed(const QStringList &topics);
    /// What the runner tells (see Orchestrator::told), with "run".
    void runTold(const QJsonObject &what);
    void connectionChanged(bool connected, const cutover::Error &error);
};

} // namespace cutover
