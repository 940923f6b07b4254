// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>

#include <optional>

namespace cutover {

/**
 * A .env file that can be changed without touching what isn't meant: comments, order, blank lines,
 * quoting, "export", line ends and a byte order mark stay as they are. Value type.
 *
 * Understood: NAME=value, NAME='literal', NAME="with \n \t \" \\ \$ and lines", an inline comment
 * behind white space and "#", an optional "export". Codes "config.*" with file:line:column.
 */
class EnvFile
{
public:
    /// One assignment, or whatever else stands in a line (then key is empty).
    struct Entry {
        QString key;
        QString value; ///< Without quotes and escapes.
        QString before; ///< Up to the value's first character: "export NAME=".
        QString raw; ///< The value as written, with its quotes. Of other lines all of it.
        QString after; ///< Inline comment and line end.
        [[nodiscard]] QString text() const { return before + raw + after; }
    };

    /// name is only for errors. Refuses duplicate keys.
    [[nodiscard]] static Result<EnvFile> parse(const QByteArray &content, const QString &name);
    [[nodiscard]] QByteArray toBytes() const;

    [[nodiscard]] const QList<Entry> &entries() const { return m_entries; }
    [[nodiscard]] std::optional<QString> value(const QString &key) const;
    /// Keeps the entry's quotes where they can hold the value; a new key goes to the end.
    void set(const QString &key, const QString &value);
    /// False when there was no such key.
    bool remove(const QString &key);
    [[nodiscard]] static bool isKey(const QString &text);

private:
    [[nodiscard]] qsizetype find(const QString &key) const;

    QList<Entry> m_entries;
    QString m_lineEnd = QStringLiteral("\n");
    bool m_byteOrderMark = false;
};

} // namespace cutover
