// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>

namespace cutover {

/// The keys of a PostgreSQL database of target.yaml: service, or uri, or host, port, database, user,
/// sslmode; a password by reference only. Problems go to the map's report. Relative paths are of folder.
[[nodiscard]] PostgresSpec readPostgres(yaml::Map &map, const QDir &folder);

/// "table" or "schema.table".
[[nodiscard]] QString qualifiedTable(const yaml::Value &value);

/// A reference to a secret ("file:/…", relative paths of folder; "env:NAME", "credential:NAME"). Never shows what it
/// refuses: it may be the password.
[[nodiscard]] QString secretReference(const yaml::Value &value, const QDir &folder);

} // namespace cutover
