// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QElapsedTimer>
#include <QTimer>

namespace cutover {

/**
 * One run as it happens: view, target and log of it, loaded again whenever the engine tells that
 * something changed and after each reconnection. Whoever started the run plays no part, so a
 * second console sees the same. GUI thread; the client outlives the feed.
 */
class RunFeed : public QObject
{
    Q_OBJECT
public:
    RunFeed(EngineClient *engine, const QString &runId, QObject *parent = nullptr);

    [[nodiscard]] const QString &runId() const { return m_runId; }
    [[nodiscard]] bool isLoaded() const { return m_loaded; }
    [[nodiscard]] const RunView &view() const { return m_view; }
    [[nodiscard]] const TargetView &target() const { return m_target; }
    /// What the runner told last about the step under way; empty when it hasn't.
    [[nodiscard]] const QJsonObject &progress() const { return m_progress; }
    [[nodiscard]] const QString &lastLine() const { return m_lastLine; }
    [[nodiscard]] const QString &lastSource() const { return m_lastSource; }
    /// Milliseconds of work so far, going on between two looks while the run is worked on.
    [[nodiscard]] qint64 elapsedMs() const;
    /// Estimate of what is left; -1: unknown.
    [[nodiscard]] qint64 leftMs() const;
    /// Gives a command for the run as it is shown; a refusal comes as commandFailed(). name: the
    /// target's, where the command has to be confirmed by it.
    void command(const QString &verb, const QString &name = {}, const GlassWish &glass = {});
    /// Gives it for whatever state the run may be in by the time it is taken.
    void commandInAnyState(const QString &verb, const QString &name = {});
    /// Lets the run go on if that hold, given before, is what it waits for; another hold stays.
    void resumeHold(const QString &holdId);

Q_SIGNALS:
    void viewChanged();
    void targetChanged();
    void progressChanged();
    void logAppended(const QString &text);
    void loadFailed(const cutover::Error &error);
    void commandFailed(const QString &verb, const cutover::Error &error);
    void commandTaken(const QString &verb, const QString &commandId);

private:
    void send(const QString &verb, const QString &expectedState, const QString &name, const QString &hold, const GlassWish &glass = {});
    void lookSoon();
    void load();
    void loadTarget();
    void loadLog();
    void take(const RunView &view);

    EngineClient *m_engine;
    QString m_runId;
    bool m_loaded = false;
    bool m_loading = false, m_loadAgain = false;
    bool m_logLoading = false, m_logAgain = false;
    RunView m_view;
    TargetView m_target;
    QJsonObject m_progress;
    QString m_lastLine, m_lastSource, m_lastStep;
    qint64 m_logOffset = 0;
    QElapsedTimer m_sinceView;
    QTimer m_loadSoon, m_logSoon;
    QTimer m_heldLook; ///< Who serves may change without any news of the run.
};

} // namespace cutover
