// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/message.h"

#include <QDateTime>
#include <QJsonArray>
#include <QStringList>

/** What views and journal write over and over: times, and lists of strings, of messages and of what has toJson(). Pure. */
namespace cutover::json {

/// UTC with milliseconds; null for no time.
[[nodiscard]] inline QJsonValue fromTime(const QDateTime &time)
{
    return time.isValid() ? QJsonValue(time.toUTC().toString(Qt::ISODateWithMs)) : QJsonValue();
}
/// UTC; invalid where there is none.
[[nodiscard]] inline QDateTime toTime(const QJsonValue &value)
{
    return value.isString() ? QDateTime::fromString(value.toString(), Qt::ISODateWithMs).toUTC() : QDateTime();
}

[[nodiscard]] inline QStringList toStrings(const QJsonValue &value)
{
    QStringList list;
    const QJsonArray array = value.toArray();
    for (const auto &item : array) {
        list.append(item.toString());
    }
    return list;
}

/// item: makes JSON of one.
template<class T, class F>
[[nodiscard]] QJsonArray fromList(const QList<T> &list, F &&item)
{
    QJsonArray array;
    for (const T &each : list) {
        array.append(item(each));
    }
    return array;
}
template<class T>
[[nodiscard]] QJsonArray fromList(const QList<T> &list)
{
    return fromList(list, [](const T &item) { return item.toJson(); });
}

/// item: makes one of a JSON object.
template<class T, class F>
[[nodiscard]] QList<T> toList(const QJsonValue &value, F &&item)
{
    QList<T> list;
    const QJsonArray array = value.toArray();
    for (const auto &each : array) {
        list.append(item(each.toObject()));
    }
    return list;
}
template<class T>
[[nodiscard]] QList<T> toList(const QJsonValue &value)
{
    return toList<T>(value, T::fromJson);
}

} // namespace cutover::json
