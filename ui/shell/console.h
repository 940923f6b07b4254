// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QTimer>

#include <optional>

namespace cutover {

/**
 * What all rooms of a window share: the engine, the target as last told, the run under way, and
 * requests to go to another room. Asks the engine again when it tells of a change. GUI thread; the
 * engine outlives it.
 */
class Console : public QObject
{
    Q_OBJECT
public:
    explicit Console(EngineClient *engine, QObject *parent = nullptr);

    [[nodiscard]] EngineClient *engine() const { return m_engine; }
    [[nodiscard]] bool isConnected() const { return m_connected; }
    [[nodiscard]] const Error &connectionError() const { return m_connectionError; }
    /// Why there is nothing to connect to: what should have been started was not. An empty code: it was.
    [[nodiscard]] const Error &startFailure() const { return m_startFailure; }
    void setStartFailure(const Error &error);
    /// Null until the engine has told for the first time.
    [[nodiscard]] const std::optional<TargetView> &target() const { return m_target; }
    /// The run under way or held; null: none.
    [[nodiscard]] const std::optional<RunView> &activeRun() const { return m_run; }
    /// What the runner said last about the current step; empty: nothing yet.
    [[nodiscard]] Message doing() const;
    /// The run is held and has no runner any more: the next one starts with a decision.
    [[nodiscard]] bool runnerGone() const;
    /// Since the runner's last sign of life, going on between two answers of the engine; -1: unknown.
    [[nodiscard]] qint64 runnerSilence() const;
    /// Why nothing can be started now, as a sentence: no connection, a run under way, somebody else has the conn. Empty: it can.
    [[nodiscard]] QString whyNotChange() const;
    /// The same for what may be changed while a run is under way, too.
    [[nodiscard]] QString whyNotChangeDuringRun() const;

    void refresh();
    /// room: RoomSpec::id; argument: see Room::open().
    void openRoom(const QString &room, const QString &argument = {});
    /// The page that shows a run while it goes on.
    void openRun(const RunView &run);

Q_SIGNALS:
    void connectionChanged();
    void targetChanged();
    void activeRunChanged();
    void doingChanged();
    void roomWanted(const QString &room, const QString &argument);
    /// Something that the engine was asked for in the background has failed.
    void failed(const cutover::Error &error);

private:
    void loadStatus();
    void loadRun(const QString &id);
    [[nodiscard]] QString currentStep() const;

    EngineClient *m_engine;
    bool m_connected;
    Error m_connectionError;
    Error m_startFailure;
    std::optional<TargetView> m_target;
    std::optional<RunView> m_run;
    Message m_doing;
    QString m_doingStep; ///< Id of the step that m_doing is about.
    qint64 m_silenceAt = 0;
    bool m_loading = false;
    bool m_again = false;
    QTimer m_soon;
    QTimer m_runSoon;
};

} // namespace cutover
