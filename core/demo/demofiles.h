// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "demo/demosystem.h"

namespace cutover {

/** Ports of a demo on 127.0.0.1, free when they were picked. */
struct DemoPorts {
    int repository, backend1, backend2, strategy, front, traffic;
};

/// Below the range that the kernel gives to outgoing connections, so that none of those sits on a
/// service's port while it restarts.
[[nodiscard]] Result<DemoPorts> pickDemoPorts();
[[nodiscard]] QByteArray demoHaproxyConfiguration(const DemoPorts &ports, const QString &socket, bool retries);
[[nodiscard]] QByteArray demoTarget(const DemoPorts &ports, const QString &socket, const QString &directory, const DemoOptions &options);
/// .env with a random secret.
[[nodiscard]] QByteArray demoEnvironment();
/// So many orders of the past months, and the flags. The schema is there already. Blocking.
[[nodiscard]] Result<> fillDemoDatabase(const QString &file, int orders);

} // namespace cutover
