// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/argumentsecrets.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Ends of names that don't hold a secret but say where it is, or something about it.
bool isAboutSecret(const QString &name)
{
    static const QRegularExpression about(u"[-_.](file|path|dir|env|var|ref|name|id|url|uri|fd|stdin|command|cmd|prompt|type|ttl|expiry|length|size|policy)\\z"_s,
                                          QRegularExpression::CaseInsensitiveOption);
    return about.match(name).hasMatch();
}

/// A value that is written out: not one that something else puts in, or that can be no secret.
bool isLiteral(const QString &value)
{
    static const QRegularExpression elsewhere(u"\\A([$%{@/~]|\\.{1,2}/|-)"_s);
    static const QStringList words{u"true"_s, u"false"_s, u"yes"_s, u"no"_s, u"on"_s, u"off"_s, u"none"_s, u"null"_s};
    return !value.isEmpty() && !elsewhere.match(value).hasMatch() && !isSecretReference(value) && !words.contains(value, Qt::CaseInsensitive);
}

} // namespace

QString secretInArgument(const QStringList &arguments, qsizetype at, const SecretMask &mask)
{
    const QString &argument = arguments[at];
    static const QRegularExpression password(uR"(://[^/\s:@'"]*:([^\s'"@/$%{][^\s'"]*)@)"_s);
    if (password.match(argument).hasMatch()) {
        return u"://…:…@"_s;
    }
    static const QRegularExpression assignment(uR"(\A((?:--?)?[A-Za-z_][A-Za-z0-9_.-]*)[=:](.*)\z)"_s, QRegularExpression::DotMatchesEverythingOption);
    static const QRegularExpression option(uR"(\A--?[A-Za-z_][A-Za-z0-9_.-]*\z)"_s);
    const auto isNamed = [&mask](const QString &name) { return mask.isSecret(name) && !isAboutSecret(name); };
    if (const auto match = assignment.match(argument); match.hasMatch() && isNamed(match.captured(1)) && isLiteral(match.captured(2))) {
        return match.captured(1);
    }
    if (at > 0 && option.match(arguments[at - 1]).hasMatch() && isNamed(arguments[at - 1]) && isLiteral(argument)) {
        return arguments[at - 1];
    }
    return mask.holdsValue(argument) ? u"…"_s : QString();
}

} // namespace cutover
