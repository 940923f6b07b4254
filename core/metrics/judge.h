// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/watcher.h"
#include "metrics/watchrequest.h"
#include "metrics/window.h"

namespace cutover {

/**
 * Decides one watch, evaluation by evaluation. Bad: the error proportion was over the limit
 * consecutiveBreaches times in a row, each time over at least minimumSamples requests. At the end of
 * the duration: Good with enough requests in the window, else NotEnoughData. Pure.
 */
class Judge
{
public:
    /// earlier: the verdict so far, when a new watcher goes on with it; its watched time counts.
    explicit Judge(const WatchRequest &request, const Verdict &earlier = {});
    /// now: monotonic ms; time: ms since the epoch. A verdict that isn't Pending never changes again.
    const Verdict &evaluate(const MetricWindow &window, qint64 now, qint64 time);
    [[nodiscard]] const Verdict &verdict() const { return m_verdict; }
    [[nodiscard]] const WatchRequest &request() const { return m_request; }
    /// Moves the start, where the machine was started anew since the request.
    void restartAt(qint64 now) { m_from = now; }

private:
    WatchRequest m_request;
    Verdict m_verdict;
    qint64 m_from = 0;
    qint64 m_last = -1;
    int m_breaches = 0;
};

} // namespace cutover
