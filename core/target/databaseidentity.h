// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

/**
 * What identifies a database of a driver, by member ("server"): a driver whose databases are no files
 * registers how to ask for it, at file scope. Blocking, from any thread. A server that can't be asked
 * is an error: nobody can tell then which system this is.
 */
class DatabaseIdentity
{
public:
    using Function = Result<QJsonObject> (*)(const DatabaseSpec &database);
    DatabaseIdentity(const QString &driver, Function function);
    [[nodiscard]] static Function of(const QString &driver); ///< nullptr where none is registered.
};

} // namespace cutover
