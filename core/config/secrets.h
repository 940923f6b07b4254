// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "config/envfile.h"

#include <QRegularExpression>
#include <QStringList>

namespace cutover {

/**
 * Hides secrets: by the key's name, by value once a value was learned, and by what stands around them
 * (passwords in URLs, query parameters, Authorization headers). Masking twice changes nothing more.
 * Value type.
 */
class SecretMask
{
public:
    /// Shell-style patterns of keys, without regard to case; a few usual ones always count.
    explicit SecretMask(const QStringList &patterns = {});
    [[nodiscard]] bool isSecret(const QString &key) const;
    /// Hides from now on what is secret in a key's value, wherever it turns up: all of it, or the passwords in its URLs.
    void learn(const QString &key, const QString &value);
    /// Whether a learned value stands in the text; not one so short that it may be there by chance.
    [[nodiscard]] bool holdsValue(const QString &text) const;
    /// The line or lines of an entry, fit to be shown; also assignments that are commented out.
    [[nodiscard]] QString shown(const EnvFile::Entry &entry) const;
    /// Any text, such as a program's output. Knows a learned value also where the text was cut within it.
    [[nodiscard]] QString masked(const QString &text) const;

private:
    void hide(const QString &value);
    [[nodiscard]] QString withoutValues(QString text) const;
    [[nodiscard]] QString withoutAssignments(const QString &text) const;
    [[nodiscard]] QString withoutQueries(const QString &text) const;

    QRegularExpression m_keys;
    QStringList m_values; ///< Longest first.
};

/// The passwords in its URLs hidden.
[[nodiscard]] QString withoutUrlPasswords(QString text);

/// A unified diff of two versions of a file with the secrets masked. A secret that changes shows as
/// a pair of equal lines. Empty when nothing changes.
[[nodiscard]] QString maskedDiff(const EnvFile &before, const EnvFile &after, const QString &name, const SecretMask &mask);

/// The secret that a reference names: "file:/path" (without the last line end), "env:NAME",
/// "credential:NAME" (systemd). Errors "config.secret_*" name the reference, never a value.
[[nodiscard]] Result<QString> resolveSecret(const QString &reference);
[[nodiscard]] bool isSecretReference(const QString &text);

} // namespace cutover
