// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/blackout.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int lookAheadDays = 8;
constexpr int maxChained = 64; ///< Hours that follow one another without end would be looked at for ever.

using Resolution = QDateTime::TransitionResolution;

QDateTime momentOf(const QDate &day, int minute, Resolution resolution)
{
    // In the hour that is there twice the longer blackout is meant.
    return QDateTime(day, QTime(0, 0).addSecs(minute * 60), resolution).toUTC();
}

/// Those that begin on that local day.
std::optional<BlackoutHours> hoursOf(const BlackoutSpec &spec, const QDate &day)
{
    if (!spec.days.isEmpty() && !spec.days.contains(day.dayOfWeek())) {
        return std::nullopt;
    }
    const bool overMidnight = spec.toMinuteOfDay <= spec.fromMinuteOfDay;
    return BlackoutHours{spec.reason, momentOf(day, spec.fromMinuteOfDay, Resolution::PreferBefore),
                         momentOf(overMidnight ? day.addDays(1) : day, spec.toMinuteOfDay, Resolution::PreferAfter)};
}

std::optional<BlackoutHours> single(const QList<BlackoutSpec> &blackout, const QDateTime &now)
{
    std::optional<BlackoutHours> found;
    const QDate today = now.toLocalTime().date();
    for (const BlackoutSpec &spec : blackout) {
        // Yesterday's may go over midnight.
        for (const QDate &day : {today.addDays(-1), today}) {
            const auto hours = hoursOf(spec, day);
            if (hours && hours->begin <= now && now < hours->end && (!found || hours->end > found->end)) {
                found = hours;
            }
        }
    }
    return found;
}

} // namespace

std::optional<BlackoutHours> blackoutAt(const QList<BlackoutSpec> &blackout, const QDateTime &now)
{
    auto found = single(blackout, now);
    for (int i = 0; found && i < maxChained; ++i) {
        const auto next = single(blackout, found->end);
        if (!next) {
            break;
        }
        found->end = next->end;
    }
    return found;
}

std::optional<BlackoutHours> nextBlackout(const QList<BlackoutSpec> &blackout, const QDateTime &now)
{
    std::optional<BlackoutHours> found;
    const QDate today = now.toLocalTime().date();
    for (int ahead = 0; ahead <= lookAheadDays; ++ahead) {
        for (const BlackoutSpec &spec : blackout) {
            const auto hours = hoursOf(spec, today.addDays(ahead));
            if (hours && hours->begin > now && hours->begin < hours->end && (!found || hours->begin < found->begin)) {
                found = hours;
            }
        }
    }
    return found;
}

QJsonArray blackoutToJson(const QList<BlackoutSpec> &blackout)
{
    QJsonArray array;
    for (const BlackoutSpec &spec : blackout) {
        QJsonArray days;
        for (const int day : spec.days) {
            days.append(day);
        }
        array.append(QJsonObject{{u"reason"_s, spec.reason}, {u"days"_s, days}, {u"from"_s, spec.fromMinuteOfDay}, {u"to"_s, spec.toMinuteOfDay}});
    }
    return array;
}

} // namespace cutover
