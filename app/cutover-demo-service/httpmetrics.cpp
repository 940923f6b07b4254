// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "httpmetrics.h"

#include <algorithm>

namespace demo {

void HttpMetrics::observe(const QByteArray &path, int status, double seconds)
{
    const QMutexLocker guard(&m_mutex);
    ++m_requests[{path, status}];
    if (status >= 500) {
        ++m_errors[path];
    }
    ++m_buckets[std::ranges::lower_bound(Bounds, seconds) - Bounds.begin()];
    m_seconds += seconds;
    ++m_count;
}

void HttpMetrics::countOrder()
{
    const QMutexLocker guard(&m_mutex);
    ++m_orders;
}

QByteArray HttpMetrics::text() const
{
    const QMutexLocker guard(&m_mutex);
    QByteArray out = "# HELP http_requests_total User requests answered.\n# TYPE http_requests_total counter\n";
    for (const auto &[key, count] : m_requests.asKeyValueRange()) {
        out += "http_requests_total{path=\"" + key.first + "\",code=\"" + QByteArray::number(key.second) + "\"} "
            + QByteArray::number(count) + '\n';
    }
    out += "# HELP http_errors_total User requests answered with a server error.\n# TYPE http_errors_total counter\n";
    if (m_errors.isEmpty()) {
        out += "http_errors_total 0\n";
    }
    for (const auto &[path, count] : m_errors.asKeyValueRange()) {
        out += "http_errors_total{path=\"" + path + "\"} " + QByteArray::number(count) + '\n';
    }
    out += "# HELP http_request_duration_seconds Time to answer.\n# TYPE http_request_duration_seconds histogram\n";
    quint64 below = 0;
    for (std::size_t i = 0; i < Bounds.size(); ++i) {
        below += m_buckets[i];
        out += "http_request_duration_seconds_bucket{le=\"" + QByteArray::number(Bounds[i]) + "\"} " + QByteArray::number(below) + '\n';
    }
    out += "http_request_duration_seconds_bucket{le=\"+Inf\"} " + QByteArray::number(m_count) + '\n';
    out += "http_request_duration_seconds_sum " + QByteArray::number(m_seconds) + '\n';
    out += "http_request_duration_seconds_count " + QByteArray::number(m_count) + '\n';
    out += "# HELP orders_total Orders accepted.\n# TYPE orders_total counter\norders_total " + QByteArray::number(m_orders) + '\n';
    return out;
}

} // namespace demo
