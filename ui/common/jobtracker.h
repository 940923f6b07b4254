// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"
#include "serve/engineclient.h"

#include <QObject>
#include <QPointer>

namespace cutover {

/**
 * Follows one job of the engine at a time. Starting another one drops what the former still tells;
 * destroying the tracker asks the engine to cancel.
 */
class JobTracker : public QObject
{
    Q_OBJECT
public:
    explicit JobTracker(EngineClient *engine, QObject *parent = nullptr);
    ~JobTracker() override;

    /// job: what EngineClient::start…() returned.
    void follow(Async<QString> job);
    void cancel();
    [[nodiscard]] bool isRunning() const { return m_running; }

Q_SIGNALS:
    void started();
    void progress(const cutover::Progress &progress);
    void item(const QJsonObject &item);
    void done(const QJsonObject &result);
    void failed(const cutover::Error &error);

private:
    void told(const QString &job, const QString &state, const QJsonObject &what);
    void handle(const QString &state, const QJsonObject &what);

    QPointer<EngineClient> m_engine;
    QString m_job;
    int m_generation = 0;
    bool m_running = false;
    /// Told before the answer with the id has arrived.
    QList<std::tuple<QString, QString, QJsonObject>> m_early;
};

} // namespace cutover
