// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/haproxyconfiguration.h"

#include <QDateTime>
#include <QString>

#include <optional>

namespace cutover {

/**
 * Connections to a server that HAProxy's processes of before a reload still have: they answer what they have begun, and
 * the process on the socket knows nothing of it. answering: the pid that that process tells of itself, which in a
 * container is another one. address: HOST:PORT, or "unix", for which the processes themselves count. Nothing where the
 * answering process can't be seen, nor then the others. Blocking for some milliseconds; any thread.
 */
[[nodiscard]] std::optional<int> haproxyConnectionsLeft(qint64 answering, const QString &address);

/// The files that this process has its configuration from, by its arguments, in their order. An error "haproxy.unclear.*" where they can't
/// be read from here, or were changed after `loaded` (invalid: whenever), so that what they say may not hold. Blocking for some milliseconds; any thread.
[[nodiscard]] haproxyconfiguration::Read<QList<haproxyconfiguration::File>> haproxyFiles(qint64 answering, const QDateTime &loaded);

} // namespace cutover
