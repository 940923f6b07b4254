// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QHash>
#include <QMutex>

#include <array>

namespace demo {

/** Counters and one histogram in the Prometheus exposition format. Any thread. */
class HttpMetrics
{
public:
    /// Status 500 and above counts as an error.
    void observe(const QByteArray &path, int status, double seconds);
    void countOrder();
    [[nodiscard]] QByteArray text() const;

private:
    static constexpr std::array Bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
    mutable QMutex m_mutex;
    QHash<std::pair<QByteArray, int>, quint64> m_requests;
    QHash<QByteArray, quint64> m_errors;
    std::array<quint64, Bounds.size() + 1> m_buckets{};
    double m_seconds = 0;
    quint64 m_count = 0;
    quint64 m_orders = 0;
};

} // namespace demo
