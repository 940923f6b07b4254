// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "feature/featurestore.h"

#include <functional>
#include <memory>
#include <optional>

namespace cutover {

/** The flags and their audit in a database. Blocking; an object stays on the thread that made it. */
class FlagTable
{
public:
    virtual ~FlagTable() = default;
    [[nodiscard]] static Result<std::unique_ptr<FlagTable>> open(const DatabaseSpec &database, const FeatureStoreSpec &spec);

    /// Work that writes: all of it or nothing, while others that write wait. The tables are made where they are missing.
    [[nodiscard]] virtual Result<> change(const std::function<Result<>()> &work) = 0;
    [[nodiscard]] virtual Result<QList<FeatureFlag>> flags() = 0;
    [[nodiscard]] virtual Result<std::optional<FeatureFlag>> flag(const QString &name) = 0;
    /// Within change(). Writes the flag, or removes it where to is empty, and says so in the audit.
    [[nodiscard]] virtual Result<> set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason) = 0;
};

/// One for each driver.
[[nodiscard]] Result<std::unique_ptr<FlagTable>> openSqliteFlags(const DatabaseSpec &database, const FeatureStoreSpec &spec);
[[nodiscard]] Result<std::unique_ptr<FlagTable>> openPostgresFlags(const DatabaseSpec &database, const FeatureStoreSpec &spec);

/// The database that holds the flags: "feature.no_store" when the target has none.
[[nodiscard]] Result<DatabaseSpec> featureDatabase(const Target &target);
/// In hundredths of a percent, the precision that flags have.
[[nodiscard]] inline int hundredths(double percent)
{
    return qRound(percent * 100);
}

} // namespace cutover
