// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/** What is restarted, and from which release: that which it is meant to run. */
struct RestartChoice {
    QString service;
    QStringList instances; ///< In their order.
    QMap<QString, QString> releases; ///< By instance.
    bool rolls = false; ///< The others serve meanwhile.
};

/// instance: only this one; empty: all that are meant to run, of a blue-green service those of the colour that serves. One whose
/// restart was cut is among them, before the others, which may have nobody else beside them until it is back. Changes nothing. Errors "restart.unknown_service", "restart.unknown_instance", "restart.unmanaged", "restart.not_meant_to_run",
/// "restart.idle", and the runtime's own. Event-loop thread.
[[nodiscard]] Async<RestartChoice> chooseRestart(Target target, QString service, QString instance = {});

/** What a restart works with, and tells. */
struct RestartTools {
    int lock = -1; ///< Descriptor of the run lock, which is held meanwhile.
    std::function<void(const Message &doing)> told = {}; ///< May be empty.
    std::function<void(const QString &source, const QString &line)> line = {}; ///< What programs say, secrets hidden; may be empty.
};

/**
 * Restarts instances outside of a run, one after the other, each as in a rolling update: drained at the balancer, stopped,
 * started from the release that it runs, ready by its probe and back at the balancer, before the next one is touched. stop is
 * heeded between instances and until one is stopped. What fails for a moment is tried again as in a run. The first that does not
 * come back ends it: "restart.not_back" {instance, error, left}, and it stays out at the balancer; one that can't be stopped, or not
 * without harm, "restart.refused", and it runs on as before. Nothing else is touched then. Whatever ends this process in the middle,
 * chooseRestart() knows what was to be started. Event-loop thread.
 */
[[nodiscard]] Async<> restartService(Target target, RestartChoice choice, RestartTools tools, std::stop_token stop = {});

} // namespace cutover
