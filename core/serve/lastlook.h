// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <algorithm>
#include <optional>

namespace cutover {

constexpr qint64 LookKeptMs = 5000; ///< How long what was seen stands in for an answer that is late.

/**
 * What was seen last of somebody who is asked again and again. On a busy machine an answer may be late
 * without anything being wrong; for a moment what was seen before stands in for it, with its age.
 */
template<class T>
class LastLook
{
public:
    /// The answer itself; where it is late, the last one while that is young. now: of a monotonic clock, in
    /// milliseconds. age: made to be that of the oldest look that stood in, left alone otherwise.
    [[nodiscard]] Result<T> take(Result<T> answer, bool late, qint64 now, qint64 *age)
    {
        if (answer) {
            m_seen = *answer;
            m_at = now;
        } else if (late && m_seen && now - m_at <= LookKeptMs) {
            *age = std::max(*age, now - m_at);
            return *m_seen;
        }
        return answer;
    }

private:
    std::optional<T> m_seen;
    qint64 m_at = 0;
};

} // namespace cutover
