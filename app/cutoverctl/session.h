// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "arguments.h"

#include "serve/engineservice.h"

#include <QCoroTask>

#include <memory>

namespace cutover {

/// The engine for the target that the arguments name, opened.
[[nodiscard]] Result<std::unique_ptr<EngineService>> openEngine(const Arguments &arguments,
                                                                EngineService::Purpose purpose = EngineService::Purpose::Working);

/// Waits for a job of the engine, telling its items and progress. Ctrl+C cancels it.
[[nodiscard]] Result<QJsonObject> waitForJob(EngineService &engine, const QString &job,
                                             const std::function<void(const QJsonObject &item)> &item = {});

/// Follows a run until it ends or is held, telling its events after a sequence; returns the exit code.
[[nodiscard]] Result<int> followRun(EngineService &engine, const QString &runId, qint64 after = 0);

/// The target's name, typed at the terminal. Error "cli.not_confirmed".
[[nodiscard]] Result<QString> typedName(const QString &name);
/// In production what can't be taken back takes the target's name, from --confirm, else from a person at the terminal.
/// verb: as it was given. Errors "cli.not_confirmed", "serve.confirm_decision".
[[nodiscard]] Result<> confirmInProduction(const Arguments &arguments, const Target &target, const QString &verb);

/** Gives the conn back at a command's end, unless it was ours before, or a run is under way that is ours to lead. */
class ConnGuard
{
public:
    explicit ConnGuard(EngineService &engine);
    ~ConnGuard();
    Q_DISABLE_COPY_MOVE(ConnGuard)

private:
    EngineService &m_engine;
    bool m_keep;
};

} // namespace cutover
