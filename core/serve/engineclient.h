// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "feature/featurestore.h"
#include "metrics/metricstore.h"
#include "serve/peopleviews.h"
#include "serve/views.h"

#include <QObject>

namespace cutover {

/** That something is done although gates are shut. Value type. */
struct GlassWish {
    static constexpr qsizetype ShortestReason = 8; ///< Letters; less says nothing.
    QString reason; ///< Empty: no glass is broken.
    QStringList gates; ///< Those that it is for, as whoever gave it has seen them; any other stays shut.
};

/** What is known of the way to the control host. */
struct LinkState {
    QString host; ///< As it was named; empty: this machine.
    QString version; ///< Of Cutover over there; empty: not known yet.
    int attempts = 0; ///< Since it was lost, or since the beginning.
    qint64 nextMs = -1; ///< Until the next attempt; -1: it has begun, or none comes by itself.
    QList<Error> warnings; ///< What the control host has to say about itself.
};

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
    [[nodiscard]] virtual LinkState link() const { return {}; }
    /// Connects at once, also where a failure that a person has to mend had ended all attempts.
    virtual void tryAgain() { }

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
    /// glass: why it is started although gates are shut, and which they are; empty: none is.
    [[nodiscard]] Async<QString> apply(QString planDigest, QString confirmedName, GlassWish glass = {}); ///< Run id.
    /// The command's id. confirmedName: see needsName(). hold, with "resume": only if the run is held
    /// by the command of that id, even if that has not been taken yet. glass: as of apply(), where a gate keeps a held run from going on.
    [[nodiscard]] Async<QString> command(QString runId, QString verb, QString expectedState, QString confirmedName = {}, QString hold = {}, GlassWish glass = {});
    /// from: of whom it is taken, with force; refused where it is another's by now. Empty: of whomever.
    [[nodiscard]] Async<> takeConn(bool force, QString note, QString from = {});

    /// Items: CheckResult; result: {"passed": bool}.
    [[nodiscard]] Async<QString> startChecks(QString toVersion);
    /// Downloads, verifies and plans an update; result: {"plan": Plan}.
    [[nodiscard]] Async<QString> startUpdatePlan(QString toVersion);
    /// Result: {"plan": Plan}.
    [[nodiscard]] Async<QString> startRollbackPlan(QString restorePointId, QString mode);
    /// What a service or an instance writes, the last lines of each log first; goes on until it is cancelled.
    /// Items: {"lines": [{"instance", "line"}]}.
    [[nodiscard]] Async<QString> startLogs(QString service, int lines);
    /// Back to the code of a commit of the release repository; its hash, which may be abbreviated, a release's tag, or a branch. mode: "code".
    [[nodiscard]] Async<QString> startCommitPlan(QString commit, QString mode);
    [[nodiscard]] Async<> cancelJob(QString job);

    /// What stands in the way of a plan of this session, or of a run.
    [[nodiscard]] Async<GatesView> gates(QString digest, QString runId = {});
    /// Asks for its approval: others see that they are asked.
    [[nodiscard]] Async<ApprovalView> requestApproval(QString digest);
    /// signature: content of a .minisig file over ApprovalView::request.
    [[nodiscard]] Async<ApprovalView> addApproval(QString digest, QByteArray signature, QString runId = {});
    /// Of a plan that was not run yet, or of a run.
    [[nodiscard]] Async<ChecklistView> checklist(QString digest, QString runId = {});
    /// done: false takes a signature back.
    [[nodiscard]] Async<ChecklistView> tick(QString digest, QString runId, QString item, QString note, bool done = true);

Q_SIGNALS:
    /// state: "progress" (what: done, total, unit, doing), "item" (what: item), "done" (what is the result), "failed" (what is the error).
    void jobTold(const QString &job, const QString &state, const QJsonObject &what);
    /// Something changed: "status", "runs", "restorePoints", "features", "releases", "conn", "metrics".
    void changed(const QStringList &topics);
    /// What the runner tells (see Orchestrator::told), with "run".
    void runTold(const QJsonObject &what);
    /// Told again for each attempt that failed. A permanent error: none follows by itself, see tryAgain().
    void connectionChanged(bool connected, const cutover::Error &error);
};

} // namespace cutover
