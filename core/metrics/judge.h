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
 * the duration: Good with enough requests in the window, else NotEnoughData. So it is, too, as soon
 * as one of the request's instances has given no metrics for a window: the sum of the others says
 * nothing about it. Where the policy goes on without data, that also waits for the end. Pure.
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
    void listen(const MetricWindow &window, qint64 now);
    [[nodiscard]] qint64 silenceLimit() const;

    WatchRequest m_request;
    Verdict m_verdict;
    qint64 m_from = 0;
    qint64 m_last = -1;
    int m_breaches = 0;
    QMap<QString, qint64> m_silence; ///< ms in which an instance was asked and gave nothing, up to now; without those that answer.
};

} // namespace cutover
