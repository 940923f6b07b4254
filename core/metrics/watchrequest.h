// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QJsonObject>

namespace cutover {

/**
 * What a run asks of the watcher: STATE/watch/RUN.request.json, answered in STATE/watch/RUN.json.
 * The token tells a repeated watch of one run from the earlier one.
 */
struct WatchRequest {
    QString run;
    QString token;
    qint64 since = 0; ///< ms since the epoch, UTC.
    qint64 sinceBoot = 0; ///< Clock::monotonic() of it, in boot bootId. Nothing before counts.
    QString bootId;
    double baseline = -1; ///< Error proportion before the update; -1: not known.
    WatchSpec policy;
    QStringList instances = {}; ///< Each of these must go on giving metrics.
    QStringList only = {}; ///< Requests and errors of these count; empty: of all.

    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static WatchRequest fromJson(const QJsonObject &json);
    [[nodiscard]] static QString folder(const QString &stateDirectory) { return stateDirectory + QStringLiteral("/watch"); }
    [[nodiscard]] static QString path(const QString &stateDirectory, const QString &run);
    [[nodiscard]] static QString verdictPath(const QString &stateDirectory, const QString &run);
};

[[nodiscard]] QJsonObject watchPolicyToJson(const WatchSpec &policy);
[[nodiscard]] WatchSpec watchPolicyFromJson(const QJsonObject &json);

} // namespace cutover
