// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>
#include <QString>
#include <QStringList>

#include <compare>

namespace cutover {

/** A version by Semantic Versioning 2.0.0 (semver.org). Value type. */
struct Version {
    quint64 major = 0;
    quint64 minor = 0;
    quint64 patch = 0;
    QStringList preRelease;
    QStringList build; ///< Ignored by comparison.

    /// A leading "v" is accepted. Errors "semver.*" name the text, the column and what was expected.
    [[nodiscard]] static Result<Version> parse(const QString &text);
    [[nodiscard]] QString toString() const;
    /// Precedence (clause 11); == means equal precedence, so build metadata does not count.
    std::strong_ordering operator<=>(const Version &other) const;
    bool operator==(const Version &other) const { return (*this <=> other) == std::strong_ordering::equal; }
};

enum class UpdateType { None,
                        Hotfix,
                        Minor,
                        Major,
                        Downgrade };
[[nodiscard]] UpdateType updateType(const Version &from, const Version &to);
[[nodiscard]] QString updateTypeName(UpdateType type); ///< "none", "hotfix", "minor", "major", "downgrade"

/** A range: comparators joined by space (and) and "||" (or); "^1.2", "~1.2.3", "1.2.x", "*", "1.2 - 1.4", ">=1.2.0 <2.0.0". */
class VersionRange
{
public:
    [[nodiscard]] static Result<VersionRange> parse(const QString &text);
    /// A pre-release is contained only where a comparator of the same set names one of its triple.
    [[nodiscard]] bool contains(const Version &version) const;
    [[nodiscard]] QString toString() const { return m_text; }

private:
    struct Comparator {
        enum Op { Less,
                  LessEqual,
                  Greater,
                  GreaterEqual,
                  Equal } op;
        Version version;
    };
    QString m_text;
    QList<QList<Comparator>> m_sets;
};

} // namespace cutover
