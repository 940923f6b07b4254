// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QDir>
#include <QMap>

namespace cutover {

/**
 * What target.yaml says of an HTTP header's value: a text, or a reference to a secret ("file:/path", "env:NAME",
 * "credential:NAME"), which a word may stand before, as in "Bearer file:/path". Value type.
 */
class HeaderValue
{
public:
    explicit HeaderValue(const QString &text);

    [[nodiscard]] bool isReference() const { return !m_reference.isEmpty(); }
    [[nodiscard]] const QString &reference() const { return m_reference; }
    /// The same text with the path of a "file:" reference made absolute.
    [[nodiscard]] QString withPathsOf(const QDir &folder) const;
    /// What is sent. Errors "config.secret_*" name the reference, never a value. Blocking for a small file.
    [[nodiscard]] Result<QString> resolved() const;

    /// Whether a header of that name proves who asks, so that its value is a secret.
    [[nodiscard]] static bool isSecretName(const QString &name);

private:
    QString m_before; ///< All of it, where it is no reference; "Bearer " otherwise.
    QString m_reference;
};

/// All of them, as they are sent.
[[nodiscard]] Result<QMap<QByteArray, QByteArray>> resolvedHeaders(const QMap<QString, QString> &headers);

} // namespace cutover
