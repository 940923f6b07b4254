// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>
#include <QHash>
#include <QList>

#include <optional>

namespace cutover {

/** One line of values: name{labels} value timestamp. */
struct ExpositionSample {
    QByteArray name;
    QList<std::pair<QByteArray, QByteArray>> labels; ///< In the order of the text, unescaped, UTF-8.
    double value = 0;
    std::optional<qint64> timestamp; ///< ms since the epoch.

    /// The label's value; null when it is not there.
    [[nodiscard]] QByteArray label(QByteArrayView name) const;
};

/** What a /metrics page says. */
struct Exposition {
    QList<ExpositionSample> samples;
    QHash<QByteArray, QByteArray> types; ///< Family → "counter", "gauge", "histogram", "summary", "untyped", …
    bool isOpenMetrics = false; ///< Ended by "# EOF".

    /// Sum of all samples of that name over all their labels; empty when there is none.
    [[nodiscard]] std::optional<double> sum(QByteArrayView name) const;
};

/**
 * Reads the Prometheus text format 0.0.4, and of OpenMetrics 1.0 what differs in plain samples: the
 * end mark, timestamps in seconds, exemplars (checked and dropped), more types. Takes any bytes.
 * Errors "exposition.*" with name:line:column as where. Any thread.
 * Source: prometheus.io/docs/instrumenting/exposition_formats, OpenMetrics 1.0 (ABNF).
 */
[[nodiscard]] Result<Exposition> parseExposition(const QByteArray &text, const QString &name = {});

} // namespace cutover
