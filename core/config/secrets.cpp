// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/secrets.h"

#include "system/files.h"

#include <QUrl>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const QString hidden(u"••••"_s);
constexpr int contextLines = 3;
constexpr qint64 longestSecret = 64 << 10;
constexpr qsizetype shortestValue = 4; ///< Shorter ones would be found in everything.
constexpr qsizetype longestWhole = 150; ///< A shorter text was not cut by anybody.
constexpr qsizetype longValue = 12; ///< From here on a value is hidden within words, too.

const QRegularExpression &urlPassword()
{
    // Up to the last "@": a password may hold one, though it should not.
    static const QRegularExpression pattern(uR"((://[^/\s:@'"]*:)((?:(?!://)[^\s'"]){1,1000})@)"_s);
    return pattern;
}

QString withoutAuthorization(QString text)
{
    static const QRegularExpression header(
        uR"((Authorization["']?\s*[:=]\s*["']?(?:(?:Basic|Bearer|Digest|Token|ApiKey|Negotiate)\s+)?)([^"'\r\n]+))"_s,
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression bearer(uR"((\bBearer\s+)[A-Za-z0-9._~+/=-]{6,})"_s, QRegularExpression::CaseInsensitiveOption);
    return text.replace(header, u"\\1"_s + hidden).replace(bearer, u"\\1"_s + hidden);
}

bool isWordPart(const QString &text, qsizetype at)
{
    return at >= 0 && at < text.size() && text[at].isLetterOrNumber();
}

/// value hidden in text; a short one only where it stands by itself.
void hideIn(QString &text, const QString &value)
{
    qsizetype at = 0;
    while ((at = text.indexOf(value, at)) >= 0) {
        if (value.size() < longValue && (isWordPart(text, at - 1) || isWordPart(text, at + value.size()))) {
            ++at;
            continue;
        }
        text.replace(at, value.size(), hidden);
        at += hidden.size();
    }
}

/// Where somebody kept only so many characters of a text, a part of a value may be at its ends.
void hideCut(QString &text, const QString &value)
{
    for (qsizetype size = qMin(value.size() - 1, text.size()); size >= shortestValue; --size) {
        if (text.endsWith(QStringView(value).first(size))) {
            text.replace(text.size() - size, size, hidden);
            break;
        }
    }
    for (qsizetype size = qMin(value.size() - 1, text.size()); size >= shortestValue; --size) {
        if (text.startsWith(QStringView(value).last(size))) {
            text.replace(0, size, hidden);
            break;
        }
    }
}

struct Line {
    QChar mark;
    QString text;
};

QString withoutLineEnd(QString text)
{
    while (text.endsWith(u'\n') || text.endsWith(u'\r')) {
        text.chop(1);
    }
    return text;
}

} // namespace

QString withoutUrlPasswords(QString text)
{
    return text.replace(urlPassword(), u"\\1"_s + hidden + u'@');
}

SecretMask::SecretMask(const QStringList &patterns)
{
    const QStringList usual{u"*PASSWORD*"_s, u"*PASSWD*"_s, u"*PASSPHRASE*"_s, u"*_PWD"_s, u"*SECRET*"_s, u"*TOKEN*"_s,
                            u"*CREDENTIAL*"_s, u"*PRIVATE_KEY*"_s, u"*ACCESS_KEY*"_s, u"*API_KEY*"_s, u"*APIKEY*"_s};
    QStringList alternatives;
    for (const QString &pattern : patterns + usual) {
        alternatives.append(QRegularExpression::wildcardToRegularExpression(pattern, QRegularExpression::NonPathWildcardConversion));
    }
    m_keys = QRegularExpression(alternatives.join(u'|'), QRegularExpression::CaseInsensitiveOption);
}

bool SecretMask::isSecret(const QString &key) const
{
    // "X-Api-Key" is "API_KEY" in a header's spelling.
    return m_keys.match(key).hasMatch() || (key.contains(u'-') && m_keys.match(QString(key).replace(u'-', u'_')).hasMatch());
}

void SecretMask::learn(const QString &key, const QString &value)
{
    if (isSecret(key)) {
        // A key of many lines is printed line by line.
        const QStringList lines = value.split(u'\n');
        for (const QString &line : lines) {
            hide(line);
        }
        return;
    }
    auto passwords = urlPassword().globalMatch(value);
    while (passwords.hasNext()) {
        const QString password = passwords.next().captured(2);
        hide(password);
        hide(QUrl::fromPercentEncoding(password.toUtf8()));
    }
    static const QRegularExpression query(uR"([?&;]([A-Za-z0-9_.-]+)=([^&#\s"'<>]+))"_s);
    auto parameters = query.globalMatch(value);
    while (parameters.hasNext()) {
        const QRegularExpressionMatch parameter = parameters.next();
        if (isSecret(parameter.captured(1))) {
            hide(parameter.captured(2));
        }
    }
}

void SecretMask::hide(const QString &value)
{
    const QString text = value.trimmed();
    static const QStringList words{u"true"_s, u"false"_s, u"none"_s, u"null"_s};
    if (text.size() < shortestValue || words.contains(text, Qt::CaseInsensitive)) {
        return;
    }
    for (const QString &form : {text, QString::fromLatin1(QUrl::toPercentEncoding(text))}) {
        if (!m_values.contains(form)) {
            m_values.append(form);
        }
    }
    std::ranges::stable_sort(m_values, std::greater(), &QString::size);
}

bool SecretMask::holdsValue(const QString &text) const
{
    return std::ranges::any_of(m_values, [&text](const QString &value) { return value.size() >= longValue && text.contains(value); });
}

QString SecretMask::shown(const EnvFile::Entry &entry) const
{
    if (entry.key.isEmpty()) {
        return masked(withoutLineEnd(entry.raw));
    }
    // Behind a value there may be a comment that tells it.
    return isSecret(entry.key) ? QString(entry.before + hidden) : masked(withoutLineEnd(entry.text()));
}

QString SecretMask::masked(const QString &text) const
{
    return withoutAssignments(withoutQueries(withoutAuthorization(withoutUrlPasswords(withoutValues(text)))));
}

QString SecretMask::withoutValues(QString text) const
{
    for (const QString &value : m_values) {
        hideIn(text, value);
    }
    if (text.size() > longestWhole) {
        for (const QString &value : m_values) {
            hideCut(text, value);
        }
    }
    return text;
}

QString SecretMask::withoutQueries(const QString &text) const
{
    static const QRegularExpression parameter(uR"(([?&;])([A-Za-z0-9_.-]+)=([^&#\s"'<>]+))"_s);
    QString result;
    qsizetype at = 0;
    auto it = parameter.globalMatch(text);
    while (it.hasNext()) {
        const QRegularExpressionMatch match = it.next();
        if (isSecret(match.captured(2))) {
            result += QStringView(text).sliced(at, match.capturedStart(3) - at);
            result += hidden;
            at = match.capturedEnd(3);
        }
    }
    return result + QStringView(text).sliced(at);
}

QString SecretMask::withoutAssignments(const QString &text) const
{
    // NAME=value, "name": "value", --name value; what follows "?" and "&" is a query's. The value is looked at
    // only behind a secret's name: elsewhere it may be an assignment itself, as in "error: PASSWORD=…".
    static const QRegularExpression name(uR"x((?<![?&A-Za-z0-9_.-])((?:--?)?[A-Za-z_][A-Za-z0-9_.-]*+)(["']?[ \t]*+[=:][ \t]*+|[ \t]++))x"_s);
    static const QRegularExpression value(
        uR"x(••••(?=[\s,;&<}\])"']|$)|"(?:[^"\\]++|\\.)*+(?:"|$)|'[^']*+(?:'|$)|\S++)x"_s, QRegularExpression::DotMatchesEverythingOption);
    QString result;
    qsizetype at = 0; // Of what is not in the result yet.
    auto it = name.globalMatch(text);
    while (it.hasNext()) {
        const QRegularExpressionMatch match = it.next();
        const bool assigns = !match.capturedView(2).trimmed().isEmpty() || match.capturedView(1).startsWith("--"_L1);
        if (match.capturedStart(1) < at || !assigns || !isSecret(match.captured(1))) {
            continue;
        }
        const QRegularExpressionMatch found = value.match(text, match.capturedEnd(2), QRegularExpression::NormalMatch,
                                                          QRegularExpression::AnchorAtOffsetMatchOption | QRegularExpression::DontCheckSubjectStringMatchOption);
        if (found.hasMatch()) {
            result += QStringView(text).sliced(at, found.capturedStart() - at);
            result += hidden;
            at = found.capturedEnd();
        }
    }
    return result + QStringView(text).sliced(at);
}

QString maskedDiff(const EnvFile &before, const EnvFile &after, const QString &name, const SecretMask &mask)
{
    // Changes keep the order, so both are walked side by side; what is new stands at the end.
    QList<Line> lines;
    const auto &olds = before.entries();
    const auto &news = after.entries();
    qsizetype n = 0;
    for (const EnvFile::Entry &old : olds) {
        const bool stays = n < news.size() && news[n].key == old.key && (!old.key.isEmpty() || withoutLineEnd(news[n].raw) == withoutLineEnd(old.raw));
        if (!stays) {
            lines.append({u'-', mask.shown(old)});
            continue;
        }
        if (news[n].value == old.value) {
            lines.append({u' ', mask.shown(old)});
        } else {
            lines.append({u'-', mask.shown(old)});
            lines.append({u'+', mask.shown(news[n])});
        }
        ++n;
    }
    for (; n < news.size(); ++n) {
        lines.append({u'+', mask.shown(news[n])});
    }

    QString text;
    qsizetype oldLine = 1;
    qsizetype newLine = 1;
    for (qsizetype i = 0; i < lines.size();) {
        // The next hunk: from some lines before a change to some behind the last one near it.
        qsizetype change = i;
        while (change < lines.size() && lines[change].mark == u' ') {
            ++change;
        }
        if (change == lines.size()) {
            break;
        }
        const qsizetype begin = qMax(i, change - contextLines);
        oldLine += begin - i;
        newLine += begin - i;
        qsizetype end = change;
        for (qsizetype j = change; j < lines.size() && j <= end + 2 * contextLines; ++j) {
            if (lines[j].mark != u' ') {
                end = j;
            }
        }
        end = qMin(lines.size(), end + 1 + contextLines);
        QString body;
        qsizetype oldCount = 0;
        qsizetype newCount = 0;
        for (qsizetype j = begin; j < end; ++j) {
            oldCount += lines[j].mark != u'+';
            newCount += lines[j].mark != u'-';
            body += lines[j].mark + lines[j].text + u'\n';
        }
        text += u"@@ -%1,%2 +%3,%4 @@\n"_s.arg(oldLine).arg(oldCount).arg(newLine).arg(newCount) + body;
        oldLine += oldCount;
        newLine += newCount;
        i = end;
    }
    return text.isEmpty() ? text : QString(u"--- "_s + name + u"\n+++ "_s + name + u'\n' + text);
}

bool isSecretReference(const QString &text)
{
    return text.startsWith("file:"_L1) || text.startsWith("env:"_L1) || text.startsWith("credential:"_L1);
}

Result<QString> resolveSecret(const QString &reference)
{
    const QString name = reference.sliced(reference.indexOf(u':') + 1);
    QString path = name;
    if (reference.startsWith("env:"_L1)) {
        if (!qEnvironmentVariableIsSet(name.toUtf8().constData())) {
            return fail(u"config.secret_missing"_s, {{u"reference"_s, reference}});
        }
        return qEnvironmentVariable(name.toUtf8().constData());
    }
    if (reference.startsWith("credential:"_L1)) {
        path = qEnvironmentVariable("CREDENTIALS_DIRECTORY") + u'/' + name;
    } else if (!reference.startsWith("file:"_L1)) {
        return fail(u"config.secret_reference"_s);
    }
    const auto content = files::read(path, longestSecret);
    if (!content) {
        return fail(u"config.secret_missing"_s, {{u"reference"_s, reference}, {u"reason"_s, content.error().toJson()}});
    }
    return withoutLineEnd(QString::fromUtf8(*content));
}

} // namespace cutover
