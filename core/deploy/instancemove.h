// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/haproxy.h"
#include "deploy/runtime.h"
#include "plan/step.h"

namespace cutover {

/// What a step's context lends to a runtime; the context outlives it.
[[nodiscard]] RuntimeTools toolsOf(StepContext &context);

/**
 * What the deployment steps do with one instance, whatever runs it: take it out of the balancer,
 * replace it, put it back. Each member is safe to repeat. The context outlives the object. Event-loop thread.
 */
class InstanceMove
{
public:
    /// Errors "deploy.unknown_service", "deploy.unknown_runtime".
    [[nodiscard]] static Result<InstanceMove> create(StepContext &context, const QString &service, const QString &instance);

    [[nodiscard]] const QString &name() const { return m_instance.name; }
    [[nodiscard]] bool isBalanced() const;
    [[nodiscard]] Async<InstanceState> state();
    /// Could be started from this version: nothing is changed. Errors "deploy.no_release" and the runtime's own.
    [[nodiscard]] Async<> check(QString version, std::stop_token stop);
    /// The same, and what can be brought for it is.
    [[nodiscard]] Async<> fetch(QString version, std::stop_token stop);
    /// It was made from this image again (empty: not known); error "deploy.other_image".
    [[nodiscard]] Async<> checkImage(QString image);
    /// Runs this version by its runtime's word, and its process is there.
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
    /// Ready by its health probe, and of this version by its own word. Where it does not get ready, its last lines are told.
    [[nodiscard]] Async<> waitReady(QString version, std::stop_token stop);
    /// Has the run's log say which image it was started from, where there is one: a name of an image can mean another tomorrow.
    void record(const InstanceState &now);
    /// Takes requests again, UP by the balancer's own check.
    [[nodiscard]] Async<> balance(std::stop_token stop);

private:
    InstanceMove(StepContext &context, const ServiceSpec &service, const InstanceSpec &instance, std::shared_ptr<Runtime> runtime);
    void tell(const QString &code, QJsonObject args = {}, qint64 done = 0);

    StepContext *m_context;
    ServiceSpec m_service;
    InstanceSpec m_instance;
    Haproxy m_balancer;
    std::shared_ptr<Runtime> m_runtime;
};

} // namespace cutover
