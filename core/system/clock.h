// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QDateTime>

#include <stop_token>

namespace cutover {

/** Time as a seam. Wall time is for people and the journal; durations use the monotonic clock. Any thread. */
class Clock
{
public:
    virtual ~Clock() = default;
    /// UTC, millisecond precision.
    [[nodiscard]] virtual QDateTime now() const = 0;
    /// Milliseconds since boot, counting sleep (CLOCK_BOOTTIME). Comparable across processes of one boot.
    [[nodiscard]] virtual qint64 monotonic() const = 0;
    /// Identifies the boot that monotonic() counts from.
    [[nodiscard]] virtual QString bootId() const = 0;
    /// Waits; ends early with Cancelled (code "system.cancelled") when stop is requested.
    [[nodiscard]] virtual Async<> sleep(qint64 milliseconds, std::stop_token stop = {}) = 0;

    /// The machine's clock, shared.
    [[nodiscard]] static Clock &system();
};

/** A clock that moves only when told to; for simulations. sleep() returns at once and advances it. */
class ManualClock : public Clock
{
public:
    explicit ManualClock(const QDateTime &start);
    [[nodiscard]] QDateTime now() const override;
    [[nodiscard]] qint64 monotonic() const override;
    [[nodiscard]] QString bootId() const override;
    [[nodiscard]] Async<> sleep(qint64 milliseconds, std::stop_token stop = {}) override;
    void advance(qint64 milliseconds);
    /// Moves wall time alone, as an NTP step does.
    void stepWall(qint64 milliseconds);

private:
    QDateTime m_now;
    qint64 m_monotonic = 0;
};

} // namespace cutover
