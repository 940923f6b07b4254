// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "deploy/runtime.h"
#include "run/journal.h"

namespace cutover {

// What a console shows, as values with JSON forms. All times UTC.

struct InstanceView {
    QString name, service, version;
    QString state; ///< "ready", "unready", "starting", "stopping", "stopped", "failed", "draining", "unknown"
    int port = 0;
    int sessions = -1; ///< At the balancer; -1: not balanced.
    qint64 pid = 0;
    QString colour = {}; ///< "blue", "green"; empty: its service has none.
    bool idle = false; ///< Of the colour that users are not sent to: meant to be out, and no fault when it is stopped.
    bool spare = false; ///< One more than its service has, while the others are replaced one by one.
    /// Of a release, and not what runs beside it.
    [[nodiscard]] bool isReleased() const { return !version.isEmpty() || !colour.isEmpty(); }
};

/** A Redis server beside the database, as it was seen last. */
struct RedisView {
    QString name;
    QString version; ///< Empty: not seen yet.
    qint64 usedMemory = 0; ///< Bytes.
    qint64 maxMemory = 0; ///< 0: no limit.
    bool high = false; ///< More of it is used than target.yaml allows.
    Error problem; ///< Why it can't be looked at.
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static RedisView fromJson(const QJsonObject &json);
};

struct TargetView {
    QString name, product, environment;
    QString version; ///< Installed (what "current" names); empty: none.
    QString health; ///< "healthy", "degraded", "down", "unknown"
    QString database; ///< "trading (SQLite)"
    QString host;
    QString connHolder, connSession;
    QDateTime connSince;
    QString connNote;
    bool connOurs = false; ///< The console that asks has it.
    QString activeRun; ///< Id; empty: none.
    qint64 runnerSilenceMs = -1;
    bool runnerGone = false; ///< No process leads activeRun. A held run waits without one: the next is started by a decision.
    qint64 watcherSilenceMs = -1;
    QList<InstanceView> instances;
    /// How old what is said of instances and balancer is, where they did not answer in time just now; 0: of now.
    qint64 lookAgeMs = 0;
    QString balancer; ///< "up", "down", "none"
    qint64 freeBytes = -1;
    QDateTime lastBackup, lastProvenBackup;
    QMap<QString, QString> revisions; ///< Database → migration head.
    QList<RedisView> redis;
    double errorLimit = 0.05;
    bool commits = false; ///< Releases are of a git repository: a rollback can lead to any commit of it.
    Error problem; ///< What keeps the target from being looked at, if anything.
    Error cutRestart; ///< A restart outside of a run that was cut in its midst, with the command that goes on with it.
    /// Who has the conn where it is another than the one who asks; empty: nobody else.
    [[nodiscard]] QString foreignConn() const { return connOurs ? QString() : connHolder; }
    /// The sentence with which the engine refuses that one meanwhile; empty: it doesn't.
    [[nodiscard]] QString connRefusal() const;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static TargetView fromJson(const QJsonObject &json);
};

struct ReleaseView {
    Manifest manifest;
    QString updateType; ///< From the installed version: "hotfix", "minor", "major", "none", "downgrade"
    QStringList path; ///< Versions to install in order, this one last; empty when there is no way or nothing to do.
    Error blocked; ///< Why there is no way.
    qint64 size = 0; ///< Bytes to download on the whole path.
    qint64 expectedDowntimeMs = 0;
    QString risk;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static ReleaseView fromJson(const QJsonObject &json);
};

struct StepView {
    StepSpec spec;
    StepRecord record;
};

inline constexpr QLatin1StringView servedByNobody("-"); ///< No instance answers.

struct RunView {
    RunRecord run;
    QList<StepView> steps;
    int current = -1; ///< Index of the step under way; -1: none.
    qint64 leftMs = -1; ///< Estimate; -1: unknown.
    QDateTime turnBackBy;
    Message ifAborted; ///< "If you abort now: back to 1.2.1 in about 40 s, no row lost."
    QString serving; ///< Versions that serve users now, as seen just now: "1.2.0, 1.3.0"; empty: unknown, or servedByNobody.
    QStringList silent; ///< Instances that should serve and do not.
    QStringList offers; ///< Commands that make sense now: "hold", "abort", "resume", "retry", "accept", "rollback", "abandon".
    QMap<QString, Message> refusals; ///< Why another command is not offered.
    /// nullptr: it is at none.
    [[nodiscard]] const StepView *currentStep() const { return current >= 0 && current < steps.size() ? &steps[current] : nullptr; }
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static RunView fromJson(const QJsonObject &json);
};

struct RollbackOption {
    QString mode; ///< "code", "downgrade", "restore"
    qint64 expectedMs = 0;
    qint64 expectedDowntimeMs = 0;
    QMap<QString, qint64> loss; ///< Table → rows.
    Error unavailable; ///< Why it can't be chosen.
    QMap<QString, qint64> holdAbove; ///< By name as in loss: the run holds and asks above it.
    QJsonArray unknownLoss = {}; ///< Messages: what can't be counted, since the database can't be read, and why.
};

struct RestorePointView {
    RestorePoint point;
    bool current = false; ///< Its version serves now.
    QMap<QString, qint64> rowsThen, rowsNow;
    QString revisionThen, revisionNow;
    QString versionNow;
    int configurationDifferences = 0;
    QList<RollbackOption> options;
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static RestorePointView fromJson(const QJsonObject &json);
};

[[nodiscard]] QJsonObject toJson(const RunRecord &run);
[[nodiscard]] RunRecord runFromJson(const QJsonObject &json);
[[nodiscard]] QJsonObject toJson(const StepRecord &step);
[[nodiscard]] StepRecord stepFromJson(const QJsonObject &json);
[[nodiscard]] QJsonObject toJson(const RestorePoint &point);
[[nodiscard]] RestorePoint restorePointFromJson(const QJsonObject &json);
[[nodiscard]] QJsonObject toJson(const EventRecord &event);
[[nodiscard]] EventRecord eventFromJson(const QJsonObject &json);

} // namespace cutover
