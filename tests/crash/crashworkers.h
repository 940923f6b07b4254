// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "crashdriver.h"

namespace cutover::testing {

/**
 * Runs the processes that each test a share, and sums up what they report. However this ends, a
 * signal to it included, no process and no system of theirs is left.
 */
class CrashWorkers
{
public:
    using Tell = std::function<void(const QString &line)>;
    CrashWorkers(QStringList scenarios, QStringList kinds, Tell tell);

    /// Starts this very program with each of the lists of arguments. Returns the exit code.
    [[nodiscard]] int run(const QList<QStringList> &arguments);

private:
    struct Sum {
        CrashReport report;
        int reports = 0;
        bool failed = false;
    };
    void read(const QByteArray &line, qsizetype workers);
    [[nodiscard]] bool tellTable(qsizetype workers) const; ///< Whether all was judged well.

    QStringList m_scenarios;
    QStringList m_kinds;
    Tell m_tell;
    QMap<QString, Sum> m_sums; ///< By "scenario, kind".
};

} // namespace cutover::testing
