// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QJsonValue>

namespace cutover::json {

/// Canonical form: keys sorted by code point, no white space, integers without exponent or
/// fraction, UTF-8. Equal values give equal bytes. Source: RFC 8785, restricted to what we store.
[[nodiscard]] QByteArray canonical(const QJsonValue &value);
/// Lower-case hexadecimal SHA-256 of canonical(value).
[[nodiscard]] QString digest(const QJsonValue &value);
/// Lower-case hexadecimal SHA-256.
[[nodiscard]] QString sha256(const QByteArray &bytes);

} // namespace cutover::json
