// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QJsonArray>
#include <QStringList>

namespace cutover {

/**
 * What of a JSON document a client relies on: which members there are and of which type, by JSON pointer (RFC 6901), the
 * items of a list under "*". With it the values, only as keyed digests, so that whoever reads it learns none of them.
 * Any thread; blocking for the key.
 */
namespace jsonshape {

constexpr qsizetype maxPaths = 1000; ///< Members of a shape.
constexpr qsizetype maxValues = 1000; ///< Single values that are compared.

/// {members: {pointer: {types, count}}, values: {pointer: digest}}. values is left out where none is wanted. Errors
/// "check.shape_large" {count, limit}.
[[nodiscard]] Result<QJsonObject> of(const QString &stateDirectory, const QJsonValue &document, bool withValues);

/// What clients of the earlier document may trip over in the later one, each as a message with its pointer: members
/// that vanished, other types, and, where both hold values, values that differ but for the pointers to ignore ("*" stands
/// for any item or member). What came on top is no difference; null goes with every type.
[[nodiscard]] QJsonArray differences(const QJsonObject &earlier, const QJsonObject &later, const QStringList &ignore);

} // namespace jsonshape

} // namespace cutover
