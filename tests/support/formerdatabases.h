// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgresdatabase.h"

#include <QCoroTask>

namespace cutover::testing {

/// Names of the former databases that restores have kept: all, or those that nobody could write to when they were backed up.
inline Result<QStringList> formerNames(const DatabaseSpec &spec, bool closedOnly = false)
{
    TRY(const QList<FormerDatabase> former, QCoro::waitFor(formerPostgres(spec)));
    QStringList names;
    for (const FormerDatabase &each : former) {
        if (each.wasClosed || !closedOnly) {
            names.append(each.name);
        }
    }
    return names;
}

/// Drops all of them, and what killed runs have left.
inline Result<QStringList> dropFormer(const DatabaseSpec &spec)
{
    TRY(const QStringList names, formerNames(spec));
    return QCoro::waitFor(dropFormerPostgres(spec, names));
}

} // namespace cutover::testing
