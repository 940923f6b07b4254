// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QSet>

namespace cutover::testing {

/**
 * Ends whatever the programs that this process starts have left behind, services that outlive them
 * too: whose parent dies becomes a child of this process. One per process.
 */
class Descendants
{
public:
    Descendants();
    ~Descendants();
    Q_DISABLE_COPY_MOVE(Descendants)

    /// Buries those that ended, except the programs that whoever started them waits for: what isn't buried
    /// still looks alive. To be called every few milliseconds while programs run, by the main thread.
    void reap(const QSet<qint64> &waitedFor = {}) const;
};

} // namespace cutover::testing
