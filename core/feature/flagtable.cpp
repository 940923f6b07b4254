// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/flagtable.h"

using namespace Qt::StringLiterals;

namespace cutover {

Result<std::unique_ptr<FlagTable>> FlagTable::open(const DatabaseSpec &database, const FeatureStoreSpec &spec)
{
    return database.driver == "postgresql"_L1 ? openPostgresFlags(database, spec) : openSqliteFlags(database, spec);
}

Result<DatabaseSpec> featureDatabase(const Target &target)
{
    const DatabaseSpec *database = target.database(target.features.database);
    if (!database) {
        return fail(u"feature.no_store"_s, {{u"target"_s, target.name}}, target.path);
    }
    return *database;
}

} // namespace cutover
