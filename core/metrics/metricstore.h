// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>
#include <QString>

#include <memory>

namespace cutover {

struct MetricPoint {
    qint64 time = 0; ///< ms since the epoch, UTC.
    double value = 0;
};

/**
 * STATE/metrics.db, the watcher's samples (WAL, synchronous=NORMAL). Derived series, one point a
 * scrape: "errors" (proportion 0…1), "requests" (a second), "orders" (a minute), "latency_p95"
 * (ms), "up" (instances answering); raw counters per instance as "raw:INSTANCE:NAME". Blocking;
 * one thread per object.
 */
class MetricStore
{
public:
    enum class Mode { ReadWrite,
                      ReadOnly };
    [[nodiscard]] static Result<std::unique_ptr<MetricStore>> open(const QString &stateDirectory, Mode mode);
    ~MetricStore();
    [[nodiscard]] Result<> append(const QList<std::pair<QString, MetricPoint>> &points);
    [[nodiscard]] Result<QList<MetricPoint>> series(const QString &name, qint64 from, qint64 to);
    [[nodiscard]] Result<QStringList> names();
    [[nodiscard]] Result<> prune(qint64 before);

private:
    struct Private;
    explicit MetricStore(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace cutover
