// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/haproxy.h"
#include "deploy/supervisorclient.h"
#include "plan/step.h"

namespace cutover {

/**
 * What the deployment steps do with one instance: take it out of the balancer, replace its
 * process, put it back. Each member is safe to repeat. The context outlives the object. Event-loop thread.
 */
class InstanceMove
{
public:
    /// Error "deploy.unknown_service".
    [[nodiscard]] static Result<InstanceMove> create(StepContext &context, const QString &service, const QString &instance);

    [[nodiscard]] const QString &name() const { return m_instance.name; }
    [[nodiscard]] bool isBalanced() const;
    [[nodiscard]] Async<InstanceState> state();
    /// Runs this version by the supervisor's book, and its process is there.
    [[nodiscard]] Async<bool> runs(QString version);
    /// Is UP at the balancer; true without one.
    [[nodiscard]] Async<bool> isServing();
    /// Another server of the backend is UP. Error "deploy.capacity".
    [[nodiscard]] Async<> checkCapacity();
    /// No new requests, and those under way are waited for. Past the limit: with force it goes on,
    /// else the server takes requests again and "haproxy.sessions_left" is returned.
    [[nodiscard]] Async<> drain(bool force, std::stop_token stop);
    /// Proven gone.
    [[nodiscard]] Async<> stop();
    [[nodiscard]] Async<> start(QString version);
    /// Ready by its health probe, and of this version by its own word.
    [[nodiscard]] Async<> waitReady(QString version, std::stop_token stop);
    /// Takes requests again, UP by the balancer's own check.
    [[nodiscard]] Async<> balance(std::stop_token stop);

private:
    InstanceMove(StepContext &context, const ServiceSpec &service, const InstanceSpec &instance);
    void tell(const QString &code, QJsonObject args = {}, qint64 done = 0);

    StepContext *m_context;
    ServiceSpec m_service;
    InstanceSpec m_instance;
    Haproxy m_balancer;
    std::shared_ptr<SupervisorClient> m_supervisor;
};

} // namespace cutover
