// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/sqlite.h"
#include "feature/featurestore.h"

#include <optional>

namespace cutover {

/**
 * The flags and their audit in an open database. Blocking; writes belong into the caller's
 * transaction.
 */
class FlagTable
{
public:
    FlagTable(sqlite::Connection &connection, const FeatureStoreSpec &spec);

    [[nodiscard]] Result<> create();
    [[nodiscard]] Result<QList<FeatureFlag>> flags();
    [[nodiscard]] Result<std::optional<FeatureFlag>> flag(const QString &name);
    /// Writes the flag, or removes it where to is empty, and says so in the audit.
    [[nodiscard]] Result<> set(const QString &name, const std::optional<FeatureFlag> &to, const QString &by, const QString &reason);

private:
    sqlite::Connection &m_connection;
    QString m_flags;
    QString m_audit;
    FeatureStoreSpec m_spec;
};

/// The database that holds the flags: "feature.no_store" when the target has none.
[[nodiscard]] Result<DatabaseSpec> featureDatabase(const Target &target);
/// In hundredths of a percent, the precision that flags have.
[[nodiscard]] inline int hundredths(double percent)
{
    return qRound(percent * 100);
}

} // namespace cutover
