// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/window.h"

#include <charconv>
#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

Scrape Scrape::from(const Exposition &page, const WatchSpec &policy, qint64 time)
{
    Scrape scrape;
    scrape.time = time;
    const QByteArray requestsName = policy.requestsCounter.toUtf8();
    const QByteArray errorsName = policy.errorsCounter.toUtf8();
    for (const ExpositionSample &sample : page.samples) {
        if (!std::isfinite(sample.value)) {
            continue;
        }
        if (sample.name == requestsName) {
            scrape.requests += sample.value;
            scrape.hasRequests = true;
        }
        if (sample.name == errorsName) {
            scrape.errors += sample.value;
        }
        if (sample.name == "orders_total") {
            scrape.orders += sample.value;
            scrape.hasOrders = true;
        } else if (sample.name == "process_start_time_seconds") {
            scrape.epoch = sample.value;
        } else if (sample.name == "http_request_duration_seconds_bucket") {
            const QByteArray text = sample.label("le");
            QByteArrayView digits = text;
            if (digits.startsWith('+')) {
                digits = digits.sliced(1);
            }
            double bound = 0;
            const auto [end, failed] = std::from_chars(digits.begin(), digits.end(), bound);
            if (failed == std::errc() && end == digits.end() && !std::isnan(bound)) {
                scrape.latency[bound] += sample.value;
            }
        }
    }
    return scrape;
}

void MetricWindow::add(const QString &instance, const Scrape &scrape)
{
    m_instances[instance].push_back(scrape);
}

void MetricWindow::prune(qint64 before, const QStringList &instances)
{
    m_instances.removeIf([&instances](const auto &entry) { return !instances.contains(entry.key()); });
    for (auto &scrapes : m_instances) {
        while (!scrapes.empty() && scrapes.front().time < before) {
            scrapes.pop_front();
        }
    }
}

qint64 MetricWindow::lastScrape(const QString &instance) const
{
    const auto scrapes = m_instances.constFind(instance);
    return scrapes == m_instances.cend() || scrapes->empty() ? -1 : scrapes->back().time;
}

std::optional<double> MetricWindow::Counts::errorProportion() const
{
    return requests > 0 ? std::optional(qMin(1.0, errors / requests)) : std::nullopt;
}

MetricWindow::Counts MetricWindow::counts(qint64 from, qint64 to, const QStringList &only) const
{
    Counts total;
    for (const auto &[instance, scrapes] : m_instances.asKeyValueRange()) {
        if (!only.isEmpty() && !only.contains(instance)) {
            continue;
        }
        const Scrape *first = nullptr;
        const Scrape *before = nullptr;
        for (const Scrape &scrape : scrapes) {
            if (scrape.time < from || scrape.time > to) {
                continue;
            }
            total.hasOrders |= scrape.hasOrders;
            if (!before) {
                first = before = &scrape;
                continue;
            }
            // The request counter only grows while a process lives, so where it shrank all counters began anew.
            const bool startedAgain = scrape.requests < before->requests
                || (scrape.epoch > 0 && before->epoch > 0 && scrape.epoch != before->epoch);
            const auto grown = [startedAgain](double then, double now) {
                return startedAgain ? now : counters::counted({0, then, 0}, {0, now, 0});
            };
            total.requests += grown(before->requests, scrape.requests);
            total.errors += grown(before->errors, scrape.errors);
            total.orders += grown(before->orders, scrape.orders);
            for (const auto &[bound, count] : scrape.latency.asKeyValueRange()) {
                total.latency[bound] += grown(before->latency.value(bound), count);
            }
            before = &scrape;
        }
        if (first) {
            total.coveredMs = qMax(total.coveredMs, before->time - first->time);
        }
    }
    return total;
}

} // namespace cutover
