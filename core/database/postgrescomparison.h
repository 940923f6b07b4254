// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgressession.h"

#include <QJsonObject>
#include <QMap>

/**
 * What a live database holds that an earlier copy of it, beside it on the same server, does not.
 * Blocking, from a Worker. Rows are compared whole, by hashes of their text that the servers make: first
 * a sum by table, then sums by parts of it, and only rows of parts that differ come here, in order and
 * some thousands at a time.
 */
namespace cutover::postgres {

struct Comparison {
    QMap<QString, qint64> loss; ///< As Database::lossAgainst() tells it.
    QStringList reshaped; ///< Tables of both whose columns are not the same; only common ones are compared.
};
/// Each session reads one snapshot of its own; none may be in a transaction.
[[nodiscard]] Result<Comparison> compare(Session &live, Session &copy);

/// What estimate() needs to know of now when it is then: columns and how much has been written, for database.json.
[[nodiscard]] Result<QJsonObject> traces(Session &session);
/// What compare() would tell, about, without a copy: at most what was written since by the server's own
/// statistics, at least the rows that are more now. then: traces() and rows by table of the backup.
[[nodiscard]] Result<Comparison> estimate(Session &live, const QJsonObject &then, const QMap<QString, qint64> &rowsThen);

} // namespace cutover::postgres
