// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>
#include <QJsonObject>

#include <optional>

namespace cutover {

/**
 * Cuts a byte stream into JSON objects, one a line. Any input gives objects or an error, never
 * a crash; a line may have at most MaxLine bytes. Used by the protocol and the local sockets.
 */
class JsonLines
{
public:
    static constexpr qsizetype MaxLine = 64 << 20;

    void feed(const QByteArray &bytes) { m_buffer += bytes; }
    /// The next whole line; nullopt when there is none yet. "serve.bad_line" for one that is no JSON object.
    [[nodiscard]] std::optional<Result<QJsonObject>> next();
    [[nodiscard]] static QByteArray line(const QJsonObject &object);

private:
    QByteArray m_buffer;
    qsizetype m_start = 0;
};

} // namespace cutover
