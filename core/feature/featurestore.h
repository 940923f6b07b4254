// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QDateTime>

namespace cutover {

struct FeatureFlag {
    QString name;
    QString description;
    bool enabled = false;
    double rollout = 0; ///< Percent, 0…100, two decimals.
    QDateTime changed;
    QString changedBy;
};

/** One staged change: what the operator saw and what it shall be. */
struct FeatureChange {
    QString name;
    bool fromEnabled = false, toEnabled = false;
    double fromRollout = 0, toRollout = 0;
};

/// SQLite's statements for the two tables, when they do not exist yet (PostgreSQL has its own types for the same, in "public"): flags(name, description, enabled, rollout, changed,
/// changed_by) and their audit(id, time, name, from_enabled, to_enabled, from_rollout, to_rollout, by, reason).
[[nodiscard]] QStringList featureSchema(const FeatureStoreSpec &spec);

/// By name. Codes "feature.*" and "database.*". A database without the table has no flags.
[[nodiscard]] Async<QList<FeatureFlag>> readFlags(Target target);
/// All in one transaction with an audit row each; refused whole ("feature.changed_meanwhile") when a from no longer holds.
[[nodiscard]] Async<> applyFlags(Target target, QList<FeatureChange> changes, QString by, QString reason);

} // namespace cutover
