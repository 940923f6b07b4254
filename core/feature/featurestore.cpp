// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/featurestore.h"

#include "feature/flagtable.h"
#include "system/worker.h"

#include <QCoroFuture>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Result<QList<FeatureFlag>> read(const DatabaseSpec &database, const FeatureStoreSpec &spec)
{
    TRY(const auto table, FlagTable::open(database, spec));
    return table->flags();
}

/// Error "feature.changed_meanwhile" unless the flag is what the operator saw.
Result<> applyOne(FlagTable &table, const FeatureChange &change, const QString &by, const QString &reason)
{
    TRY(const std::optional<FeatureFlag> now, table.flag(change.name));
    if (!now) {
        return fail(u"feature.unknown"_s, {{u"flag"_s, change.name}});
    }
    if (!std::isfinite(change.toRollout) || change.toRollout < 0 || change.toRollout > 100) {
        return fail(u"feature.rollout"_s, {{u"flag"_s, change.name}, {u"rollout"_s, change.toRollout}});
    }
    if (now->enabled != change.fromEnabled || hundredths(now->rollout) != hundredths(change.fromRollout)) {
        return fail(u"feature.changed_meanwhile"_s,
                    {{u"flag"_s, change.name}, {u"by"_s, now->changedBy}, {u"rollout"_s, now->rollout}, {u"enabled"_s, now->enabled}});
    }
    FeatureFlag to = *now;
    to.enabled = change.toEnabled;
    to.rollout = change.toRollout;
    return table.set(change.name, to, by, reason);
}

Result<> applyAll(const DatabaseSpec &database, const FeatureStoreSpec &spec, const QList<FeatureChange> &changes, const QString &by,
                  const QString &reason)
{
    TRY(const auto table, FlagTable::open(database, spec));
    return table->change([&]() -> Result<> {
        for (const FeatureChange &change : changes) {
            CHECK(applyOne(*table, change, by, reason));
        }
        return {};
    });
}

} // namespace

Async<QList<FeatureFlag>> readFlags(Target target)
{
    CO_TRY(const DatabaseSpec database, featureDatabase(target));
    Worker worker;
    co_return co_await worker.run([database, spec = target.features] { return read(database, spec); });
}

Async<> applyFlags(Target target, QList<FeatureChange> changes, QString by, QString reason)
{
    CO_TRY(const DatabaseSpec database, featureDatabase(target));
    Worker worker;
    co_return co_await worker.run(
        [database, spec = target.features, changes, by, reason] { return applyAll(database, spec, changes, by, reason); });
}

} // namespace cutover
