// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/counters.h"
#include "metrics/exposition.h"
#include "target/target.h"

#include <deque>

namespace cutover {

/** What one instance said at one scrape. */
struct Scrape {
    qint64 time = 0; ///< ms, monotonic.
    double epoch = 0; ///< process_start_time_seconds; 0: not told.
    double requests = 0;
    double errors = 0;
    double orders = 0;
    bool hasRequests = false;
    bool hasOrders = false;
    QMap<double, double> latency; ///< Buckets of http_request_duration_seconds, le → cumulative count.

    /// A counter that isn't there yet has counted nothing: many libraries show one only from its first event on.
    [[nodiscard]] static Scrape from(const Exposition &page, const WatchSpec &policy, qint64 time);
};

/** The recent past of all instances, in memory; all figures are sums over instances, restarts allowed for. */
class MetricWindow
{
public:
    void add(const QString &instance, const Scrape &scrape);
    /// Drops what is older than that (monotonic ms), and instances not in the list.
    void prune(qint64 before, const QStringList &instances);

    struct Counts {
        double requests = 0;
        double errors = 0;
        double orders = 0;
        bool hasOrders = false;
        QMap<double, double> latency;
        qint64 coveredMs = 0; ///< Longest time between first and last scrape of an instance.
        /// 0…1; empty without requests.
        [[nodiscard]] std::optional<double> errorProportion() const;
    };
    /// only: sums of these; empty: of all.
    [[nodiscard]] Counts counts(qint64 from, qint64 to, const QStringList &only = {}) const;
    /// Time of an instance's newest scrape (monotonic ms); -1 without any.
    [[nodiscard]] qint64 lastScrape(const QString &instance) const;

private:
    QMap<QString, std::deque<Scrape>> m_instances;
};

} // namespace cutover
