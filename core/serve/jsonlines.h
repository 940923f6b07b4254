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

    explicit JsonLines(qsizetype maxLine = MaxLine)
        : m_maxLine(maxLine)
    {
    }
    void feed(const QByteArray &bytes) { m_buffer += bytes; }
    /// The next whole line; nullopt when there is none yet. "serve.bad_line" for one that is no JSON
    /// object; "serve.line_too_long" once for a line over the limit, the rest of which is passed over.
    [[nodiscard]] std::optional<Result<QJsonObject>> next();
    [[nodiscard]] static QByteArray line(const QJsonObject &object);

private:
    qsizetype m_maxLine;
    QByteArray m_buffer;
    qsizetype m_start = 0; ///< Of the line to cut off next.
    qsizetype m_searched = 0; ///< No end of line before this.
    bool m_skipping = false; ///< In a line that was too long.
};

} // namespace cutover
