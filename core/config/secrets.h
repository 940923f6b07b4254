// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "config/envfile.h"

#include <QStringList>

namespace cutover {

/** Knows which values may not be shown: by the key's name, and passwords inside URLs. Value type. */
class SecretMask
{
public:
    /// Shell-style patterns of keys, without regard to case; a few usual ones always count.
    explicit SecretMask(const QStringList &patterns = {});
    [[nodiscard]] bool isSecret(const QString &key) const;
    /// The line or lines of an entry, fit to be shown; also assignments that are commented out.
    [[nodiscard]] QString shown(const EnvFile::Entry &entry) const;
    /// Assignments to secret keys and passwords in URLs inside any text, such as a program's output.
    [[nodiscard]] QString masked(const QString &text) const;

private:
    QStringList m_patterns; ///< Regular expressions.
};

/// A unified diff of two versions of a file with the secrets masked. A secret that changes shows as
/// a pair of equal lines. Empty when nothing changes.
[[nodiscard]] QString maskedDiff(const EnvFile &before, const EnvFile &after, const QString &name, const SecretMask &mask);

/// The secret that a reference names: "file:/path" (without the last line end), "env:NAME",
/// "credential:NAME" (systemd). Errors "config.secret_*" name the reference, never a value.
[[nodiscard]] Result<QString> resolveSecret(const QString &reference);
[[nodiscard]] bool isSecretReference(const QString &text);

} // namespace cutover
