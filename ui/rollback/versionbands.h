// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

namespace cutover {

/** A stretch of time in which one version served. */
struct VersionBand {
    QString version;
    QDateTime from, to;
    bool withdrawn = false; ///< It was being rolled out and was rolled back.
    bool operator==(const VersionBand &) const = default;
};

/// Which version served when, from the runs of the journal. runs: any order; begin: where the
/// first band starts; installed: what serves at now when no run says more.
[[nodiscard]] QList<VersionBand> versionBands(QList<RunRecord> runs, const QDateTime &begin, const QDateTime &now, const QString &installed);

} // namespace cutover
