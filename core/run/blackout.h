// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QDateTime>

#include <optional>

namespace cutover {

/** Hours of a certain day in which no update starts. */
struct BlackoutHours {
    QString reason;
    QDateTime begin; ///< UTC; from this moment on.
    QDateTime end; ///< UTC; up to, and without, this moment. Of hours that follow one another, that of the last.
};

/// The hours that a moment lies in. Days and times are local: where the clock is set back both times of that name
/// count, where it is set forward a time that doesn't exist is the moment of the change. Pure, any thread.
[[nodiscard]] std::optional<BlackoutHours> blackoutAt(const QList<BlackoutSpec> &blackout, const QDateTime &now);
/// The next hours that begin after now, within eight days.
[[nodiscard]] std::optional<BlackoutHours> nextBlackout(const QList<BlackoutSpec> &blackout, const QDateTime &now);

/// As the plan's policy carries them, so that an approval covers them.
[[nodiscard]] QJsonArray blackoutToJson(const QList<BlackoutSpec> &blackout);

} // namespace cutover
