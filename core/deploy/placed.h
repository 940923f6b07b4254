// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/instancestate.h"
#include "target/target.h"

namespace cutover {

/** An instance and the service that it is of. Both live as long as the target that they are from. */
struct Placed {
    const ServiceSpec *service = nullptr;
    const InstanceSpec *instance = nullptr;

    /// It is the service's spare.
    [[nodiscard]] bool isSpare() const { return service->isSpare(instance->name); }
};

/// Those of one runtime, in the order of the file; a spare behind the others of its service.
[[nodiscard]] QList<Placed> placedOf(const Target &target, const QString &runtime);
/// Absolute; "deploy.no_release" {version, folder} where there is none.
[[nodiscard]] Result<QString> releaseFolder(const Target &target, const QString &version);
/// Of what runs only its health probe tells whether it is ready: asks those of all that are, at once. Young ones that do
/// not answer are still starting, others unready. Event-loop thread.
[[nodiscard]] Async<QList<InstanceState>> probed(Target target, QList<InstanceState> states, qint64 limitMs);

} // namespace cutover
