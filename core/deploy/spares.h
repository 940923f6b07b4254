// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "plan/plan.h"

namespace cutover {

[[nodiscard]] Async<bool> isKnownServer(std::shared_ptr<Balancer> balancer, QString backend, QString server);

/// Whether addSpare() would be refused, with what it would be. Changes nothing. Errors "spare.elsewhere" {service, spare, …}, "spare.no_others",
/// and the balancer's own.
[[nodiscard]] Async<> checkSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service);
/// The spare is a server of its backend, in maintenance: at its port, on the host where the balancer finds the instances at theirs.
[[nodiscard]] Async<> addSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service);
/// Added where it is not in yet, let in, and UP.
[[nodiscard]] Async<> admitSpare(std::shared_ptr<Balancer> balancer, ServiceSpec service, std::stop_token stop);

/// Which spares runs have set to serve, in STATE/spares.json. Blocking; quick. Only who holds the run's lock changes it.
[[nodiscard]] Result<bool> servesSpare(const Target &target, const ServiceSpec &service);
[[nodiscard]] Result<> noteSpare(const Target &target, const ServiceSpec &service, bool serves);

/// A run of these steps has the service's spare serve.
[[nodiscard]] bool startsSpare(const QList<StepSpec> &steps, const QString &service);

/// A spare that serves and that the balancer has forgotten, at its own restart, is let in again where it is ready; so is one that stands in
/// its configuration, where it is out. What comes in between is no error: the others serve. Asked before each step by itself, as a
/// FactKeeper, in a run that has started the spare.
[[nodiscard]] QCoro::Task<> keepSpare(Target target, ServiceSpec service, BalancerTools tools, std::function<void(const Message &done)> told, std::stop_token stop = {});

} // namespace cutover
