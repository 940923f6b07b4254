// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QJsonArray>

namespace cutover {

/**
 * An engine that answers from what a test put into it, through the same protocol as the real one,
 * so that JSON forms and typed wrappers are exercised too. Answers arrive in a later turn of the
 * event loop, as real ones do.
 */
class ScriptedEngine : public EngineClient
{
    Q_OBJECT
public:
    using EngineClient::EngineClient;

    struct Job {
        QList<QJsonObject> items;
        QJsonObject result;
        Error error; ///< With a code: the job fails with it.
        bool finish = true; ///< false: stays running after its items.
    };
    struct Call {
        QString method;
        QJsonObject params;
    };

    TargetView target;
    QList<ReleaseView> releaseList;
    QList<RunView> runViews; ///< Newest first.
    QMap<QString, QList<EventRecord>> eventLists;
    QMap<QString, QString> logs;
    QMap<QString, QString> reports; ///< By run; of others the engine makes its own.
    QList<RestorePointView> points;
    QList<FeatureFlag> flags;
    QMap<QString, QList<MetricPoint>> series;
    Job checks;
    Job updatePlan;
    Job rollbackPlan;
    Job commitPlan; ///< Of any commit.
    Job serviceLog; ///< Of any service.
    QJsonArray approvalRequests; ///< As "approval.list" tells them.
    QJsonObject approvalPlan; ///< "plan" and "digest" of any of them.
    GatesView gatesView; ///< Of any plan.
    ChecklistView checklistView; ///< Of any plan or run; a tick changes it.
    QJsonArray sessions; ///< As "database.sessions" tells them; one that is ended goes.
    QJsonArray hiddenSessions; ///< Messages about those of which it tells nothing.
    LinkState linkState;
    int triedAgain = 0;
    QMap<QString, Error> failures; ///< Method → what it is refused with.
    QList<Call> calls;

    [[nodiscard]] Async<QJsonObject> call(QString method, QJsonObject params = {}) override;
    [[nodiscard]] bool isConnected() const override { return m_connected; }
    [[nodiscard]] LinkState link() const override { return linkState; }
    void tryAgain() override { ++triedAgain; }
    void setConnected(bool connected, const Error &error = {});
    /// changed(), for tests.
    void tell(const QStringList &topics) { Q_EMIT changed(topics); }
    /// Something was asked and is not answered yet.
    [[nodiscard]] bool isAnswering() const { return m_pending > 0; }
    [[nodiscard]] int count(const QString &method) const;
    [[nodiscard]] QJsonObject lastParams(const QString &method) const;

private:
    [[nodiscard]] Result<QJsonObject> answer(const QString &method, const QJsonObject &params);
    [[nodiscard]] QString report(const QString &run) const;
    [[nodiscard]] QJsonObject start(const Job &job);
    [[nodiscard]] Result<QJsonObject> applyFlags(const QJsonArray &changes);

    bool m_connected = true;
    int m_jobs = 0;
    int m_pending = 0;
};

} // namespace cutover
