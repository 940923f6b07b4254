// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

/**
 * Why a connection could not be made, as libpq alone tells it: the server's texts may be in any
 * language, its codes are not. Blocking, from a Worker.
 */
namespace cutover::postgres {

/// The SQLSTATE that a connection is refused with; empty: it is not, or nobody answers in time, or what the server
/// misses is no file of a database.
[[nodiscard]] QString refusalOf(const DatabaseSpec &spec, const QString &database, const QString &password);
/// Whether a refusal with that code means that the server can't read the database.
[[nodiscard]] bool meansDamage(const QString &state);
/// The name of the spec's own database, as target.yaml, the service file or the environment tells it. Asks nobody.
[[nodiscard]] QString databaseName(const DatabaseSpec &spec);

} // namespace cutover::postgres
