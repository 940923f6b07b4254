// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/secrets.h"

#include "system/files.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr QLatin1StringView hidden("********");
constexpr int contextLines = 3;
constexpr qint64 longestSecret = 64 << 10;

bool matches(const QString &pattern, const QString &text)
{
    return QRegularExpression(pattern, QRegularExpression::CaseInsensitiveOption).match(text).hasMatch();
}

QString withoutUrlPasswords(QString text)
{
    static const QRegularExpression password(u"(://[^/\\s:@'\"]*:)[^@\\s/'\"]+@"_s);
    return text.replace(password, u"\\1"_s + hidden + u'@');
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

SecretMask::SecretMask(const QStringList &patterns)
{
    const QStringList usual{u"*PASSWORD*"_s, u"*PASSWD*"_s, u"*SECRET*"_s, u"*TOKEN*"_s, u"*CREDENTIAL*"_s, u"*PRIVATE_KEY*"_s, u"*API_KEY*"_s};
    for (const QString &pattern : patterns + usual) {
        m_patterns.append(QRegularExpression::wildcardToRegularExpression(pattern, QRegularExpression::NonPathWildcardConversion));
    }
}

bool SecretMask::isSecret(const QString &key) const
{
    return std::any_of(m_patterns.begin(), m_patterns.end(), [&](const QString &pattern) { return matches(pattern, key); });
}

QString SecretMask::shown(const EnvFile::Entry &entry) const
{
    if (entry.key.isEmpty()) {
        return masked(withoutLineEnd(entry.raw));
    }
    // Behind a value there may be a comment that tells it.
    return isSecret(entry.key) ? QString(entry.before + hidden) : withoutUrlPasswords(withoutLineEnd(entry.text()));
}

QString SecretMask::masked(const QString &text) const
{
    static const QRegularExpression assignment(u"([A-Za-z_][A-Za-z0-9_.-]*)(\\s*[=:]\\s*)(\"[^\"]*\"|'[^']*'|\\S+)"_s);
    QString result;
    qsizetype at = 0;
    auto it = assignment.globalMatch(text);
    while (it.hasNext()) {
        const QRegularExpressionMatch match = it.next();
        if (isSecret(match.captured(1))) {
            result += QStringView(text).sliced(at, match.capturedStart(3) - at);
            result += hidden;
            at = match.capturedEnd(3);
        }
    }
    result += QStringView(text).sliced(at);
    return withoutUrlPasswords(result);
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
