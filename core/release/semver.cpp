// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/semver.h"

#include <algorithm>
#include <limits>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qsizetype maxVersionLength = 256;
constexpr qsizetype maxRangeLength = 4096;

bool isDigit(QChar c)
{
    return c >= u'0' && c <= u'9';
}

bool isIdentifierCharacter(QChar c)
{
    return isDigit(c) || (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || c == u'-';
}

bool isNumeric(const QString &identifier)
{
    return std::ranges::all_of(identifier, isDigit);
}

/** A position in a text, and the errors that name it. */
class Scanner
{
public:
    explicit Scanner(const QString &text)
        : m_text(text)
    {
    }

    [[nodiscard]] bool atEnd() const { return m_at >= m_text.size(); }
    [[nodiscard]] QChar peek() const { return atEnd() ? QChar() : m_text.at(m_at); }
    [[nodiscard]] QStringView rest() const { return QStringView(m_text).mid(m_at); }
    void advance(qsizetype count = 1) { m_at += count; }

    bool take(QChar c)
    {
        if (peek() != c || atEnd()) {
            return false;
        }
        ++m_at;
        return true;
    }

    bool skipSpace()
    {
        const auto before = m_at;
        while (!atEnd() && peek().isSpace()) {
            ++m_at;
        }
        return m_at != before;
    }

    [[nodiscard]] std::unexpected<Error> error(const QString &code, qsizetype at = -1) const
    {
        if (at < 0) {
            at = m_at;
        }
        const QString found = at < m_text.size() ? QString(m_text.at(at)) : QString();
        return fail(code, {{u"text"_s, m_text}, {u"column"_s, at + 1}, {u"found"_s, found}});
    }

    Result<quint64> number()
    {
        const auto start = m_at;
        quint64 value = 0;
        while (isDigit(peek())) {
            const quint64 digit = peek().unicode() - u'0';
            if (value > (std::numeric_limits<quint64>::max() - digit) / 10) {
                return error(u"semver.too_big"_s, start);
            }
            value = value * 10 + digit;
            ++m_at;
        }
        if (m_at == start) {
            return error(u"semver.number"_s);
        }
        if (m_at - start > 1 && m_text.at(start) == u'0') {
            return error(u"semver.leading_zero"_s, start);
        }
        return value;
    }

    /// Dot-separated identifiers of pre-release or build metadata.
    Result<QStringList> identifiers(bool zerosAllowed)
    {
        QStringList list;
        do {
            const auto start = m_at;
            while (!atEnd() && isIdentifierCharacter(peek())) {
                ++m_at;
            }
            const QString identifier = m_text.mid(start, m_at - start);
            if (identifier.isEmpty()) {
                return error(u"semver.identifier"_s);
            }
            if (!zerosAllowed && identifier.size() > 1 && identifier.at(0) == u'0' && isNumeric(identifier)) {
                return error(u"semver.leading_zero"_s, start);
            }
            list << identifier;
        } while (take(u'.'));
        return list;
    }

private:
    const QString &m_text;
    qsizetype m_at = 0;
};

/** Numeric identifiers may be longer than any integer type, so they are compared as digits. */
std::strong_ordering compareIdentifiers(const QString &a, const QString &b)
{
    const bool aNumeric = isNumeric(a);
    const bool bNumeric = isNumeric(b);
    if (aNumeric != bNumeric) {
        return aNumeric ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (aNumeric && a.size() != b.size()) {
        return a.size() <=> b.size();
    }
    return QString::compare(a, b, Qt::CaseSensitive) <=> 0;
}

std::strong_ordering comparePreReleases(const QStringList &a, const QStringList &b)
{
    if (a.isEmpty() || b.isEmpty()) {
        // A version without a pre-release follows all of its pre-releases.
        return int(a.isEmpty()) <=> int(b.isEmpty());
    }
    for (qsizetype i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (const auto order = compareIdentifiers(a.at(i), b.at(i)); order != std::strong_ordering::equal) {
            return order;
        }
    }
    return a.size() <=> b.size();
}

/** A version of which later parts may be missing or "x". */
struct Partial {
    std::optional<quint64> major;
    std::optional<quint64> minor;
    std::optional<quint64> patch;
    QStringList preRelease;

    [[nodiscard]] Version lowest() const
    {
        Version version;
        version.major = major.value_or(0);
        version.minor = minor.value_or(0);
        version.patch = patch.value_or(0);
        version.preRelease = preRelease;
        return version;
    }
};

Result<Partial> parsePartial(Scanner &scanner)
{
    Partial partial;
    scanner.take(u'v');
    bool wild = false;
    for (auto *part : {&partial.major, &partial.minor, &partial.patch}) {
        if (part != &partial.major && !scanner.take(u'.')) {
            return partial;
        }
        if (const auto c = scanner.peek(); c == u'x' || c == u'X' || c == u'*') {
            scanner.advance();
            wild = true;
            continue;
        }
        TRY(const quint64 value, scanner.number());
        // What follows a wildcard says nothing.
        if (!wild) {
            *part = value;
        }
    }
    if (scanner.take(u'-')) {
        TRY(auto preRelease, scanner.identifiers(false));
        if (!wild) {
            partial.preRelease = preRelease;
        }
    }
    if (scanner.take(u'+')) {
        CHECK(scanner.identifiers(true));
    }
    return partial;
}

/// The lowest of all versions of a triple, its pre-releases included: an upper bound that leaves all of them out.
Result<Version> floorOf(const Scanner &scanner, quint64 major, quint64 minor, quint64 patch, quint64 Version::*bumped)
{
    Version version;
    version.major = major;
    version.minor = minor;
    version.patch = patch;
    version.preRelease = {u"0"_s};
    if (version.*bumped == std::numeric_limits<quint64>::max()) {
        return scanner.error(u"semver.too_big"_s, 0);
    }
    version.*bumped += 1;
    return version;
}

/// The first version (of floorOf) that has other known parts than partial.
Result<Version> after(const Scanner &scanner, const Partial &partial)
{
    if (!partial.minor) {
        return floorOf(scanner, *partial.major, 0, 0, &Version::major);
    }
    if (!partial.patch) {
        return floorOf(scanner, *partial.major, *partial.minor, 0, &Version::minor);
    }
    return floorOf(scanner, *partial.major, *partial.minor, *partial.patch, &Version::patch);
}

} // namespace

Result<Version> Version::parse(const QString &text)
{
    Scanner scanner(text);
    if (text.isEmpty()) {
        return scanner.error(u"semver.empty"_s);
    }
    if (text.size() > maxVersionLength) {
        return fail(u"semver.too_long"_s, {{u"length"_s, text.size()}, {u"maximum"_s, maxVersionLength}});
    }
    Version version;
    scanner.take(u'v');
    for (auto part : {&Version::major, &Version::minor, &Version::patch}) {
        if (part != &Version::major && !scanner.take(u'.')) {
            return scanner.error(u"semver.dot"_s);
        }
        TRY(version.*part, scanner.number());
    }
    if (scanner.take(u'-')) {
        TRY(version.preRelease, scanner.identifiers(false));
    }
    if (scanner.take(u'+')) {
        TRY(version.build, scanner.identifiers(true));
    }
    if (!scanner.atEnd()) {
        return scanner.error(u"semver.trailing"_s);
    }
    return version;
}

QString Version::toString() const
{
    QString text = QString::number(major) + u'.' + QString::number(minor) + u'.' + QString::number(patch);
    if (!preRelease.isEmpty()) {
        text += u'-' + preRelease.join(u'.');
    }
    if (!build.isEmpty()) {
        text += u'+' + build.join(u'.');
    }
    return text;
}

std::strong_ordering Version::operator<=>(const Version &other) const
{
    for (auto part : {&Version::major, &Version::minor, &Version::patch}) {
        if (const auto order = this->*part <=> other.*part; order != std::strong_ordering::equal) {
            return order;
        }
    }
    return comparePreReleases(preRelease, other.preRelease);
}

UpdateType updateType(const Version &from, const Version &to)
{
    if (from == to) {
        return UpdateType::None;
    }
    if (to < from) {
        return UpdateType::Downgrade;
    }
    if (from.major != to.major) {
        return UpdateType::Major;
    }
    return from.minor != to.minor ? UpdateType::Minor : UpdateType::Hotfix;
}

QString updateTypeName(UpdateType type)
{
    switch (type) {
    case UpdateType::None:
        return u"none"_s;
    case UpdateType::Hotfix:
        return u"hotfix"_s;
    case UpdateType::Minor:
        return u"minor"_s;
    case UpdateType::Major:
        return u"major"_s;
    case UpdateType::Downgrade:
        return u"downgrade"_s;
    }
    return {};
}

// The meaning of each form is that of node-semver's README ("Ranges", "Advanced range syntax").
Result<VersionRange> VersionRange::parse(const QString &text)
{
    if (text.size() > maxRangeLength) {
        return fail(u"semver.too_long"_s, {{u"length"_s, text.size()}, {u"maximum"_s, maxRangeLength}});
    }
    VersionRange range;
    range.m_text = text.trimmed();
    Scanner scanner(range.m_text);

    Version nothing;
    nothing.preRelease = {u"0"_s};

    for (;;) {
        QList<Comparator> set;
        const auto atLeast = [&set](const Partial &partial) {
            set << Comparator{Comparator::GreaterEqual, partial.lowest()};
        };
        const auto below = [&set](const Version &version) {
            set << Comparator{Comparator::Less, version};
        };
        scanner.skipSpace();
        while (!scanner.atEnd() && scanner.peek() != u'|') {
            QString op;
            for (const auto &candidate : {u"<="_s, u">="_s, u"~>"_s, u"<"_s, u">"_s, u"="_s, u"^"_s, u"~"_s}) {
                if (scanner.rest().startsWith(candidate)) {
                    op = candidate;
                    break;
                }
            }
            scanner.advance(op.size());
            scanner.skipSpace();
            TRY(const Partial partial, parsePartial(scanner));
            const bool spaced = scanner.skipSpace();
            if (!spaced && !scanner.atEnd() && scanner.peek() != u'|') {
                return scanner.error(u"semver.range"_s);
            }

            if (op.isEmpty() && spaced && scanner.peek() == u'-') {
                scanner.advance();
                if (!scanner.skipSpace()) {
                    return scanner.error(u"semver.range"_s);
                }
                TRY(const Partial last, parsePartial(scanner));
                if (!scanner.skipSpace() && !scanner.atEnd() && scanner.peek() != u'|') {
                    return scanner.error(u"semver.range"_s);
                }
                atLeast(partial);
                if (last.patch) {
                    set << Comparator{Comparator::LessEqual, last.lowest()};
                } else if (last.major) {
                    TRY(const Version bound, after(scanner, last));
                    below(bound);
                }
                continue;
            }

            if (!partial.major) {
                // "*" is everything; more or less than everything is nothing.
                if (op == u"<" || op == u">") {
                    below(nothing);
                } else {
                    atLeast(partial);
                }
            } else if (op == u"^") {
                atLeast(partial);
                // Parts after the first that isn't zero may grow; so may those that aren't given.
                if (*partial.major != 0 || !partial.minor) {
                    TRY(const Version bound, floorOf(scanner, *partial.major, 0, 0, &Version::major));
                    below(bound);
                } else if (*partial.minor != 0 || !partial.patch) {
                    TRY(const Version bound, floorOf(scanner, 0, *partial.minor, 0, &Version::minor));
                    below(bound);
                } else {
                    TRY(const Version bound, floorOf(scanner, 0, 0, *partial.patch, &Version::patch));
                    below(bound);
                }
            } else if (op == u"~" || op == u"~>") {
                atLeast(partial);
                Partial line = partial;
                line.patch.reset();
                TRY(const Version bound, after(scanner, line));
                below(bound);
            } else if (op == u">=") {
                atLeast(partial);
            } else if (op == u"<") {
                Version bound = partial.lowest();
                if (!partial.patch) {
                    bound.preRelease = nothing.preRelease;
                }
                below(bound);
            } else if (op == u">" && partial.patch) {
                set << Comparator{Comparator::Greater, partial.lowest()};
            } else if (op == u">") {
                TRY(Version bound, after(scanner, partial));
                bound.preRelease.clear();
                set << Comparator{Comparator::GreaterEqual, bound};
            } else if (op == u"<=" && partial.patch) {
                set << Comparator{Comparator::LessEqual, partial.lowest()};
            } else if (op == u"<=") {
                TRY(const Version bound, after(scanner, partial));
                below(bound);
            } else if (partial.patch) {
                set << Comparator{Comparator::Equal, partial.lowest()};
            } else {
                atLeast(partial);
                TRY(const Version bound, after(scanner, partial));
                below(bound);
            }
        }
        if (set.isEmpty()) {
            atLeast({});
        }
        range.m_sets << set;
        if (scanner.atEnd()) {
            return range;
        }
        if (!scanner.rest().startsWith(u"||")) {
            return scanner.error(u"semver.range"_s);
        }
        scanner.advance(2);
    }
}

bool VersionRange::contains(const Version &version) const
{
    const auto holds = [&version](const Comparator &comparator) {
        switch (comparator.op) {
        case Comparator::Less:
            return version < comparator.version;
        case Comparator::LessEqual:
            return version <= comparator.version;
        case Comparator::Greater:
            return version > comparator.version;
        case Comparator::GreaterEqual:
            return version >= comparator.version;
        case Comparator::Equal:
            return version == comparator.version;
        }
        return false;
    };
    // Who asks for one pre-release of a triple has agreed to unfinished work there, not everywhere.
    const auto namesItsTriple = [&version](const Comparator &comparator) {
        return !comparator.version.preRelease.isEmpty() && comparator.version.major == version.major
            && comparator.version.minor == version.minor && comparator.version.patch == version.patch;
    };
    return std::ranges::any_of(m_sets, [&](const QList<Comparator> &set) {
        return std::ranges::all_of(set, holds) && (version.preRelease.isEmpty() || std::ranges::any_of(set, namesItsTriple));
    });
}

} // namespace cutover
